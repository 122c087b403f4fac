/**
 * `http`: asks a URL and judges the answer. A connection of its own for each check, HTTP/1.1 with our own small client
 * (`http/`), because phases have to be exact and what a target may do to us has to be bounded: probing is what Belfry is
 * for. Reports the phases resolve, connect, tls, processing (to the first byte) and transfer, as blackbox_exporter does.
 */
import type { JsonObject } from "@belfry/contract";
import type { CheckKind, Probe, ProbeContext } from "../model/check-kind.ts";
import type { Measurements, Outcome } from "../model/outcome.ts";
import { hostOfUrl, hostText } from "./address.ts";
import { concludeFault, concludeUp, seconds } from "./conclude.ts";
import { Deadline } from "./deadline.ts";
import { faultOf, type Fault } from "./fault.ts";
import { createAssertion, needsBody } from "./http/assertion.ts";
import { evidenceBytes, journeyEvidence } from "./http/evidence.ts";
import { fieldOf } from "./http/head.ts";
import { newJourney, travel, type Journey, type JourneyPlan } from "./http/journey.ts";
import { judgeAnswer, type Expectations } from "./http/judgement.ts";
import { firstRequest, secretTexts } from "./http/request.ts";
import {
  httpProblems,
  httpSecrets,
  HttpSettingsSchema,
  tlsMaterialOf,
  type HttpSettings,
} from "./http/settings.ts";
import { statusTest } from "./http/status-range.ts";
import { defineKind } from "./kind.ts";
import type { ProbeParts } from "./parts.ts";
import { createRedactor, type Redactor } from "./redact.ts";
import {
  createTlsPlanner,
  daysUntil,
  earliestExpiry,
  seenCertificate,
  type TlsPlanner,
} from "./secure.ts";

/** Makes the kind. */
export function createHttpKind(parts: ProbeParts): CheckKind {
  const planTls = createTlsPlanner();
  return defineKind({
    kind: "http",
    title: "HTTP(S)",
    description: "Asks a URL and judges status, headers, body, certificate and time of the answer",
    schema: HttpSettingsSchema,
    secrets: httpSecrets,
    metrics: httpMetrics,
    real: true,
    problemsOf: httpProblems,
    targetOf: (settings) => URL.parse(settings.url)?.href ?? settings.url,
    hostOf: (settings) => hostKey(settings.url),
    createProbe: (settings) => createHttpProbe(settings, parts, planTls),
  });
}

const httpMetrics = [
  { name: 'probe_http_duration_seconds{phase="resolve"}', help: "Time to look the name up" },
  { name: 'probe_http_duration_seconds{phase="connect"}', help: "Time to connect" },
  { name: 'probe_http_duration_seconds{phase="tls"}', help: "Time of the TLS handshake" },
  { name: 'probe_http_duration_seconds{phase="processing"}', help: "Time to the first byte" },
  {
    name: 'probe_http_duration_seconds{phase="transfer"}',
    help: "Time from the first byte to the last",
  },
  { name: "probe_http_status_code", help: "Status code of the answer" },
  { name: "probe_http_content_length", help: "Length of the body as sent, in bytes" },
  { name: "probe_http_redirects", help: "Redirects on the way to the answer" },
  { name: "probe_http_ssl", help: "Whether the answer came over TLS" },
  { name: "probe_http_version", help: "HTTP version of the answer" },
  { name: "probe_dns_lookup_time_seconds", help: "Time to look the name up" },
  { name: "probe_ip_protocol", help: "IP version of the address used, 4 or 6" },
  {
    name: "probe_ssl_earliest_cert_expiry",
    help: "When the first certificate of the chain expires, in seconds since the epoch",
  },
] as const;

function hostKey(text: string): string {
  const url = URL.parse(text);
  const host = url === null ? undefined : hostOfUrl(url);
  return host === undefined ? "" : hostText(host);
}

function createHttpProbe(settings: HttpSettings, parts: ProbeParts, planTls: TlsPlanner): Probe {
  const plan = createPlan(settings, parts, planTls);
  const expectations: Expectations = {
    isAccepted: statusTest(settings.accepted_status),
    accepted: settings.accepted_status,
    assertions: settings.assertions.map(createAssertion),
    bodyLimitBytes: settings.body_limit_bytes,
  };
  const redact = createRedactor(secretTexts(settings));
  return async (context) => await checkHttp(plan, expectations, redact, context, parts);
}

function createPlan(settings: HttpSettings, parts: ProbeParts, planTls: TlsPlanner): JourneyPlan {
  const source = { settings, userAgent: parts.userAgent, firstUrl: new URL(settings.url) };
  const proxyUrl = settings.proxy === undefined ? undefined : new URL(settings.proxy.url);
  const proxyHost = proxyUrl === undefined ? undefined : hostOfUrl(proxyUrl);
  const material = tlsMaterialOf(settings);
  return {
    ...source,
    first: firstRequest(source),
    limits: {
      bodyBytes: settings.body_limit_bytes,
      keepBytes: needsBody(settings.assertions) ? settings.body_limit_bytes : evidenceBytes,
    },
    tls: planTls(material),
    tlsElsewhere: planTls({
      ...material,
      cert: undefined,
      key: undefined,
      passphrase: undefined,
      serverName: undefined,
    }),
    proxy:
      proxyHost === undefined || proxyUrl === undefined
        ? null
        : { host: proxyHost, port: proxyUrl.port === "" ? 80 : Number(proxyUrl.port) },
  };
}

async function checkHttp(
  plan: JourneyPlan,
  expectations: Expectations,
  redact: Redactor,
  context: ProbeContext,
  parts: ProbeParts,
): Promise<Outcome> {
  using deadline = new Deadline(parts.clock, context, parts.faults);
  const journey = newJourney(plan.first.url);
  const broken = await travel(plan, journey, deadline, parts);
  const expiresAt = earliestExpiry(journey.chain);
  const certificateDays = expiresAt === null ? null : daysUntil(expiresAt, parts.clock.now());
  const responseMs = deadline.elapsedMs();
  const fault = broken ?? (await judge({ responseMs, certificateDays }));
  const findings = {
    measurements: measurementsOf(journey, expiresAt),
    statusCode: journey.answer?.head?.status ?? null,
    certificate: seenCertificate(journey.chain),
  };
  if (fault === null) return concludeUp(deadline, { ...findings, certificateDays });
  const clean = { ...fault, message: redact(fault.message) };
  const evidence: JsonObject = journeyEvidence(journey, plan.settings.method, redact);
  return await concludeFault(deadline, clean, parts, { ...findings, evidence });

  async function judge(judged: {
    readonly responseMs: number;
    readonly certificateDays: number | null;
  }): Promise<Fault | null> {
    const { answer } = journey;
    if (answer?.head == null) return faultOf("internal", "there is no answer to judge");
    return await judgeAnswer(answer, answer.head, expectations, judged, deadline, parts.patterns);
  }
}

function measurementsOf(journey: Journey, expiresAt: number | null): Measurements {
  const head = journey.answer?.head ?? null;
  const length = head === null ? undefined : fieldOf(head, "content-length");
  return {
    'probe_http_duration_seconds{phase="resolve"}': seconds(journey.resolveMs),
    'probe_http_duration_seconds{phase="connect"}': seconds(journey.connectMs),
    'probe_http_duration_seconds{phase="tls"}': seconds(journey.handshakeMs),
    'probe_http_duration_seconds{phase="processing"}': seconds(journey.processingMs),
    'probe_http_duration_seconds{phase="transfer"}': seconds(journey.transferMs),
    probe_dns_lookup_time_seconds: seconds(journey.resolveMs),
    probe_http_redirects: journey.redirects.length,
    ...(head === null
      ? {}
      : {
          probe_http_status_code: head.status,
          probe_http_content_length:
            length === undefined ? (journey.answer?.bodyBytes ?? 0) : Number.parseInt(length, 10),
          probe_http_ssl: journey.isSecure ? 1 : 0,
          probe_http_version: Number(head.version),
        }),
    ...(journey.address === null ? {} : { probe_ip_protocol: journey.address.family }),
    ...(expiresAt === null ? {} : { probe_ssl_earliest_cert_expiry: expiresAt / 1_000 }),
  };
}
