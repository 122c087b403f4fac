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

/** Columns of a bucket, in the order in which they are kept. */
const columns = 6;

/** Gathers samples and smaller buckets, which must come in ascending order of time. */
export class BucketGatherer {
  readonly #stepMs: number;
  /** Finished buckets: start, min, max, sum, count and last of each. */
  #rows = new Float64Array(64 * columns);
  #length = 0;
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
    let end = this.#end;
    let [lowest, highest, total, samples] = [
      this.#lowest,
      this.#highest,
      this.#total,
      this.#samples,
    ];
    let latest = this.#latest;
    for (let i = from; i < to; i += 1) {
      if (present !== null && present[i] === 0) continue;
      const time = times[i] ?? 0;
      const value = values[i] ?? 0;
      if (time >= end) {
        this.#hold(lowest, highest, total, samples, latest);
        end = this.#open(time);
        lowest = value;
        highest = value;
        total = 0;
        samples = 0;
      } else {
        // Comparisons with NaN are false: a NaN is passed over, unless there is nothing else.
        if (!(value >= lowest)) lowest = lower(lowest, value);
        if (!(value <= highest)) highest = higher(highest, value);
      }
      total += value;
      samples += 1;
      latest = value;
    }
    this.#hold(lowest, highest, total, samples, latest);
  }

  addBucket(bucket: Bucket): void {
    if (bucket.start >= this.#end) {
      this.#open(bucket.start);
      this.#hold(bucket.min, bucket.max, bucket.sum, bucket.count, bucket.last);
      return;
    }
    this.#hold(
      lower(this.#lowest, bucket.min),
      higher(this.#highest, bucket.max),
      this.#total + bucket.sum,
      this.#samples + bucket.count,
      bucket.last,
    );
  }

  /** The buckets; nothing may be added afterwards. */
  finish(key: SeriesKey): SeriesBuckets {
    this.#close();
    const count = this.#length / columns;
    const column = (field: number): Float64Array => {
      const values = new Float64Array(count);
      for (let i = 0; i < count; i += 1) values[i] = this.#rows[i * columns + field] ?? 0;
      return values;
    };
    return {
      key,
      starts: column(0),
      min: column(1),
      max: column(2),
      sum: column(3),
      count: column(4),
      last: column(5),
    };
  }

  #hold(lowest: number, highest: number, total: number, samples: number, latest: number): void {
    this.#lowest = lowest;
    this.#highest = highest;
    this.#total = total;
    this.#samples = samples;
    this.#latest = latest;
  }

  /** Finishes the open bucket and opens the one `time` lies in; gives its end. */
  #open(time: number): number {
    this.#close();
    this.#start = floorTo(time, this.#stepMs);
    this.#end = this.#start + this.#stepMs;
    return this.#end;
  }

  #close(): void {
    if (this.#samples === 0) return;
    if (this.#length + columns > this.#rows.length) {
      const larger = new Float64Array(this.#rows.length * 4);
      larger.set(this.#rows);
      this.#rows = larger;
    }
    const rows = this.#rows;
    const at = this.#length;
    rows[at] = this.#start;
    rows[at + 1] = this.#lowest;
    rows[at + 2] = this.#highest;
    rows[at + 3] = this.#total;
    rows[at + 4] = this.#samples;
    rows[at + 5] = this.#latest;
    this.#length += columns;
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
