/**
 * Builds a worker elsewhere in a straight line: what the hub assigns → the schedule → probes → outcomes on disk → the hub.
 * It has no access to the database. While the hub is away it goes on with what it was given last, also after its own
 * restart, and everything it found is handed in afterwards with the times at which it was found.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createThreadDisk } from "@belfry/relay";
import type { HubParts } from "../app.ts";
import type { KeyStore } from "../api/access/key-ring.ts";
import { openChecking } from "../checking.ts";
import type { Settings } from "../config/settings.ts";
import { createRetries } from "../judge/retry.ts";
import { AppError } from "../model/error.ts";
import { foundOf } from "../model/found.ts";
import { createId, parseId } from "../model/id.ts";
import { ownLocation } from "../model/location.ts";
import type { Monitor } from "../model/monitor.ts";
import type { Outcome } from "../model/outcome.ts";
import { Scheduler } from "../schedule/scheduler.ts";
import { createSlotNames } from "../schedule/slot-names.ts";
import { createMetrics } from "../self/metrics.ts";
import { openWorkerServer } from "../worker-server.ts";
import { Assignment } from "./assignment.ts";
import { createHubClock } from "./hub-clock.ts";
import { HubLink, parseHubUrl } from "./hub-link.ts";
import { HubWatch } from "./hub-watch.ts";
import { openKeepsake } from "./keepsake.ts";
import { addRemoteWorkerMetrics } from "./metrics.ts";
import { openOutbox, type Outbox } from "./outbox.ts";

export type RemoteWorkerParts = Pick<HubParts, "clock" | "log" | "version" | "stdout">;

/** A worker elsewhere that checks. Disposing stops it: what was found stays on disk. */
export interface RunningRemoteWorker extends AsyncDisposable {
  /** Where its health is asked for. */
  readonly url: string;
  /** From now on `/ready` says that it stops. */
  stopping(): void;
}

type WorkerSettings = Settings["worker"] & object;

/** A failure to reach the hub is told of so often, ms. */
const tellEveryMs = 60_000;

/** Starts it; rejects with an `AppError` that says why it cannot. */
export async function startRemoteWorker(
  settings: Settings,
  parts: RemoteWorkerParts,
): Promise<RunningRemoteWorker> {
  const { worker, location } = settings;
  if (worker === null) throw new AppError("invalid", "worker: hub: expected the URL of a hub");
  await using stack = new AsyncDisposableStack();
  const remote = await openRemoteWorker(worker, settings, parts, stack);
  const { metrics, hub } = remote;
  let life = "ok";
  const server = stack.use(
    await openWorkerServer(settings, {
      ...parts,
      keys: noKeys,
      readiness: { read: () => Promise.resolve({ process: life, hub: hub.state }) },
      metrics: metrics.registry,
    }),
  );
  await hub.start();
  parts.log.info({ hub: worker.hub, location, monitors: remote.assignment.size }, "checking");
  const running = stack.move();
  return {
    url: server.url,
    stopping() {
      life = "stopping";
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** It has no database to look keys up in: metrics are for this machine, or for networks that are let in. */
const noKeys: KeyStore = {
  keys: () => Promise.resolve([]),
  createKey: () => Promise.reject(new AppError("invalid", "a worker elsewhere has no keys")),
  revokeKey: () => Promise.resolve(false),
  touchKeys: () => Promise.resolve(),
};

async function openRemoteWorker(
  worker: WorkerSettings,
  settings: Settings,
  parts: RemoteWorkerParts,
  stack: AsyncDisposableStack,
) {
  const { clock, log, version } = parts;
  const { location } = settings;
  const url = checkedUrl(worker.hub);
  if (location === ownLocation) {
    const expected = "expected a name of its own, as --location paris, found local";
    throw new AppError("invalid", `location: ${expected}, which is the hub's`);
  }
  const folder = join(settings.dataDir, "worker", location);
  const keepsake = await openKeepsake(folder);
  const kept = await keepsake.load();
  const id = parseId<"worker">(kept?.id) ?? createId<"worker">(clock.now());
  const hubClock = createHubClock(clock, kept?.clock_offset_ms ?? null);
  const metrics = stack.use(createMetrics(version));
  const checking = openChecking(settings, parts, metrics, stack);
  const link = stack.use(
    new HubLink(
      { hub: url, key: worker.key, ca: readAuthority(worker.caFile), version },
      { monotonicMs: () => clock.monotonicMs(), onReading: (reading) => hubClock.read(reading) },
    ),
  );
  const tell = createTeller(parts);
  const disk = stack.use(createThreadDisk());
  const outbox = stack.use(
    await openOutbox(
      { folder: join(folder, "spool"), quotaBytes: worker.spoolBytes },
      {
        disk,
        log,
        clock,
        sleep: (ms, signal) => sleep(ms, undefined, { signal }),
        random: Math.random,
        send: (outcomes, signal) => link.outcomes({ id, outcomes: [...outcomes] }, signal),
        onTrouble: tell,
      },
    ),
  );
  const { assignment, scheduler } = openAssignment(
    { settings, clock, metrics, checking, outbox, now: () => hubClock.now() },
    stack,
  );
  const hub = stack.use(
    new HubWatch({
      id,
      location,
      version,
      link,
      keepsake,
      kept,
      outbox,
      assignment,
      tell,
      hubClock,
      clock,
    }),
  );
  addRemoteWorkerMetrics(metrics.registry, {
    outbox: () => outbox.stats(),
    assigned: () => assignment.size,
    heardAt: () => hub.heardAt,
    clockOffsetMs: () => hubClock.offsetMs(),
  });
  checking.network.watch(() => {
    for (const monitor of assignment.monitors()) void scheduler.checkNow(monitor.id);
  });
  return { metrics, hub, assignment };
}

function checkedUrl(text: string): URL {
  const url = parseHubUrl(text);
  if ("wrong" in url) throw new AppError("invalid", `--hub: ${url.wrong}`);
  return url;
}

function readAuthority(path: string | null): string | null {
  if (path === null) return null;
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new AppError("invalid", `--ca-file: ${path} cannot be read`, { cause });
  }
}

/** The same trouble is told once a minute. */
function createTeller({ clock, log }: RemoteWorkerParts) {
  const told = new Map<string, number>();
  return (err: unknown, message: string): void => {
    const now = clock.monotonicMs();
    if (now - (told.get(message) ?? Number.NEGATIVE_INFINITY) < tellEveryMs) return;
    told.set(message, now);
    log.warn(err === null ? {} : { err }, message);
  };
}

/** From the schedule to the disk; `stack` ends it. */
function openAssignment(
  {
    settings,
    clock,
    metrics,
    checking,
    outbox,
    now,
  }: {
    readonly settings: Settings;
    readonly clock: RemoteWorkerParts["clock"];
    readonly metrics: ReturnType<typeof createMetrics>;
    readonly checking: ReturnType<typeof openChecking>;
    readonly outbox: Outbox;
    readonly now: () => number;
  },
  stack: AsyncDisposableStack,
) {
  const slots = createSlotNames();
  const retries = createRetries();

  async function found(monitor: Monitor, signal: AbortSignal): Promise<Outcome> {
    const misfit = assignment.misfit(monitor.id);
    if (misfit === undefined) return checking.check(monitor, signal);
    return { result: "unknown", reason: "misconfigured", message: misfit, durationMs: 0 };
  }

  async function run(monitor: Monitor, signal: AbortSignal): Promise<number | null> {
    const at = now();
    const slot = slots.slotOf(monitor, at);
    const beganMs = clock.monotonicMs();
    const outcome = await found(monitor, signal);
    if (signal.aborted) return null;
    const endedAt = Math.round(at + clock.monotonicMs() - beganMs);
    metrics.checked({
      kind: monitor.kind,
      result: outcome.result,
      reason: outcome.result === "up" ? null : outcome.reason,
      durationSeconds: outcome.durationMs / 1000,
    });
    const { id, version } = monitor;
    void outbox.put({
      monitor: id,
      version,
      slot,
      started_at: at,
      ended_at: endedAt,
      found: foundOf(outcome),
    });
    return retries.after({ monitor, outcome, at, endedAt, location: settings.location });
  }

  const scheduler = stack.use(
    new Scheduler(settings.checks, {
      clock,
      run,
      hostOf: checking.hostOf,
      onStart: (lagSeconds) => metrics.started(lagSeconds),
      onSkip: (cause, count) => metrics.skipped(cause, count),
    }),
  );
  metrics.watchChecks(() => ({ running: scheduler.running, waiting: scheduler.waiting }));
  const assignment = new Assignment({
    kinds: checking.kinds,
    now,
    scheduler,
    forget(id) {
      checking.forget(id);
      slots.forget(id);
      retries.forget(id);
    },
  });
  return { assignment, scheduler };
}
