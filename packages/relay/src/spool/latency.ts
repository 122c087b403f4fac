/** How long something took of late: the last thousand times. */
const kept = 1_000;

/** What is told of them, ms; zeros before the first. */
export interface LatencyStats {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export class Latency {
  readonly #times = new Float64Array(kept);
  #count = 0;

  add(ms: number): void {
    this.#times[this.#count % kept] = ms;
    this.#count += 1;
  }

  stats(): LatencyStats {
    const sorted = this.#times.slice(0, Math.min(this.#count, kept)).toSorted();
    const at = (ratio: number): number => sorted[Math.floor((sorted.length - 1) * ratio)] ?? 0;
    return { count: this.#count, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
  }
}
