/** What a rule looks for, in words. */
import type { AlertRuleInput, RuleCondition } from "@belfry/contract";
import { matcherText } from "../form/matcher-text.ts";
import { formatDuration } from "../format/time.ts";
import { countedBy, valueWords } from "./metric-words.ts";

/** Operators as they are read. */
export const operatorWords = {
  ">": "above",
  ">=": "at or above",
  "<": "below",
  "<=": "at or below",
  "==": "exactly",
  "!=": "other than",
} as const satisfies Record<Exclude<RuleCondition, { kind: "absence" }>["operator"], string>;

/** What is taken of the samples of a span. */
export const aggregateWords = {
  last: "newest sample",
  avg: "average",
  min: "least",
  max: "most",
  sum: "sum",
} as const satisfies Record<Extract<RuleCondition, { kind: "threshold" }>["aggregate"], string>;

type Metric = Extract<RuleCondition, { kind: "threshold" }>["metric"];

/** `node_load1`, or with what its labels have to be: `cpu{mode="steal"}`. */
export function metricText({ name, matchers }: Metric): string {
  return matchers.length === 0 ? name : `${name}{${matchers.map(matcherText).join(", ")}}`;
}

/** What is looked at, before it is compared: `average of cpu over 10 min`. */
export function subjectOfCondition(condition: RuleCondition): string {
  switch (condition.kind) {
    case "threshold": {
      const { aggregate, over_seconds: over } = condition;
      const of = aggregate === "last" ? "" : `${aggregateWords[aggregate]} of `;
      const within = over === undefined || aggregate === "last" ? "" : ` over ${span(over)}`;
      return `${of}${metricText(condition.metric)}${within}`;
    }
    case "change":
      return `change of ${metricText(condition.metric)} within ${span(condition.over_seconds)}`;
    case "rate":
      return `${metricText(condition.metric)} per second over ${span(condition.over_seconds)}`;
    case "absence":
      return `${metricText(condition.metric)} has no sample`;
    case "ratio":
      return `${metricText(condition.numerator)} / ${metricText(condition.denominator)}`;
    case "prediction":
      return `${metricText(condition.metric)} in ${span(condition.within_seconds)}, as it went for ${span(condition.over_seconds)},`;
  }
}

/** The whole of it: `average of cpu over 10 min above 95 %, until 85 %`. */
export function conditionWords(condition: RuleCondition): string {
  const what = subjectOfCondition(condition);
  if (condition.kind === "absence") return `${what} for ${span(condition.over_seconds)}`;
  const counted = countedBy(condition);
  const { operator, value, recover_value: recover } = condition;
  const until = recover === undefined ? "" : `, until ${valueWords(recover, counted)}`;
  return `${what} ${operatorWords[operator]} ${valueWords(value, counted)}${until}`;
}

/** How long it has to hold and not to hold: `for 10 min; over after 2 min`. */
export function holdWords(
  rule: Pick<AlertRuleInput, "for_seconds" | "recovery_for_seconds">,
): string {
  const rings = rule.for_seconds === 0 ? "rings at once" : `rings after ${span(rule.for_seconds)}`;
  const { recovery_for_seconds: recovery } = rule;
  return `${rings}, ${recovery === 0 ? "over at once" : `over after ${span(recovery)}`}`;
}

const nouns = { host: "host", monitor: "monitor", job: "job" } as const;

/** What a rule is about, counted: `3 hosts`. */
export function subjectNoun(subject: AlertRuleInput["subject"], count: number): string {
  return `${nouns[subject]}${count === 1 ? "" : "s"}`;
}

function span(seconds: number): string {
  return formatDuration(seconds * 1000);
}
