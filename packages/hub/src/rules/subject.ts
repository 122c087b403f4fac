/** Whose series rules look at. */
import type { SubjectKind } from "./rule-set.ts";

export interface RuleSubject {
  readonly kind: SubjectKind;
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Ms between its samples; null: they come when they come, and the newest holds until there is another. */
  readonly intervalMs: number | null;
  /** Ms its clock is ahead of Belfry's: its samples have its own times. */
  readonly clockOffsetMs: number;
  /** false: paused; nothing of it rings. */
  readonly isWatched: boolean;
  /** Another object whenever name or labels changed. */
  readonly origin: object;
}

/** The least age at which a sample says nothing of the present, in ms. */
const leastFreshMs = 300_000;

/** The age up to which a sample of a subject is fresh, in ms: three intervals, at least five minutes. */
export function freshMsOf({ intervalMs }: Pick<RuleSubject, "intervalMs">): number {
  return intervalMs === null ? Number.POSITIVE_INFINITY : Math.max(3 * intervalMs, leastFreshMs);
}

/** What matchers of a rule choose subjects by: their labels, and `subject_kind` and `subject`. */
export function matchedLabelsOf({ kind, name, labels }: RuleSubject): Record<string, string> {
  return { ...labels, subject_kind: kind, subject: name };
}
