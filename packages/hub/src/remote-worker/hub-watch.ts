/** Asks the hub what to check, again and again, and keeps the answer on disk. Asking is the worker's sign of life. */
import { setTimeout as sleep } from "node:timers/promises";
import type { WorkerMonitor } from "@belfry/contract";
import { processName } from "../own-process.ts";
import type { Clock } from "../model/clock.ts";
import type { WorkerId } from "../model/location.ts";
import type { Assignment } from "./assignment.ts";
import type { HubClock } from "./hub-clock.ts";
import { HubRefusal, type HubLink } from "./hub-link.ts";
import type { Keepsake, Kept } from "./keepsake.ts";
import type { Outbox } from "./outbox.ts";

export interface HubWatchParts {
  readonly id: WorkerId;
  readonly location: string;
  readonly version: string;
  readonly link: Pick<HubLink, "hello" | "monitors">;
  readonly keepsake: Pick<Keepsake, "save">;
  /** What was kept by an earlier process; undefined: nothing. */
  readonly kept: Kept | undefined;
  readonly outbox: Pick<Outbox, "start" | "stats" | "hurry">;
  readonly assignment: Pick<Assignment, "replace">;
  readonly tell: (err: unknown, message: string) => void;
  readonly hubClock: Pick<HubClock, "offsetMs">;
  readonly clock: Clock;
}

const pollMs = 3_000;
const mostPauseMs = 15_000;

export class HubWatch implements AsyncDisposable {
  readonly #parts: HubWatchParts;
  readonly #stop = new AbortController();
  #known = "";
  /** The hub was told who this is. */
  #isIntroduced = false;
  #heardAt: number | null = null;
  #why: string;
  #running: Promise<void> | null = null;

  constructor(parts: HubWatchParts) {
    this.#parts = parts;
    this.#why = parts.kept === undefined ? "the hub was not reached yet" : "ok";
  }

  /** `ok`, or why it cannot check: it was never told what to. */
  get state(): string {
    return this.#why;
  }

  /** When the hub answered last, epoch ms of this machine; null: not yet. */
  get heardAt(): number | null {
    return this.#heardAt;
  }

  /** Begins with what was kept, and to ask; waits for no answer: the hub may be away. */
  async start(): Promise<void> {
    const { kept, assignment, outbox } = this.#parts;
    if (kept === undefined) await this.#save([]);
    else {
      this.#known = kept.known;
      assignment.replace(kept.monitors);
    }
    outbox.start();
    this.#running = this.#watch();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stop;
    let pauseMs = pollMs;
    while (!signal.aborted) {
      pauseMs = await this.#round(pauseMs);
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Asks once; answers how long to wait, ms. */
  async #round(pauseMs: number): Promise<number> {
    try {
      await this.#ask();
      return pollMs;
    } catch (error) {
      if (this.#stop.signal.aborted) return pollMs;
      if (error instanceof HubRefusal && error.status === 404) this.#isIntroduced = false;
      if (this.#why !== "ok" && error instanceof Error) this.#why = error.message;
      this.#parts.tell(
        error,
        "the hub could not be asked what to check; what was assigned goes on",
      );
      return Math.min(pauseMs * 1.5, mostPauseMs);
    }
  }

  async #ask(): Promise<void> {
    const { id, location, version, link, outbox, hubClock, clock, assignment } = this.#parts;
    const { signal } = this.#stop;
    if (!this.#isIntroduced) {
      await link.hello({ id, name: processName(), location, version }, signal);
      this.#isIntroduced = true;
    }
    const { waiting, dropped } = outbox.stats();
    const answer = await link.monitors(
      {
        id,
        known: this.#known,
        waiting: String(waiting),
        dropped: String(dropped),
        clock_offset_ms: String(Math.round(hubClock.offsetMs())),
      },
      signal,
    );
    const wasAway = this.#heardAt === null || clock.now() - this.#heardAt > 2 * pollMs;
    this.#heardAt = clock.now();
    this.#why = "ok";
    if (wasAway) outbox.hurry();
    if (answer.monitors === null) return;
    this.#known = answer.known;
    assignment.replace(answer.monitors);
    await this.#save(answer.monitors);
  }

  async #save(monitors: readonly WorkerMonitor[]): Promise<void> {
    const { id, keepsake, hubClock, tell } = this.#parts;
    const offset = hubClock.offsetMs();
    await keepsake
      .save({ id, known: this.#known, clock_offset_ms: offset, monitors: [...monitors] })
      .catch((error: unknown) => tell(error, "what is to be checked could not be kept on disk"));
  }
}
