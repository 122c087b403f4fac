/**
 * Buckets of the series of one source, from its windows of samples and of smaller buckets. Where windows of several
 * resolutions cover the same time, the finer one counts: samples before buckets of 5 minutes before those of an hour.
 */
import type { SeriesBuckets, SeriesKey, TimeRange } from "../../model/series.ts";
import { BucketGatherer } from "./aggregate.ts";
import type { Merge } from "./merge.ts";
import type { Presence } from "./segment.ts";
import { firstAfter, firstAtLeast, windowMs, windowOf } from "./window.ts";

/** What a source has in one window. */
export interface Window {
  readonly start: number;
  readonly merged: Merge;
}

/** Windows of samples, of buckets of 5 minutes and of an hour; each list ascending. */
export type SourceWindows = readonly [readonly Window[], readonly Window[], readonly Window[]];

/** Gathers one series after another; made once for each source. */
export class WindowGatherer {
  readonly #windows: SourceWindows;
  readonly #range: TimeRange;
  readonly #stepMs: number;
  readonly #finer: { readonly raw: ReadonlySet<number>; readonly five: ReadonlySet<number> };
  /** Min, max, sum, count and last of a window of buckets; the first has room for samples too. */
  readonly #columns: readonly [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  readonly #present: Uint8Array;
  #slot = 0;
  #out: BucketGatherer;
  #nextRaw = 0;
  #nextFive = 0;

  /** `range` is made of whole buckets of `stepMs`. */
  constructor(windows: SourceWindows, range: TimeRange, stepMs: number) {
    this.#windows = windows;
    this.#range = range;
    this.#stepMs = stepMs;
    const startsOf = (some: readonly Window[]) => new Set(some.map((window) => window.start));
    this.#finer = { raw: startsOf(windows[0]), five: startsOf(windows[1]) };
    const longest = (some: readonly Window[]): number =>
      some.reduce((most, { merged }) => Math.max(most, merged.times.length), 0);
    const bucketColumn = (): Float64Array =>
      new Float64Array(Math.max(longest(windows[1]), longest(windows[2])));
    const all = longest(windows.flat());
    const [max, sum, count, last] = [
      bucketColumn(),
      bucketColumn(),
      bucketColumn(),
      bucketColumn(),
    ];
    this.#columns = [new Float64Array(all), max, sum, count, last];
    this.#present = new Uint8Array(all);
    this.#out = this.#gatherer();
  }

  /** The buckets of one series, each that has samples. */
  gather(key: SeriesKey, slot: number): SeriesBuckets {
    this.#slot = slot;
    this.#out = this.#gatherer();
    this.#nextRaw = 0;
    this.#nextFive = 0;
    for (const window of this.#windows[2]) this.#addBuckets(window, 2);
    this.#addFive(Infinity);
    this.#addRaw(Infinity);
    return this.#out.finish(key);
  }

  #gatherer(): BucketGatherer {
    const { from, to } = this.#range;
    return new BucketGatherer(this.#stepMs, Math.ceil((to - from) / this.#stepMs));
  }

  /** Adds the windows of samples that begin before `end`. */
  #addRaw(end: number): void {
    const [raw] = this.#windows;
    const [values] = this.#columns;
    for (
      let window = raw[this.#nextRaw];
      window !== undefined && window.start < end;
      window = raw[this.#nextRaw]
    ) {
      this.#nextRaw += 1;
      const presence = window.merged.read(this.#slot, 0, values, this.#present);
      if (presence === "none") continue;
      const { times } = window.merged;
      const from = firstAtLeast(times, this.#range.from);
      const to = firstAfter(times, this.#range.to);
      this.#out.addSamples(times, values, presence === "some" ? this.#present : null, from, to);
    }
  }

  /** Adds the windows of buckets of 5 minutes that begin before `end`. */
  #addFive(end: number): void {
    const [, five] = this.#windows;
    for (
      let window = five[this.#nextFive];
      window !== undefined && window.start < end;
      window = five[this.#nextFive]
    ) {
      this.#nextFive += 1;
      this.#addBuckets(window, 1);
    }
  }

  /** Adds the buckets of a window that nothing finer covers, each after what is finer and before it. */
  #addBuckets(window: Window, resolution: 1 | 2): void {
    const presence = this.#read(window);
    if (presence === "none") return;
    const { times } = window.merged;
    const end = firstAfter(times, this.#range.to);
    let isCovered = false;
    let knownUntil = -Infinity;
    for (let i = firstAtLeast(times, this.#range.from); i < end; i += 1) {
      const start = times[i] ?? 0;
      if (start >= knownUntil) {
        const rawStart = windowOf(0, start);
        isCovered =
          this.#finer.raw.has(rawStart) ||
          (resolution === 2 && this.#finer.five.has(windowOf(1, start)));
        knownUntil = rawStart + windowMs[0];
        // What is finer was read into the same columns.
        if (!isCovered && this.#addFiner(start, resolution)) this.#read(window);
      }
      if (isCovered || (presence === "some" && this.#present[i] === 0)) continue;
      const [min, max, sum, count, last] = this.#columns;
      this.#out.addBucket(
        start,
        min[i] ?? 0,
        max[i] ?? 0,
        sum[i] ?? 0,
        count[i] ?? 0,
        last[i] ?? 0,
      );
    }
  }

  /** Adds what is finer and begins before `start`; says whether there was something. */
  #addFiner(start: number, resolution: 1 | 2): boolean {
    const before = this.#nextRaw + this.#nextFive;
    if (resolution === 2) this.#addFive(start);
    this.#addRaw(start);
    return this.#nextRaw + this.#nextFive > before;
  }

  /** Reads the five columns of a window of buckets. */
  #read({ merged }: Window): Presence {
    let presence: Presence = "none";
    for (const [field, column] of this.#columns.entries()) {
      presence = merged.read(this.#slot, field, column, this.#present);
      if (presence === "none") break;
    }
    return presence;
  }
}
