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
 *
 * Of several hubs one looks for all (`shared`), which counts what it could hear itself. Runs are taken in by any of them, so
 * whoever told a hub that goes, or seems to, has to find another one first: no run is lost while one is in doubt, nor until
 * what waits in sidecars had the time to arrive, and silence has to last a little longer, so that a hub in doubt is seen.
 */
import type { Clock } from "../model/clock.ts";
import type { ChangedRun, JobId } from "../model/job.ts";

export interface RunWatchParts {
  readonly clock: Clock;
  readonly store: {
    loseSilentRuns(bounds: {
      readonly now: number;
      readonly listenedMs: number;
      readonly graceMs: number;
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
  /** Left out: there is no other hub. */
  readonly shared?: {
    /** Whether this hub looks for all at present. */
    readonly hasDuty: () => boolean;
    readonly otherHubs: () => Promise<OtherHubs>;
  };
}

/** How the other hubs of a fleet fare: there are none, all are heard, or one is not heard any more. */
export type OtherHubs = "none" | "heard" | "in_doubt";

const everyMs = 1_000;
/** A look that is later than this, or a wall clock that is off by more, ends the listening so far. */
const toleranceMs = 2_000;
/** What sidecars keep while Belfry is away arrives within this time: they try at least once a minute. */
export const catchUpMs = 90_000;
/** Among several hubs runs have to be silent for so much longer: a hub that does not live any more is seen before, ms. */
const otherHubsGraceMs = 10_000;
/** Runs, or jobs, of one question. */
const mostAtOnce = 200;

export class RunWatch implements AsyncDisposable {
  readonly #parts: RunWatchParts;
  #listeningMs: number;
  /** No run is lost before: monotonic ms. */
  #noneLostUntilMs = Number.NEGATIVE_INFINITY;
  #hadDuty = false;
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
    const others = await this.#lookAtOthers(now.monotonicMs);
    const listenedMs = now.monotonicMs - this.#listeningMs;
    if (others !== null && now.monotonicMs >= this.#noneLostUntilMs) {
      const graceMs = others === "none" ? 0 : otherHubsGraceMs;
      await this.#findLost({ now: now.wallMs, listenedMs, graceMs });
    }
    // Each hub tells its own pages.
    await this.#findLate(now.wallMs);
    if (others !== null && listenedMs >= catchUpMs) await this.#findRinging(now.wallMs);
  }

  /** null: another hub looks for all. */
  async #lookAtOthers(monotonicMs: number): Promise<OtherHubs | null> {
    const { shared } = this.#parts;
    if (shared === undefined) return "none";
    const hadDuty = this.#hadDuty;
    this.#hadDuty = shared.hasDuty();
    if (!this.#hadDuty) return null;
    const others = await shared.otherHubs();
    if (!hadDuty || others === "in_doubt") {
      this.#listeningMs = monotonicMs;
      this.#noneLostUntilMs = monotonicMs + catchUpMs;
    }
    return others;
  }

  async #findLost(bounds: {
    readonly now: number;
    readonly listenedMs: number;
    readonly graceMs: number;
  }): Promise<void> {
    const { store, onLost } = this.#parts;
    for (;;) {
      const lost = await store.loseSilentRuns({ ...bounds, limit: mostAtOnce });
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
