/** Notices that no sample could be taken for long, so that whoever started the agent starts it anew. */

export interface WatchdogSettings {
  /** Ms between samples. */
  readonly intervalMs: number;
}

export interface WatchdogParts {
  readonly monotonicMs: () => number;
  /** Called once; `silentMs` is how long there was no sample. */
  readonly onSilence: (silentMs: number) => void;
}

/** Intervals without a sample, but at least a minute. */
const patience = 10;
const leastMs = 60_000;

export class Watchdog implements Disposable {
  readonly #limitMs: number;
  readonly #parts: WatchdogParts;
  readonly #timer: NodeJS.Timeout;
  #heardAt: number;

  constructor({ intervalMs }: WatchdogSettings, parts: WatchdogParts) {
    this.#limitMs = Math.max(leastMs, patience * intervalMs);
    this.#parts = parts;
    this.#heardAt = parts.monotonicMs();
    this.#timer = setInterval(() => this.check(), Math.min(intervalMs, 10_000));
  }

  /** A sample was taken. */
  hear(): void {
    this.#heardAt = this.#parts.monotonicMs();
  }

  /** Looks whether it has been too long. */
  check(): void {
    const silentMs = this.#parts.monotonicMs() - this.#heardAt;
    if (silentMs < this.#limitMs) return;
    this[Symbol.dispose]();
    this.#parts.onSilence(silentMs);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
