/** Emitters without a queue. */
import type { Emitter, JobEvent } from "../event.ts";
import { lineOf } from "../text.ts";

/** Prints events to standard output, one JSON document a line; for looking on while developing. */
export class ConsoleEmitter implements Emitter {
  send(event: JobEvent): void {
    // oxlint-disable-next-line no-console -- unlike the stream, `console` swallows a closed standard output
    console.log(lineOf(event));
  }

  flush(): Promise<boolean> {
    return Promise.resolve(true);
  }

  async close(): Promise<void> {}
}

/** Keeps events in memory, for tests of jobs. */
export class MemoryEmitter implements Emitter {
  readonly events: JobEvent[] = [];

  send(event: JobEvent): void {
    this.events.push(event);
  }

  flush(): Promise<boolean> {
    return Promise.resolve(true);
  }

  async close(): Promise<void> {}
}

/** Hands every event to several emitters; one that fails does not keep it from the others. */
export class SeveralEmitters implements Emitter {
  readonly #emitters: readonly Emitter[];

  constructor(emitters: readonly Emitter[]) {
    this.#emitters = emitters;
  }

  send(event: JobEvent): void {
    for (const emitter of this.#emitters) {
      try {
        emitter.send(event);
      } catch {
        // Of the caller's own making; the others still get it.
      }
    }
  }

  async flush(timeoutMs?: number): Promise<boolean> {
    const done = await Promise.allSettled(this.#emitters.map(async (one) => one.flush(timeoutMs)));
    return done.every((one) => one.status === "fulfilled" && one.value);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#emitters.map(async (one) => one.close()));
  }
}

/** Takes events and does nothing with them: `BELFRY_SDK=off`. */
export class SilentEmitter implements Emitter {
  send(): void {}

  flush(): Promise<boolean> {
    return Promise.resolve(true);
  }

  async close(): Promise<void> {}
}
