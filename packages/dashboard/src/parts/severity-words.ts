/** What severities, and what suppresses an incident, are called. */
import type { IncidentView, Severity } from "@belfry/contract";
import type { Status } from "@belfry/contract/status";

const severities = {
  critical: { title: "Critical", status: "down" },
  warning: { title: "Warning", status: "degraded" },
  info: { title: "Info", status: "maintenance" },
} as const satisfies Record<Severity, { title: string; status: Status }>;

/** A severity as a word. */
export function severityTitle(severity: Severity): string {
  return severities[severity].title;
}

/** The status whose mark and colour a severity has. */
export function severityStatus(severity: Severity): Status {
  return severities[severity].status;
}

const suppressed = {
  maintenance: "in maintenance",
  inhibition: "inhibited",
  silence: "silenced",
  snooze: "snoozed",
} as const satisfies Record<NonNullable<IncidentView["suppressed_by"]>, string>;

/** Why nobody is told, in a word or two. */
export function suppressedWords(by: NonNullable<IncidentView["suppressed_by"]>): string {
  return suppressed[by];
}
