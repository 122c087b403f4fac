/**
 * Transitions → incidents: pure. A monitor has at most one open incident. It opens when the monitor is known to be down
 * and resolves when it is known not to be; while it flaps, its incident stays open, so that twenty changes are one
 * incident. `unknown` opens and resolves nothing.
 */
import type { IncidentId, MonitorId } from "../model/id.ts";
import type { Incident, Subject } from "../model/incident.ts";
import type { Transition } from "../model/judgement.ts";

export interface IncidentParts {
  readonly createId: (nowMs: number) => IncidentId;
  /** What the incidents of a monitor are about; undefined for one that is gone or made up. */
  readonly subjectOf: (id: MonitorId) => Subject | undefined;
}

/** The incident a transition opens, changes or resolves; null when it does nothing. */
export function incidentAfter(
  open: Incident | undefined,
  transition: Transition,
  parts: IncidentParts,
): Incident | null {
  const wanted = transition.knownTo === "down" || (transition.flapping && open !== undefined);
  if (open !== undefined) {
    if (!wanted) return resolve(open, transition.at);
    return open.flapping === transition.flapping
      ? null
      : { ...open, flapping: transition.flapping };
  }
  const subject = parts.subjectOf(transition.monitorId);
  const { failure } = transition;
  if (!wanted || subject === undefined || failure === null) return null;
  return {
    id: parts.createId(transition.decidedAt),
    subjects: [subject],
    openedAt: failure.at,
    decidedAt: transition.decidedAt,
    acknowledgedAt: null,
    resolvedAt: null,
    reason: failure.reason,
    message: failure.message,
    evidence: failure.evidence,
    flapping: transition.flapping,
  };
}

/** The incident as it is once it is over; it never ends before it began. */
export function resolve(incident: Incident, at: number): Incident {
  return { ...incident, resolvedAt: Math.max(at, incident.openedAt), flapping: false };
}
