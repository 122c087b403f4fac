/** What is decided about checks, on its way to the store. */
import type { HubParts } from "./app.ts";
import { CommitQueue } from "./commit-queue.ts";
import type { Fleet } from "./fleet/port.ts";
import type { Metrics } from "./self/metrics.ts";
import type { Store } from "./store/port.ts";

export interface CommitsParts {
  readonly log: HubParts["log"];
  readonly store: Pick<Store, "commit">;
  readonly metrics: Metrics;
  readonly fleet: Fleet;
}

/** How long decisions are gathered before they are committed, in ms. */
const commitTickMs = 50;
/** How many decided checks may wait for a store that does not answer. */
const maxWaitingChecks = 50_000;

/** Opens the queue; `stack` ends it, and what waits is stored first. */
export function openCommits(
  { log, store, metrics, fleet }: CommitsParts,
  stack: AsyncDisposableStack,
): CommitQueue {
  const commits = stack.use(
    new CommitQueue(
      { tickMs: commitTickMs, maxChecks: maxWaitingChecks },
      {
        commit: (change) => store.commit(change),
        fence: () => fleet.process?.id,
        onFenced: (checks) =>
          log.warn({ checks }, "checks were not stored: others look after their monitors by now"),
        onError(err) {
          metrics.failed("commit");
          log.error({ err }, "checks could not be stored; trying again");
        },
        onDropped: (checks) =>
          log.error({ checks }, "the store is away for too long: history is dropped"),
        onCommitted: (seconds) => metrics.storeTook("commit", seconds),
      },
    ),
  );
  metrics.watchQueue("commits", () => commits.stats);
  return commits;
}
