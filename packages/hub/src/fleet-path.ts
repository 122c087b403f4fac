/**
 * The path of monitors in a fleet: shares that were taken → judged and scheduled here; what others check and change →
 * the board of this hub.
 */
import { processName } from "./own-process.ts";
import type { HubParts } from "./app.ts";
import type { Checking } from "./checking.ts";
import type { CommitQueue } from "./commit-queue.ts";
import type { Settings } from "./config/settings.ts";
import { FollowedBoard } from "./fleet/followed-board.ts";
import { FleetKeeper, leaseTimes } from "./fleet/keeper.ts";
import { FleetMonitors, type ChangedMonitors } from "./fleet/monitors.ts";
import { createSoloFleet, type Fleet } from "./fleet/port.ts";
import type { JudgingTable } from "./judge/judging.ts";
import type { Board } from "./live/board.ts";
import type { BoardEntry } from "./model/board.ts";
import type { FleetProcess, ProcessFigures } from "./model/fleet.ts";
import { createId, type MonitorId } from "./model/id.ts";
import type { Monitor } from "./model/monitor.ts";
import type { Schedule } from "./schedule/deadlines.ts";
import type { Scheduler } from "./schedule/scheduler.ts";
import type { Metrics } from "./self/metrics.ts";
import type { Store } from "./store/port.ts";

export interface FleetParts {
  readonly settings: Settings;
  readonly parts: HubParts;
  readonly store: Store;
  readonly metrics: Pick<Metrics, "failed">;
  readonly kind: FleetProcess["kind"];
  /** How this process fares; asked with every renewal. */
  readonly figures: () => ProcessFigures;
  /** Where its API or health is asked for. */
  readonly url: () => string | null;
}

/** A process in a fleet; `keeper` is null where it is alone on its database. */
export interface OpenedFleet {
  readonly fleet: Fleet;
  readonly keeper: FleetKeeper | null;
}

/** Opens it. It is no member before `keeper.start`, whose end is the caller's: before that of what it keeps. */
export function openFleet(parts: FleetParts): OpenedFleet {
  const { settings, store, metrics, kind, figures, url } = parts;
  const { clock, log, version } = parts.parts;
  if (store.engine === "sqlite") return { fleet: createSoloFleet(), keeper: null };
  const hubHolds = settings.checks.enabled
    ? (["check", "hear", "duty"] as const)
    : (["hear", "duty"] as const);
  const keeper = new FleetKeeper({
    clock,
    store,
    figures,
    identity: () => ({
      id: createId<"process">(clock.now()),
      kind,
      name: processName(),
      location: settings.location,
      version,
      url: url(),
      holds: kind === "hub" ? hubHolds : ["check"],
    }),
    onNote: (note) => log.warn(note),
    onError(err) {
      metrics.failed("fleet");
      log.error({ err }, "the fleet could not be kept up with; trying again");
    },
  });
  return { fleet: keeper, keeper };
}

export interface SharedParts {
  readonly parts: Pick<HubParts, "clock" | "log">;
  readonly store: Store;
  readonly keeper: FleetKeeper;
  readonly board: Board;
  readonly judging: JudgingTable;
  readonly commits: CommitQueue;
  readonly checking: Pick<Checking, "kinds">;
  readonly scheduler: Scheduler;
  readonly metrics: Pick<Metrics, "skipped">;
  readonly ownProcess: { missed(slots: number): void };
  /** Those that are waited for; a worker has none. */
  readonly heard: { add(monitor: Monitor): void; remove(id: MonitorId): void };
  /** Reads what else is known of monitors that were taken. */
  readonly prepare: (ids: readonly MonitorId[]) => Promise<void>;
  /** Drops what probes and the pipeline prepared for a monitor. */
  readonly forget: (id: MonitorId) => void;
  readonly onTaken: (ids: readonly MonitorId[]) => void;
  readonly onChanged: (ids: ChangedMonitors) => void;
}

/** What a member of a fleet does with monitors. */
export function createSharedMonitors(shared: SharedParts): FleetMonitors {
  const { parts, store, keeper, commits, checking, metrics, ownProcess } = shared;
  let aliveAt: number | undefined;
  const monitors = new FleetMonitors({
    ...shared,
    clock: parts.clock,
    times: leaseTimes,
    fleet: keeper,
    isPassive: ({ kind }) => checking.kinds.get(kind)?.passive === true,
    flush: () => commits.flush(),
    discard: () => commits.discard(),
    forgetProbes: shared.forget,
    async prepare(ids) {
      aliveAt ??= await store.readAlive();
      await shared.prepare(ids);
    },
    onMissed(slots) {
      metrics.skipped("take_over", slots);
      ownProcess.missed(slots);
    },
    aliveAt: () => aliveAt,
  });
  keeper.onHint(["monitors"], async () => {
    await monitors.follow().catch((err: unknown) => {
      parts.log.error({ err }, "what others changed of monitors could not be read; trying again");
    });
  });
  keeper.onHint(["requests"], async () => {
    const held = [...shared.board.entries()].flatMap(({ monitor }) =>
      monitor.enabled && monitors.holds(monitor) ? [monitor.id] : [],
    );
    if (held.length === 0) return;
    for (const id of await store.takeRequests(held)) void shared.scheduler.checkNow(id);
  });
  return monitors;
}

/** Keeps the board up to date with what others check; tells of what changed. */
export function createFollowedBoard(
  {
    store,
    board,
    monitors,
    metrics,
    log,
  }: {
    readonly store: Store;
    readonly board: Board;
    readonly monitors: FleetMonitors;
    readonly metrics: Pick<Metrics, "failed">;
    readonly log: HubParts["log"];
  },
  onShown: (entry: BoardEntry, statusChanged: boolean) => void,
): FollowedBoard {
  return new FollowedBoard({
    store,
    board,
    holds: (monitor) => monitors.holds(monitor),
    onShown,
    onError(err) {
      metrics.failed("fleet");
      log.error({ err }, "what others checked could not be read; trying again");
    },
  });
}

/** A check that another process was asked for is waited for so long beyond its own time limit, ms. */
const askedWithinMs = 5_000;

/** The schedule of a process in a fleet: what it does not look after, it asks others for. */
export function createSharedSchedule({
  schedule,
  monitors,
  board,
  store,
  fleet,
  followed,
  clock,
}: {
  readonly schedule: Schedule;
  readonly monitors: FleetMonitors;
  readonly board: Board;
  readonly store: Pick<Store, "requestChecks">;
  readonly fleet: Fleet;
  readonly followed: FollowedBoard;
  readonly clock: HubParts["clock"];
}): Schedule {
  async function askOthers(id: MonitorId, { monitor, lastCheck }: BoardEntry): Promise<boolean> {
    if (!monitor.enabled) return false;
    const before = lastCheck?.checkedAt ?? Number.NEGATIVE_INFINITY;
    await store.requestChecks([id]);
    fleet.hint("requests");
    const until = clock.monotonicMs() + monitor.timeoutMs + askedWithinMs;
    while (clock.monotonicMs() < until) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await followed.look();
      const now = board.get(id);
      if (now === undefined) return false;
      if ((now.lastCheck?.checkedAt ?? before) > before) return true;
    }
    return true;
  }

  return {
    add: (monitor) => monitors.add(monitor),
    // Shares that are taken bring their monitors.
    addAll: () => undefined,
    remove: (id) => schedule.remove(id),
    checkNow(id) {
      const entry = board.get(id);
      if (entry === undefined) return Promise.resolve(false);
      if (monitors.holds(entry.monitor)) return schedule.checkNow(id);
      if (monitors.shareOf(entry.monitor).kind === "hear") return Promise.resolve(true);
      return askOthers(id, entry);
    },
  };
}
