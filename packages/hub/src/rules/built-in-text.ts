/** How built-in rules are written down. */
import type { AlertRuleInput, Matcher, RuleCondition, Severity } from "@belfry/contract";

/** What a value counts, so that it can be said. */
export const units = ["ratio", "bytes", "celsius", "count", "per_second", "seconds"] as const;
export type Unit = (typeof units)[number];

export interface BuiltInRule {
  /** What it is known by, here and in signals: `filesystem_full`. */
  readonly id: string;
  readonly rule: AlertRuleInput;
  readonly unit: Unit;
  /** What the value is, with the labels of its series: `space left on /`. */
  readonly what: (labels: Readonly<Record<string, string>>) => string;
}

/** A built-in rule as it is written down. */
export interface BuiltInText {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly condition: RuleCondition;
  readonly forSeconds: number;
  readonly recoveryForSeconds?: number;
  readonly unit: Unit;
  readonly what: BuiltInRule["what"];
  /** Why it matters, and what to do. */
  readonly description: string;
}

/** A metric, with what its labels have to be (`=`), or must not match (`!~`). */
export function metric(
  name: string,
  ...matchers: readonly (readonly [name: string, how: "=" | "=~" | "!~", value: string])[]
): { name: string; matchers: Matcher[] } {
  return {
    name,
    matchers: matchers.map(([label, how, value]) => ({
      name: label,
      value,
      is_regex: how !== "=",
      is_equal: how !== "!~",
    })),
  };
}
