/** The path of a check from the schedule to whoever shows it, and the desk where people change monitors. */
import type { HubParts } from "./app.ts";
import type { Checking } from "./checking.ts";
import type { Settings } from "./config/settings.ts";
import type { Deciding } from "./deciding.ts";
import { Desk } from "./desk.ts";
import { createHeartbeatPath, eachByKind, type HeartbeatPath } from "./heartbeats.ts";
import { createFollowedBoard, createSharedMonitors, createSharedSchedule } from "./fleet-path.ts";
import type { FollowedBoard } from "./fleet/followed-board.ts";
import type { FleetKeeper } from "./fleet/keeper.ts";
import type { ChangedMonitors, FleetMonitors } from "./fleet/monitors.ts";
import type { Fleet } from "./fleet/port.ts";
import type { HubOutputs } from "./hub-outputs.ts";
import { hearsayMs } from "./ingest/host-sharing.ts";
import { createMaintenance } from "./maintenance.ts";
import { openLocations, withLocations } from "./locations.ts";
import type { LocationPath, LocationPathParts } from "./location-path.ts";
import type { BoardEntry } from "./model/board.ts";
import { followsHost } from "./model/host.ts";
import type { MonitorId } from "./model/id.ts";
import type { Monitor } from "./model/monitor.ts";
import type { Outcome } from "./model/outcome.ts";
import { createPipeline, type Pipeline, type PipelineParts } from "./pipeline.ts";
import { createSchedule, Deadlines, type Schedule } from "./schedule/deadlines.ts";
import type { MaintenanceWatch } from "./schedule/maintenance-watch.ts";
import { Scheduler } from "./schedule/scheduler.ts";
import type { CountedCheck, Metrics } from "./self/metrics.ts";
import type { Store } from "./store/port.ts";

export interface PathParts {
  readonly settings: Settings;
  readonly parts: HubParts;
  readonly store: Store;
  readonly checking: Checking;
  readonly deciding: Deciding;
  readonly outputs: HubOutputs;
  readonly metrics: Metrics;
  readonly fleet: Fleet;
  /** null: this process is alone. */
  readonly keeper: FleetKeeper | null;
  readonly ownProcess: { started(lagSeconds: number): void; missed(slots: number): void };
}

export interface Path {
  readonly schedule: Schedule;
  readonly deadlines: Deadlines;
  readonly desk: Desk;
  readonly calls: HeartbeatPath;
  readonly maintenance: MaintenanceWatch;
  /** Of monitors that are checked from several locations. */
  readonly locations: LocationPath;
  /** What a member of a fleet shares with others; null: this process is alone. */
  readonly shared: { readonly monitors: FleetMonitors; readonly followed: FollowedBoard } | null;
}

/** Opens it; `stack` ends it. Nothing is checked before monitors are put into the schedule. */
export function openPath(path: PathParts, stack: AsyncDisposableStack): Path {
  const { parts, store, checking, deciding, fleet } = path;
  const { clock, log } = parts;
  const { board, judging, live, commits } = deciding;
  const onChecked = onCheckedOf(path);
  const locations = openLocations(
    { ...path, ...deciding, onChecked, onStatus: onStatusOf(path) },
    stack,
  );
  const pipeline = withLocations(openPipeline(path, onChecked), locations);
  const flush = async (): Promise<void> => {
    await locations.flush();
    await commits.flush();
  };
  const scheduler = openScheduler(
    {
      ...path,
      pipeline,
      takes: (monitor) => locations.isChecked(monitor),
      onStart: (lagSeconds) => deciding.noticing.started(lagSeconds),
    },
    stack,
  );
  const { deadlines, calls } = openWaiting({ ...path, pipeline }, stack);
  const isPassive = ({ kind }: Monitor): boolean => checking.kinds.get(kind)?.passive === true;
  const holds = (id: MonitorId): boolean => {
    const monitor = board.get(id)?.monitor;
    const kind = monitor !== undefined && isPassive(monitor) ? "hear" : "check";
    return monitor !== undefined && fleet.holds({ kind, id });
  };
  const onError = (err: unknown): void =>
    log.error({ err }, "maintenance windows could not be read; those that are known count");
  const maintenance = stack.use(createMaintenance({ ...deciding, clock, store, onError, holds }));
  const heard = eachByKind(deadlines, calls.watch);
  const forget = (id: MonitorId): void => {
    checking.forget(id);
    pipeline.forget(id);
  };
  function changed(ids: ChangedMonitors): void {
    calls.heartbeats.changed([...ids.changed, ...ids.deleted]);
    maintenance.changed(ids.changed);
    deciding.noticing.changed(ids);
    live.monitorsChanged(ids);
  }
  const alone = createSchedule({ isPassive, deadlines: heard, scheduler });
  const shared = openShared(
    { ...path, scheduler, heard, calls, forget, changed, maintenance },
    stack,
  );
  const schedule =
    shared === null
      ? alone
      : createSharedSchedule({ ...shared, schedule: alone, board, store, fleet, clock });
  deciding.alerts.connect({
    checkNow: (id) => schedule.checkNow(id),
    failuresInRow: (id) =>
      judging.state(id)?.failuresInRow ?? shared?.followed.failuresInRow(id) ?? 0,
    flush,
    addressesOf: checking.addressesOf,
  });
  const desk = openDesk({ ...path, schedule, forget, changed, holds, flush });
  return { schedule, deadlines, desk, calls, maintenance, locations, shared };
}

/** What is waited for instead of checked; `stack` ends it. */
function openWaiting(
  {
    parts: { clock, log },
    store,
    deciding: { board, judging },
    metrics,
    fleet,
    pipeline,
  }: PathParts & { readonly pipeline: Pipeline },
  stack: AsyncDisposableStack,
): Pick<Path, "deadlines" | "calls"> {
  const deadlines = stack.use(
    new Deadlines({
      clock,
      conclude: (monitor, outcome) => pipeline.conclude(monitor, outcome, clock.now()),
      hearsayMs: fleet.process === undefined ? 0 : hearsayMs,
    }),
  );
  const calls = createHeartbeatPath({
    clock,
    log,
    store,
    board,
    fleet,
    judged: (id) => judging.state(id),
    reopens: (id) => judging.row(id)?.reopen === true,
    conclude: (...found) => pipeline.conclude(...found),
  });
  stack.use(calls);
  metrics.watchQueue("heartbeats", () => calls.heartbeats.queue);
  return { deadlines, calls };
}

function openDesk({
  parts: { clock },
  store,
  checking,
  deciding,
  fleet,
  schedule,
  forget,
  changed,
  holds,
  flush,
}: PathParts & {
  readonly flush: () => Promise<void>;
  readonly schedule: Schedule;
  readonly forget: (id: MonitorId) => void;
  readonly changed: (ids: ChangedMonitors) => void;
  readonly holds: (id: MonitorId) => boolean;
}): Desk {
  const { board, judging, alerting } = deciding;
  return new Desk({
    clock,
    store,
    board,
    judging: {
      ...judging,
      add(id, state, options) {
        if (holds(id)) judging.add(id, state, options);
      },
    },
    schedule,
    forget,
    flush,
    check: checking.check,
    closeIncident: (id, at) => alerting.close(id, at),
    onChanged(ids) {
      changed(ids);
      fleet.hint("monitors");
    },
  });
}

/** What decides when a check begins; `stack` ends it. */
export function openScheduler(
  {
    settings,
    parts,
    checking,
    metrics,
    fleet,
    ownProcess,
    pipeline,
    takes,
    onStart,
  }: Pick<PathParts, "settings" | "parts" | "checking" | "metrics" | "fleet" | "ownProcess"> & {
    readonly pipeline: Pick<Pipeline, "run">;
    /** Whether this process's location checks a monitor. */
    readonly takes: (monitor: Monitor) => boolean;
    /** Told of each check that begins so late, s. */
    readonly onStart?: (lagSeconds: number) => void;
  },
  stack: AsyncDisposableStack,
): Scheduler {
  const scheduler = stack.use(
    new Scheduler(settings.checks, {
      clock: parts.clock,
      // A process that was stopped for a while may find that its lease is over before it does anything else.
      run: (monitor, signal) =>
        fleet.holds({ kind: "check", id: monitor.id })
          ? pipeline.run(monitor, signal)
          : Promise.resolve(null),
      takes,
      hostOf: checking.hostOf,
      onStart(lagSeconds) {
        metrics.started(lagSeconds);
        ownProcess.started(lagSeconds);
        onStart?.(lagSeconds);
      },
      onSkip: (cause, count) => metrics.skipped(cause, count),
    }),
  );
  metrics.watchChecks(() => ({ running: scheduler.running, waiting: scheduler.waiting }));
  return scheduler;
}

/** What others check is shown here as well. */
function openShared(
  path: PathParts & {
    readonly scheduler: Scheduler;
    readonly heard: { add(monitor: Monitor): void; remove(id: MonitorId): void };
    readonly calls: HeartbeatPath;
    readonly forget: (id: MonitorId) => void;
    readonly changed: (ids: ChangedMonitors) => void;
    readonly maintenance: MaintenanceWatch;
  },
  stack: AsyncDisposableStack,
): Path["shared"] {
  const { keeper, deciding, parts, changed } = path;
  if (keeper === null) return null;
  const { live } = deciding;
  const monitors = createSharedMonitors({
    ...path,
    ...deciding,
    keeper,
    async prepare(ids) {
      await path.calls.takeUpHeartbeatsOf(ids);
      await deciding.noticing.takeUp(ids);
    },
    onTaken: (ids) => path.maintenance.changed(ids),
    onChanged: changed,
  });
  const followed = stack.use(
    createFollowedBoard(
      { ...path, ...deciding, monitors, log: parts.log },
      (entry, statusChanged) => {
        if (followsHost(entry.monitor)) {
          if (statusChanged) live.hostStatusChanged(entry.monitor.id);
          return;
        }
        live.checked(entry);
        if (statusChanged) live.statusChanged(entry);
      },
    ),
  );
  keeper.onHint(["status"], () => followed.look());
  return { monitors, followed };
}

function openPipeline(
  { settings, parts, checking, deciding }: PathParts,
  onChecked: PipelineParts["onChecked"],
): Pipeline {
  const { board, judging, commits } = deciding;
  return createPipeline({
    clock: parts.clock,
    location: settings.location,
    check: checking.check,
    targetOf: checking.targetOf,
    decide: (check) => judging.decide(check),
    enqueue: (decision) => commits.add(decision),
    show: (id, state, check) => board.checked(id, state, check),
    onChecked,
  });
}

/** Who is told of a check. */
function onCheckedOf({
  checking,
  deciding,
  outputs,
  metrics,
  fleet,
}: PathParts): PipelineParts["onChecked"] {
  const { live, alerting } = deciding;
  return (entry, outcome, transition) => {
    if (transition !== null) {
      alerting.wake();
      fleet.hint("signals", "status");
      outputs.statusChanged(entry, transition);
    }
    if (followsHost(entry.monitor)) return live.hostStatusChanged(entry.monitor.id);
    metrics.checked(countedCheckOf(entry, outcome));
    deciding.noticing.checked(entry, outcome);
    live.checked(entry);
    outputs.checked(entry, outcome, () => checking.targetOf(entry.monitor));
    if (transition !== null) live.statusChanged(entry);
  };
}

/** Who is told of a status that changed without a check. */
function onStatusOf({ deciding, outputs, fleet }: PathParts): LocationPathParts["onStatus"] {
  return (entry, transition) => {
    deciding.alerting.wake();
    fleet.hint("signals", "status");
    outputs.statusChanged(entry, transition);
    deciding.live.statusChanged(entry);
  };
}

/** A check as it is counted. */
export function countedCheckOf(entry: BoardEntry, outcome: Outcome): CountedCheck {
  return {
    kind: entry.monitor.kind,
    result: outcome.result,
    reason: outcome.result === "up" ? null : outcome.reason,
    durationSeconds: outcome.durationMs / 1000,
  };
}
