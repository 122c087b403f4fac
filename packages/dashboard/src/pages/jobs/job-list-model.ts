/**
 * All jobs, kept live. The whole list is fetched once; what is heard of a run changes its row at once, and what only
 * the hub knows of a job is fetched anew soon after. Rows change places at most every few seconds, and not while `hold`
 * is on: nothing moves under a pointer.
 */
import {
  batch,
  effect,
  signal,
  untracked,
  type ReadonlySignal,
  type Signal,
} from "@preact/signals";
import type { JobView, RunView } from "@belfry/contract";
import type { Client } from "../../api/client.ts";
import { isMissing, type Failure } from "../../api/failure.ts";
import { createHold } from "../../live/hold.ts";
import { afterOpening } from "../../live/after-opening.ts";
import type { Live } from "../../live/stream.ts";
import type { JobState, JobsView } from "../../route/job-route.ts";
import { arrangeJobs, countStates, withRun } from "./arrange-jobs.ts";
import { createTrends, type Trends } from "./trends.ts";

export interface JobList extends Disposable {
  /** Ids of those asked for, in order. */
  readonly ids: ReadonlySignal<readonly string[]>;
  /** How many jobs there are; null before the first answer. */
  readonly total: ReadonlySignal<number | null>;
  /** By state, those in question; the worst first. */
  readonly counts: ReadonlySignal<readonly { readonly state: JobState; readonly count: number }[]>;
  readonly failure: ReadonlySignal<Failure | null>;
  readonly trends: Trends;
  row(id: string): ReadonlySignal<JobView> | undefined;
  /** Fetches everything anew. */
  refresh(): void;
  /** Names the rows in view: only of those is every word of progress heard. */
  see(ids: readonly string[]): void;
  hold(on: boolean): void;
}

export interface JobListParts {
  readonly client: Pick<Client, "jobs" | "job" | "series">;
  readonly live: Pick<Live, "listen" | "watchRuns" | "opened">;
  readonly view: ReadonlySignal<JobsView>;
  /** Epoch ms. */
  readonly now: () => number;
}

const reorderMs = 3000;
const refetchMs = 700;
const trendEveryMs = 60_000;
/** More changed jobs than this are fetched as the whole list. */
const fewJobs = 6;
/** The whole list is fetched no more often than this, and never for more than a tenth of the time. */
const wholeEveryMs = 3000;
const wholeShare = 10;

/** Starts the model; it follows `view` until it is disposed. */
export function createJobList(parts: JobListParts): JobList {
  return new Jobs(parts);
}

class Jobs implements JobList {
  readonly ids: Signal<readonly string[]> = signal([]);
  readonly total: Signal<number | null> = signal(null);
  readonly counts: Signal<readonly { readonly state: JobState; readonly count: number }[]> = signal(
    [],
  );
  readonly failure: Signal<Failure | null> = signal(null);
  readonly trends: Trends;
  readonly #parts: JobListParts;
  readonly #rows = new Map<string, Signal<JobView>>();
  readonly #changed = new Set<string>();
  readonly #stops: readonly (() => void)[];
  readonly #hold = createHold();
  readonly #trendTimer: ReturnType<typeof setInterval>;
  #request = new AbortController();
  #orderTimer: ReturnType<typeof setTimeout> | undefined;
  #fetchTimer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(parts: JobListParts) {
    this.#parts = parts;
    this.trends = createTrends(parts.client, parts.now);
    this.#trendTimer = setInterval(() => this.trends.refresh(), trendEveryMs);
    this.#stops = [
      effect(() => {
        void parts.view.value;
        untracked(() => this.#order());
      }),
      parts.live.listen({
        runs: (runs) => this.#take(runs),
        jobs: ({ changed }) => this.#refetch(changed),
        reset: () => this.refresh(),
      }),
      afterOpening(parts.live, () => this.refresh()),
    ];
    this.refresh();
  }

  row(id: string): ReadonlySignal<JobView> | undefined {
    return this.#rows.get(id);
  }

  refresh(): void {
    void this.#load();
  }

  see(ids: readonly string[]): void {
    // Jobs that are not there yet are heard of by those who listen to any run: an id that is none stands for them.
    this.#parts.live.watchRuns(ids.length === 0 ? [noJob] : ids);
  }

  hold(on: boolean): void {
    this.#hold.set(on);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    for (const stop of this.#stops) stop();
    this.#hold[Symbol.dispose]();
    clearInterval(this.#trendTimer);
    clearTimeout(this.#orderTimer);
    clearTimeout(this.#fetchTimer);
    this.#request.abort();
    this.trends[Symbol.dispose]();
    this.#parts.live.watchRuns([]);
  }

  #jobs(): readonly JobView[] {
    return [...this.#rows.values()].map((row) => row.peek());
  }

  async #load(): Promise<void> {
    this.#request.abort();
    this.#request = new AbortController();
    const { signal: aborted } = this.#request;
    const jobs: JobView[] = [];
    let cursor: string | null = null;
    do {
      // oxlint-disable-next-line no-await-in-loop -- a page names the next one
      const reply = await this.#parts.client.jobs(cursor, aborted);
      if (aborted.aborted) return;
      if (reply.kind === "failed") {
        this.failure.value = reply.failure;
        return;
      }
      jobs.push(...reply.value.items);
      cursor = reply.value.next_cursor;
    } while (cursor !== null);
    const isFirst = this.total.peek() === null;
    batch(() => {
      this.failure.value = null;
      const present = new Set(jobs.map((job) => job.id));
      for (const id of this.#rows.keys()) if (!present.has(id)) this.#rows.delete(id);
      for (const job of jobs) this.#put(job);
      this.total.value = jobs.length;
      this.#hold.run(() => this.#order());
      this.#count();
    });
    if (isFirst) this.trends.refresh();
  }

  #put(job: JobView): void {
    const row = this.#rows.get(job.id);
    if (row === undefined) this.#rows.set(job.id, signal(job));
    else row.value = job;
  }

  #take(runs: readonly RunView[]): void {
    batch(() => {
      for (const run of runs) {
        const row = run.job_id === null ? undefined : this.#rows.get(run.job_id);
        if (row !== undefined) row.value = withRun(row.peek(), run);
      }
      this.#count();
    });
    this.#orderLater();
  }

  #refetch(ids: readonly string[]): void {
    for (const id of ids) this.#changed.add(id);
    this.#fetchTimer ??= setTimeout(() => void this.#fetchChanged(), refetchMs);
  }

  async #fetchChanged(): Promise<void> {
    const ids = [...this.#changed];
    this.#changed.clear();
    const began = this.#parts.now();
    const isWhole = ids.length > fewJobs;
    if (isWhole) await this.#load();
    else await Promise.all(ids.map((id) => this.#fetchOne(id)));
    if (this.#isOver) return;
    // Where a thousand jobs run at once, the whole list is not all the hub has to do.
    const pause = Math.max(wholeEveryMs, (this.#parts.now() - began) * wholeShare);
    this.#fetchTimer = setTimeout(
      () => {
        this.#fetchTimer = undefined;
        if (this.#changed.size > 0) void this.#fetchChanged();
      },
      isWhole ? pause : refetchMs,
    );
  }

  async #fetchOne(id: string): Promise<void> {
    const reply = await this.#parts.client.job(id);
    if (this.#isOver) return;
    const isNew = !this.#rows.has(id);
    batch(() => {
      if (reply.kind === "ok") this.#put(reply.value);
      else if (isMissing(reply.failure)) this.#rows.delete(id);
      this.total.value = this.#rows.size;
      this.#count();
      if (isNew !== !this.#rows.has(id)) this.#hold.run(() => this.#order());
    });
    this.#orderLater();
  }

  #count(): void {
    this.counts.value = countStates(this.#jobs(), this.#parts.view.peek().subjobs);
  }

  #order(): void {
    clearTimeout(this.#orderTimer);
    this.#orderTimer = undefined;
    this.#count();
    const ids = arrangeJobs(this.#jobs(), this.#parts.view.peek()).map((job) => job.id);
    const former = this.ids.peek();
    if (ids.length === former.length && ids.every((id, i) => id === former[i])) return;
    this.ids.value = ids;
  }

  #orderLater(): void {
    this.#orderTimer ??= setTimeout(() => {
      this.#orderTimer = undefined;
      this.#hold.run(() => this.#order());
    }, reorderMs);
  }
}

/** No job has this id. */
const noJob = "00000000-0000-7000-8000-000000000000";
