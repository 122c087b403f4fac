/** One job and its runs, kept live. */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { JobView, RunView } from "@belfry/contract";
import type { Client, Page } from "../../api/client.ts";
import { isMissing, type Failure } from "../../api/failure.ts";
import { appendNextPage } from "../../api/next-page.ts";
import { afterOpening } from "../../live/after-opening.ts";
import type { Live } from "../../live/stream.ts";

export interface JobModel extends Disposable {
  readonly job: ReadonlySignal<JobView | null>;
  /** `missing`: there is no such job (any more). */
  readonly failure: ReadonlySignal<Failure | "missing" | null>;
  /** Those that began last first, as far as they are loaded; null before the first answer. */
  readonly runs: ReadonlySignal<Page<RunView> | null>;
  /** Counts the runs that were heard to end: what follows runs follows this. */
  readonly ended: ReadonlySignal<number>;
  refresh(): void;
  olderRuns(): Promise<void>;
  /** Shows what a change of it was answered with. */
  put(job: JobView): void;
}

export interface JobModelParts {
  readonly client: Pick<Client, "job" | "runs">;
  readonly live: Pick<Live, "listen" | "watchRuns" | "opened">;
}

const runsAtOnce = 25;
/** A job whose runs change all the time is fetched no more often than this. */
const everyMs = 700;

/** Starts to follow a job. */
export function createJobModel(id: string, { client, live }: JobModelParts): JobModel {
  const job: Signal<JobView | null> = signal(null);
  const failure: Signal<Failure | "missing" | null> = signal(null);
  const runs: Signal<Page<RunView> | null> = signal(null);
  const ended = signal(0);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  live.watchRuns([id]);
  const stopListening = live.listen({
    jobs: ({ changed }) => {
      if (changed.includes(id)) timer ??= setTimeout(() => void load(), everyMs);
    },
    runs: (heard) => take(heard.filter((run) => run.job_id === id)),
    reset: refresh,
  });
  const stopWaiting = afterOpening(live, refresh);

  async function load(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const reply = await client.job(id);
    if (isOver) return;
    if (reply.kind === "ok") {
      job.value = reply.value;
      failure.value = null;
    } else failure.value = isMissing(reply.failure) ? "missing" : reply.failure;
  }

  function askRuns(cursor: string | undefined) {
    return client.runs({ job: id, limit: runsAtOnce, cursor });
  }

  async function loadRuns(): Promise<void> {
    const reply = await askRuns(undefined);
    if (!isOver && reply.kind === "ok") runs.value = reply.value;
  }

  function take(heard: readonly RunView[]): void {
    const page = runs.value;
    if (heard.length === 0 || page === null) return;
    runs.value = { ...page, items: withRuns(page.items, heard) };
    if (heard.some(({ ended_at: at }) => at !== null)) ended.value += 1;
  }

  function refresh(): void {
    void load();
    void loadRuns();
  }

  refresh();
  return {
    job,
    failure,
    runs,
    ended,
    refresh,
    olderRuns: () => appendNextPage(runs, askRuns),
    put: (changed) => (job.value = changed),
    [Symbol.dispose]() {
      isOver = true;
      clearTimeout(timer);
      stopListening();
      stopWaiting();
      live.watchRuns([]);
    },
  };
}

/** A list of runs after something was heard of some: changed in their places, new ones where they belong. */
export function withRuns(list: readonly RunView[], heard: readonly RunView[]): readonly RunView[] {
  const fresh = new Map(heard.map((run) => [run.id, run]));
  const kept = list.map((run) => {
    const found = fresh.get(run.id);
    fresh.delete(run.id);
    return found ?? run;
  });
  const oldest = list.at(-1);
  const added = [...fresh.values()].filter(
    (run) => oldest === undefined || startOf(run) >= startOf(oldest),
  );
  return [...added, ...kept].toSorted((a, b) => startOf(b) - startOf(a));
}

function startOf(run: RunView): number {
  return run.started_at === null ? 0 : Date.parse(run.started_at);
}
