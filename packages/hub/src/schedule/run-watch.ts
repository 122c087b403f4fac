/**
 * Notices what nobody says: that the heartbeats of a run stopped, and that a run did not begin in time. What is waited for
 * is in the store, so a restart forgets nothing and several hubs look at the same; this only looks, once a second.
 *
 * A run is lost only when Belfry was there to hear it: the time its heartbeats allow must have passed since they were
 * last heard by the wall clock, and since this process began to listen by the monotonic one. Listening begins anew after a
 * start, after the process was held up, after the wall clock jumped, while Belfry's own network is gone and while the
 * store fails, since nothing can be taken in then. A hub that was away for an hour so calls nothing lost that still runs.
 * For the same reason nothing rings for being late or slow before what waited in sidecars meanwhile has had the time to
 * arrive.
 */
import type { Clock } from "../model/clock.ts";
import type { ChangedRun, JobId } from "../model/job.ts";

export interface RunWatchParts {
  readonly clock: Clock;
  readonly store: {
    loseSilentRuns(bounds: {
      readonly now: number;
      readonly listenedMs: number;
      readonly limit: number;
    }): Promise<readonly ChangedRun[]>;
    lookAtJobs(bounds: {
      readonly now: number;
      readonly limit: number;
    }): Promise<{ readonly looked: number; readonly rang: boolean }>;
    jobsGoneLate(span: {
      readonly after: number;
      readonly until: number;
      readonly limit: number;
    }): Promise<readonly JobId[]>;
  };
  readonly onLost: (runs: readonly ChangedRun[]) => void;
  readonly onLate: (jobs: readonly JobId[]) => void;
  /** Alerting has signals to consume. */
  readonly onRang: () => void;
  /** A look failed; the next one comes in a second. */
  readonly onError: (error: unknown) => void;
}

const everyMs = 1_000;
/** A look that is later than this, or a wall clock that is off by more, ends the listening so far. */
const toleranceMs = 2_000;
/** What sidecars keep while Belfry is away arrives within this time: they try at least once a minute. */
export const catchUpMs = 90_000;
/** Runs, or jobs, of one question. */
const mostAtOnce = 200;

export class RunWatch implements AsyncDisposable {
  readonly #parts: RunWatchParts;
  #listeningMs: number;
  #looked: { readonly wallMs: number; readonly monotonicMs: number };
  #lateUntil: number;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(parts: RunWatchParts) {
    this.#parts = parts;
    this.#looked = this.#read();
    this.#listeningMs = this.#looked.monotonicMs;
    this.#lateUntil = this.#looked.wallMs;
  }

  /** Begins to look once a second. Listening counts from when the watch was made. */
  start(): void {
    this.#arm();
  }

  /** Nobody could be heard just now: listening begins anew. */
  deaf(): void {
    this.#listeningMs = this.#parts.clock.monotonicMs();
  }

  /** Looks now; resolves when what was found is stored and told. Never rejects. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(async () => {
      try {
        await this.#look();
      } catch (error) {
        this.#listeningMs = this.#parts.clock.monotonicMs();
        this.#parts.onError(error);
      }
    });
    return this.#looking;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#looking;
  }

  #arm(): void {
    this.#timer = setTimeout(() => {
      void this.look().then(() => {
        if (!this.#stopped) this.#arm();
      });
    }, everyMs);
  }

  async #look(): Promise<void> {
    const now = this.#read();
    const passedMs = now.monotonicMs - this.#looked.monotonicMs;
    const jumpedMs = now.wallMs - this.#looked.wallMs - passedMs;
    this.#looked = now;
    if (passedMs > everyMs + toleranceMs || Math.abs(jumpedMs) > toleranceMs) {
      this.#listeningMs = now.monotonicMs;
    }
    const listenedMs = now.monotonicMs - this.#listeningMs;
    await this.#findLost(now.wallMs, listenedMs);
    await this.#findLate(now.wallMs);
    if (listenedMs >= catchUpMs) await this.#findRinging(now.wallMs);
  }

  async #findLost(now: number, listenedMs: number): Promise<void> {
    const { store, onLost } = this.#parts;
    for (;;) {
      const lost = await store.loseSilentRuns({ now, listenedMs, limit: mostAtOnce });
      if (lost.length > 0) {
        onLost(lost);
        this.#parts.onRang();
      }
      if (lost.length < mostAtOnce || this.#stopped) return;
    }
  }

  async #findLate(until: number): Promise<void> {
    const { store, onLate } = this.#parts;
    const after = this.#lateUntil;
    if (until <= after) return;
    const late = await store.jobsGoneLate({ after, until, limit: mostAtOnce });
    this.#lateUntil = until;
    if (late.length > 0) onLate(late);
  }

  async #findRinging(now: number): Promise<void> {
    for (;;) {
      const { looked, rang } = await this.#parts.store.lookAtJobs({ now, limit: mostAtOnce });
      if (rang) this.#parts.onRang();
      if (looked < mostAtOnce || this.#stopped) return;
    }
  }

  #read(): { readonly wallMs: number; readonly monotonicMs: number } {
    const { clock } = this.#parts;
    return { wallMs: clock.now(), monotonicMs: clock.monotonicMs() };
  }
}
