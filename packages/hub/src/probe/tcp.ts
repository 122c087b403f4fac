/**
 * `tcp`: connects to a port, over TLS where asked, and holds a dialogue: `send` writes, `expect` reads on until the text
 * is there. What an `expect` has matched is used up, so that the next one looks behind it.
 */
import type { Socket } from "node:net";
import { Type, type Static } from "typebox";
import { describe, type JsonObject, type Problem } from "@belfry/contract";
import type { CheckKind, Probe, ProbeContext } from "../model/check-kind.ts";
import type { Measurements, Outcome } from "../model/outcome.ts";
import { hostAndPort, hostText, type Host } from "./address.ts";
import { concludeFault, concludeUp, seconds } from "./conclude.ts";
import { Deadline } from "./deadline.ts";
import { dial, type DialReport } from "./dial.ts";
import { unescape } from "./escape.ts";
import type { Fault } from "./fault.ts";
import { defineKind } from "./kind.ts";
import type { ProbeParts } from "./parts.ts";
import { compilePattern } from "./pattern.ts";
import { printable } from "./redact.ts";
import {
  advanced,
  checkedHost,
  hostProblems,
  HostSchema,
  IpVersionSchema,
  portSchema,
  tlsProblems,
  TlsSchema,
} from "./schema.ts";
import {
  chainEvidence,
  createTlsPlanner,
  daysUntil,
  earliestExpiry,
  emptyTlsReport,
  secure,
  seenCertificate,
  type TlsPlan,
  type TlsReport,
} from "./secure.ts";
import { Listener, mostHeard, type Expectation } from "./listener.ts";

const escapes = "\\r, \\n, \\t, \\\\ and \\xNN are understood";

const StepSchema = Type.Union(
  [
    Type.Object(
      {
        kind: Type.Literal("send"),
        text: Type.String({ minLength: 1, maxLength: 8_192, title: "Send", description: escapes }),
      },
      { additionalProperties: false, title: "Send" },
    ),
    Type.Object(
      {
        kind: Type.Literal("expect"),
        comparison: Type.Enum(["contains", "matches"], {
          default: "contains",
          title: "Comparison",
        }),
        value: Type.String({
          minLength: 1,
          maxLength: 1_000,
          title: "Text or pattern",
          description: `${escapes}; a pattern is in RE2 syntax`,
        }),
      },
      { additionalProperties: false, title: "Expect" },
    ),
  ],
  { title: "Step" },
);

const TcpSettingsSchema = Type.Object(
  {
    host: HostSchema,
    port: portSchema(),
    steps: Type.Array(StepSchema, {
      default: [],
      maxItems: 20,
      title: "Dialogue",
      description: `Without steps a connection is enough; at most ${mostHeard} bytes are waited through`,
    }),
    use_tls: Type.Boolean({ default: false, title: "Over TLS", ...advanced }),
    tls: TlsSchema,
    ip_version: IpVersionSchema,
  },
  { additionalProperties: false },
);
type TcpSettings = Static<typeof TcpSettingsSchema>;

/** Makes the kind. */
export function createTcpKind(parts: ProbeParts): CheckKind {
  const planTls = createTlsPlanner();
  return defineKind({
    kind: "tcp",
    title: "TCP",
    description: "Connects to a port; may send text and expect an answer",
    schema: TcpSettingsSchema,
    secrets: [],
    metrics: tcpMetrics,
    real: true,
    problemsOf,
    targetOf: ({ host, port }) => hostAndPort(checkedHost(host), port),
    hostOf: ({ host }) => hostText(checkedHost(host)),
    createProbe: (settings) => {
      const { verify, ca, server_name: serverName } = settings.tls;
      const tls = settings.use_tls ? planTls({ verify, ca, serverName }) : null;
      return createTcpProbe(settings, tls, parts);
    },
  });
}

const tcpMetrics = [
  { name: 'probe_tcp_duration_seconds{phase="resolve"}', help: "Time to look the name up" },
  { name: 'probe_tcp_duration_seconds{phase="connect"}', help: "Time to connect" },
  { name: 'probe_tcp_duration_seconds{phase="tls"}', help: "Time of the TLS handshake" },
  { name: 'probe_tcp_duration_seconds{phase="dialogue"}', help: "Time of sending and expecting" },
  { name: "probe_dns_lookup_time_seconds", help: "Time to look the name up" },
  { name: "probe_ip_protocol", help: "IP version of the address used, 4 or 6" },
  {
    name: "probe_ssl_earliest_cert_expiry",
    help: "When the first certificate of the chain expires, in seconds since the epoch",
  },
] as const;

/** Instructions of a pattern; with it, a look at all that was heard takes some 20 ms at worst. */
const mostPatternSize = 90;

function problemsOf(settings: TcpSettings): Problem[] {
  const { verify, ca } = settings.tls;
  return [
    ...hostProblems(settings.host),
    ...tlsProblems({ verify, ca }, "tls.ca", "tls"),
    ...settings.steps.flatMap((step, i) => stepProblems(step, `steps[${i}]`)),
  ];
}

function stepProblems(step: TcpSettings["steps"][number], at: string): Problem[] {
  if (step.kind === "expect" && step.comparison === "matches") {
    const pattern = compilePattern(step.value);
    if ("problem" in pattern) return [{ path: `${at}.value`, message: pattern.problem }];
    if (pattern.size <= mostPatternSize) return [];
    return [{ path: `${at}.value`, message: "this pattern repeats too much for a dialogue" }];
  }
  const text = step.kind === "send" ? step.text : step.value;
  if (unescape(text) !== undefined) return [];
  const path = step.kind === "send" ? `${at}.text` : `${at}.value`;
  return [{ path, message: `there is an escape that is none; ${escapes}` }];
}

/** A step, prepared. */
type Step =
  | { readonly kind: "send"; readonly bytes: Buffer }
  | { readonly kind: "expect"; readonly expectation: Expectation };

function prepareStep(step: TcpSettings["steps"][number]): Step {
  if (step.kind === "send") return { kind: "send", bytes: checkedEscapes(step.text) };
  if (step.comparison === "contains") {
    const bytes = checkedEscapes(step.value);
    const endIn = (heard: Buffer): number => {
      const at = heard.indexOf(bytes);
      return at === -1 ? -1 : at + bytes.length;
    };
    return { kind: "expect", expectation: { says: describe(step.value), endIn } };
  }
  const pattern = compilePattern(step.value);
  if ("problem" in pattern) throw new TypeError("the pattern was not checked before");
  // Latin-1 keeps one character for each byte, so the end of a match is a place in the bytes.
  const endIn = (heard: Buffer): number => pattern.endIn(heard.toString("latin1"));
  return { kind: "expect", expectation: { says: `a match of ${describe(step.value)}`, endIn } };
}

/** Guarantee: only called with text that `stepProblems` had nothing against. */
function checkedEscapes(text: string): Buffer {
  const bytes = unescape(text);
  if (bytes === undefined) throw new TypeError("the escapes were not checked before");
  return bytes;
}

/** What happened, written down as it happens. */
interface Talk extends DialReport, TlsReport {
  dialogueMs: number;
  /** The step that was not completed. */
  failedStep: number | null;
  heard: Buffer;
}

function createTcpProbe(settings: TcpSettings, tls: TlsPlan | null, parts: ProbeParts): Probe {
  const host = checkedHost(settings.host);
  const steps = settings.steps.map(prepareStep);
  return async (context) => await checkTcp(settings, host, steps, tls, context, parts);
}

async function checkTcp(
  settings: TcpSettings,
  host: Host,
  steps: readonly Step[],
  tls: TlsPlan | null,
  context: ProbeContext,
  parts: ProbeParts,
): Promise<Outcome> {
  using deadline = new Deadline(parts.clock, context, parts.faults);
  const talk: Talk = {
    resolveMs: 0,
    connectMs: 0,
    address: null,
    ...emptyTlsReport(),
    dialogueMs: 0,
    failedStep: null,
    heard: Buffer.alloc(0),
  };
  const fault = await connectAndTalk();
  const expiresAt = earliestExpiry(talk.chain);
  const certificate = seenCertificate(talk.chain);
  const findings = { measurements: measurementsOf(talk, expiresAt), statusCode: null, certificate };
  if (fault === null) {
    const certificateDays = expiresAt === null ? null : daysUntil(expiresAt, parts.clock.now());
    return concludeUp(deadline, { ...findings, certificateDays });
  }
  return await concludeFault(deadline, fault, parts, { ...findings, evidence: evidenceOf(talk) });

  async function connectAndTalk(): Promise<Fault | null> {
    const { port, ip_version: ipVersion } = settings;
    const dialled = await dial(host, port, ipVersion, deadline, parts, talk);
    if (dialled.kind === "fault") return dialled.fault;
    const opened =
      tls === null ? dialled : await secure(dialled.value, host, tls, deadline, parts.clock, talk);
    if (opened.kind === "fault") return opened.fault;
    const before = parts.clock.monotonicMs();
    const fault = await converse(opened.value, steps, deadline, talk);
    talk.dialogueMs = parts.clock.monotonicMs() - before;
    opened.value.destroy();
    return fault;
  }
}

async function converse(
  socket: Socket,
  steps: readonly Step[],
  deadline: Deadline,
  talk: Talk,
): Promise<Fault | null> {
  if (steps.length === 0) return null;
  const listener = new Listener(socket);
  for (const [i, step] of steps.entries()) {
    const fault =
      step.kind === "send"
        ? await listener.say(step.bytes, deadline)
        : await listener.hear(step.expectation, deadline);
    talk.heard = listener.heard;
    if (fault === null) continue;
    talk.failedStep = i;
    return { ...fault, message: `step ${i + 1}: ${fault.message}` };
  }
  return null;
}

function measurementsOf(talk: Talk, expiresAt: number | null): Measurements {
  return {
    'probe_tcp_duration_seconds{phase="resolve"}': seconds(talk.resolveMs),
    'probe_tcp_duration_seconds{phase="connect"}': seconds(talk.connectMs),
    'probe_tcp_duration_seconds{phase="tls"}': seconds(talk.handshakeMs),
    'probe_tcp_duration_seconds{phase="dialogue"}': seconds(talk.dialogueMs),
    probe_dns_lookup_time_seconds: seconds(talk.resolveMs),
    ...(talk.address === null ? {} : { probe_ip_protocol: talk.address.family }),
    ...(expiresAt === null ? {} : { probe_ssl_earliest_cert_expiry: expiresAt / 1_000 }),
  };
}

function evidenceOf(talk: Talk): JsonObject {
  return {
    ...(talk.address === null ? {} : { remote_address: talk.address.text }),
    phases: {
      resolve: seconds(talk.resolveMs),
      connect: seconds(talk.connectMs),
      tls: seconds(talk.handshakeMs),
      dialogue: seconds(talk.dialogueMs),
    },
    ...(talk.failedStep === null ? {} : { step: talk.failedStep + 1 }),
    ...(talk.heard.length === 0 ? {} : { heard: printable(talk.heard.toString("utf8"), 4_096) }),
    ...(talk.chain.length === 0
      ? {}
      : {
          tls: {
            protocol: talk.protocol,
            cipher: talk.cipher,
            certificates: chainEvidence(talk.chain),
          },
        }),
  };
}
