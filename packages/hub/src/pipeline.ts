/**
 * The path of one check: probe → judge → commit → board, live, outputs. Nothing behind the probe is waited for: a
 * decision is handed to the commit queue, and what shows or sends it learns of it once it is durable. Monitors that are
 * not checked but heard join it behind the probe.
 */
import type { CheckDecision } from "./commit-queue.ts";
import type { CheckedMonitor, Decision } from "./judge/judging.ts";
import { retryDelayMs } from "./judge/retry.ts";
import type { BoardEntry, LastCheck } from "./model/board.ts";
import type { Clock } from "./model/clock.ts";
import type { MonitorId } from "./model/id.ts";
import type { JudgeState, Transition } from "./model/judgement.ts";
import { lastCheckOf } from "./model/last-check.ts";
import type { Monitor } from "./model/monitor.ts";
import { createFrameMaker } from "./model/monitor-series.ts";
import type { Measurements, Outcome } from "./model/outcome.ts";
import type { Frame } from "./model/series.ts";

export interface PipelineParts {
  readonly clock: Clock;
  readonly location: string;
  readonly check: (monitor: Monitor, signal: AbortSignal) => Promise<Outcome>;
  readonly targetOf: (monitor: Monitor) => string;
  readonly decide: (check: CheckedMonitor) => Decision | undefined;
  readonly enqueue: (decision: CheckDecision) => void;
  readonly show: (id: MonitorId, state: JudgeState, check: LastCheck) => BoardEntry | undefined;
  /** Told of every check that was shown; `transition` is set when its status changed. */
  readonly onChecked: (entry: BoardEntry, outcome: Outcome, transition: Transition | null) => void;
}

export interface Pipeline {
  /** Does one check; resolves to the ms after which a retry is wanted, or null. Never rejects. */
  run(monitor: Monitor, signal: AbortSignal): Promise<number | null>;
  /**
   * Takes what was found at `at` (epoch ms) without a probe the rest of the way. `call`: of a heartbeat the number of the
   * newest call that is judged with it, where several hubs may be called.
   */
  conclude(monitor: Monitor, outcome: Outcome, at: number, call?: number): void;
  /** Forgets what is kept for a monitor. */
  forget(id: MonitorId): void;
}

/** Draws the path of a check. */
export function createPipeline(parts: PipelineParts): Pipeline {
  const frameMakers = new Map<
    MonitorId,
    { version: number; make: ReturnType<typeof createFrameMaker> }
  >();

  function frameOf(monitor: Monitor, at: number, outcome: Outcome): Frame | null {
    if (outcome.result === "unknown" || hasNothing(outcome.measurements)) return null;
    let maker = frameMakers.get(monitor.id);
    if (maker === undefined || maker.version !== monitor.version) {
      maker = {
        version: monitor.version,
        make: createFrameMaker(monitor, parts.targetOf(monitor)),
      };
      frameMakers.set(monitor.id, maker);
    }
    return maker.make(at, outcome.measurements);
  }

  /** Judges an outcome and hands over what was decided; answers whether it should be checked again soon. */
  function decide(monitor: Monitor, outcome: Outcome, at: number, call?: number): boolean {
    const endedAt = parts.clock.now();
    const decision = parts.decide({ monitor, outcome, at, endedAt, location: parts.location });
    if (decision === undefined) return false;
    const found = lastCheckOf(outcome, at, parts.location);
    const lastCheck = call === undefined ? found : { ...found, call };
    const { status, since, flapping, failuresInRow } = decision.current;
    parts.enqueue({
      monitorId: monitor.id,
      state: decision.state,
      statusChange: decision.statusChange,
      failedCheck: decision.failedCheck,
      transition: decision.transition,
      frame: frameOf(monitor, at, outcome),
      shown: {
        monitorId: monitor.id,
        version: monitor.version,
        status,
        since,
        flapping,
        failuresInRow,
        lastCheck,
      },
      afterCommit: () => {
        const entry = parts.show(monitor.id, decision.current, lastCheck);
        if (entry !== undefined) parts.onChecked(entry, outcome, decision.transition);
      },
    });
    return decision.retry;
  }

  return {
    forget: (id) => void frameMakers.delete(id),
    conclude: (monitor, outcome, at, call) => void decide(monitor, outcome, at, call),
    async run(monitor, signal) {
      const at = parts.clock.now();
      const outcome = await parts.check(monitor, signal);
      if (signal.aborted || !decide(monitor, outcome, at)) return null;
      return retryDelayMs(monitor);
    },
  };
}

function hasNothing(measurements: Measurements): boolean {
  for (const _ in measurements) return false;
  return true;
}
