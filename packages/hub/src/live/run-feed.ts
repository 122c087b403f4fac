/**
 * Which runs changed, for those who follow them. Gathers ids, reads the present state of at most some of them at a time
 * and gives each reader those it asked for: a run itself, all below a run, all of a job, or everything. When more change
 * than can be told, readers are told to fetch everything anew.
 */
import type { RunView } from "@belfry/contract";
import type { ChangedRun, JobId, RunRowId } from "../model/job.ts";

/** A run as it is shown, with the ids of the runs above it. */
export interface ShownRun {
  readonly view: RunView;
  readonly above: readonly string[];
}

/** Ids of runs, of runs above, or of jobs. */
export type WantedRuns = "all" | ReadonlySet<string>;

/** What is to be sent: to readers of runs, `reset`, or ids of jobs and texts of runs. */
export interface RunNews {
  readonly jobs: readonly JobId[];
  readonly runs: readonly (ShownRun & { readonly text: string })[];
}

/** Runs that are read and sent at once: what is more follows a second later. */
export const mostRunsAtOnce = 200;
/** Characters of runs that are sent at once. */
const mostTextAtOnce = 500_000;
/** Runs, and jobs, that may wait to be told. */
export const mostRunsWaiting = 2_000;

export class RunFeed {
  readonly #read: (ids: readonly RunRowId[]) => Promise<readonly ShownRun[]>;
  readonly #runs = new Set<RunRowId>();
  readonly #jobs = new Set<JobId>();
  #isFull = false;

  constructor(read: (ids: readonly RunRowId[]) => Promise<readonly ShownRun[]>) {
    this.#read = read;
  }

  /** Something waits to be told. */
  get waits(): boolean {
    return this.#isFull || this.#runs.size > 0 || this.#jobs.size > 0;
  }

  /** Notes runs that somebody may want; `wanted` says what each reader asked for. */
  note(changed: readonly ChangedRun[], wanted: readonly WantedRuns[]): void {
    for (const run of changed) {
      for (const id of run.jobIds) this.#jobs.add(id);
      if (wanted.some((one) => mayWant(one, run))) this.#runs.add(run.id);
    }
    this.#bound();
  }

  noteJobs(ids: readonly JobId[]): void {
    for (const id of ids) this.#jobs.add(id);
    this.#bound();
  }

  /** What waits, up to as much as is told at once; `reset` when some of it was dropped or cannot be read. */
  async take(): Promise<RunNews | "reset"> {
    if (this.#isFull) {
      this.#isFull = false;
      return "reset";
    }
    const jobs = [...this.#jobs];
    this.#jobs.clear();
    const ids = [...this.#runs].slice(0, mostRunsAtOnce);
    for (const id of ids) this.#runs.delete(id);
    let shown: readonly ShownRun[];
    try {
      shown = ids.length === 0 ? [] : await this.#read(ids);
    } catch {
      // Whoever fetches anew is told by the API what is wrong.
      return "reset";
    }
    const runs: (ShownRun & { text: string })[] = [];
    let length = 0;
    for (const one of shown) {
      const text = JSON.stringify(one.view);
      length += text.length;
      if (length > mostTextAtOnce && runs.length > 0) this.#runs.add(asRunId(one.view.id));
      else runs.push({ ...one, text });
    }
    return { jobs, runs };
  }

  /** Forgets everything: nobody reads any more. */
  clear(): void {
    this.#runs.clear();
    this.#jobs.clear();
    this.#isFull = false;
  }

  #bound(): void {
    if (this.#runs.size <= mostRunsWaiting && this.#jobs.size <= mostRunsWaiting) return;
    this.clear();
    this.#isFull = true;
  }
}

/** Whether a reader asked for a run as it is shown. */
export function wants(wanted: WantedRuns, { view, above }: ShownRun): boolean {
  if (wanted === "all" || wanted.has(view.id)) return true;
  if (view.job_id !== null && wanted.has(view.job_id)) return true;
  return above.some((id) => wanted.has(id));
}

/** As far as it can be told without looking for the runs above. */
function mayWant(wanted: WantedRuns, { id, parentId, jobIds }: ChangedRun): boolean {
  if (wanted === "all" || parentId !== null) return true;
  return wanted.has(id) || jobIds.some((job) => wanted.has(job));
}

/** Guarantee: views are made of kept runs, whose ids are those of runs. */
function asRunId(id: string): RunRowId {
  return id as RunRowId;
}
