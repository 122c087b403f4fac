/** Incidents as they are written on the wire. */
import type { IncidentView } from "@belfry/contract";
import type { Incident } from "../model/incident.ts";
import { timeText, timeTextOrNull } from "./monitors/view.ts";

/** Makes the wire shape. */
export function incidentView(incident: Incident): IncidentView {
  const { cause } = incident;
  return {
    id: incident.id,
    title: incident.title,
    severity: incident.severity,
    subjects: incident.subjects.map((subject) => ({ ...subject })),
    cause: cause === null ? null : { ...cause.subject, why: cause.why },
    troubles: incident.troubles.map(({ subject, rule, severity, message, since, until }) => ({
      ...subject,
      rule,
      severity,
      message,
      since: timeText(since),
      until: timeTextOrNull(until),
    })),
    labels: { ...incident.labels },
    opened_at: timeText(incident.openedAt),
    decided_at: timeText(incident.decidedAt),
    acknowledged_at: timeTextOrNull(incident.acknowledgedAt),
    acknowledged_by: incident.acknowledgedBy,
    snoozed_until: timeTextOrNull(incident.snoozedUntil),
    resolved_at: timeTextOrNull(incident.resolvedAt),
    suppressed_by: incident.suppressedBy,
    reason: incident.reason,
    message: incident.message,
    evidence: { ...incident.evidence },
    flapping: incident.flapping,
  };
}
