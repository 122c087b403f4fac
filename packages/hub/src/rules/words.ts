/** What rules say, and the signals that carry it to alerting. */
import type { RuleCondition } from "@belfry/contract";
import type { Signal } from "../model/signal.ts";
import { units, type Unit } from "./built-in-text.ts";
import { primaryMetric, type ActiveRule } from "./rule-set.ts";
import type { RuleSubject } from "./subject.ts";

/** A trouble that is to be told. Times are epoch ms. */
export interface Told {
  readonly rule: ActiveRule;
  readonly subject: RuleSubject;
  /** Labels of the series, and the same as text. */
  readonly labels: Readonly<Record<string, string>>;
  readonly series: string;
  readonly startedAt: number;
  readonly now: number;
  readonly value: number;
}

/** The signal of a trouble that began, or whose severity is another now. */
export function raisedSignal(told: Told): Signal {
  const { rule, subject, labels, series, startedAt, now, value } = told;
  const { condition, severity } = rule.rule;
  return {
    key: `${rule.id}:${subject.kind}:${subject.id}${series === "" ? "" : `:${series}`}`,
    state: "raised",
    rule: rule.builtIn === null ? rule.rule.name : rule.id,
    subject: { kind: subject.kind, id: subject.id, name: subject.name },
    severity,
    at: startedAt,
    decidedAt: now,
    message: messageOf(rule, labels, value),
    reason: null,
    evidence: {
      rule_id: rule.id,
      condition: condition.kind,
      metric: primaryMetric(condition).name,
      series: { ...labels },
      unit: rule.builtIn?.unit ?? unitOf(condition),
      value: Number.isFinite(value) ? value : String(value),
      ...("value" in condition ? { limit: condition.value } : {}),
    },
    labels: { ...labels, ...subject.labels, ...rule.rule.labels },
  };
}

/** The signal that a trouble is over: what was said when it was raised, with why it is over. */
export function clearedSignal(raised: Signal, now: number, message: string): Signal {
  return { ...raised, state: "cleared", at: now, decidedAt: now, message };
}

/** One line: what is how much, and the limit. */
export function messageOf(
  { rule, builtIn }: Pick<ActiveRule, "rule" | "builtIn">,
  labels: Readonly<Record<string, string>>,
  value: number,
): string {
  const { condition } = rule;
  const what = builtIn?.what(labels) ?? seriesName(condition, labels);
  if (condition.kind === "absence") return `${what}: no sample for ${spoken(value, "seconds")}`;
  const unit = builtIn?.unit ?? "count";
  const limit = spoken(condition.value, unit);
  if (condition.kind === "prediction") {
    const within = spoken(condition.within_seconds, "seconds");
    return `${what} will be ${wordsOf[condition.operator]} ${limit} within ${within}`;
  }
  if (condition.operator === "==" || condition.operator === "!=") {
    return `${what}: ${spoken(value, unit)}`;
  }
  return `${what}${spanWords(condition)}: ${spoken(value, unit)}, limit ${limit}`;
}

const wordsOf = {
  ">": "above",
  ">=": "at or above",
  "<": "below",
  "<=": "at or below",
  "==": "exactly",
  "!=": "other than",
} as const;

function seriesName(condition: RuleCondition, labels: Readonly<Record<string, string>>): string {
  const names = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const series = names.length === 0 ? "" : ` (${names.join(", ").slice(0, 200)})`;
  const { name } = primaryMetric(condition);
  switch (condition.kind) {
    case "ratio":
      return `${name} / ${condition.denominator.name}${series}`;
    case "rate":
      return `rate of ${name}${series}`;
    case "change":
      return `change of ${name}${series}`;
    case "threshold":
    case "absence":
    case "prediction":
      return `${name}${series}`;
  }
}

function spanWords(condition: RuleCondition): string {
  if (!("over_seconds" in condition) || condition.over_seconds === undefined) return "";
  const span = spoken(condition.over_seconds, "seconds");
  if (condition.kind !== "threshold") return ` over ${span}`;
  return condition.aggregate === "last" ? "" : ` (${condition.aggregate} of ${span})`;
}

/** A value as people say it: `93.4 %`, `1.2 GiB`, `85 °C`, `20 min`. */
export function spoken(value: number, unit: Unit): string {
  switch (unit) {
    case "ratio":
      return `${rounded(value * 100)} %`;
    case "celsius":
      return `${rounded(value)} °C`;
    case "per_second":
      return `${rounded(value)} per second`;
    case "bytes":
      return bytes(value);
    case "seconds":
      return duration(value);
    case "count":
      return rounded(value);
  }
}

/** As `spoken`, with what a person reads off beside a limit: ratios have two decimals of a per cent. */
export function figureText(value: number, unit: string): string {
  const known = units.find((one) => one === unit) ?? "count";
  if (known !== "ratio" || !Number.isFinite(value)) return spoken(value, known);
  return `${Number((value * 100).toFixed(2))} %`;
}

/** What the value of an own rule counts, by the name of its metric where that says it. */
function unitOf(condition: RuleCondition): Unit {
  switch (condition.kind) {
    case "absence":
      return "seconds";
    case "ratio":
      return "ratio";
    case "rate":
      return "per_second";
    case "change":
    case "threshold":
    case "prediction": {
      if (condition.kind === "change" && condition.relative) return "ratio";
      const ending = condition.metric.name.slice(condition.metric.name.lastIndexOf("_") + 1);
      return units.find((one) => one === ending) ?? "count";
    }
  }
}

function rounded(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? "endless" : "endlessly little";
  return Number(value.toPrecision(Math.abs(value) >= 1000 ? 6 : 3)).toString();
}

function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  const power = Math.min(5, Math.max(0, Math.floor(Math.log2(Math.max(1, Math.abs(value))) / 10)));
  return `${rounded(value / 1024 ** power)} ${units[power] ?? ""}`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800
    ? `${Math.round(seconds / 3_600)} h`
    : `${Math.round(seconds / 86_400)} days`;
}
