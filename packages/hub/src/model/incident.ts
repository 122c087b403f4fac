/** A span in which something was wrong, with everybody who felt it, and what was told about it. */
import type { Reason, Severity } from "@belfry/contract";
import type { IncidentId } from "./id.ts";
import type { Evidence } from "./outcome.ts";
import type { SignalSubject } from "./signal.ts";

/** What an incident is about. The name is kept as it was, so that a deleted subject can still be read. */
export type Subject = SignalSubject;

/** One trouble of one subject. Times are epoch ms. */
export interface Trouble {
  /** The key of the signals that raise and clear it. */
  readonly key: string;
  readonly rule: string;
  readonly subject: Subject;
  readonly severity: Severity;
  readonly message: string;
  /** Of the subject and the rule; matchers choose by them. */
  readonly labels: Readonly<Record<string, string>>;
  readonly since: number;
  /** null while it lasts. */
  readonly until: number | null;
}

/** What is believed to be behind an incident, and how the others belong to it: `the same host`. */
export interface IncidentCause {
  readonly subject: Subject;
  readonly why: string;
}

export type SuppressedBy = "maintenance" | "inhibition" | "silence" | "snooze";

/** What one channel was told last about an incident, by one route. Times are epoch ms. */
export interface Told {
  readonly firstAt: number;
  readonly at: number;
  readonly severity: Severity;
  readonly affected: number;
  readonly acknowledged: boolean;
  readonly flapping: boolean;
  readonly resolved: boolean;
}

/** What the stages keep about an incident. */
export interface FlowState {
  /** By `<route or default>|<channel>`. */
  readonly told: Readonly<Record<string, Told>>;
  /** Steps of escalation that were taken, by route. */
  readonly escalated: Readonly<Record<string, number>>;
  /**
   * Others that failed as well when the first notice could be sent, though that was not certain yet. They are counted in
   * it, so that it is no news when they join; 0 once somebody was told.
   */
  readonly suspected: number;
}

export const emptyFlow: FlowState = { told: {}, escalated: {}, suspected: 0 };

/**
 * Times are epoch ms. `openedAt` is the first failure, `decidedAt` when it became certain; `reason`, `message` and
 * `evidence` are those of the trouble it opened with.
 */
export interface Incident {
  readonly id: IncidentId;
  /** One line: `api is down`. */
  readonly title: string;
  /** The worst of the troubles that last; of those that were, once it is over. */
  readonly severity: Severity;
  /** The one believed to be the cause first. */
  readonly subjects: readonly Subject[];
  readonly cause: IncidentCause | null;
  readonly troubles: readonly Trouble[];
  readonly labels: Readonly<Record<string, string>>;
  readonly openedAt: number;
  readonly decidedAt: number;
  readonly acknowledgedAt: number | null;
  readonly acknowledgedBy: string | null;
  readonly snoozedUntil: number | null;
  readonly resolvedAt: number | null;
  readonly suppressedBy: SuppressedBy | null;
  readonly reason: Reason | null;
  readonly message: string;
  readonly evidence: Evidence;
  readonly flapping: boolean;
  /** Nobody is told before: others that share the cause may still be found. */
  readonly heldUntil: number | null;
  /** When the stages have to look at it again although nothing happens. */
  readonly wakeAt: number | null;
  readonly flow: FlowState;
  /** Grows by one with every write; a write of an older one is refused. */
  readonly revision: number;
}

/** What somebody wrote about an incident. */
export interface IncidentComment {
  readonly incidentId: IncidentId;
  readonly at: number;
  readonly by: string;
  readonly text: string;
}

const ranks = { critical: 0, warning: 1, info: 2 } as const satisfies Record<Severity, number>;

/** Negative when `a` is worse than `b`. */
export function compareSeverity(a: Severity, b: Severity): number {
  return ranks[a] - ranks[b];
}

/** The troubles that last. */
export function openTroubles({ troubles }: Pick<Incident, "troubles">): readonly Trouble[] {
  return troubles.filter(({ until }) => until === null);
}

/** What matchers see of a trouble: its labels, and `severity`, `rule`, `subject_kind`, `subject`. */
export function matchedLabels({
  labels,
  severity,
  rule,
  subject,
}: Pick<Trouble, "labels" | "severity" | "rule" | "subject">): Readonly<Record<string, string>> {
  return { ...labels, severity, rule, subject_kind: subject.kind, subject: subject.name };
}
