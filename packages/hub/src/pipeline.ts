/**
 * The path of one check: probe → judge → commit → board, live, outputs. Nothing behind the probe is waited for: a
 * decision is handed to the commit queue, and what shows or sends it learns of it once it is durable. Monitors that are
 * not checked but heard join it behind the probe.
 */
import type { CheckDecision } from "./commit-queue.ts";
import type { CheckedMonitor, Decision } from "./judge/judging.ts";
import type { BoardEntry, LastCheck } from "./model/board.ts";
import type { Clock } from "./model/clock.ts";
import type { MonitorId } from "./model/id.ts";
import type { JudgeState, Transition } from "./model/judgement.ts";
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
  /** Takes what was found at `at` (epoch ms) without a probe the rest of the way. */
  conclude(monitor: Monitor, outcome: Outcome, at: number): void;
  /** Forgets what is kept for a monitor. */
  forget(id: MonitorId): void;
}

/** The retry after a first failure comes after min(interval, this). */
const defaultRetryMs = 5_000;

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
  function decide(monitor: Monitor, outcome: Outcome, at: number): boolean {
    const endedAt = parts.clock.now();
    const decision = parts.decide({ monitor, outcome, at, endedAt, location: parts.location });
    if (decision === undefined) return false;
    const lastCheck = lastCheckOf(outcome, at, parts.location);
    parts.enqueue({
      monitorId: monitor.id,
      state: decision.state,
      statusChange: decision.statusChange,
      failedCheck: decision.failedCheck,
      transition: decision.transition,
      frame: frameOf(monitor, at, outcome),
      afterCommit: () => {
        const entry = parts.show(monitor.id, decision.current, lastCheck);
        if (entry !== undefined) parts.onChecked(entry, outcome, decision.transition);
      },
    });
    return decision.retry;
  }

  return {
    forget: (id) => void frameMakers.delete(id),
    conclude: (monitor, outcome, at) => void decide(monitor, outcome, at),
    async run(monitor, signal) {
      const at = parts.clock.now();
      const outcome = await parts.check(monitor, signal);
      if (signal.aborted || !decide(monitor, outcome, at)) return null;
      return monitor.judging.retryIntervalMs ?? Math.min(monitor.intervalMs, defaultRetryMs);
    },
  };
}

function hasNothing(measurements: Measurements): boolean {
  for (const _ in measurements) return false;
  return true;
}

function lastCheckOf(outcome: Outcome, at: number, location: string): LastCheck {
  const failed = outcome.result !== "up";
  return {
    checkedAt: at,
    result: outcome.result,
    reason: failed ? outcome.reason : null,
    message: failed ? outcome.message : null,
    statusCode: outcome.result === "unknown" ? null : outcome.statusCode,
    latencyMs: outcome.result === "unknown" ? null : outcome.durationMs,
    location,
    measurements: outcome.result === "unknown" ? {} : outcome.measurements,
  };
}
