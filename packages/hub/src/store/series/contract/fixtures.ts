/** What the contract of the series core works with: a core and a clock on a database that an engine's test opens. */
import type { Frame, Selector, SeriesKey } from "../../../model/series.ts";
import { createSeriesCore } from "../core.ts";
import type { SeriesCore, SeriesCoreSettings } from "../port.ts";
import type { SeriesTables } from "../tables.ts";

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

  async deleteSamples(source: string, from: number, to: number): Promise<void> {
    const range = { from, to };
    const deleteShard = (shard: number): Promise<boolean> =>
      this.database.write((tables) => this.core.deleteSamples(tables, source, range, shard));
    for (let shard = 0; await deleteShard(shard);) shard += 1;
  }

  setRetention(...sources: (readonly [string, number])[]): Promise<void> {
    return this.database.write((tables) => this.core.setRetention(tables, new Map(sources)));
  }

  /** `[name, labels, time, value]` of the newest samples. */
  async latestOf(
    source: string,
    names: readonly string[],
    since: number,
  ): Promise<(readonly [string, SeriesKey["labels"], number, number])[]> {
    const found = await this.database.read((tables) =>
      this.core.latestOf(tables, source, names, since),
    );
    return found.map(({ key: { name, labels }, at, value }) => [name, labels, at, value] as const);
  }

  count(source: string, name: string, from: number, to: number): Promise<number> {
    return this.database.read((tables) =>
      this.core.countSamples(tables, source, key(name), { from, to }),
    );
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
