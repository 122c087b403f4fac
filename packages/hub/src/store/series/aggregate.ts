/**
 * From samples to buckets. As in Prometheus's `*_over_time`: min and max pass over NaN unless there is nothing else,
 * the sum of anything with NaN is NaN; count counts all, last is the last as it is.
 */
import type { SeriesBuckets, SeriesKey } from "../../model/series.ts";
import { floorTo } from "./window.ts";

/** One bucket. */
export interface Bucket {
  readonly start: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly count: number;
  readonly last: number;
}

/** Gathers samples and smaller buckets, which must come in ascending order of time. */
export class BucketGatherer {
  readonly #stepMs: number;
  readonly #starts: number[] = [];
  readonly #min: number[] = [];
  readonly #max: number[] = [];
  readonly #sum: number[] = [];
  readonly #count: number[] = [];
  readonly #last: number[] = [];
  #start = 0;
  #end = -Infinity;
  #lowest = 0;
  #highest = 0;
  #total = 0;
  #samples = 0;
  #latest = 0;

  constructor(stepMs: number) {
    this.#stepMs = stepMs;
  }

  /** Samples of the places `from` to `to` (not included); those with a 0 in `present`, where given, are left out. */
  addSamples(
    times: Float64Array,
    values: Float64Array,
    present: Uint8Array | null,
    from: number,
    to: number,
  ): void {
    for (let i = from; i < to; i += 1) {
      if (present !== null && present[i] === 0) continue;
      const time = times[i] ?? 0;
      const value = values[i] ?? 0;
      if (time >= this.#end) this.#open(time, value, value);
      else {
        this.#lowest = lower(this.#lowest, value);
        this.#highest = higher(this.#highest, value);
      }
      this.#total += value;
      this.#samples += 1;
      this.#latest = value;
    }
  }

  addBucket(bucket: Bucket): void {
    if (bucket.start >= this.#end) this.#open(bucket.start, bucket.min, bucket.max);
    else {
      this.#lowest = lower(this.#lowest, bucket.min);
      this.#highest = higher(this.#highest, bucket.max);
    }
    this.#total += bucket.sum;
    this.#samples += bucket.count;
    this.#latest = bucket.last;
  }

  /** The buckets; nothing may be added afterwards. */
  finish(key: SeriesKey): SeriesBuckets {
    this.#close();
    return {
      key,
      starts: Float64Array.from(this.#starts),
      min: Float64Array.from(this.#min),
      max: Float64Array.from(this.#max),
      sum: Float64Array.from(this.#sum),
      count: Float64Array.from(this.#count),
      last: Float64Array.from(this.#last),
    };
  }

  #open(time: number, lowest: number, highest: number): void {
    this.#close();
    this.#start = floorTo(time, this.#stepMs);
    this.#end = this.#start + this.#stepMs;
    this.#lowest = lowest;
    this.#highest = highest;
    this.#total = 0;
    this.#samples = 0;
  }

  #close(): void {
    if (this.#samples === 0) return;
    this.#starts.push(this.#start);
    this.#min.push(this.#lowest);
    this.#max.push(this.#highest);
    this.#sum.push(this.#total);
    this.#count.push(this.#samples);
    this.#last.push(this.#latest);
    this.#samples = 0;
  }
}

/** The lesser; NaN only when both are. */
export function lower(a: number, b: number): number {
  return b < a || Number.isNaN(a) ? b : a;
}

/** The greater; NaN only when both are. */
export function higher(a: number, b: number): number {
  return b > a || Number.isNaN(a) ? b : a;
}
