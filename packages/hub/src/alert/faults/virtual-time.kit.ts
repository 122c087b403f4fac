/**
 * Time that passes when a test says so. While it is installed, `setTimeout` of this thread is its own: an hour of pauses
 * takes as long as what is done in it. Threads of the store keep the machine's time.
 */
import { mock } from "node:test";
import type { Clock } from "../../model/clock.ts";

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

export class VirtualTime implements Clock, Disposable {
  readonly #epoch: number;
  #ms = 0;
  #timers = new Map<object, Timer>();
  #mocks: { readonly mock: { restore(): void } }[] = [];

  /** Begins at `epoch` (epoch ms), and replaces the timers until it is disposed of. */
  constructor(epoch: number) {
    this.#epoch = epoch;
    this.#mocks = [
      mock.method(globalThis, "setTimeout", (run: () => void, ms = 0) => this.#set(run, ms)),
      mock.method(globalThis, "clearTimeout", (timer: object) => void this.#timers.delete(timer)),
    ];
  }

  now(): number {
    return this.#epoch + Math.floor(this.#ms);
  }

  monotonicMs(): number {
    return this.#ms;
  }

  /** When the next timer is due, ms since the beginning; infinity: there is none. */
  get nextMs(): number {
    return this.#timers.values().reduce((least, { at }) => Math.min(least, at), Infinity);
  }

  /** Moves to an instant that is not past, ms since the beginning, and runs what is due by then, in order. */
  moveTo(ms: number): void {
    this.#ms = Math.max(this.#ms, ms);
    const due = [...this.#timers].filter(([, { at }]) => at <= this.#ms);
    for (const [timer, { run }] of due.toSorted(([, a], [, b]) => a.at - b.at)) {
      if (this.#timers.delete(timer)) run();
    }
  }

  /** Forgets every timer: the process that set them is gone. */
  clear(): void {
    this.#timers.clear();
  }

  [Symbol.dispose](): void {
    for (const one of this.#mocks) one.mock.restore();
  }

  #set(run: () => void, ms: number): object {
    const timer = {};
    this.#timers.set(timer, { at: this.#ms + Math.max(1, ms), run });
    return timer;
  }
}
