/**
 * Tells live events of what any hub of a fleet took in of runs: of those that changed, of their events, of jobs that people
 * changed. What this hub took in itself comes the same way, so nothing is told twice. While nobody reads, only the place to
 * go on from is kept up to date.
 */
import type { ChangedRun, JobId, RunRowId } from "../model/job.ts";
import type { ToldEvent } from "./event-tail.ts";

export interface RunFollowerParts {
  readonly store: {
    runsChangedSince(since: number | null): Promise<{
      readonly next: number;
      readonly changed: readonly (ChangedRun & { readonly changedIn: number })[];
    }>;
    eventsStoredSince(
      ids: readonly RunRowId[],
      since: number,
    ): Promise<
      readonly {
        readonly event: ToldEvent & { readonly key: string };
        readonly rowId: RunRowId;
        readonly changedIn: number;
      }[]
    >;
    jobEdits(
      after: number | null,
      overlap: number,
    ): Promise<{
      readonly last: number;
      readonly edits: readonly { readonly sequence: number; readonly id: JobId }[];
    }>;
  };
  readonly live: {
    /** Who reads: pages that show runs, and streams of every event. */
    readonly runReaders: { readonly pages: boolean; readonly tails: boolean };
    runsChanged(runs: readonly ChangedRun[]): void;
    jobsChanged(ids: readonly JobId[]): void;
    eventsStored(events: readonly ToldEvent[]): void;
  };
  readonly onError: (error: unknown) => void;
}

const everyMs = 1_000;
/** What comes within so long is one look. */
const gatherMs = 100;
/** Changes of jobs by people that may become visible after later ones. */
const overlap = 50;

export class RunFollower implements AsyncDisposable {
  readonly #parts: RunFollowerParts;
  #since: number | null = null;
  #edited: number | null = null;
  /** What was told and may be read again: by a run, an event or a job, the transaction or sequence that changed it. */
  readonly #toldRuns = new Map<RunRowId, number>();
  readonly #toldEvents = new Map<string, number>();
  readonly #toldEdits = new Set<number>();
  #looking: Promise<void> | null = null;
  #isWanted = false;
  #timer: NodeJS.Timeout | null = null;
  #soonTimer: NodeJS.Timeout | null = null;
  #isOver = false;

  constructor(parts: RunFollowerParts) {
    this.#parts = parts;
  }

  /** Looks once a second. */
  start(): void {
    void this.look();
    this.#timer = setInterval(() => void this.look(), everyMs);
  }

  /** Something may be there that somebody wants to read. */
  soon(): void {
    if (this.#soonTimer !== null || this.#isOver || !this.#isRead) return;
    this.#soonTimer = setTimeout(() => {
      this.#soonTimer = null;
      void this.look();
    }, gatherMs);
  }

  get #isRead(): boolean {
    const { pages, tails } = this.#parts.live.runReaders;
    return pages || tails;
  }

  /** Looks now; what is wanted while a look is under way is one more afterwards. Never rejects. */
  look(): Promise<void> {
    this.#isWanted = true;
    this.#looking ??= this.#lookAgain().finally(() => (this.#looking = null));
    return this.#looking;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#soonTimer !== null) clearTimeout(this.#soonTimer);
    await this.#looking;
  }

  async #lookAgain(): Promise<void> {
    while (this.#isWanted && !this.#isOver) {
      this.#isWanted = false;
      await this.#look().catch((error: unknown) => {
        if (!this.#isOver) this.#parts.onError(error);
      });
    }
  }

  async #look(): Promise<void> {
    const { store, live } = this.#parts;
    if (!this.#isRead) {
      // Whoever comes back fetches everything anew.
      live.runsChanged([]);
      const [runs, edits] = await Promise.all([
        store.runsChangedSince(null),
        store.jobEdits(null, overlap),
      ]);
      this.#toldRuns.clear();
      this.#toldEvents.clear();
      this.#since = runs.next;
      this.#noteEdits(edits);
      return;
    }
    await this.#followEdits();
    await this.#followRuns();
  }

  async #followRuns(): Promise<void> {
    const { store, live } = this.#parts;
    const { tails } = live.runReaders;
    const since = this.#since;
    const { next, changed } = await store.runsChangedSince(since);
    const fresh = changed.filter(({ id, changedIn }) => this.#toldRuns.get(id) !== changedIn);
    if (tails && since !== null && fresh.length > 0) {
      const ids = fresh.map(({ id }) => id);
      const stored = await store.eventsStoredSince(ids, since);
      const keyOf = ({ rowId, event }: (typeof stored)[number]): string => `${rowId} ${event.key}`;
      const untold = stored.filter((one) => !this.#toldEvents.has(keyOf(one)));
      for (const one of untold) this.#toldEvents.set(keyOf(one), one.changedIn);
      live.eventsStored(untold.map(({ event }) => event));
    }
    for (const { id, changedIn } of fresh) this.#toldRuns.set(id, changedIn);
    if (fresh.length > 0) live.runsChanged(fresh);
    this.#since = next;
    for (const told of [this.#toldRuns, this.#toldEvents]) dropBelow(told, next);
  }

  async #followEdits(): Promise<void> {
    const isFirst = this.#edited === null;
    const found = await this.#parts.store.jobEdits(this.#edited, overlap);
    const fresh = found.edits.filter(({ sequence }) => !this.#toldEdits.has(sequence));
    this.#noteEdits(found);
    if (fresh.length > 0 && !isFirst) {
      this.#parts.live.jobsChanged(fresh.map(({ id }) => id));
    }
  }

  #noteEdits({ last, edits }: Awaited<ReturnType<RunFollowerParts["store"]["jobEdits"]>>): void {
    for (const { sequence } of edits) this.#toldEdits.add(sequence);
    for (const sequence of this.#toldEdits) {
      if (sequence <= last - overlap) this.#toldEdits.delete(sequence);
    }
    this.#edited = last;
  }
}

/** What was changed by earlier transactions is not read again. */
function dropBelow(told: Map<string, number>, next: number): void {
  for (const [id, changedIn] of told) if (changedIn < next) told.delete(id);
}
