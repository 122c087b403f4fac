/** Time that passes when a test says so; the timers are called in order. */
import type { SenderClock } from "./settings.ts";
import type { After } from "./timer.ts";

interface Waiting {
  readonly at: number;
  readonly run: () => void;
}

export class TestTime {
  #ms = 0;
  #waiting: Waiting[] = [];

  readonly clock: SenderClock = {
    now: () => 1_790_000_000_000 + this.#ms,
    monotonicMs: () => this.#ms,
  };

  readonly after: After = (ms, run) => {
    const one = { at: this.#ms + ms, run };
    this.#waiting.push(one);
    return {
      [Symbol.dispose]: () => {
        this.#waiting = this.#waiting.filter((other) => other !== one);
      },
    };
  };

  /** Lets time pass, calling what comes due on the way. */
  pass(ms: number): void {
    const end = this.#ms + ms;
    for (;;) {
      const [next] = this.#waiting.toSorted((a, b) => a.at - b.at);
      if (next === undefined || next.at > end) break;
      this.#waiting = this.#waiting.filter((other) => other !== next);
      this.#ms = Math.max(this.#ms, next.at);
      next.run();
    }
    this.#ms = end;
  }

  /** Lets time pass in steps, with room for real requests and files between them, until a condition holds. */
  async passUntil(what: string, holds: () => boolean, stepMs = 50): Promise<void> {
    const deadline = performance.now() + 20_000;
    while (!holds()) {
      if (performance.now() > deadline) throw new Error(`let time pass for 20 s for: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
      this.pass(stepMs);
    }
  }
}

/** Waits for a condition, up to 10 s of real time. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited 10 s for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
