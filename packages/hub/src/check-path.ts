/** The path of a check from the schedule to whoever shows it, and the desk where people change monitors. */
import type { HubParts } from "./app.ts";
import type { Checking } from "./checking.ts";
import type { Settings } from "./config/settings.ts";
import type { Deciding } from "./deciding.ts";
import { Desk } from "./desk.ts";
import { createHeartbeatPath, eachByKind, type HeartbeatPath } from "./heartbeats.ts";
import type { Fleet } from "./fleet/port.ts";
import type { HubOutputs } from "./hub-outputs.ts";
import { createMaintenance } from "./maintenance.ts";
import type { BoardEntry } from "./model/board.ts";
import { followsHost } from "./model/host.ts";
import type { Monitor } from "./model/monitor.ts";
import type { Outcome } from "./model/outcome.ts";
import { createPipeline, type Pipeline } from "./pipeline.ts";
import { createSchedule, Deadlines } from "./schedule/deadlines.ts";
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
  readonly ownProcess: { started(lagSeconds: number): void };
}

export interface Path {
  readonly schedule: ReturnType<typeof createSchedule>;
  readonly deadlines: Deadlines;
  readonly desk: Desk;
  readonly calls: HeartbeatPath;
  readonly maintenance: MaintenanceWatch;
}

/** Opens it; `stack` ends it. Nothing is checked before monitors are put into the schedule. */
export function openPath(path: PathParts, stack: AsyncDisposableStack): Path {
  const { settings, parts, store, checking, deciding, metrics } = path;
  const { clock } = parts;
  const { board, judging, live, alerting, commits } = deciding;
  const pipeline = openPipeline(path);
  const scheduler = stack.use(
    new Scheduler(settings.checks, {
      clock,
      run: (monitor, signal) => pipeline.run(monitor, signal),
      hostOf: checking.hostOf,
      onStart(lagSeconds) {
        metrics.started(lagSeconds);
        path.ownProcess.started(lagSeconds);
        deciding.noticing.started(lagSeconds);
      },
      onSkip: (cause, count) => metrics.skipped(cause, count),
    }),
  );
  metrics.watchChecks(() => ({ running: scheduler.running, waiting: scheduler.waiting }));
  const deadlines = stack.use(
    new Deadlines({
      clock,
      conclude: (monitor, outcome) => pipeline.conclude(monitor, outcome, clock.now()),
    }),
  );
  const isPassive = ({ kind }: Monitor): boolean => checking.kinds.get(kind)?.passive === true;
  const calls = createHeartbeatPath({
    clock,
    log: parts.log,
    store,
    board,
    judged: (id) => judging.state(id),
    conclude: (monitor, outcome, at) => pipeline.conclude(monitor, outcome, at),
  });
  stack.use(calls.watch);
  metrics.watchQueue("heartbeats", () => calls.heartbeats.queue);
  const onError = (err: unknown): void =>
    parts.log.error({ err }, "maintenance windows could not be read; those that are known count");
  const maintenance = stack.use(createMaintenance({ ...deciding, clock, store, onError }));
  const heard = eachByKind(deadlines, calls.watch);
  const schedule = createSchedule({ isPassive, deadlines: heard, scheduler });
  deciding.alerts.connect({
    checkNow: (id) => schedule.checkNow(id),
    failuresInRow: (id) => judging.state(id)?.failuresInRow ?? 0,
    flush: () => commits.flush(),
    addressesOf: checking.addressesOf,
  });
  const desk = new Desk({
    clock,
    store,
    board,
    judging,
    schedule,
    forget(id) {
      checking.forget(id);
      pipeline.forget(id);
    },
    flush: () => commits.flush(),
    check: checking.check,
    closeIncident: (id, at) => alerting.close(id, at),
    onChanged(ids) {
      calls.heartbeats.changed([...ids.changed, ...ids.deleted]);
      maintenance.changed(ids.changed);
      deciding.noticing.changed(ids);
      live.monitorsChanged(ids);
    },
  });
  return { schedule, deadlines, desk, calls, maintenance };
}

function openPipeline({
  settings,
  parts,
  checking,
  deciding,
  outputs,
  metrics,
}: PathParts): Pipeline {
  const { board, judging, live, alerting, commits } = deciding;
  return createPipeline({
    clock: parts.clock,
    location: settings.location,
    check: checking.check,
    targetOf: checking.targetOf,
    decide: (check) => judging.decide(check),
    enqueue: (decision) => commits.add(decision),
    show: (id, state, check) => board.checked(id, state, check),
    onChecked(entry, outcome, transition) {
      if (transition !== null) {
        alerting.wake();
        outputs.statusChanged(entry, transition);
      }
      if (followsHost(entry.monitor)) return live.hostStatusChanged(entry.monitor.id);
      metrics.checked(countedCheckOf(entry, outcome));
      deciding.noticing.checked(entry, outcome);
      live.checked(entry);
      outputs.checked(entry, outcome, () => checking.targetOf(entry.monitor));
      if (transition !== null) live.statusChanged(entry);
    },
  });
}

function countedCheckOf(entry: BoardEntry, outcome: Outcome): CountedCheck {
  return {
    kind: entry.monitor.kind,
    result: outcome.result,
    reason: outcome.result === "up" ? null : outcome.reason,
    durationSeconds: outcome.durationMs / 1000,
  };
}
