/**
 * From samples to buckets. As in Prometheus's `*_over_time`: min and max pass over NaN unless there is nothing else,
 * the sum of anything with NaN is NaN; count counts all, last is the last as it is.
 */
import type { SeriesBuckets, SeriesKey } from "../../model/series.ts";
import { floorTo } from "./window.ts";

/** Room is made for at most so many buckets before there are any. */
const mostExpected = 16_384;

/** Gathers samples and smaller buckets, which must come in ascending order of time. */
export class BucketGatherer {
  readonly #stepMs: number;
  #starts: Float64Array<ArrayBuffer>;
  #mins: Float64Array<ArrayBuffer>;
  #maxs: Float64Array<ArrayBuffer>;
  #sums: Float64Array<ArrayBuffer>;
  #counts: Float64Array<ArrayBuffer>;
  #lasts: Float64Array<ArrayBuffer>;
  /** Finished buckets. */
  #length = 0;
  #start = 0;
  #end = -Infinity;
  #lowest = 0;
  #highest = 0;
  #total = 0;
  #samples = 0;
  #latest = 0;

  /** `expected`: about how many buckets there will be. */
  constructor(stepMs: number, expected: number) {
    this.#stepMs = stepMs;
    const room = Math.max(16, Math.min(expected, mostExpected));
    this.#starts = new Float64Array(room);
    this.#mins = new Float64Array(room);
    this.#maxs = new Float64Array(room);
    this.#sums = new Float64Array(room);
    this.#counts = new Float64Array(room);
    this.#lasts = new Float64Array(room);
  }

  /** Samples of the places `from` to `to` (not included); those with a 0 in `present`, where given, are left out. */
  addSamples(
    times: Float64Array,
    values: Float64Array,
    present: Uint8Array | null,
    from: number,
    to: number,
  ): void {
    let i = from;
    while (i < to) {
      const time = times[i] ?? 0;
      const isNew = time >= this.#end;
      if (isNew && (present === null || present[i] !== 0)) this.#open(time);
      else if (isNew) {
        i += 1;
        continue;
      }
      i = this.#addUpTo(this.#end, times, values, present, i, to);
    }
  }

  /** Adds samples to the open bucket until one is not before `end`; gives its place. */
  #addUpTo(
    end: number,
    times: Float64Array,
    values: Float64Array,
    present: Uint8Array | null,
    from: number,
    to: number,
  ): number {
    let [lowest, highest, latest] = [this.#lowest, this.#highest, this.#latest];
    let total = this.#total;
    let samples = this.#samples;
    let i = from;
    for (; i < to && (times[i] ?? 0) < end; i += 1) {
      if (present !== null && present[i] === 0) continue;
      const value = values[i] ?? 0;
      // Comparisons with NaN are false: a NaN is passed over, unless there is nothing else.
      if (!(value >= lowest)) lowest = lower(lowest, value);
      if (!(value <= highest)) highest = higher(highest, value);
      total += value;
      samples += 1;
      latest = value;
    }
    this.#hold(lowest, highest, total, samples, latest);
    return i;
  }

  /** A smaller bucket that begins at `start`. */
  addBucket(
    start: number,
    min: number,
    max: number,
    sum: number,
    count: number,
    last: number,
  ): void {
    if (start >= this.#end) {
      this.#open(start);
      this.#hold(min, max, sum, count, last);
      return;
    }
    this.#hold(
      lower(this.#lowest, min),
      higher(this.#highest, max),
      this.#total + sum,
      this.#samples + count,
      last,
    );
  }

  /** The buckets; nothing may be added afterwards. */
  finish(key: SeriesKey): SeriesBuckets {
    this.#close();
    const count = this.#length;
    return {
      key,
      starts: this.#starts.slice(0, count),
      min: this.#mins.slice(0, count),
      max: this.#maxs.slice(0, count),
      sum: this.#sums.slice(0, count),
      count: this.#counts.slice(0, count),
      last: this.#lasts.slice(0, count),
    };
  }

  #hold(lowest: number, highest: number, total: number, samples: number, latest: number): void {
    this.#lowest = lowest;
    this.#highest = highest;
    this.#total = total;
    this.#samples = samples;
    this.#latest = latest;
  }

  /** Finishes the open bucket and opens the one `time` lies in. */
  #open(time: number): void {
    this.#close();
    this.#start = floorTo(time, this.#stepMs);
    this.#end = this.#start + this.#stepMs;
    this.#hold(Number.NaN, Number.NaN, 0, 0, 0);
  }

  #close(): void {
    if (this.#samples === 0) return;
    if (this.#length === this.#starts.length) this.#grow();
    const at = this.#length;
    this.#starts[at] = this.#start;
    this.#mins[at] = this.#lowest;
    this.#maxs[at] = this.#highest;
    this.#sums[at] = this.#total;
    this.#counts[at] = this.#samples;
    this.#lasts[at] = this.#latest;
    this.#length += 1;
    this.#samples = 0;
  }

  #grow(): void {
    this.#starts = larger(this.#starts);
    this.#mins = larger(this.#mins);
    this.#maxs = larger(this.#maxs);
    this.#sums = larger(this.#sums);
    this.#counts = larger(this.#counts);
    this.#lasts = larger(this.#lasts);
  }
}

function larger(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const copy = new Float64Array(values.length * 4);
  copy.set(values);
  return copy;
}

/** The lesser; NaN only when both are. */
export function lower(a: number, b: number): number {
  return b < a || Number.isNaN(a) ? b : a;
}

/** The greater; NaN only when both are. */
export function higher(a: number, b: number): number {
  return b > a || Number.isNaN(a) ? b : a;
}
