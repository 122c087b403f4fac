/**
 * What rules need of a list of series: which columns, which windows, and the pairs of rule and series to look at. Made
 * once for a list: hosts with equal lists share it.
 */
import { matches } from "../model/matcher.ts";
import type { SeriesKey } from "../model/series.ts";
import { spanOf } from "./condition.ts";
import { primaryMetric, type ActiveRule, type RuleSet, type SubjectKind } from "./rule-set.ts";
import type { SpanKind } from "./span-window.ts";

/** A rule and a series it looks at. Places count the columns that are needed. */
export interface Instance {
  /** Number of the rule in its set. */
  readonly rule: number;
  readonly place: number;
  /** Place of the denominator; −1: the condition has none, or there is none. */
  readonly other: number;
  /** Number of the window; −1: none is needed. */
  readonly window: number;
  /** What its state is known by among all of one subject: see `instanceKey`. */
  readonly key: string;
}

export interface SeriesPlan {
  /** Column of the list at each place. */
  readonly columns: Int32Array;
  readonly series: readonly SeriesKey[];
  readonly windows: readonly WindowNeed[];
  /** Numbers of the windows at each place. */
  readonly windowsAt: readonly (readonly number[])[];
  readonly instances: readonly Instance[];
}

export interface WindowNeed {
  readonly place: number;
  readonly kind: SpanKind;
  readonly overMs: number;
}

/** Draws plans by these rules, and shares those of one list. */
export function createPlanner(
  rules: RuleSet,
): (list: readonly SeriesKey[], kind: SubjectKind) => SeriesPlan {
  const plans = new Map<SubjectKind, WeakMap<readonly SeriesKey[], SeriesPlan>>();
  return (list, kind) => {
    const ofKind = plans.get(kind) ?? new WeakMap<readonly SeriesKey[], SeriesPlan>();
    plans.set(kind, ofKind);
    const known = ofKind.get(list);
    if (known !== undefined) return known;
    const plan = planSeries(list, rules, kind);
    ofKind.set(list, plan);
    return plan;
  };
}

/** Draws the plan of a list. */
export function planSeries(
  list: readonly SeriesKey[],
  rules: RuleSet,
  kind: SubjectKind,
): SeriesPlan {
  const names = rules.metricsOf(kind);
  const named = new Map<string, number[]>();
  for (const [column, { name }] of list.entries()) {
    if (!names.has(name)) continue;
    const columns = named.get(name);
    if (columns === undefined) named.set(name, [column]);
    else columns.push(column);
  }
  const draft = new Draft(list);
  for (const [name, columns] of named) {
    for (const number of rules.about(kind, name)) {
      const rule = rules.rules[number];
      if (rule === undefined) continue;
      const others = denominatorsOf(rule, list, named);
      const { matchers } = primaryMetric(rule.rule.condition);
      for (const column of columns) {
        const labels = list[column]?.labels ?? {};
        if (matches(matchers, labels)) draft.add(number, rule, column, others);
      }
    }
  }
  return draft.plan();
}

class Draft {
  readonly #list: readonly SeriesKey[];
  readonly #places = new Map<number, number>();
  readonly #windows = new Map<string, number>();
  readonly #needs: WindowNeed[] = [];
  readonly #instances: Instance[] = [];

  constructor(list: readonly SeriesKey[]) {
    this.#list = list;
  }

  add(
    number: number,
    { id, rule }: ActiveRule,
    column: number,
    others: ReadonlyMap<string, number> | null,
  ): void {
    const labels = this.#list[column]?.labels ?? {};
    const place = this.#placeOf(column);
    const span = spanOf(rule.condition);
    let window = -1;
    if (span !== undefined) {
      const need = `${place} ${span.kind} ${span.overMs}`;
      window = this.#windows.get(need) ?? this.#needs.push({ place, ...span }) - 1;
      this.#windows.set(need, window);
    }
    const text = seriesText(labels);
    const denominator = others === null ? undefined : denominatorOf(text, others);
    const other = denominator === undefined ? -1 : this.#placeOf(denominator);
    this.#instances.push({ rule: number, place, other, window, key: instanceKey(id, text) });
  }

  plan(): SeriesPlan {
    const columns = Int32Array.from(this.#places.keys());
    const windowsAt: number[][] = Array.from(columns, () => []);
    for (const [number, { place }] of this.#needs.entries()) windowsAt[place]?.push(number);
    return {
      columns,
      series: Array.from(columns, (column) => this.#list[column] ?? nothing),
      windows: this.#needs,
      windowsAt,
      instances: this.#instances,
    };
  }

  #placeOf(column: number): number {
    const place = this.#places.get(column) ?? this.#places.size;
    this.#places.set(column, place);
    return place;
  }
}

const nothing: SeriesKey = { name: "", labels: {} };

/** Columns of denominators by their labels; null: the condition has none. */
function denominatorsOf(
  { rule }: ActiveRule,
  list: readonly SeriesKey[],
  named: ReadonlyMap<string, readonly number[]>,
): ReadonlyMap<string, number> | null {
  const { condition } = rule;
  if (condition.kind !== "ratio") return null;
  const { name, matchers } = condition.denominator;
  const found = new Map<string, number>();
  for (const column of named.get(name) ?? []) {
    const labels = list[column]?.labels ?? {};
    if (matches(matchers, labels)) found.set(seriesText(labels), column);
  }
  return found;
}

/** The one with the same labels; where there is but one, that one. */
function denominatorOf(text: string, others: ReadonlyMap<string, number>): number | undefined {
  const same = others.get(text);
  if (same !== undefined || others.size !== 1) return same;
  const [only] = others.values();
  return only;
}

/** Labels as text, by name: `device="sda",mountpoint="/"`. Two series of a metric share it only if they are the same. */
export function seriesText(labels: SeriesKey["labels"]): string {
  const names = Object.keys(labels);
  if (names.length === 0) return "";
  return names
    .toSorted()
    .map((name) => `${name}=${JSON.stringify(labels[name] ?? "")}`)
    .join(",");
}

/** Reads what `seriesText` wrote. */
export function parseSeriesText(text: string): SeriesKey["labels"] {
  const labels: Record<string, string> = {};
  for (const [, name, value] of text.matchAll(/([^=,"]+)=("(?:[^"\\]|\\.)*")/g)) {
    const parsed: unknown = JSON.parse(value ?? '""');
    if (name !== undefined && typeof parsed === "string") labels[name] = parsed;
  }
  return labels;
}

/** What a state is known by among all of one subject. */
export function instanceKey(ruleId: string, series: string): string {
  return `${ruleId}\n${series}`;
}
