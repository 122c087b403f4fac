/** `tls`: shakes hands and judges the certificates: chain, name, days left. */
import { Type, type Static } from "typebox";
import type { JsonObject } from "@belfry/contract";
import type { CheckKind, Probe, ProbeContext } from "../model/check-kind.ts";
import type { Measurements, Outcome } from "../model/outcome.ts";
import { hostAndPort, hostText, type Host } from "./address.ts";
import { concludeFault, concludeUp, seconds } from "./conclude.ts";
import { Deadline } from "./deadline.ts";
import { dial, type DialReport } from "./dial.ts";
import { faultOf, type Fault } from "./fault.ts";
import { defineKind } from "./kind.ts";
import type { ProbeParts } from "./parts.ts";
import {
  checkedHost,
  ClientCertificateSchema,
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
  type TlsMaterial,
  type TlsPlan,
  type TlsReport,
} from "./secure.ts";

const TlsSettingsSchema = Type.Object(
  {
    host: HostSchema,
    port: portSchema(443),
    least_days: Type.Number({
      minimum: 0,
      maximum: 3_650,
      default: 0,
      title: "Least days left",
      unit: "days",
      description: "A certificate of the chain with fewer days left is a failure",
    }),
    tls: TlsSchema,
    client_certificate: Type.Optional(ClientCertificateSchema),
    ip_version: IpVersionSchema,
  },
  { additionalProperties: false },
);
type TlsSettings = Static<typeof TlsSettingsSchema>;

/** Makes the kind. */
export function createTlsKind(parts: ProbeParts): CheckKind {
  const planTls = createTlsPlanner();
  return defineKind({
    kind: "tls",
    title: "TLS certificate",
    description: "Judges the certificates of a server: chain, name and days left",
    schema: TlsSettingsSchema,
    secrets: ["client_certificate.key", "client_certificate.passphrase"],
    metrics: tlsMetrics,
    real: true,
    problemsOf: (settings) => [
      ...hostProblems(settings.host),
      ...tlsProblems(materialOf(settings), "tls.ca", "client_certificate"),
    ],
    targetOf: ({ host, port }) => hostAndPort(checkedHost(host), port),
    hostOf: ({ host }) => hostText(checkedHost(host)),
    createProbe: (settings) => createTlsProbe(settings, planTls(materialOf(settings)), parts),
  });
}

const tlsMetrics = [
  { name: 'probe_tls_duration_seconds{phase="resolve"}', help: "Time to look the name up" },
  { name: 'probe_tls_duration_seconds{phase="connect"}', help: "Time to connect" },
  { name: 'probe_tls_duration_seconds{phase="tls"}', help: "Time of the TLS handshake" },
  { name: "probe_dns_lookup_time_seconds", help: "Time to look the name up" },
  { name: "probe_ip_protocol", help: "IP version of the address used, 4 or 6" },
  {
    name: "probe_ssl_earliest_cert_expiry",
    help: "When the first certificate of the chain expires, in seconds since the epoch",
  },
  { name: 'probe_tls_version_info{version="TLS 1.2"}', help: "1 when TLS 1.2 was spoken" },
  { name: 'probe_tls_version_info{version="TLS 1.3"}', help: "1 when TLS 1.3 was spoken" },
] as const;

function materialOf(settings: TlsSettings): TlsMaterial {
  return {
    verify: settings.tls.verify,
    ca: settings.tls.ca,
    serverName: settings.tls.server_name,
    cert: settings.client_certificate?.certificate,
    key: settings.client_certificate?.key,
    passphrase: settings.client_certificate?.passphrase,
  };
}

function createTlsProbe(settings: TlsSettings, plan: TlsPlan, parts: ProbeParts): Probe {
  const host = checkedHost(settings.host);
  return async (context) => await checkTls(settings, host, plan, context, parts);
}

async function checkTls(
  settings: TlsSettings,
  host: Host,
  plan: TlsPlan,
  context: ProbeContext,
  parts: ProbeParts,
): Promise<Outcome> {
  using deadline = new Deadline(parts.clock, context, parts.faults);
  const report = { resolveMs: 0, connectMs: 0, address: null, ...emptyTlsReport() };
  const broken = await shakeHands(settings, host, plan, deadline, parts, report);
  const expiresAt = earliestExpiry(report.chain);
  const certificateDays = expiresAt === null ? null : daysUntil(expiresAt, parts.clock.now());
  const fault = broken ?? expiryFault(certificateDays, settings.least_days);
  const certificate = seenCertificate(report.chain);
  const measurements = measurementsOf(report, expiresAt);
  const findings = { measurements, statusCode: null, certificate };
  if (fault === null) return concludeUp(deadline, { ...findings, certificateDays });
  return await concludeFault(deadline, fault, parts, { ...findings, evidence: evidenceOf(report) });
}

async function shakeHands(
  settings: TlsSettings,
  host: Host,
  plan: TlsPlan,
  deadline: Deadline,
  parts: ProbeParts,
  report: DialReport & TlsReport,
): Promise<Fault | null> {
  const { port, ip_version: ipVersion } = settings;
  const dialled = await dial(host, port, ipVersion, deadline, parts, report);
  if (dialled.kind === "fault") return dialled.fault;
  const secured = await secure(dialled.value, host, plan, deadline, parts.clock, report);
  if (secured.kind === "fault") return secured.fault;
  secured.value.destroy();
  return null;
}

function expiryFault(certificateDays: number | null, leastDays: number): Fault | null {
  if (certificateDays === null) return faultOf("tls", "the server showed no certificate");
  if (leastDays === 0 || certificateDays >= leastDays) return null;
  const found = `the certificate has ${certificateDays.toFixed(1)} days left`;
  return faultOf("tls", `${found}, expected at least ${leastDays}`);
}

function measurementsOf(report: DialReport & TlsReport, expiresAt: number | null): Measurements {
  return {
    'probe_tls_duration_seconds{phase="resolve"}': seconds(report.resolveMs),
    'probe_tls_duration_seconds{phase="connect"}': seconds(report.connectMs),
    'probe_tls_duration_seconds{phase="tls"}': seconds(report.handshakeMs),
    probe_dns_lookup_time_seconds: seconds(report.resolveMs),
    ...(report.address === null ? {} : { probe_ip_protocol: report.address.family }),
    ...(expiresAt === null ? {} : { probe_ssl_earliest_cert_expiry: expiresAt / 1_000 }),
    ...(report.protocol === "TLSv1.2" ? { 'probe_tls_version_info{version="TLS 1.2"}': 1 } : {}),
    ...(report.protocol === "TLSv1.3" ? { 'probe_tls_version_info{version="TLS 1.3"}': 1 } : {}),
  };
}

function evidenceOf(report: DialReport & TlsReport): JsonObject {
  return {
    ...(report.address === null ? {} : { remote_address: report.address.text }),
    phases: {
      resolve: seconds(report.resolveMs),
      connect: seconds(report.connectMs),
      tls: seconds(report.handshakeMs),
    },
    ...(report.chain.length === 0
      ? {}
      : {
          tls: {
            protocol: report.protocol,
            cipher: report.cipher,
            certificates: chainEvidence(report.chain),
          },
        }),
  };
}
