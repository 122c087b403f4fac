/**
 * What a rule would have done over recorded history: the same code that runs, fed with what was recorded. Few hours are
 * read as they were sampled; longer spans from rollups, of five minutes or an hour, and their resolution is said.
 */
import type { AlertRuleInput, RuleCondition } from "@belfry/contract";
import { matches } from "../model/matcher.ts";
import type { SeriesBuckets, SeriesKey, SourceKey, TimeRange } from "../model/series.ts";
import type { RecallStore } from "./recall.ts";
import { recall } from "./recall.ts";
import type { Finding } from "./condition.ts";
import { onlyRule, type RuleSet } from "./rule-set.ts";
import { createPlanner } from "./series-plan.ts";
import { matchedLabelsOf, type RuleSubject } from "./subject.ts";
import { WatchedSource, type Draft } from "./watched-source.ts";

/** A subject and where its series are. */
export interface ReplaySubject {
  readonly source: SourceKey;
  readonly subject: RuleSubject;
}

export interface ReplayParts {
  readonly store: RecallStore;
  readonly monotonicMs: () => number;
}

/** Once a rule would have rung. Times are epoch ms; `endedAt` is null where it would still ring. */
export interface Ring {
  readonly subject: Pick<RuleSubject, "kind" | "id" | "name">;
  readonly series: Readonly<Record<string, string>>;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly value: number;
}

export interface Replayed {
  /** Subjects that were looked at. */
  readonly subjects: number;
  readonly resolutionMs: number;
  /** By the time they would have begun. */
  readonly rings: readonly Ring[];
  readonly isTruncated: boolean;
}

/** Subjects that are looked at, the first of them. */
const mostSubjects = 1_000;
const mostRings = 500;
/** Ms after which everything else has its turn. */
const sliceMs = 5;
const tickMs = 15_000;
const hourMs = 3_600_000;

/** The distance of the samples that a range is replayed with, in ms. */
export function resolutionOf({ from, to }: TimeRange): number {
  const spanMs = to - from;
  if (spanMs <= 6 * hourMs) return tickMs;
  return spanMs <= 31 * 24 * hourMs ? 300_000 : hourMs;
}

/** Replays a rule over the subjects it is about. */
export async function replay(
  rule: AlertRuleInput,
  range: TimeRange,
  subjects: Iterable<ReplaySubject>,
  parts: ReplayParts,
): Promise<Replayed> {
  const rules = onlyRule(rule);
  const resolutionMs = resolutionOf(range);
  const turn = createTurn(parts);
  const rings: Ring[] = [];
  let looked = 0;
  let isTruncated = false;
  for (const one of chosen(rule, subjects)) {
    if (looked >= mostSubjects || rings.length >= mostRings) {
      isTruncated = true;
      break;
    }
    looked += 1;
    const samples = await readSamples(one.source, rules, range, resolutionMs, parts.store);
    rings.push(...(await replayOne(one, samples, rules, { range, stepMs: resolutionMs, turn })));
  }
  rings.sort((a, b) => a.startedAt - b.startedAt);
  isTruncated ||= rings.length > mostRings;
  return { subjects: looked, resolutionMs, rings: rings.slice(0, mostRings), isTruncated };
}

/** What a rule finds now. */
export interface Peeked {
  readonly subject: Pick<RuleSubject, "kind" | "id" | "name">;
  readonly series: Readonly<Record<string, string>>;
  readonly finding: Finding;
}

/** Looks once, at the present of every subject the rule is about. */
export async function preview(
  rule: AlertRuleInput,
  now: number,
  subjects: Iterable<ReplaySubject>,
  { store }: ReplayParts,
): Promise<{ readonly found: readonly Peeked[]; readonly isTruncated: boolean }> {
  const rules = onlyRule(rule);
  const planner = createPlanner(rules);
  const found: Peeked[] = [];
  let looked = 0;
  for (const { source, subject } of chosen(rule, subjects)) {
    if (looked >= mostSubjects || found.length >= mostRings) return { found, isTruncated: true };
    looked += 1;
    const watched = new WatchedSource(source, rule.subject, rules);
    await recall(watched, { rules, store, planner }, now);
    const { kind, id, name } = subject;
    for (const one of watched.peek(now, subject))
      found.push({ subject: { kind, id, name }, ...one });
  }
  return { found, isTruncated: false };
}

/** Samples of a series, ascending. */
export interface ReplaySeries {
  readonly key: SeriesKey;
  readonly times: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/** Replays one subject: at each step what was sampled until then is taken in, and looked at. */
export async function replayOne(
  { source, subject }: ReplaySubject,
  samples: readonly ReplaySeries[],
  rules: RuleSet,
  { range, stepMs, turn }: { range: TimeRange; stepMs: number; turn: () => Promise<void> },
): Promise<readonly Ring[]> {
  const list = samples.map(({ key }) => key);
  const planner = createPlanner(rules);
  const watched = new WatchedSource(source, subject.kind, rules);
  watched.expect(list, planner);
  watched.recall(new Map(), []);
  const spaced = subject.intervalMs === null ? null : Math.max(subject.intervalMs, stepMs);
  const seen = { ...subject, isWatched: true, clockOffsetMs: 0, intervalMs: spaced };
  const next = samples.map(() => 0);
  const rings = new Map<string, Ring>();
  const done: Ring[] = [];
  for (let now = range.from; now <= range.to; now += stepMs) {
    for (const [number, { times, values }] of samples.entries()) {
      let i = next[number] ?? 0;
      for (; i < times.length && (times[i] ?? now) <= now; i += 1) {
        watched.put(list, number, times[i] ?? Number.NaN, values[i] ?? Number.NaN, planner);
      }
      next[number] = i;
    }
    const draft: Draft = { states: new Map(), signals: [] };
    watched.look(now, seen, draft);
    for (const signal of draft.signals) {
      const ring = rings.get(signal.key);
      if (signal.state === "raised" && ring === undefined) {
        const { kind, id, name } = subject;
        const { series, value } = evidenceOf(signal.evidence);
        const started = { startedAt: now, endedAt: null, value };
        rings.set(signal.key, { subject: { kind, id, name }, series, ...started });
      } else if (signal.state === "cleared" && ring !== undefined) {
        rings.delete(signal.key);
        done.push({ ...ring, endedAt: now });
      }
    }
    await turn();
  }
  return [...done, ...rings.values()];
}

/** What a signal says of the series and its value. */
function evidenceOf(evidence: Readonly<Record<string, unknown>>): Pick<Ring, "series" | "value"> {
  const series: Record<string, string> = {};
  const { series: labels, value } = evidence;
  if (typeof labels === "object" && labels !== null) {
    for (const [name, text] of Object.entries(labels)) series[name] = String(text);
  }
  return { series, value: Number(value) };
}

function* chosen(rule: AlertRuleInput, subjects: Iterable<ReplaySubject>): Iterable<ReplaySubject> {
  for (const one of subjects) {
    if (one.subject.kind !== rule.subject) continue;
    if (matches(rule.matchers, matchedLabelsOf(one.subject))) yield one;
  }
}

async function readSamples(
  source: SourceKey,
  rules: RuleSet,
  { from, to }: TimeRange,
  resolutionMs: number,
  store: RecallStore,
): Promise<readonly ReplaySeries[]> {
  const [rule] = rules.rules;
  if (rule === undefined) return [];
  const kind = rule.rule.subject;
  const names = [...rules.metricsOf(kind)];
  const range = { from: from - rules.longestSpanOf(kind) - 2 * resolutionMs, to };
  if (resolutionMs > tickMs) {
    const buckets = await store.bucketsOfNames(source, names, range, resolutionMs);
    return buckets.map((one) => sampled(one, resolutionMs, rule.rule.condition));
  }
  const newest = await store.latestOf(source, names, range.from);
  const keys = newest.map(({ key }) => key);
  const found = keys.length === 0 ? [] : await store.rawOf(source, keys, range);
  return found.filter((one) => one !== undefined);
}

/** Buckets as samples at their ends, with what the condition is about. */
function sampled(
  { key, starts, min, max, sum, count, last }: SeriesBuckets,
  stepMs: number,
  condition: RuleCondition,
): ReplaySeries {
  const aggregate = condition.kind === "threshold" ? condition.aggregate : "last";
  const values = last.map((value, i) => {
    if (aggregate === "min") return min[i] ?? value;
    if (aggregate === "max") return max[i] ?? value;
    if (aggregate === "sum") return sum[i] ?? value;
    return aggregate === "avg" ? (sum[i] ?? value) / (count[i] ?? 1) : value;
  });
  return { key, times: starts.map((start) => start + stepMs - 1), values };
}

function createTurn({ monotonicMs }: ReplayParts): () => Promise<void> {
  let began = monotonicMs();
  return async () => {
    if (monotonicMs() - began < sliceMs) return;
    await new Promise((resolve) => setImmediate(resolve));
    began = monotonicMs();
  };
}
