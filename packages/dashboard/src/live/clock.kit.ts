/** A clock for tests of what follows the hub: it stands still until it is told how much time passes. */
import { mock } from "node:test";

export interface TestClock extends Disposable {
  /** Lets so much time pass, and everything run that is due by then and waits for nothing else. */
  pass(ms: number): Promise<void>;
}

/** Takes the timers and the date over, until it is disposed. `now`: epoch ms to begin with. */
export function stopClock(now = 1_000_000): TestClock {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now });
  return {
    async pass(ms) {
      mock.timers.tick(ms);
      // Answers are promises that wait for other promises.
      for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
    },
    [Symbol.dispose]: () => mock.timers.reset(),
  };
}
