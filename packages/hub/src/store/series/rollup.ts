/**
 * Buckets of 5 minutes and of 1 hour, made while a window is sealed: from each merged column its min, max, sum, count
 * and last, see `aggregate.ts` for what they are.
 *
 * The sum of a column of decimals is rounded to as many decimals, so 0.1 + 0.2 gives 0.3: right to the last digit, and
 * small when it is stored.
 */
import { higher, lower } from "./aggregate.ts";
import { BlockWriter, type EncodedBlock } from "./codec/block.ts";
import { maxDecimals, powers } from "./codec/decimal.ts";
import { zstdLevels } from "./codec/wrap.ts";
import { floorTo } from "./window.ts";

/** The five columns of buckets, in the order in which a block has them. */
interface Columns {
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly sum: Float64Array;
  readonly count: Float64Array;
  readonly last: Float64Array;
  readonly present: Uint8Array;
}

/** Collects the buckets of one resolution over one window of samples. */
export class RollupWriter {
  /** Buckets that were written, over all series. */
  buckets = 0;
  readonly starts: Float64Array;
  readonly columns: Columns;
  /** Bucket `i` gathers what stands at `edges[i]` up to `edges[i + 1]` in the times it is made from. */
  readonly #edges: Uint32Array;
  readonly #writer: BlockWriter;

  /** `times`: of the samples, or the starts of smaller buckets; ascending. */
  constructor(times: Float64Array, stepMs: number) {
    const starts: number[] = [];
    const edges: number[] = [];
    for (let i = 0; i < times.length; i += 1) {
      const start = floorTo(times[i] ?? 0, stepMs);
      if (starts.at(-1) === start) continue;
      starts.push(start);
      edges.push(i);
    }
    edges.push(times.length);
    this.starts = Float64Array.from(starts);
    this.#edges = Uint32Array.from(edges);
    const column = (): Float64Array => new Float64Array(starts.length);
    this.columns = {
      min: column(),
      max: column(),
      sum: column(),
      count: column(),
      last: column(),
      present: new Uint8Array(starts.length),
    };
    this.#writer = new BlockWriter(this.starts, { fields: 5, level: zstdLevels.piece });
  }

  /** Gathers the samples of a series; at least one is present (all without `present`). */
  addSamples(
    slot: number,
    values: Float64Array,
    present: Uint8Array | null,
    decimals: number,
  ): void {
    const { min, max, sum, count, last } = this.columns;
    for (let bucket = 0; bucket < this.starts.length; bucket += 1) {
      let [lowest, highest, total, samples, latest] = [Number.NaN, Number.NaN, 0, 0, 0];
      const end = this.#edges[bucket + 1] ?? 0;
      for (let i = this.#edges[bucket] ?? 0; i < end; i += 1) {
        if (present !== null && present[i] === 0) continue;
        const value = values[i] ?? 0;
        // Comparisons with NaN are false: a NaN is passed over, unless the bucket has nothing else.
        if (!(value >= lowest)) lowest = lower(lowest, value);
        if (!(value <= highest)) highest = higher(highest, value);
        total += value;
        samples += 1;
        latest = value;
      }
      min[bucket] = lowest;
      max[bucket] = highest;
      sum[bucket] = roundSum(total, decimals);
      count[bucket] = samples;
      last[bucket] = latest;
    }
    this.#write(slot);
  }

  /** Gathers the buckets that another writer has just made of the same series. */
  addBuckets(slot: number, from: Columns, decimals: number): void {
    const { min, max, sum, count, last } = this.columns;
    for (let bucket = 0; bucket < this.starts.length; bucket += 1) {
      let [lowest, highest, total, samples, latest] = [Number.NaN, Number.NaN, 0, 0, 0];
      const end = this.#edges[bucket + 1] ?? 0;
      for (let i = this.#edges[bucket] ?? 0; i < end; i += 1) {
        if (from.present[i] === 0) continue;
        lowest = lower(lowest, from.min[i] ?? 0);
        highest = higher(highest, from.max[i] ?? 0);
        total += from.sum[i] ?? 0;
        samples += from.count[i] ?? 0;
        latest = from.last[i] ?? 0;
      }
      min[bucket] = lowest;
      max[bucket] = highest;
      sum[bucket] = roundSum(total, decimals);
      count[bucket] = samples;
      last[bucket] = latest;
    }
    this.#write(slot);
  }

  finish(): EncodedBlock {
    return this.#writer.finish();
  }

  #write(slot: number): void {
    const { min, max, sum, count, last, present } = this.columns;
    let filled = 0;
    for (let bucket = 0; bucket < count.length; bucket += 1) {
      const there = count[bucket] === 0 ? 0 : 1;
      present[bucket] = there;
      filled += there;
    }
    const gaps = filled < present.length ? present : null;
    for (const column of [min, max, sum, count, last]) this.#writer.add(slot, column, gaps);
    this.buckets += filled;
  }
}

/** `value` rounded to a column's decimals, where the column has some and the rounded value is exact. */
function roundSum(value: number, decimals: number): number {
  if (decimals > maxDecimals) return value;
  const power = powers[decimals] ?? 1;
  const whole = Math.round(value * power);
  return Number.isSafeInteger(whole) && whole !== 0 ? whole / power : value;
}
