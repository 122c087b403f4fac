/** Random appends, maintenance, deletions and restarts, held against a map of samples. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Frame, SeriesKey, TimeRange } from "../../../model/series.ts";
import { Bench, day, hour, key, minute, type SeriesDatabase } from "./fixtures.ts";

/** What must be there. */
interface Model {
  /** Samples by source, series and time. */
  readonly samples: Map<string, Map<string, Map<number, number>>>;
  /** Retention of sources that have their own, ms. */
  own: ReadonlyMap<string, number>;
  /** Until when samples of a source may have been dropped: there are buckets without samples before. */
  readonly droppedBefore: Map<string, number>;
}

type Action =
  | { readonly kind: "append"; readonly frames: readonly Frame[] }
  | { readonly kind: "maintain" }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "delete"; readonly source: string }
  | { readonly kind: "clean"; readonly source: string; readonly from: number; readonly to: number }
  | { readonly kind: "retain"; readonly own: readonly (readonly [string, number])[] }
  | { readonly kind: "restart" }
  | { readonly kind: "read"; readonly from: number; readonly to: number; readonly stepMs: number };

const sources = ["host:a", "monitor:b", "import:c/d"];
const names = ["m0", "m1", "m2", "m3"];
const retentionMs = 20 * hour;

/** Lists of series are stable objects in the hub: some here are, some are not. */
const stableLists = [[0], [0, 1, 2, 3], [2, 1]].map((list) => list.map((i) => key(names[i] ?? "")));

const value = fc.oneof(
  fc.integer({ min: -50, max: 50 }),
  fc.integer({ min: 0, max: 1_000_000 }).map((n) => n / 1000),
  fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, 2 ** 53 + 2, 5e-324, 1 / 3, 25276502016),
  fc.double(),
);

/** Offsets from now: mostly the present, sometimes late, sometimes ahead or too old. */
const offset = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -10 * minute, max: 0 }) },
  { weight: 3, arbitrary: fc.integer({ min: -6, max: 0 }).map((n) => n * 30 * minute) },
  { weight: 2, arbitrary: fc.integer({ min: -18 * hour, max: hour }) },
  { weight: 1, arbitrary: fc.constantFrom(-25 * hour, -retentionMs - 1, -retentionMs, 2 * day) },
);

const frame = fc
  .record({
    source: fc.constantFrom(...sources),
    list: fc.oneof(
      fc.constantFrom(...stableLists),
      fc.subarray(names, { minLength: 1 }).map((some) => some.map((name) => key(name))),
    ),
    start: offset,
    gaps: fc.array(fc.integer({ min: 1, max: 40 * minute }), { maxLength: 8 }),
    values: fc.array(value, { minLength: 1, maxLength: 12 }),
    present: fc.option(fc.array(fc.boolean(), { minLength: 1, maxLength: 5 })),
  })
  .map(({ source, list, start, gaps, values, present }): Frame => {
    const times = Float64Array.from([0, ...gaps]);
    for (let i = 1; i < times.length; i += 1) times[i] = (times[i - 1] ?? 0) + (times[i] ?? 0);
    const cells = times.length * list.length;
    return {
      source,
      series: list,
      times: times.map((time) => time + start),
      values: Float64Array.from({ length: cells }, (_, i) => values[i % values.length] ?? 0),
      ...(present === null
        ? {}
        : {
            present: Uint8Array.from({ length: cells }, (_, i) =>
              Number(present[i % present.length]),
            ),
          }),
    };
  });

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc
      .array(frame, { minLength: 1, maxLength: 4 })
      .map((frames) => ({ kind: "append" as const, frames })),
  },
  { weight: 4, arbitrary: fc.constant({ kind: "maintain" as const }) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(minute, 11 * minute, 50 * minute, 3 * hour, 9 * hour)
      .map((ms) => ({ kind: "pass" as const, ms })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...sources).map((source) => ({ kind: "delete" as const, source })),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({
        source: fc.constantFrom(...sources),
        from: fc.oneof(fc.integer({ min: -18 * hour, max: 0 }), fc.constant(-Infinity)),
        length: fc.integer({ min: -1, max: 9 * hour }),
      })
      .map(({ source, from, length }) => ({
        kind: "clean" as const,
        source,
        from,
        to: from === -Infinity ? -length : from + length,
      })),
  },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.tuple(fc.constantFrom(...sources), fc.constantFrom(2 * hour, 7 * hour, 30 * hour)))
      .map((own) => ({ kind: "retain" as const, own })),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
  {
    weight: 5,
    arbitrary: fc
      .record({
        from: fc.integer({ min: -18 * hour, max: 0 }),
        length: fc.integer({ min: 0, max: 20 * hour }),
        stepMs: fc.constantFrom(
          10_000,
          minute,
          7 * minute,
          5 * minute,
          10 * minute,
          hour,
          3 * hour,
          day,
        ),
      })
      .map(({ from, length, stepMs }) => ({
        kind: "read" as const,
        from,
        to: from + length,
        stepMs,
      })),
  },
);

/** Runs `runs` lists of random actions on databases that `open` gives. */
export function randomActions(open: () => Promise<SeriesDatabase>, runs: number): void {
  test("whatever happens in whatever order, what was appended is read", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        await using database = await open();
        const bench = new Bench(database, { rawMs: retentionMs });
        const model: Model = { samples: new Map(), own: new Map(), droppedBefore: new Map() };
        for (const one of actions) await perform(bench, model, one);
        await perform(bench, model, { kind: "read", from: -18 * hour, to: 2 * hour, stepMs: hour });
      }),
      { numRuns: runs },
    );
  });
}

async function perform(bench: Bench, model: Model, action: Action): Promise<void> {
  switch (action.kind) {
    case "append": {
      const frames = action.frames.map((one) => ({
        ...one,
        times: one.times.map((time) => time + bench.now),
      }));
      const want = addToModel(model, frames, bench.now);
      assert.deepEqual(await bench.append(...frames), want);
      return;
    }
    case "maintain":
      await bench.maintain();
      dropFromModel(model, bench.now);
      return;
    case "pass":
      bench.now += action.ms;
      return;
    case "delete":
      await bench.database.write((tables) => bench.core.deleteSource(tables, action.source));
      model.samples.delete(action.source);
      return;
    case "clean": {
      const [from, to] = [bench.now + action.from, bench.now + action.to];
      await bench.deleteSamples(action.source, from, to);
      for (const samples of model.samples.get(action.source)?.values() ?? []) {
        for (const time of samples.keys()) if (time >= from && time <= to) samples.delete(time);
      }
      return;
    }
    case "retain":
      await bench.setRetention(...action.own);
      model.own = new Map(action.own);
      return;
    case "restart":
      bench.core = bench.newCore();
      return;
    case "read":
      await compare(bench, model, bench.now + action.from, bench.now + action.to, action.stepMs);
  }
}

function addToModel(
  model: Model,
  frames: readonly Frame[],
  now: number,
): { accepted: number; refused: number } {
  const result = { accepted: 0, refused: 0 };
  for (const { source, series, times, values, present } of frames) {
    for (const [s, { name }] of series.entries()) {
      for (const [t, time] of times.entries()) {
        const cell = s * times.length + t;
        if (present?.[cell] === 0) continue;
        if (time < now - keptOf(model, source) || time >= now + day) {
          result.refused += 1;
          continue;
        }
        result.accepted += 1;
        const bySeries = model.samples.get(source) ?? new Map<string, Map<number, number>>();
        model.samples.set(source, bySeries);
        const samples = bySeries.get(name) ?? new Map<number, number>();
        bySeries.set(name, samples);
        samples.set(time, values[cell] ?? 0);
      }
    }
  }
  return result;
}

function keptOf(model: Model, source: string): number {
  return model.own.get(source) ?? retentionMs;
}

/** Retention drops whole windows of two hours. */
function dropFromModel(model: Model, now: number): void {
  for (const source of sources) {
    const before = Math.floor((now - keptOf(model, source)) / (2 * hour)) * 2 * hour;
    const last = model.droppedBefore.get(source) ?? -Infinity;
    model.droppedBefore.set(source, Math.max(last, before));
    for (const samples of model.samples.get(source)?.values() ?? []) {
      for (const time of samples.keys()) if (time < before) samples.delete(time);
    }
  }
}

async function compare(
  bench: Bench,
  model: Model,
  from: number,
  to: number,
  stepMs: number,
): Promise<void> {
  const keys: SeriesKey[] = names.map((name) => key(name));
  for (const source of sources) {
    const raw = await bench.database.read((tables) =>
      bench.core.rawOf(tables, source, keys, { from, to }),
    );
    for (const [i, name] of names.entries()) {
      const all = [...(model.samples.get(source)?.get(name) ?? [])].toSorted(([a], [b]) => a - b);
      const got = raw[i];
      const pairs =
        got === undefined ? [] : [...got.times].map((time, at) => [time, got.values[at]]);
      assert.deepEqual(
        pairs,
        all.filter(([time]) => time >= from && time <= to),
        `${source} ${name}`,
      );
      // Buckets outlive samples: only those are compared whose samples must all be there.
      const start = Math.max(
        Math.floor(from / stepMs) * stepMs,
        Math.ceil((model.droppedBefore.get(source) ?? 0) / stepMs) * stepMs,
      );
      const end = Math.floor(to / stepMs) * stepMs + stepMs;
      const buckets = await bench.bucketsOf(source, name, stepMs, from, to);
      assert.equal(await bench.count(source, name, from, to), pairs.length);
      compareBuckets(
        buckets.filter(([at]) => at !== undefined && at >= start),
        bucketsOf(
          all.filter(([time]) => time >= start && time < end),
          stepMs,
        ),
      );
    }
    await compareNames(bench, model, source, { from, to }, stepMs);
  }
}

/** What is asked of all series at once is what each of them gives. */
async function compareNames(
  bench: Bench,
  model: Model,
  source: string,
  range: TimeRange,
  stepMs: number,
): Promise<void> {
  const buckets = await bench.database.read((tables) =>
    bench.core.bucketsOfNames(tables, source, names, range, stepMs),
  );
  for (const { key: found, starts, count } of buckets) {
    const single = await bench.bucketsOf(source, found.name, stepMs, range.from, range.to);
    assert.deepEqual(
      [...starts].map((start, i) => [start, count[i]]),
      single.map((bucket) => [bucket[0], bucket[4]]),
    );
  }
  const newest = names.flatMap((name) => {
    const samples = [...(model.samples.get(source)?.get(name) ?? [])];
    const [first, ...others] = samples.filter(([time]) => time >= range.from);
    if (first === undefined) return [];
    return [[name, {}, ...others.reduce((a, b) => (b[0] > a[0] ? b : a), first)]];
  });
  assert.deepEqual(await bench.latestOf(source, names, range.from), newest);
}

function bucketsOf(samples: readonly (readonly [number, number])[], stepMs: number): number[][] {
  const groups = Map.groupBy(samples, ([time]) => Math.floor(time / stepMs) * stepMs);
  return [...groups].map(([start, group]) => {
    const values = group.map(([, one]) => one);
    const numbers = values.filter((one) => !Number.isNaN(one));
    const isEmpty = numbers.length === 0;
    return [
      start,
      isEmpty ? Number.NaN : numbers.reduce((a, b) => (b < a ? b : a)),
      isEmpty ? Number.NaN : numbers.reduce((a, b) => (b > a ? b : a)),
      values.reduce((a, b) => a + b, 0),
      values.length,
      values.at(-1) ?? Number.NaN,
    ];
  });
}

/** Sums may differ in their last digits, as the order of adding and the rounding to decimals differ. */
function compareBuckets(got: readonly number[][], want: readonly number[][]): void {
  const without = (buckets: readonly number[][]): number[][] =>
    buckets.map((one) => one.toSpliced(3, 1).map((n) => (n === 0 ? 0 : n)));
  assert.deepEqual(without(got), without(want));
  for (const [i, bucket] of want.entries()) {
    const [gotSum, wantSum, min, max, count] = [
      got[i]?.[3] ?? 0,
      bucket[3] ?? 0,
      bucket[1] ?? 0,
      bucket[2] ?? 0,
      bucket[4] ?? 0,
    ];
    if (!Number.isFinite(wantSum) || !Number.isFinite(gotSum)) {
      const isLarge = Math.max(Math.abs(min), Math.abs(max)) * count > Number.MAX_VALUE;
      assert.ok(isLarge || Object.is(gotSum, wantSum), `sum ${gotSum} instead of ${wantSum}`);
      continue;
    }
    const scale = Math.max(Math.abs(min), Math.abs(max)) * count;
    assert.ok(Math.abs(gotSum - wantSum) <= scale * 1e-12, `sum ${gotSum} instead of ${wantSum}`);
  }
}
