/**
 * `ping`: ICMP echo through the system's `ping` program, since raw sockets need rights Belfry should not have. The name
 * is looked up here and the guard asked, so `ping` is given an address and no shell is involved. Its output is read line
 * by line in the forms of iputils, BusyBox, the BSDs and Windows; what it prints in summary is not needed.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { Type, type Static } from "typebox";
import type { JsonObject } from "@belfry/contract";
import type { CheckKind, Probe, ProbeContext } from "../model/check-kind.ts";
import type { Measurements, Outcome } from "../model/outcome.ts";
import { hostText, type Host, type IpAddress } from "./address.ts";
import { concludeFault, concludeUp, seconds } from "./conclude.ts";
import { Deadline } from "./deadline.ts";
import { resolveHost, type DialReport } from "./dial.ts";
import { failed, faultOf, faultOfError, type Attempt, type Fault } from "./fault.ts";
import { defineKind } from "./kind.ts";
import type { ProbeParts } from "./parts.ts";
import { pingArguments, readPing, type Echo } from "./ping-program.ts";
import { printable } from "./redact.ts";
import { advanced, checkedHost, hostProblems, HostSchema, IpVersionSchema } from "./schema.ts";

const PingSettingsSchema = Type.Object(
  {
    host: HostSchema,
    count: Type.Integer({ minimum: 1, maximum: 20, default: 3, title: "Packets" }),
    most_loss_ratio: Type.Number({
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0.5,
      title: "Most loss",
      unit: "ratio",
      description: "A larger share of packets without an answer is a failure (0 to 1)",
    }),
    most_rtt_seconds: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 60,
        title: "Longest round trip",
        unit: "seconds",
        description: "A longer average is a failure",
      }),
    ),
    interval_seconds: Type.Number({
      minimum: 0.2,
      maximum: 10,
      default: 0.2,
      title: "Between packets",
      unit: "seconds",
      description: "Systems refuse less than 0.2 to anybody but the superuser",
      ...advanced,
    }),
    payload_bytes: Type.Integer({
      minimum: 16,
      maximum: 65_000,
      default: 56,
      title: "Payload",
      unit: "bytes",
      ...advanced,
    }),
    ip_version: IpVersionSchema,
  },
  { additionalProperties: false },
);
type PingSettings = Static<typeof PingSettingsSchema>;

/** Makes the kind. */
export function createPingKind(parts: ProbeParts): CheckKind {
  return defineKind({
    kind: "ping",
    title: "Ping",
    description: "Sends ICMP echo requests and judges loss and round trip time",
    schema: PingSettingsSchema,
    secrets: [],
    metrics: pingMetrics,
    real: true,
    problemsOf: ({ host }) => hostProblems(host),
    targetOf: ({ host }) => hostText(checkedHost(host)),
    hostOf: ({ host }) => hostText(checkedHost(host)),
    createProbe: (settings) => createPingProbe(settings, parts),
  });
}

const pingMetrics = [
  { name: 'probe_icmp_duration_seconds{phase="resolve"}', help: "Time to look the name up" },
  { name: 'probe_icmp_duration_seconds{phase="rtt"}', help: "Round trip time, average" },
  { name: "probe_icmp_rtt_min_seconds", help: "Round trip time, shortest" },
  { name: "probe_icmp_rtt_max_seconds", help: "Round trip time, longest" },
  { name: "probe_icmp_loss_ratio", help: "Share of packets without an answer, 0 to 1" },
  { name: "probe_icmp_reply_hop_limit", help: "Hop limit (TTL) of the last answer" },
  { name: "probe_dns_lookup_time_seconds", help: "Time to look the name up" },
  { name: "probe_ip_protocol", help: "IP version of the address used, 4 or 6" },
] as const;

function createPingProbe(settings: PingSettings, parts: ProbeParts): Probe {
  const host = checkedHost(settings.host);
  return async (context) => await checkPing(settings, host, context, parts);
}

interface PingReport extends DialReport {
  echoes: readonly Echo[];
  output: string;
}

async function checkPing(
  settings: PingSettings,
  host: Host,
  context: ProbeContext,
  parts: ProbeParts,
): Promise<Outcome> {
  using deadline = new Deadline(parts.clock, context, parts.faults);
  const report: PingReport = { resolveMs: 0, connectMs: 0, address: null, echoes: [], output: "" };
  const fault =
    (await sendEchoes(settings, host, deadline, parts, report)) ?? judge(settings, report);
  const findings = { measurements: measurementsOf(settings, report), statusCode: null };
  if (fault === null) return concludeUp(deadline, { ...findings, certificateDays: null });
  return await concludeFault(deadline, fault, parts, {
    ...findings,
    evidence: evidenceOf(settings, report),
  });
}

async function sendEchoes(
  settings: PingSettings,
  host: Host,
  deadline: Deadline,
  parts: ProbeParts,
  report: PingReport,
): Promise<Fault | null> {
  const found = await resolveHost(host, settings.ip_version, deadline, parts, report);
  if (found.kind === "fault") return found.fault;
  report.address = found.value;
  const ran = await runPing(parts.pingProgram, found.value, settings, deadline);
  if (ran.kind === "fault") return ran.fault;
  report.output = ran.value;
  report.echoes = readPing(ran.value);
  if (report.echoes.length > 0) parts.network.answered(found.value.text, null);
  return report.echoes.length === 0 ? complaintOf(ran.value) : null;
}

/** The program is ended this long before the limit, so that what it has said still counts. */
const stopEarlyMs = 30;
const mostOutput = 65_536;

/** Runs the program; what it printed, also when it was ended because the time is up. */
function runPing(
  program: string,
  address: IpAddress,
  settings: PingSettings,
  deadline: Deadline,
): Promise<Attempt<string>> {
  const args = pingArguments(process.platform, address, {
    count: settings.count,
    intervalSeconds: settings.interval_seconds,
    payloadBytes: settings.payload_bytes,
    waitSeconds: Math.max(1, Math.ceil(deadline.remainingMs() / 1_000)),
  });
  return new Promise((resolve) => {
    const env = { PATH: process.env["PATH"] ?? "", LC_ALL: "C" };
    const child: ChildProcess = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env });
    let output = "";
    let stop: NodeJS.Timeout | undefined;
    const hear = (text: string): void => {
      if (output.length < mostOutput) output += text;
    };
    const settle = (attempt: Attempt<string>): void => {
      clearTimeout(stop);
      deadline.waited();
      resolve(attempt);
    };
    child.on("error", (error) => settle(failed(programFault(error, program))));
    child.on("close", () => settle({ kind: "ok", value: output }));
    // Without file handles there are no streams; the error above follows.
    child.stdout?.setEncoding("utf8").on("data", hear);
    child.stderr?.setEncoding("utf8").on("data", hear);
    stop = setTimeout(() => child.kill("SIGKILL"), deadline.remainingMs() - stopEarlyMs);
    deadline.wait(`ping ${address.text}`, (fault) => {
      child.kill("SIGKILL");
      settle(failed(fault));
    });
  });
}

function programFault(error: Error, program: string): Fault {
  const fault = faultOfError(error, `start ${program}`);
  if (fault.code !== "ENOENT") return fault;
  return faultOf("misconfigured", `the program ${program} is not installed`, "none", "ENOENT");
}

const noRoute = /network is unreachable/i;
const unusable = /not permitted|permission denied|invalid (option|argument)|usage:|socket:/i;

/** What the program said when it could not work at all; null when the packets simply got no answer. */
function complaintOf(output: string): Fault | null {
  for (const line of output.split("\n")) {
    const said = printable(line.trim(), 200);
    if (noRoute.test(line)) return faultOf("own_network", said);
    if (unusable.test(line)) return faultOf("misconfigured", `ping cannot be used here: ${said}`);
  }
  return null;
}

function judge(settings: PingSettings, { echoes, address }: PingReport): Fault | null {
  const { count, most_loss_ratio: mostLoss, most_rtt_seconds: mostRtt } = settings;
  const loss = lossOf(settings, echoes);
  if (echoes.length === 0) {
    const message = `${address?.text ?? "the host"} answered none of ${count} packets`;
    return faultOf("timeout", message, "stall and network");
  }
  if (loss > mostLoss) {
    const found = `${echoes.length} of ${count} packets were answered`;
    return faultOf("loss", `${found}, expected a loss of at most ${mostLoss}`, "stall");
  }
  const averageMs = averageOf(echoes);
  if (mostRtt === undefined || averageMs <= mostRtt * 1_000) return null;
  const found = `the average round trip took ${averageMs.toFixed(3)} ms`;
  return faultOf("assertion", `${found}, expected at most ${mostRtt * 1_000} ms`, "stall");
}

function lossOf({ count }: PingSettings, echoes: readonly Echo[]): number {
  return Math.max(0, Math.round((1 - echoes.length / count) * 1e6) / 1e6);
}

function averageOf(echoes: readonly Echo[]): number {
  return echoes.reduce((sum, { rttMs }) => sum + rttMs, 0) / echoes.length;
}

function measurementsOf(settings: PingSettings, report: PingReport): Measurements {
  const { echoes, address } = report;
  const last = echoes.at(-1);
  return {
    'probe_icmp_duration_seconds{phase="resolve"}': seconds(report.resolveMs),
    probe_dns_lookup_time_seconds: seconds(report.resolveMs),
    probe_icmp_loss_ratio: lossOf(settings, echoes),
    ...(address === null ? {} : { probe_ip_protocol: address.family }),
    ...(last === undefined
      ? {}
      : {
          'probe_icmp_duration_seconds{phase="rtt"}': seconds(averageOf(echoes)),
          probe_icmp_rtt_min_seconds: seconds(Math.min(...echoes.map(({ rttMs }) => rttMs))),
          probe_icmp_rtt_max_seconds: seconds(Math.max(...echoes.map(({ rttMs }) => rttMs))),
          ...(last.hopLimit === null ? {} : { probe_icmp_reply_hop_limit: last.hopLimit }),
        }),
  };
}

function evidenceOf(settings: PingSettings, report: PingReport): JsonObject {
  return {
    ...(report.address === null ? {} : { remote_address: report.address.text }),
    phases: { resolve: seconds(report.resolveMs) },
    sent: settings.count,
    answered: report.echoes.length,
    output: printable(report.output, 4_096),
  };
}
