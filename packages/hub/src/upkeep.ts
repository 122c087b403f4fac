/** What has to be done every now and then: signs of life, and the upkeep of the history. */
import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "./model/clock.ts";

export interface UpkeepParts {
  readonly clock: Clock;
  readonly touchAlive: (at: number) => Promise<void>;
  /** Seals and drops history that is due. */
  readonly maintain: (now: number) => Promise<unknown>;
  readonly onError: (error: unknown, duty: string) => void;
}

/** After an end without notice, this is how much time at the most counts as known although nobody looked. */
const aliveEveryMs = 5_000;
const maintainEveryMs = 60_000;

/** Starts the duties; disposing waits for the one that runs. */
export function startUpkeep(parts: UpkeepParts): AsyncDisposable {
  const stop = new AbortController();
  async function every(ms: number, duty: string, work: () => Promise<unknown>): Promise<void> {
    while (!stop.signal.aborted) {
      await work().catch((error: unknown) => parts.onError(error, duty));
      await delay(ms, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  }
  const alive = (): Promise<void> => parts.touchAlive(parts.clock.now());
  const duties = [
    every(aliveEveryMs, "sign of life", alive),
    every(maintainEveryMs, "maintenance", () => parts.maintain(parts.clock.now())),
  ];
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(duties);
      await alive().catch((error: unknown) => parts.onError(error, "sign of life"));
    },
  };
}
