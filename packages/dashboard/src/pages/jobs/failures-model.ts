/** The last runs that failed or were lost, over all jobs, kept live. */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { RunView } from "@belfry/contract";
import type { Client, Page } from "../../api/client.ts";
import type { Failure } from "../../api/failure.ts";
import { appendNextPage, withOlder } from "../../api/next-page.ts";
import { afterOpening } from "../../live/after-opening.ts";
import type { Live } from "../../live/stream.ts";

export interface FailuresModel extends Disposable {
  /** Those that began last first; null before the first answer. */
  readonly runs: ReadonlySignal<Page<RunView> | null>;
  readonly failure: ReadonlySignal<Failure | null>;
  refresh(): void;
  older(): Promise<void>;
}

export interface FailuresParts {
  readonly client: Pick<Client, "runs">;
  readonly live: Pick<Live, "listen" | "watchRuns" | "opened">;
}

const atOnce = 50;
/** Runs change all the time; the list is fetched no more often than this. */
const everyMs = 1500;

/** Starts the model. */
export function createFailuresModel({ client, live }: FailuresParts): FailuresModel {
  const runs: Signal<Page<RunView> | null> = signal(null);
  const failure: Signal<Failure | null> = signal(null);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  // Any failure changes its job, and changed jobs are told to whoever watches any run.
  live.watchRuns([noRun]);
  const stopListening = live.listen({
    jobs: () => (timer ??= setTimeout(() => void load(), everyMs)),
    reset: () => void load(),
  });
  const stopWaiting = afterOpening(live, () => void load());

  function ask(cursor: string | undefined) {
    return client.runs({ status: ["failed", "lost"], limit: atOnce, cursor });
  }

  async function load(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const reply = await ask(undefined);
    if (isOver) return;
    if (reply.kind === "failed") {
      failure.value = reply.failure;
      return;
    }
    failure.value = null;
    runs.value = withOlder(reply.value, runs.value);
  }

  void load();
  return {
    runs,
    failure,
    refresh: () => void load(),
    older: () => appendNextPage(runs, ask),
    [Symbol.dispose]() {
      isOver = true;
      clearTimeout(timer);
      stopListening();
      stopWaiting();
      live.watchRuns([]);
    },
  };
}

/** No run has this id. */
const noRun = "00000000-0000-7000-8000-000000000000";
