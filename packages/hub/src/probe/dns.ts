/** `dns`: asks for records of a name, of the system's name servers or a chosen one, and compares the answer. */
import { Type, type Static } from "typebox";
import type { JsonObject, Problem } from "@belfry/contract";
import type { CheckKind, Probe, ProbeContext } from "../model/check-kind.ts";
import type { Measurements, Outcome } from "../model/outcome.ts";
import { hostText, type Host } from "./address.ts";
import { concludeFault, concludeUp, seconds } from "./conclude.ts";
import { Deadline } from "./deadline.ts";
import { resolveHost, type DialReport } from "./dial.ts";
import { normalRecord, queryRecords, recordTypes, type RecordType } from "./dns-query.ts";
import { faultOf, type Fault } from "./fault.ts";
import { defineKind } from "./kind.ts";
import { shortage, shortageOrNoRoute } from "./own-trouble.ts";
import type { ProbeParts } from "./parts.ts";
import { printable } from "./redact.ts";
import { checkedHost, hostProblems, IpVersionSchema, portSchema } from "./schema.ts";

const DnsSettingsSchema = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 253,
      title: "Name",
      description: "Without search domains",
    }),
    type: Type.Enum([...recordTypes], { default: "A", title: "Record type" }),
    server: Type.Optional(
      Type.String({
        maxLength: 253,
        title: "Name server",
        description: "Name or address; the system's name servers when left out",
      }),
    ),
    port: portSchema(53),
    expected: Type.Array(Type.String({ minLength: 1, maxLength: 4_096 }), {
      default: [],
      maxItems: 100,
      title: "Expected records",
      description:
        "As dig +short prints them: 10 mail.example.org (MX), 0 issue ca.example (CAA). None: any answer is good",
    }),
    match: Type.Enum(["all", "any", "exact"], {
      default: "all",
      title: "Match",
      description:
        "all: each expected record is there; any: one of them is; exact: they and no others",
    }),
    ip_version: IpVersionSchema,
  },
  { additionalProperties: false },
);
type DnsSettings = Static<typeof DnsSettingsSchema>;

/** Makes the kind. */
export function createDnsKind(parts: ProbeParts): CheckKind {
  return defineKind({
    kind: "dns",
    title: "DNS",
    description: "Asks for records of a name and compares the answer",
    schema: DnsSettingsSchema,
    secrets: [],
    metrics: dnsMetrics,
    real: true,
    problemsOf,
    targetOf: ({ name, type, server }) =>
      `${name} ${type}${server === undefined ? "" : ` @${server}`}`,
    hostOf: ({ name, server }) =>
      server === undefined ? name.toLowerCase() : hostText(checkedHost(server)),
    createProbe: (settings) => createDnsProbe(settings, parts),
  });
}

const dnsMetrics = [
  { name: 'probe_dns_duration_seconds{phase="resolve"}', help: "Time to look the name server up" },
  { name: 'probe_dns_duration_seconds{phase="request"}', help: "Time until the answer" },
  { name: "probe_dns_lookup_time_seconds", help: "Time to look the name server up" },
  {
    name: "probe_dns_query_succeeded",
    help: "Whether the name server gave an answer with records",
  },
  { name: "probe_dns_answer_rrs", help: "Records in the answer" },
  { name: "probe_dns_serial", help: "Serial number of the zone, of a SOA record" },
  { name: "probe_ip_protocol", help: "IP version of the name server's address, 4 or 6" },
] as const;

function problemsOf(settings: DnsSettings): Problem[] {
  const problems: Problem[] = [];
  if (queryName(settings.name) === undefined) {
    problems.push({ path: "name", message: "expected a name that can be looked up" });
  }
  if (settings.server !== undefined) problems.push(...hostProblems(settings.server, "server"));
  return problems;
}

/** Labels may be anything DNS allows (`_sip._tcp`, `*`); international names in their ASCII form. */
function queryName(text: string): string | undefined {
  const ascii = /^[\x21-\x7e]+$/.test(text) ? text : URL.parse(`http://${text}/`)?.hostname;
  const name = ascii?.replace(/\.$/, "").toLowerCase() ?? "";
  const fits = /^(?:[a-z0-9_*-]{1,63}\.)*[a-z0-9_*-]{1,63}$/.test(name) && name.length <= 253;
  return fits ? name : undefined;
}

interface DnsReport extends DialReport {
  requestMs: number;
  records: readonly string[];
  serial: number | null;
}

function createDnsProbe(settings: DnsSettings, parts: ProbeParts): Probe {
  const name = queryName(settings.name);
  if (name === undefined) throw new TypeError("the name was not checked before");
  const server = settings.server === undefined ? null : checkedHost(settings.server);
  return async (context) => await checkDns(settings, name, server, context, parts);
}

async function checkDns(
  settings: DnsSettings,
  name: string,
  server: Host | null,
  context: ProbeContext,
  parts: ProbeParts,
): Promise<Outcome> {
  using deadline = new Deadline(parts.clock, context, parts.faults);
  const report: DnsReport = {
    resolveMs: 0,
    connectMs: 0,
    address: null,
    requestMs: 0,
    records: [],
    serial: null,
  };
  const broken = await ask();
  const fault = broken ?? mismatch(settings, report.records);
  const measurements = measurementsOf(report, broken === null);
  const findings = { measurements, statusCode: null };
  if (fault === null) return concludeUp(deadline, { ...findings, certificateDays: null });
  const evidence = evidenceOf(settings, report);
  return await concludeFault(deadline, fault, parts, { ...findings, evidence });

  async function ask(): Promise<Fault | null> {
    if (server !== null) {
      const found = await resolveHost(server, settings.ip_version, deadline, parts, report);
      if (found.kind === "fault") return found.fault;
      report.address = found.value;
    }
    const at = report.address === null ? null : { address: report.address, port: settings.port };
    const before = parts.clock.monotonicMs();
    const answer = await queryRecords(name, settings.type, at, deadline);
    report.requestMs = parts.clock.monotonicMs() - before;
    if (answer.kind === "fault" && answer.fault.code !== "ECONNREFUSED") return answer.fault;
    if (answer.kind === "fault") {
      const find = server === null ? shortageOrNoRoute : shortage;
      return (await find(`ask for ${name}`)) ?? answer.fault;
    }
    report.records = answer.value.records;
    report.serial = answer.value.serial;
    return null;
  }
}

function mismatch(settings: DnsSettings, records: readonly string[]): Fault | null {
  const type: RecordType = settings.type;
  const expected = settings.expected.map((text) => normalRecord(type, text));
  if (expected.length === 0) return null;
  const missing = expected.filter((record) => !records.includes(record));
  const extra = records.filter((record) => !expected.includes(record));
  const found = `found ${listed(records)}, expected`;
  switch (settings.match) {
    case "any":
      if (missing.length < expected.length) return null;
      return faultOf("assertion", `${found} one of ${listed(expected)}`);
    case "all":
      if (missing.length === 0) return null;
      return faultOf("assertion", `${found} ${listed(missing)} as well`);
    case "exact":
      if (missing.length === 0 && extra.length === 0) return null;
      return faultOf("assertion", `${found} exactly ${listed(expected)}`);
  }
}

function listed(records: readonly string[]): string {
  return printable(records.join(", "), 500);
}

function measurementsOf(report: DnsReport, succeeded: boolean): Measurements {
  return {
    'probe_dns_duration_seconds{phase="resolve"}': seconds(report.resolveMs),
    'probe_dns_duration_seconds{phase="request"}': seconds(report.requestMs),
    probe_dns_lookup_time_seconds: seconds(report.resolveMs),
    probe_dns_query_succeeded: succeeded ? 1 : 0,
    probe_dns_answer_rrs: report.records.length,
    ...(report.serial === null ? {} : { probe_dns_serial: report.serial }),
    ...(report.address === null ? {} : { probe_ip_protocol: report.address.family }),
  };
}

function evidenceOf(settings: DnsSettings, report: DnsReport): JsonObject {
  return {
    question: `${settings.name} ${settings.type}`,
    ...(report.address === null ? {} : { remote_address: report.address.text }),
    phases: { resolve: seconds(report.resolveMs), request: seconds(report.requestMs) },
    records: report.records.slice(0, 100).map((record) => printable(record, 1_000)),
  };
}
