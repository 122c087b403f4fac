/** What is kept of the troubles that rules see, so that a restart forgets none. */
import type { Severity } from "@belfry/contract";
import type { Duty, ProcessId } from "./fleet.ts";
import type { Signal } from "./signal.ts";

/** A trouble that is about to be one, is one, or is about to be over. Times are epoch ms. */
export interface RuleState {
  readonly phase: "pending" | "firing" | "recovering";
  /** When the phase began, moved on by the time in which it could not be told. */
  readonly since: number;
  /** When it began to hold. */
  readonly startedAt: number;
  /** What was compared with the limit when the phase began. */
  readonly value: number;
  /** Since when it cannot be told; null while it can. */
  readonly blindSince: number | null;
  /** What it was raised with; null before. */
  readonly severity: Severity | null;
}

/** Whose state it is: of one rule, one source of series, and one of its series. */
export interface RuleStateKey {
  readonly ruleId: string;
  /** `host:<id>`, `monitor:<id>`, `job:<id>`. */
  readonly source: string;
  /** Labels of the series as text; empty where it has none. */
  readonly series: string;
}

export interface KeptRuleState extends RuleStateKey {
  readonly state: RuleState;
  /** What was said when it was raised, to be said again when it is over; null before. */
  readonly raised: Signal | null;
}

/** What rules decided: written together or not at all. */
export interface RuleChange {
  readonly saved: readonly KeptRuleState[];
  /** These are inactive again. */
  readonly dropped: readonly RuleStateKey[];
  readonly signals: readonly Signal[];
  /** Who decided, where several processes do; SQLite does not look at it. */
  readonly fence?: RuleFence;
}

/**
 * Nothing is written when the process was taken for dead or has left, when another one has the duty, or when rules were
 * decided about since, by whoever had the duty meanwhile.
 */
export interface RuleFence {
  readonly process: ProcessId;
  readonly duty?: Duty;
  /** What `RuleStore.ruleSteps` was when states were read, and one more for each change since. */
  readonly after?: number;
}
