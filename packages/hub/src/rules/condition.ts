/**
 * Conditions as pure functions: what is known of a series, and whether the condition holds of it. Where that cannot be
 * told (nothing fresh, too little history), that is the answer: silence is neither trouble nor its end.
 */
import type { RuleCondition } from "@belfry/contract";
import type { SpanKind, SpanWindow } from "./span-window.ts";

/** What a condition was found to be. `value` is what was compared with the limit. */
export type Finding =
  | { readonly kind: "holds"; readonly value: number }
  | { readonly kind: "does_not_hold"; readonly value: number }
  | { readonly kind: "cannot_tell"; readonly why: CannotTell }
  /** The series never had a sample, or there is nothing to divide by: a file system without inodes has no share of them. */
  | { readonly kind: "does_not_apply" };

/** Why it cannot be told: no sample that is fresh enough; not yet known for long enough. */
export type CannotTell = "no_fresh_sample" | "too_little_history";

/** What is known of one series: its newest sample (time in epoch ms, −∞ before the first), and its window. */
export interface SeriesView {
  readonly at: number;
  readonly value: number;
  readonly window: SpanWindow | undefined;
}

/** When a condition is looked at. Times are epoch ms. */
export interface Moment {
  readonly now: number;
  /** A sample older than this, in ms, says nothing of the present. */
  readonly freshMs: number;
  /** Whether the condition held before: then it ends only beyond `recover_value`. */
  readonly isActive: boolean;
}

/** A line that explains less than this of what a series does is no trend. */
const leastFit = 0.5;

const stale: Finding = { kind: "cannot_tell", why: "no_fresh_sample" };
const young: Finding = { kind: "cannot_tell", why: "too_little_history" };
const inapplicable: Finding = { kind: "does_not_apply" };

/** The window a condition needs; undefined where the newest sample is enough. */
export function spanOf(
  condition: RuleCondition,
): { readonly kind: SpanKind; readonly overMs: number } | undefined {
  switch (condition.kind) {
    case "threshold": {
      const { aggregate, over_seconds: over } = condition;
      if (aggregate === "last" || over === undefined) return undefined;
      return { kind: aggregate === "avg" ? "sum" : aggregate, overMs: over * 1000 };
    }
    case "rate":
      return { kind: "increase", overMs: condition.over_seconds * 1000 };
    case "change":
    case "prediction":
      return { kind: "last", overMs: condition.over_seconds * 1000 };
    case "absence":
    case "ratio":
      return undefined;
  }
}

/** Looks at a condition. `other` is the denominator of a ratio. */
export function find(
  condition: RuleCondition,
  series: SeriesView,
  other: SeriesView | undefined,
  moment: Moment,
): Finding {
  if (series.at === Number.NEGATIVE_INFINITY) return inapplicable;
  if (condition.kind === "absence") return findAbsence(condition.over_seconds, series, moment);
  if (moment.now - series.at > moment.freshMs) return stale;
  const value = valueOf(condition, series, other, moment);
  if (typeof value === "object") return value;
  if (Number.isNaN(value)) return stale;
  const { operator, recover_value: recover } = condition;
  const limit = moment.isActive && recover !== undefined ? recover : condition.value;
  return { kind: compare(operator, value, limit) ? "holds" : "does_not_hold", value };
}

function findAbsence(overSeconds: number, { at }: SeriesView, { now }: Moment): Finding {
  const silentSeconds = Math.max(0, (now - at) / 1000);
  const kind = silentSeconds > overSeconds ? "holds" : "does_not_hold";
  return { kind, value: silentSeconds };
}

/** What is compared, or why there is nothing to compare. */
function valueOf(
  condition: Exclude<RuleCondition, { kind: "absence" }>,
  series: SeriesView,
  other: SeriesView | undefined,
  { now, freshMs }: Moment,
): number | Finding {
  const { window } = series;
  switch (condition.kind) {
    case "threshold": {
      if (window === undefined) return series.value;
      if (!window.hasHistory(now)) return young;
      const found = condition.aggregate === "avg" ? window.average(now) : window.aggregate(now);
      // Checked less often than the span is long: the newest sample is all there is.
      return found ?? series.value;
    }
    case "rate":
      if (window?.hasHistory(now) !== true) return young;
      return window.rate(now) ?? young;
    case "change": {
      const before = window?.valueBefore(now);
      if (before === undefined) return young;
      if (!condition.relative) return series.value - before;
      return before === 0 ? inapplicable : (series.value - before) / Math.abs(before);
    }
    case "ratio": {
      if (other === undefined || other.value === 0) return inapplicable;
      return now - other.at > freshMs ? stale : series.value / other.value;
    }
    case "prediction": {
      const trend = window?.trend(now, now + condition.within_seconds * 1000);
      if (trend === undefined) return young;
      return trend.fit >= leastFit ? trend.value : series.value;
    }
  }
}

type Operator = Exclude<RuleCondition, { kind: "absence" }>["operator"];

function compare(operator: Operator, value: number, limit: number): boolean {
  switch (operator) {
    case ">":
      return value > limit;
    case ">=":
      return value >= limit;
    case "<":
      return value < limit;
    case "<=":
      return value <= limit;
    case "==":
      return value === limit;
    case "!=":
      return value !== limit;
  }
}
