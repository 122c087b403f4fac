/** For tests: the series port over plain arrays, as slow and as plain as can be. */
import type { Frame, Selector, SeriesBuckets, SeriesKey, SeriesSamples } from "../model/series.ts";
import type { SeriesStore } from "./parts.ts";

interface Plain {
  readonly source: string;
  readonly own: SeriesKey;
  readonly shown: SeriesKey;
  readonly samples: Map<number, number>;
}

/** Makes an empty store of series. */
export function createPlainSeries(): SeriesStore {
  const all = new Map<string, Plain>();
  const append = (frame: Frame): number => {
    let accepted = 0;
    frame.series.forEach((own, s) => {
      const key = `${frame.source} ${keyText(own)}`;
      const shown = { name: own.name, labels: { ...frame.sourceLabels, ...own.labels } };
      const samples = all.get(key)?.samples ?? new Map<number, number>();
      all.set(key, { source: frame.source, own, shown, samples });
      frame.times.forEach((time, t) => {
        const i = s * frame.times.length + t;
        if (frame.present?.[i] === 0) return;
        samples.set(time, frame.values[i] ?? Number.NaN);
        accepted += 1;
      });
    });
    return accepted;
  };
  const matching = (match: Selector, limit: number): Plain[] =>
    [...all.values()]
      .filter(({ shown }) => match.every((one) => holds(one, shown)))
      .toSorted((a, b) => (keyText(a.shown) < keyText(b.shown) ? -1 : 1))
      .slice(0, limit);
  const of = (source: string, key: SeriesKey): Plain | undefined =>
    all.get(`${source} ${keyText(key)}`);
  return {
    append: async (frames) => ({
      accepted: frames.reduce((sum, frame) => sum + append(frame), 0),
      refused: 0,
    }),
    listSeries: async (match, limit) => matching(match, limit).map(({ shown }) => shown),
    raw: async (match, range, limit) =>
      matching(match, limit).map((plain) => samplesOf(plain, plain.shown, range)),
    buckets: async (match, range, stepMs, limit) =>
      matching(match, limit).map((plain) => bucketsOf(plain, plain.shown, range, stepMs)),
    bucketsOf: async (sources, key, range, stepMs) =>
      sources.map((source) => {
        const plain = of(source, key);
        return plain === undefined ? undefined : bucketsOf(plain, plain.own, range, stepMs);
      }),
    rawOf: async (source, keys, range) =>
      keys.map((key) => {
        const plain = of(source, key);
        return plain === undefined ? undefined : samplesOf(plain, plain.own, range);
      }),
  };
}

function keyText({ name, labels }: SeriesKey): string {
  return `${name} ${Object.entries(labels).map(String).toSorted().join()}`;
}

function holds({ label, operator, value }: Selector[number], { name, labels }: SeriesKey): boolean {
  const own = label === "__name__" ? name : (labels[label] ?? "");
  const isRegex = operator === "=~" || operator === "!~";
  const equal = isRegex ? new RegExp(`^(?:${value})$`).test(own) : own === value;
  return operator.startsWith("!") ? !equal : equal;
}

function samplesOf(
  { samples }: Plain,
  key: SeriesKey,
  { from, to }: { readonly from: number; readonly to: number },
): SeriesSamples {
  const found = [...samples]
    .filter(([time]) => time >= from && time <= to)
    .toSorted(([a], [b]) => a - b);
  return {
    key,
    times: Float64Array.from(found, ([time]) => time),
    values: Float64Array.from(found, ([, value]) => value),
  };
}

function bucketsOf(
  plain: Plain,
  key: SeriesKey,
  range: { readonly from: number; readonly to: number },
  stepMs: number,
): SeriesBuckets {
  const { times, values } = samplesOf(plain, key, range);
  const byStart = Map.groupBy(times.keys(), (i) => Math.floor((times[i] ?? 0) / stepMs) * stepMs);
  const groups = [...byStart.values()].map((places) => places.map((i) => values[i] ?? Number.NaN));
  return {
    key,
    starts: Float64Array.from(byStart.keys()),
    min: Float64Array.from(groups, (group) => Math.min(...group)),
    max: Float64Array.from(groups, (group) => Math.max(...group)),
    sum: Float64Array.from(groups, (group) => group.reduce((sum, value) => sum + value, 0)),
    count: Float64Array.from(groups, (group) => group.length),
    last: Float64Array.from(groups, (group) => group.at(-1) ?? Number.NaN),
  };
}
