/**
 * The last hour of a few figures of a host, as means of buckets: what the sparklines of a table of hosts draw. Kept in
 * memory, 1.5 kB for each host, because a table asks for hundreds of them at once, again and again.
 */
import type { HostTrend, TrendFigure } from "../model/host-entry.ts";
import type { SeriesBuckets } from "../model/series.ts";
import type { SeriesList } from "./host-series.ts";

/** Length of a bucket; they begin at its multiples. */
export const trendStepMs = 120_000;
const slots = 30;

/** The figures there are trends of, in the order they are kept. */
export const trendFigures = [
  "cpuRatio",
  "memoryRatio",
  "networkReceive",
  "networkTransmit",
] as const satisfies readonly TrendFigure[];

export class TrendRing implements HostTrend {
  readonly stepMs = trendStepMs;
  readonly #sums = new Float64Array(slots * trendFigures.length);
  readonly #counts = new Uint32Array(slots * trendFigures.length);
  /** Which bucket a slot holds: its start by the step. */
  readonly #buckets = new Float64Array(slots).fill(-1);
  #newest = -1;

  mean(figure: TrendFigure, start: number): number | null {
    const bucket = Math.floor(start / trendStepMs);
    const slot = bucket % slots;
    if (this.#buckets[slot] !== bucket) return null;
    const place = slot * trendFigures.length + trendFigures.indexOf(figure);
    const count = this.#counts[place] ?? 0;
    return count === 0 ? null : (this.#sums[place] ?? 0) / count;
  }

  /**
   * Adds the samples of a batch, however old; what is older than the ring is passed over. So is what is ahead of `now`:
   * after a clock was set back, the ring would have no room for the present.
   */
  add(
    { figures }: SeriesList,
    times: Float64Array,
    values: Float64Array,
    present: Uint8Array | undefined,
    now: number,
  ): void {
    const latest = now + trendStepMs;
    for (const { figure, column } of figures) {
      const index = trendFigures.findIndex((one) => one === figure);
      if (index === -1) continue;
      for (let t = 0; t < times.length; t += 1) {
        const place = column * times.length + t;
        const value = values[place];
        const at = times[t] ?? latest;
        if (value === undefined || !Number.isFinite(value) || present?.[place] === 0) continue;
        if (at < latest) this.#put(index, at, value, 1);
      }
    }
  }

  /** Adds buckets of the store that begin before `before` (epoch ms). */
  fill(figure: TrendFigure, { starts, sum, count }: SeriesBuckets, before: number): void {
    const index = trendFigures.indexOf(figure);
    starts.forEach((start, i) => {
      const total = sum[i] ?? Number.NaN;
      if (start < before && Number.isFinite(total)) this.#put(index, start, total, count[i] ?? 0);
    });
  }

  /** Adds the figures of one instant, as `add` does. */
  note(
    figures: Readonly<Partial<Record<TrendFigure, number | null>>>,
    at: number,
    now: number,
  ): void {
    if (at >= now + trendStepMs) return;
    for (const [index, figure] of trendFigures.entries()) {
      const value = figures[figure] ?? null;
      if (value !== null) this.#put(index, at, value, 1);
    }
  }

  /** Has the buckets of the store that begin from `from` to before `before` instead of what is there (epoch ms). */
  replace(figure: TrendFigure, buckets: SeriesBuckets, from: number, before: number): void {
    const index = trendFigures.indexOf(figure);
    for (let slot = 0; slot < slots; slot += 1) {
      const start = (this.#buckets[slot] ?? -1) * trendStepMs;
      if (start < from || start >= before) continue;
      this.#sums[slot * trendFigures.length + index] = 0;
      this.#counts[slot * trendFigures.length + index] = 0;
    }
    this.fill(figure, buckets, before);
  }

  #put(index: number, at: number, sum: number, count: number): void {
    const bucket = Math.floor(at / trendStepMs);
    if (bucket < 0 || bucket <= this.#newest - slots) return;
    this.#newest = Math.max(this.#newest, bucket);
    const slot = bucket % slots;
    const first = slot * trendFigures.length;
    if (this.#buckets[slot] !== bucket) {
      this.#buckets[slot] = bucket;
      this.#sums.fill(0, first, first + trendFigures.length);
      this.#counts.fill(0, first, first + trendFigures.length);
    }
    this.#sums[first + index] = (this.#sums[first + index] ?? 0) + sum;
    this.#counts[first + index] = (this.#counts[first + index] ?? 0) + count;
  }
}
