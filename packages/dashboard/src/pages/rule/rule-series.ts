/**
 * The series behind a rule: which selector finds them, and what a condition makes of their buckets, so that a ring can be
 * looked at beside the values it came from. Buckets are as long as the distance of the samples the replay looked at.
 */
import type {
  AlertRuleInput,
  RuleCondition,
  RuleReplayView,
  SeriesRangeView,
} from "@belfry/contract";
import type { Line, Value } from "../../chart/timeline.ts";

type Ring = RuleReplayView["rings"][number];
/** One series of an answer, in buckets. */
export type Buckets = Extract<SeriesRangeView["items"][number], { readonly last: unknown }>;

/** What tells the series of a kind of subjects from others. */
const sourceLabels = { host: "host", monitor: "monitor", job: "job" } as const;

/** Finds series whose names have the text; null for too little of it, or what is no part of a name. */
export function nameSelector(text: string, subject: AlertRuleInput["subject"]): string | null {
  if (!/^[a-zA-Z0-9_:]{2,200}$/.test(text)) return null;
  return `{__name__=~".*${text}.*",${sourceLabels[subject]}!=""}`;
}

/** The names of series, each once. */
export function namesOf(items: readonly { readonly name: string }[]): readonly string[] {
  return [...new Set(items.map(({ name }) => name))];
}

/** Selectors of the series that rang: of the metric, and of what it is divided by. */
export function selectorsOf(
  condition: RuleCondition,
  { subject, series }: Pick<Ring, "subject" | "series">,
): readonly string[] {
  const source = subject.kind === "job" ? subject.name : subject.id;
  const own = [labelOf(subject.kind), source] as const;
  const first = condition.kind === "ratio" ? condition.numerator : condition.metric;
  const pairs = [own, ...Object.entries(series).filter(([name]) => name !== own[0])];
  const selector = `${first.name}${selectorText(pairs)}`;
  return condition.kind === "ratio"
    ? [selector, `${condition.denominator.name}${selectorText([own])}`]
    : [selector];
}

function labelOf(kind: string): string {
  return Object.entries(sourceLabels).find(([one]) => one === kind)?.[1] ?? "instance";
}

function selectorText(pairs: readonly (readonly [name: string, value: string])[]): string {
  return `{${pairs.map(([name, value]) => `${name}=${quoted(value)}`).join(",")}}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

/** What a condition compares, over time, with the key `value`; undefined where its series are not there. */
export function comparedLine(
  condition: RuleCondition,
  first: readonly Buckets[],
  second: readonly Buckets[],
  stepSeconds: number,
): Line | undefined {
  const [series] = first;
  if (series === undefined) return undefined;
  const line = (values: readonly Value[]): Line => ({
    key: "value",
    times: series.starts_ms,
    values,
  });
  switch (condition.kind) {
    case "threshold":
      return line(aggregated(series, condition.aggregate));
    case "absence":
    case "prediction":
      return line(aggregated(series, "last"));
    case "rate":
      return line(
        against(series, condition.over_seconds, stepSeconds, (now, then, seconds) =>
          now < then ? null : (now - then) / seconds,
        ),
      );
    case "change": {
      const { relative } = condition;
      return line(
        against(series, condition.over_seconds, stepSeconds, (now, then) => {
          if (!relative) return now - then;
          return then === 0 ? null : (now - then) / Math.abs(then);
        }),
      );
    }
    case "ratio": {
      const below = second.length === 1 ? second[0] : second.find((one) => isAlike(one, series));
      if (below === undefined) return undefined;
      const values = new Map(below.starts_ms.map((at, i) => [at, finite(below.last[i])]));
      return line(
        aggregated(series, "last").map((value, i) => {
          const by = values.get(series.starts_ms[i] ?? Number.NaN) ?? null;
          return value === null || by === null || by === 0 ? null : value / by;
        }),
      );
    }
  }
}

/** Each value against the one a span before it; null where there was none. */
function against(
  series: Buckets,
  overSeconds: number,
  stepSeconds: number,
  of: (now: number, then: number, seconds: number) => Value,
): readonly Value[] {
  const back = Math.max(1, Math.round(overSeconds / stepSeconds)) * stepSeconds;
  const known = new Map(series.starts_ms.map((at, i) => [at, finite(series.last[i])]));
  return series.starts_ms.map((at) => {
    const now = known.get(at) ?? null;
    const then = known.get(at - back * 1000) ?? null;
    return now === null || then === null ? null : of(now, then, back);
  });
}

function aggregated(
  { min, max, sum, count, last }: Buckets,
  of: Extract<RuleCondition, { kind: "threshold" }>["aggregate"],
): readonly Value[] {
  switch (of) {
    case "last":
      return last.map(finite);
    case "min":
      return min.map(finite);
    case "max":
      return max.map(finite);
    case "sum":
      return sum.map(finite);
    case "avg":
      return sum.map((value, i) => {
        const [total, parts] = [finite(value), finite(count[i])];
        return total === null || parts === null || parts === 0 ? null : total / parts;
      });
  }
}

function isAlike(one: Buckets, other: Buckets): boolean {
  const names = new Set([...Object.keys(one.labels), ...Object.keys(other.labels)]);
  return [...names].every((name) => one.labels[name] === other.labels[name]);
}

function finite(value: number | string | undefined): Value {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** The series of an answer that are in buckets. */
export function bucketsOf({ items }: Pick<SeriesRangeView, "items">): readonly Buckets[] {
  return items.filter((item): item is Buckets => "last" in item);
}
