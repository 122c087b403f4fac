/** What the series core promises on any engine. Each engine's test hands in how to open an empty database. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Frame, Selector, SeriesKey } from "../../model/series.ts";
import { createSeriesCore } from "./core.ts";
import type { SeriesCore, SeriesCoreSettings } from "./port.ts";
import type { SeriesTables } from "./tables.ts";

/** A database with the series tables, and its transactions. */
export interface SeriesDatabase extends AsyncDisposable {
  write<T>(work: (tables: SeriesTables) => Promise<T>): Promise<T>;
  read<T>(work: (tables: SeriesTables) => Promise<T>): Promise<T>;
}

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

/** The start of a window of each resolution. */
export const origin = Math.floor(1_790_000_000_000 / (32 * day)) * 32 * day;

/** A core and its clock on a database. */
export class Bench {
  now = origin;
  core: SeriesCore;
  readonly database: SeriesDatabase;
  readonly #retention: SeriesCoreSettings["retention"];

  constructor(database: SeriesDatabase, retention: Partial<SeriesCoreSettings["retention"]> = {}) {
    this.database = database;
    this.#retention = {
      rawMs: 15 * day,
      fiveMinutesMs: 90 * day,
      hourMs: 730 * day,
      maxBytes: null,
      ...retention,
    };
    this.core = this.newCore();
  }

  /** Another hub on the same database, or the same after a restart. */
  newCore(): SeriesCore {
    return createSeriesCore({ retention: this.#retention, now: () => this.now });
  }

  append(...frames: Frame[]): Promise<{ readonly accepted: number; readonly refused: number }> {
    return this.database.write((tables) => this.core.append(tables, frames));
  }

  async maintain(now = this.now): Promise<{ sealed: number; dropped: number }> {
    this.now = now;
    const total = { sealed: 0, dropped: 0 };
    for (;;) {
      const slice = await this.database.write((tables) => this.core.maintain(tables, now, 5));
      total.sealed += slice.sealedWindows;
      total.dropped += slice.droppedChunks;
      if (!slice.more) return total;
    }
  }

  async rawOf(
    source: string,
    name: string,
    from = -Infinity,
    to = Infinity,
  ): Promise<(readonly [number, number])[] | undefined> {
    const [samples] = await this.database.read((tables) =>
      this.core.rawOf(tables, source, [key(name)], { from, to }),
    );
    return samples === undefined
      ? undefined
      : [...samples.times].map((time, i) => [time, samples.values[i] ?? 0] as const);
  }

  /** `[start, min, max, sum, count, last]` of each bucket. */
  async bucketsOf(
    source: string,
    name: string,
    stepMs: number,
    from: number,
    to: number,
  ): Promise<number[][]> {
    const [buckets] = await this.database.read((tables) =>
      this.core.bucketsOf(tables, [source], key(name), { from, to }, stepMs),
    );
    if (buckets === undefined) return [];
    const { starts, min, max, sum, count, last } = buckets;
    return [...starts].map((start, i) => [
      start,
      min[i] ?? 0,
      max[i] ?? 0,
      sum[i] ?? 0,
      count[i] ?? 0,
      last[i] ?? 0,
    ]);
  }

  list(match: Selector, limit = 100): Promise<readonly SeriesKey[]> {
    return this.database.read((tables) => this.core.listSeries(tables, match, limit));
  }
}

export function key(name: string, labels: Record<string, string> = {}): SeriesKey {
  return { name, labels };
}

/** One series of one source: `[time, value]` pairs, ascending. */
export function frameOf(
  source: string,
  name: string,
  ...samples: (readonly [number, number])[]
): Frame {
  return {
    source,
    series: [key(name)],
    times: Float64Array.from(samples, ([time]) => time),
    values: Float64Array.from(samples, ([, value]) => value),
  };
}

export function seriesContract(open: () => Promise<SeriesDatabase>): void {
  describe("appending", () => {
    test("gives back every float as it went in, before and after sealing", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const values = [
        0,
        -0,
        Number.NaN,
        Infinity,
        -Infinity,
        2 ** 53,
        2 ** 53 + 2,
        Number.MIN_VALUE,
        0.1,
        -1e300,
        42,
      ];
      const samples = values.map((value, i) => [origin + i * 1000, value] as const);
      assert.deepEqual(await bench.append(frameOf("host:a", "m", ...samples)), {
        accepted: 11,
        refused: 0,
      });
      assert.deepEqual(await bench.rawOf("host:a", "m"), samples);
      assert.equal((await bench.maintain(origin + 3 * hour)).sealed, 1);
      assert.deepEqual(await bench.rawOf("host:a", "m"), samples);
      const stats = await database.read((tables) => bench.core.stats(tables));
      assert.deepEqual([stats.series, stats.samples, stats.writeAheadBytes], [1, 11, 0]);
    });

    test("keeps the last value of an instant, and the same sample once", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const at = origin + minute;
      await bench.append(frameOf("host:a", "m", [at, 1]), frameOf("host:a", "m", [at, 2]));
      assert.deepEqual(await bench.rawOf("host:a", "m"), [[at, 2]]);
      await bench.maintain(origin + 3 * hour);
      await bench.append(frameOf("host:a", "m", [at, 2]));
      await bench.append(frameOf("host:a", "m", [at, 3]));
      assert.deepEqual(await bench.rawOf("host:a", "m"), [[at, 3]]);
      await bench.maintain(origin + 4 * hour);
      assert.deepEqual(await bench.rawOf("host:a", "m"), [[at, 3]]);
      assert.deepEqual(await bench.bucketsOf("host:a", "m", hour, origin, at), [
        [origin, 3, 3, 3, 1, 3],
      ]);
    });

    test("of a series that stands twice in a frame keeps the later column", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const series = [key("m"), key("n"), key("m")];
      await bench.append({
        source: "host:a",
        series,
        times: Float64Array.of(origin),
        values: Float64Array.of(1, 2, 3),
      });
      assert.deepEqual(await bench.rawOf("host:a", "m"), [[origin, 3]]);
    });

    test("refuses what is older than the raw retention or a day ahead, and counts it", async () => {
      await using database = await open();
      const bench = new Bench(database, { rawMs: day });
      const times = [origin - day - 1, origin - day, origin, origin + day - 1, origin + day];
      const result = await bench.append(
        frameOf("host:a", "m", ...times.map((time) => [time, 1] as const)),
      );
      assert.deepEqual(result, { accepted: 3, refused: 2 });
      assert.deepEqual(
        (await bench.rawOf("host:a", "m"))?.map(([time]) => time),
        times.slice(1, 4),
      );
      assert.deepEqual(await bench.append(frameOf("host:b", "m", [0, 1])), {
        accepted: 0,
        refused: 1,
      });
      assert.deepEqual(await bench.list([{ label: "__name__", operator: "=", value: "m" }]), [
        key("m"),
      ]);
    });

    const badTimes: readonly (readonly [string, readonly number[]])[] = [
      ["times that repeat", [origin, origin]],
      ["times that go back", [origin, origin - 1]],
      ["a time that is not whole", [origin + 0.5]],
      ["a time that is no number", [Number.NaN]],
    ];
    for (const [name, times] of badTimes) {
      test(`refuses a frame with ${name}, and keeps nothing of the call`, async () => {
        await using database = await open();
        const bench = new Bench(database);
        const bad = frameOf("host:a", "m", ...times.map((time) => [time, 1] as const));
        await assert.rejects(bench.append(frameOf("host:b", "m", [origin, 1]), bad), {
          code: "invalid",
        });
        assert.equal(await bench.rawOf("host:b", "m"), undefined);
      });
    }

    test("of columns with gaps keeps the gaps", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const times = Float64Array.of(origin, origin + 1000, origin + 2 * hour);
      const present = Uint8Array.of(1, 0, 1, 0, 0, 0);
      const series = [key("m"), key("n")];
      const result = await bench.append({
        source: "host:a",
        series,
        times,
        values: Float64Array.of(1, 2, 3, 4, 5, 6),
        present,
      });
      assert.deepEqual(result, { accepted: 2, refused: 0 });
      assert.deepEqual(await bench.rawOf("host:a", "m"), [
        [origin, 1],
        [origin + 2 * hour, 3],
      ]);
      assert.deepEqual(await bench.rawOf("host:a", "n"), []);
    });

    test("gives the same series the same slot after a rollback, a restart and from two hubs", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const lost = new Error("rolled back");
      await bench.append(frameOf("host:a", "m", [origin, 1]));
      await assert.rejects(
        database.write(async (tables) => {
          await bench.core.append(tables, [
            frameOf("host:a", "lost", [origin, 9]),
            frameOf("host:b", "lost", [origin, 9]),
          ]);
          throw lost;
        }),
        lost,
      );
      const other = bench.newCore();
      await database.write((tables) => other.append(tables, [frameOf("host:a", "n", [origin, 2])]));
      await bench.append(
        frameOf("host:a", "lost", [origin + 1, 3]),
        frameOf("host:b", "m", [origin, 4]),
      );
      await database.write((tables) =>
        other.append(tables, [frameOf("host:a", "lost", [origin + 2, 5])]),
      );
      assert.deepEqual(await bench.rawOf("host:a", "m"), [[origin, 1]]);
      assert.deepEqual(await bench.rawOf("host:a", "n"), [[origin, 2]]);
      assert.deepEqual(await bench.rawOf("host:a", "lost"), [
        [origin + 1, 3],
        [origin + 2, 5],
      ]);
      assert.deepEqual(await bench.rawOf("host:b", "m"), [[origin, 4]]);
    });

    test("cuts an imported source into shards, which are read and deleted as one", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const source = "import:job/instance";
      const series = Array.from({ length: 1300 }, (_, i) => key("m", { n: String(i) }));
      const frame = {
        source,
        series,
        times: Float64Array.of(origin),
        values: Float64Array.from(series, (_, i) => i),
      };
      await bench.append(frame);
      await bench.append({
        ...frame,
        series: series.toReversed(),
        times: Float64Array.of(origin + 1),
      });
      const wanted = [0, 511, 512, 1299].map((i) => key("m", { n: String(i) }));
      const samples = await database.read((tables) =>
        bench.core.rawOf(tables, source, wanted, { from: origin, to: origin + 1 }),
      );
      assert.deepEqual(
        samples.map((one) => [...(one?.values ?? [])]),
        [
          [0, 1299],
          [511, 788],
          [512, 787],
          [1299, 0],
        ],
      );
      assert.equal(
        (await database.read((tables) => tables.sources([`${source}#2`], false))).length,
        1,
      );
      assert.equal((await bench.list([{ label: "n", operator: "=~", value: "12.." }])).length, 100);
      await database.write((tables) => bench.core.deleteSource(tables, source));
      assert.deepEqual(await bench.list([{ label: "__name__", operator: "=", value: "m" }]), []);
    });
  });

  describe("sources", () => {
    test("give their newest labels to all their series, which stay whole", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const frame = frameOf("monitor:1", "probe_success", [origin, 1]);
      await bench.append({ ...frame, sourceLabels: { monitor: "1", instance: "a" } });
      await bench.append({
        ...frame,
        times: Float64Array.of(origin + 1),
        sourceLabels: { monitor: "1", instance: "b" },
      });
      const found = await database.read((tables) =>
        bench.core.raw(
          tables,
          [{ label: "instance", operator: "=", value: "b" }],
          { from: origin, to: origin + 9 },
          10,
        ),
      );
      assert.deepEqual(found, [
        {
          key: key("probe_success", { monitor: "1", instance: "b" }),
          times: Float64Array.of(origin, origin + 1),
          values: Float64Array.of(1, 1),
        },
      ]);
      assert.deepEqual(await bench.list([{ label: "instance", operator: "=", value: "a" }]), []);
    });

    test("that were deleted are gone, and may come again", async () => {
      await using database = await open();
      const bench = new Bench(database);
      await bench.append(frameOf("host:a", "m", [origin, 1]), frameOf("host:a", "n", [origin, 1]));
      await bench.maintain(origin + 3 * hour);
      await bench.append(frameOf("host:a", "m", [origin + 1, 2]));
      await database.write((tables) => bench.newCore().deleteSource(tables, "host:a"));
      assert.equal(await bench.rawOf("host:a", "m"), undefined);
      await database.write((tables) => bench.core.deleteSource(tables, "host:a"));
      await bench.append(frameOf("host:a", "n", [origin + 5, 7]));
      assert.deepEqual(await bench.rawOf("host:a", "n"), [[origin + 5, 7]]);
      assert.equal(await bench.rawOf("host:a", "m"), undefined);
      const stats = await database.read((tables) => bench.core.stats(tables));
      assert.deepEqual(
        [stats.series, stats.samples, stats.chunkBytes, stats.rollupBytes],
        [1, 1, 0, 0],
      );
    });
  });

  describe("selectors", () => {
    const cases: readonly (readonly [string, Selector, readonly string[]])[] = [
      ["a name", [{ label: "__name__", operator: "=", value: "up" }], ["up a", "up b", "up c"]],
      [
        "a name and a label",
        [
          { label: "__name__", operator: "=", value: "up" },
          { label: "job", operator: "=", value: "b" },
        ],
        ["up b"],
      ],
      [
        "a label that is not there",
        [
          { label: "__name__", operator: "=", value: "up" },
          { label: "none", operator: "=", value: "" },
        ],
        ["up a", "up b", "up c"],
      ],
      ["not a label", [{ label: "job", operator: "!=", value: "b" }], ["down a", "up a", "up c"]],
      [
        "an expression, anchored",
        [{ label: "job", operator: "=~", value: "a|b" }],
        ["down a", "up a", "up b"],
      ],
      [
        "an expression that matches a part",
        [{ label: "__name__", operator: "=~", value: "u" }],
        [],
      ],
      [
        "an expression over names",
        [{ label: "__name__", operator: "=~", value: "u.|down" }],
        ["down a", "up a", "up b", "up c"],
      ],
      [
        "not an expression",
        [
          { label: "__name__", operator: "!~", value: "d.*" },
          { label: "job", operator: "!~", value: "[ab]" },
        ],
        ["up c"],
      ],
    ];
    for (const [name, match, want] of cases) {
      test(`by ${name}`, async () => {
        await using database = await open();
        const bench = new Bench(database);
        const at = { times: Float64Array.of(origin), values: Float64Array.of(1) };
        for (const [metric, job] of [
          ["up", "b"],
          ["up", "c"],
          ["down", "a"],
          ["up", "a"],
        ] as const) {
          await bench.append({ source: `import:${job}/`, series: [key(metric, { job })], ...at });
        }
        const found = await bench.list(match);
        assert.deepEqual(
          found.map((one) => `${one.name} ${one.labels["job"]}`),
          want,
        );
        assert.deepEqual(await bench.list(match, 1), found.slice(0, 1));
      });
    }

    test("with an expression that is none are refused", async () => {
      await using database = await open();
      const bench = new Bench(database);
      await assert.rejects(bench.list([{ label: "job", operator: "=~", value: "(" }]), {
        code: "invalid",
      });
    });
  });

  describe("buckets", () => {
    test("are whole at both ends of the range", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const samples = Array.from({ length: 120 }, (_, i) => [origin + i * 1000, i / 10] as const);
      await bench.append(frameOf("host:a", "m", ...samples));
      assert.deepEqual(
        await bench.bucketsOf("host:a", "m", minute, origin + 30_000, origin + 60_000),
        [
          [origin, 0, 5.9, 177, 60, 5.9],
          [origin + minute, 6, 11.9, 537, 60, 11.9],
        ].map((bucket, row) =>
          bucket.map((value, i) =>
            i === 3 ? sumOf(samples.slice(row * 60, row * 60 + 60)) : value,
          ),
        ),
      );
    });

    test("pass over NaN for min and max, but not for the sum", async () => {
      await using database = await open();
      const bench = new Bench(database);
      await bench.append(
        frameOf(
          "host:a",
          "m",
          [origin, Number.NaN],
          [origin + 1, 3],
          [origin + 2, 2],
          [origin + minute, Number.NaN],
        ),
      );
      const want = [
        [origin, 2, 3, Number.NaN, 3, 2],
        [origin + minute, Number.NaN, Number.NaN, Number.NaN, 1, Number.NaN],
      ];
      assert.deepEqual(await bench.bucketsOf("host:a", "m", minute, origin, origin + minute), want);
      await bench.maintain(origin + 3 * hour);
      const [bucket] = await bench.bucketsOf("host:a", "m", 5 * minute, origin, origin);
      assert.deepEqual(bucket, [origin, 2, 3, Number.NaN, 4, Number.NaN]);
    });

    test("of decimals have sums of as many decimals once they are sealed", async () => {
      await using database = await open();
      const bench = new Bench(database);
      await bench.append(
        frameOf("host:a", "m", [origin, 0.1], [origin + 1, 0.2], [origin + 2, 0.3]),
      );
      await bench.maintain(origin + 3 * hour);
      const [bucket] = await bench.bucketsOf("host:a", "m", hour, origin, origin);
      assert.equal(bucket?.[3], 0.6);
    });

    test("of a step that is no whole number are refused", async () => {
      await using database = await open();
      const bench = new Bench(database);
      for (const step of [0, -1, 0.5, Number.NaN]) {
        await assert.rejects(bench.bucketsOf("host:a", "m", step, origin, origin), {
          code: "invalid",
        });
      }
    });
  });

  describe("maintenance", () => {
    test("gathers batches and pieces of a window that goes on", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const want: (readonly [number, number])[] = [];
      for (let i = 0; i < 64 * 17; i += 1) {
        const sample = [origin + i * 1000, i % 7] as const;
        want.push(sample);
        await bench.append(frameOf("host:a", "m", sample));
        if (i % 64 === 63) await bench.maintain(sample[0]);
      }
      const levels = await database.read((tables) => tables.openWindows(null));
      assert.deepEqual(levels.map(({ level, rows }) => [level, rows]).toSorted(), [
        [1, 1],
        [2, 1],
      ]);
      assert.deepEqual(await bench.rawOf("host:a", "m"), want);
    });

    test("seals a window again when something came late, ten minutes later at the soonest", async () => {
      await using database = await open();
      const bench = new Bench(database);
      await bench.append(frameOf("host:a", "m", [origin, 1], [origin + 10 * minute, 5]));
      assert.equal((await bench.maintain(origin + 3 * hour)).sealed, 1);
      await bench.append(frameOf("host:a", "m", [origin + minute, 9]));
      const want = [[origin, 1, 9, 15, 3, 5]];
      assert.deepEqual(await bench.bucketsOf("host:a", "m", hour, origin, origin), want);
      assert.equal((await bench.maintain(origin + 3 * hour + minute)).sealed, 0);
      assert.equal((await bench.maintain(origin + 3 * hour + 10 * minute)).sealed, 1);
      assert.deepEqual(await bench.bucketsOf("host:a", "m", hour, origin, origin), want);
      assert.deepEqual(await bench.bucketsOf("host:a", "m", 5 * minute, origin, origin + hour), [
        [origin, 1, 9, 10, 2, 9],
        [origin + 10 * minute, 5, 5, 5, 1, 5],
      ]);
    });

    test("drops whole windows by age, and answers from what is left", async () => {
      await using database = await open();
      const bench = new Bench(database, {
        rawMs: 6 * hour,
        fiveMinutesMs: 2 * day,
        hourMs: 64 * day,
      });
      await bench.append(
        frameOf(
          "host:a",
          "m",
          [origin + minute, 1],
          [origin + 6 * minute, 3],
          [origin + 7 * minute, 4],
        ),
      );
      await bench.maintain(origin + 3 * hour);
      await bench.append(frameOf("host:a", "m", [origin + 3 * hour, 8]));
      const from = origin;
      const to = origin + 4 * hour;
      await bench.maintain(origin + 9 * hour);
      assert.deepEqual(await bench.rawOf("host:a", "m"), [[origin + 3 * hour, 8]]);
      // A minute is finer than what is left: the bucket of five stands where it begins.
      assert.deepEqual(await bench.bucketsOf("host:a", "m", minute, from, to), [
        [origin, 1, 1, 1, 1, 1],
        [origin + 5 * minute, 3, 4, 7, 2, 4],
        [origin + 3 * hour, 8, 8, 8, 1, 8],
      ]);
      await bench.maintain(origin + 4 * day);
      assert.deepEqual(await bench.rawOf("host:a", "m"), []);
      assert.deepEqual(await bench.bucketsOf("host:a", "m", 5 * minute, from, to), [
        [origin, 1, 4, 8, 3, 4],
        [origin + 3 * hour, 8, 8, 8, 1, 8],
      ]);
      await bench.maintain(origin + 100 * day);
      assert.equal(await bench.rawOf("host:a", "m"), undefined);
      const stats = await database.read((tables) => bench.core.stats(tables));
      assert.deepEqual([stats.series, stats.samples, stats.rollupBytes], [0, 0, 0]);
    });

    test("keeps within the byte cap by dropping the oldest windows, and refuses samples there", async () => {
      await using database = await open();
      const noise = (from: number): Frame =>
        frameOf(
          "host:a",
          "m",
          ...Array.from({ length: 500 }, (_, i) => [from + i * 1000, Math.sin(i * from)] as const),
        );
      const bench = new Bench(database, { maxBytes: 9_000 });
      for (const n of [0, 1, 2, 3]) {
        await bench.append(noise(origin + n * 2 * hour));
        await bench.maintain(origin + n * 2 * hour + 30 * minute);
      }
      await bench.maintain(origin + 7 * hour);
      const stats = await database.read((tables) => bench.core.stats(tables));
      assert.ok(stats.chunkBytes + stats.rollupBytes + stats.writeAheadBytes <= 9_000);
      const left = await bench.rawOf("host:a", "m");
      const first = left?.[0]?.[0] ?? 0;
      assert.ok(first >= origin + 4 * hour, "the newest windows are left");
      assert.deepEqual(await bench.append(frameOf("host:a", "m", [origin, 1])), {
        accepted: 0,
        refused: 1,
      });
      assert.equal(
        (await bench.bucketsOf("host:a", "m", 2 * hour, origin, origin + 7 * hour)).length,
        4,
      );
    });

    test("merges buckets of past days and months into one block each", async () => {
      await using database = await open();
      const bench = new Bench(database);
      const series = [key("m")];
      for (let at = origin; at < origin + 33 * day; at += 2 * hour) {
        bench.now = at;
        await bench.append({
          source: "host:a",
          series,
          times: Float64Array.of(at),
          values: Float64Array.of(at / hour),
        });
        await bench.maintain(at);
      }
      await bench.maintain(origin + 34 * day);
      const id = (await database.read((tables) => tables.sources(["host:a"], false)))[0]?.id ?? 0;
      for (const resolution of [1, 2] as const) {
        const blocks = await database.read((tables) =>
          tables.blocks([id], resolution, origin, origin + 31 * day),
        );
        assert.deepEqual(
          blocks.map((block) => block.level),
          Array(resolution === 1 ? 32 : 1).fill(3),
        );
      }
      const hours = await bench.bucketsOf("host:a", "m", hour, origin, origin + 33 * day);
      assert.equal(hours.length, 33 * 12);
      assert.deepEqual(
        hours.at(-1),
        [origin + 33 * day - 2 * hour, ...Array<number>(2).fill(0), 0, 1, 0].map((value, i) =>
          i === 0 || i === 4 ? value : (origin + 33 * day) / hour - 2,
        ),
      );
      const days = await bench.bucketsOf("host:a", "m", day, origin, origin + 33 * day - 1);
      assert.deepEqual(
        days.map((bucket) => bucket[4]),
        Array(33).fill(12),
      );
    });
  });
}

function sumOf(samples: readonly (readonly [number, number])[]): number {
  return samples.reduce((sum, [, value]) => sum + value, 0);
}
