/** The path of what jobs tell: intake → store → whoever follows runs; what is noticed of them; and where people change jobs. */
import { createHash, randomUUID } from "node:crypto";
import { readEvents } from "@belfry/relay";
import { runView } from "./api/jobs/view.ts";
import type { ReadEvents } from "./api/parts.ts";
import { createRuns, type Runs } from "./ingest/runs.ts";
import { JobDesk } from "./job-desk.ts";
import type { Live } from "./live/live.ts";
import type { ShownRun } from "./live/run-feed.ts";
import type { Clock } from "./model/clock.ts";
import type { ChangedRun, RunRowId } from "./model/job.ts";
import type { RunEvent } from "./model/run.ts";
import { RunWatch } from "./schedule/run-watch.ts";
import type { Metrics } from "./self/metrics.ts";
import type { Store } from "./store/port.ts";

export interface JobsParts {
  readonly clock: Clock;
  readonly log: { error(fields: object, message: string): void };
  readonly store: Pick<
    Store,
    | "takeEvents"
    | "loseSilentRuns"
    | "lookAtJobs"
    | "jobsGoneLate"
    | "jobTotals"
    | "changeJob"
    | "deleteJob"
  >;
  readonly live: Pick<Live, "runsChanged" | "jobsChanged" | "eventsStored">;
  readonly metrics: Pick<Metrics, "eventsCounted" | "watchJobs" | "watchQueue" | "failed">;
  /** Told of every event that is new, after it was stored. Must not throw. */
  readonly onEvent: (event: RunEvent) => void;
  /** Told of every run that changed, after it was stored. Must not throw. */
  readonly onRuns: (changed: readonly ChangedRun[]) => void;
  /** Told when alerting has signals to consume. */
  readonly onRang: () => void;
}

export interface Jobs {
  readonly runs: Runs;
  readonly jobDesk: JobDesk;
  readonly readEvents: (body: unknown, now: number) => ReadEvents;
  /** Begins to listen for heartbeats: once events can be taken in. */
  listen(): RunWatch;
}

/** Draws the path. */
export function createJobs(parts: JobsParts): Jobs {
  const { clock, log, store, live, metrics, onEvent, onRuns, onRang } = parts;
  const runs = createRuns({
    clock,
    sha256: (text) => createHash("sha256").update(text).digest("hex"),
    store,
    onStored({ events, changed, rang }) {
      if (rang) onRang();
      live.eventsStored(events);
      live.runsChanged(changed);
      onRuns(changed);
      for (const event of events) onEvent(event);
    },
    onCounted: (result, events) => metrics.eventsCounted(result, events),
  });
  metrics.watchQueue("events", () => runs.queue);
  metrics.watchJobs(
    () => store.jobTotals(clock.now()),
    () => clock.monotonicMs(),
  );
  return {
    runs,
    jobDesk: new JobDesk({
      clock,
      store,
      onChanged(ids) {
        live.jobsChanged(ids);
        onRang();
      },
    }),
    readEvents: (body, now) => readEvents(body, { now, random: randomUUID }),
    listen() {
      const watch = new RunWatch({
        clock,
        store,
        onLost: (lost) => live.runsChanged(lost),
        onLate: (late) => live.jobsChanged(late),
        onRang,
        onError(err) {
          metrics.failed("runs");
          log.error({ err }, "silent runs and late jobs could not be looked for; trying again");
        },
      });
      watch.start();
      return watch;
    },
  };
}

/** Reads runs for those who follow them. */
export function createRunReader(
  store: Pick<Store, "runsInTree">,
  clock: Clock,
): (ids: readonly RunRowId[]) => Promise<readonly ShownRun[]> {
  return async (ids) => {
    const found = await store.runsInTree(ids);
    return found.map(({ run, above }) => ({ view: runView(run, clock.now()), above }));
  };
}
