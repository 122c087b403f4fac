/** An incident for tests: open, alone, and of no special kind. */
import type { IncidentView } from "@belfry/contract";

/** Makes one of an id; `known` is what matters to the test. */
export function incidentOf(id: string, known: Partial<IncidentView> = {}): IncidentView {
  return {
    id,
    title: "api is down",
    severity: "critical",
    subjects: [],
    cause: null,
    troubles: [],
    labels: {},
    opened_at: "2026-01-01T00:00:00Z",
    decided_at: "2026-01-01T00:00:00Z",
    acknowledged_at: null,
    acknowledged_by: null,
    snoozed_until: null,
    resolved_at: null,
    suppressed_by: null,
    reason: "refused",
    message: "",
    evidence: {},
    flapping: false,
    ...known,
  };
}
