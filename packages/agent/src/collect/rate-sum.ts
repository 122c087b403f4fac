/**
 * A gauge that is the rate of several counters together, in whole units a second, over the time since the round before. A counter that was not
 * there before, or went back (a device came anew, 32 bits were full), adds nothing this time.
 */
import type { Metric, Section } from "../sample/series-table.ts";
import { OneSeries } from "./one-series.ts";

/** What a counter was in the round before; NaN: nothing is known. */
export interface Before {
  before: number;
}

/** Over less than this, in ms, a rate says little. */
const leastMs = 100;

export class RateSum {
  readonly #series: OneSeries;
  readonly #monotonicMs: () => number;
  #sum = 0;
  #known = 0;
  #atMs = Number.NaN;
  #elapsedMs = Number.NaN;
  #rate = Number.NaN;

  constructor(section: Section, metric: Metric, monotonicMs: () => number) {
    this.#series = new OneSeries(section, metric);
    this.#monotonicMs = monotonicMs;
  }

  /** Begins a round. */
  begin(): void {
    const now = this.#monotonicMs();
    this.#elapsedMs = now - this.#atMs;
    // Too soon: counters go on from where they were read before, and the rate stays.
    if (this.#elapsedMs < leastMs) return;
    this.#atMs = now;
    this.#sum = 0;
    this.#known = 0;
  }

  /** Counts in what one counter is now. */
  add(counter: Before, value: number): void {
    if (this.#elapsedMs < leastMs) return;
    if (!Number.isNaN(counter.before)) {
      this.#known += 1;
      this.#sum += Math.max(0, value - counter.before);
    }
    counter.before = value;
  }

  /** Sets the gauge; it is absent where no counter was there twice. */
  end(): void {
    if (!(this.#elapsedMs < leastMs)) {
      this.#rate =
        this.#known === 0 ? Number.NaN : Math.round((this.#sum * 1_000) / this.#elapsedMs);
    }
    this.#series.set(this.#rate);
  }
}
