/** How long to wait after failures: from one second up, twice as long each time, up to a minute, of it half at random. */

const firstMs = 1_000;
const longestMs = 60_000;

export class Backoff {
  readonly #random: () => number;
  #failures = 0;
  /** Monotonic ms before which nothing is tried. */
  until = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Waits anew; `atLeastMs` is what the other side asked for. */
  fail(monotonicMs: number, atLeastMs = 0): void {
    const most = Math.min(longestMs, firstMs * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.until = monotonicMs + Math.max(atLeastMs, most * (0.5 + this.#random() / 2));
  }

  /** Whether the last try failed. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  reset(): void {
    this.#failures = 0;
    this.until = 0;
  }
}
