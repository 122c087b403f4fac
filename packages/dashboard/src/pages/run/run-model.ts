/** One run with the runs below it and its log, kept live; and the good run before it, once it is asked for. */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { RunTreeView, RunView } from "@belfry/contract";
import type { Client } from "../../api/client.ts";
import { isMissing, type Failure } from "../../api/failure.ts";
import { afterOpening } from "../../live/after-opening.ts";
import type { Live } from "../../live/stream.ts";
import { createEventLog, type EventLog } from "./event-log.ts";
import { treeWith } from "./tree.ts";

/** What became of looking for a run to compare with. */
export type Previous =
  | { readonly kind: "not asked" | "looking" | "none" | "failed" }
  | { readonly kind: "found"; readonly run: RunTreeView };

export interface RunModel extends Disposable {
  readonly run: ReadonlySignal<RunTreeView | null>;
  /** `missing`: there is no such run. */
  readonly failure: ReadonlySignal<Failure | "missing" | null>;
  /** The run it is part of. */
  readonly parent: ReadonlySignal<RunView | null>;
  readonly log: EventLog;
  readonly previous: ReadonlySignal<Previous>;
  refresh(): void;
  /** Looks for the last run of the same job that began before this one and succeeded. */
  findPrevious(): Promise<void>;
}

export interface RunModelParts {
  readonly client: Pick<Client, "run" | "runs" | "runEvents">;
  readonly live: Pick<Live, "listen" | "watchRuns" | "opened">;
}

const runsAtOnce = 50;
/** So many pages of good runs are looked through for one that is older. */
const mostPages = 10;

/** Starts to follow a run. */
export function createRunModel(id: string, { client, live }: RunModelParts): RunModel {
  const run: Signal<RunTreeView | null> = signal(null);
  const failure: Signal<Failure | "missing" | null> = signal(null);
  const parent: Signal<RunView | null> = signal(null);
  const previous: Signal<Previous> = signal({ kind: "not asked" });
  const log = createEventLog(id, client);
  let isOver = false;
  live.watchRuns([id]);
  const stopListening = live.listen({ runs: take, reset: refresh });
  const stopWaiting = afterOpening(live, refresh);

  async function load(): Promise<void> {
    const reply = await client.run(id);
    if (isOver) return;
    if (reply.kind === "failed") {
      failure.value = isMissing(reply.failure) ? "missing" : reply.failure;
      return;
    }
    failure.value = null;
    run.value = reply.value;
    await loadParent(reply.value.parent_id);
  }

  async function loadParent(parentId: string | null): Promise<void> {
    if (parentId === null || parent.value?.id === parentId) return;
    const reply = await client.run(parentId);
    if (!isOver && reply.kind === "ok") parent.value = reply.value;
  }

  function take(heard: readonly RunView[]): void {
    const former = run.value;
    if (former === null) return;
    run.value = treeWith(former, heard);
    const own = heard.find((one) => one.id === id);
    if (own === undefined) return;
    log.follow();
    void loadParent(own.parent_id);
  }

  function refresh(): void {
    void load();
    log.refresh();
  }

  async function findPrevious(): Promise<void> {
    const present = run.value;
    if (present === null || present.job_id === null) return;
    previous.value = { kind: "looking" };
    const found = await goodRunBefore(present, present.job_id, client);
    if (isOver) return;
    if (found === "failed" || found === undefined) {
      previous.value = { kind: found === undefined ? "none" : "failed" };
      return;
    }
    const reply = await client.run(found.id);
    if (isOver) return;
    previous.value = reply.kind === "ok" ? { kind: "found", run: reply.value } : { kind: "failed" };
  }

  void load();
  return {
    run,
    failure,
    parent,
    log,
    previous,
    refresh,
    findPrevious,
    [Symbol.dispose]() {
      isOver = true;
      stopListening();
      stopWaiting();
      log[Symbol.dispose]();
      live.watchRuns([]);
    },
  };
}

/** The last run of a job that succeeded and began before `run`; undefined where there is none. */
async function goodRunBefore(
  run: RunView,
  job: string,
  client: Pick<Client, "runs">,
): Promise<RunView | undefined | "failed"> {
  const began = run.started_at === null ? Number.POSITIVE_INFINITY : Date.parse(run.started_at);
  let cursor: string | undefined;
  for (let page = 0; page < mostPages; page += 1) {
    const filter = { job, status: ["succeeded"], limit: runsAtOnce, cursor } as const;
    // oxlint-disable-next-line no-await-in-loop -- a page names the next one
    const reply = await client.runs(filter);
    if (reply.kind === "failed") return "failed";
    const found = reply.value.items.find(
      ({ id, started_at: at }) => id !== run.id && at !== null && Date.parse(at) < began,
    );
    if (found !== undefined || reply.value.next_cursor === null) return found;
    cursor = reply.value.next_cursor;
  }
  return undefined;
}
