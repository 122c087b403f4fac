/** The path of what jobs tell: intake → store → whoever follows runs; what is noticed of them; and where people change jobs. */
import { createHash, randomUUID } from "node:crypto";
import { readEvents } from "@belfry/relay";
import { runView } from "./api/jobs/view.ts";
import type { ReadEvents } from "./api/parts.ts";
import type { Fleet } from "./fleet/port.ts";
import { createRuns, type Runs } from "./ingest/runs.ts";
import { JobDesk } from "./job-desk.ts";
import type { Live } from "./live/live.ts";
import type { ShownRun } from "./live/run-feed.ts";
import { RunFollower } from "./live/run-follower.ts";
import type { Clock } from "./model/clock.ts";
import type { Member } from "./model/fleet.ts";
import type { ChangedRun, RunRowId } from "./model/job.ts";
import type { RunEvent } from "./model/run.ts";
import { RunWatch, type OtherHubs } from "./schedule/run-watch.ts";
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
    | "runsChangedSince"
    | "eventsStoredSince"
    | "jobEdits"
  >;
  readonly fleet: Pick<Fleet, "process" | "hasDuty" | "members" | "onHint">;
  readonly live: Pick<Live, "runsChanged" | "jobsChanged" | "eventsStored" | "runReaders">;
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
  /** Begins to listen for heartbeats, and to follow other hubs: once events can be taken in. Disposing the path ends it. */
  listen(): RunWatch;
}

/** Draws the path; `stack` ends it. */
export function createJobs(parts: JobsParts, stack: AsyncDisposableStack): Jobs {
  const { clock, store, live, metrics, onEvent, onRuns, onRang } = parts;
  // In a fleet what this hub took in is told together with what others did.
  const follower = openFollower(parts, stack);
  const runs = createRuns({
    clock,
    sha256: (text) => createHash("sha256").update(text).digest("hex"),
    store,
    onStored({ events, changed, rang }) {
      if (rang) onRang();
      if (follower === null) {
        live.eventsStored(events);
        live.runsChanged(changed);
      } else follower.soon();
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
        if (follower === null) live.jobsChanged(ids);
        else follower.soon();
        onRang();
      },
    }),
    readEvents: (body, now) => readEvents(body, { now, random: randomUUID }),
    listen() {
      const watch = stack.use(createWatch(parts, follower));
      watch.start();
      follower?.start();
      return watch;
    },
  };
}

/** What follows other hubs; null where there are none. */
function openFollower(
  { log, store, live, metrics, fleet }: JobsParts,
  stack: AsyncDisposableStack,
): RunFollower | null {
  if (fleet.process === undefined) return null;
  const follower = new RunFollower({
    store,
    live,
    onError(err) {
      metrics.failed("runs");
      log.error({ err }, "what other hubs took in of runs could not be read; trying again");
    },
  });
  fleet.onHint(["runs"], () => follower.soon());
  return stack.use(follower);
}

function createWatch(
  { clock, log, store, live, metrics, fleet, onRang }: JobsParts,
  follower: RunFollower | null,
): RunWatch {
  const shared = {
    hasDuty: () => fleet.hasDuty("runs"),
    otherHubs: async () => otherHubsOf(await fleet.members(), fleet.process?.id),
  };
  return new RunWatch({
    clock,
    store,
    ...(follower === null ? {} : { shared }),
    onLost(lost) {
      if (follower === null) live.runsChanged(lost);
      else follower.soon();
    },
    onLate: (late) => live.jobsChanged(late),
    onRang,
    onError(err) {
      metrics.failed("runs");
      log.error({ err }, "silent runs and late jobs could not be looked for; trying again");
    },
  });
}

/** Two renewals of a lease: a hub that says nothing for longer is in doubt, ms. */
const doubtAfterMs = 5_000;

/** How hubs beside this one fare; one that left or was taken for dead is in doubt until shortly after its lease. */
export function otherHubsOf(
  members: readonly Pick<Member, "id" | "kind" | "seenAt" | "until">[],
  own: Member["id"] | undefined,
): OtherHubs {
  const now = Math.max(0, ...members.map(({ seenAt }) => seenAt));
  const others = members.filter(
    ({ id, kind, until }) => kind === "hub" && id !== own && until > now - doubtAfterMs,
  );
  if (others.length === 0) return "none";
  return others.some(({ seenAt }) => seenAt < now - doubtAfterMs) ? "in_doubt" : "heard";
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
