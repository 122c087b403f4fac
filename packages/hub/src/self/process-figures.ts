/**
 * How this process fares, as it tells the fleet and the fleet page. Figures are of the last minute or a little more, so
 * that whoever reads, and how often, changes nothing for others.
 */
import type { Clock } from "../model/clock.ts";
import type { ProcessFigures } from "../model/fleet.ts";

export interface ProcessFigureSources {
  readonly clock: Pick<Clock, "monotonicMs">;
  /** Monitors that this process looks after now. */
  readonly monitors: () => number;
  /** CPU that this process used since it began, as `process.cpuUsage()` gives it, µs. */
  readonly cpuUsage: () => { readonly user: number; readonly system: number };
}

export interface ProcessFigureKeeper {
  /** A check began so late, s. */
  started(lagSeconds: number): void;
  /** So many slots fell into a take-over. */
  missed(slots: number): void;
  read(): ProcessFigures;
}

const spanMs = 60_000;
const stepMs = 5_000;

/** What was so far at the beginning of a step, and the worst lag within it. */
interface Mark {
  readonly atMs: number;
  readonly checks: number;
  readonly cpuMicros: number;
  worstLag: number;
}

/** Begins to count. */
export function createProcessFigures(sources: ProcessFigureSources): ProcessFigureKeeper {
  const { clock } = sources;
  let checks = 0;
  let missed = 0;

  function mark(): Mark {
    const { user, system } = sources.cpuUsage();
    return { atMs: clock.monotonicMs(), checks, cpuMicros: user + system, worstLag: 0 };
  }

  let newest = mark();
  let marks = [newest];

  /** Begins a new step where the last is over; of those before the span it keeps one, to count from. */
  function turn(): Mark {
    const nowMs = clock.monotonicMs();
    if (nowMs - newest.atMs >= stepMs) {
      newest = mark();
      const first = marks.findLastIndex(({ atMs }) => nowMs - atMs >= spanMs);
      marks = [...marks.slice(Math.max(0, first)), newest];
    }
    return newest;
  }

  return {
    started(lagSeconds) {
      const step = turn();
      checks += 1;
      if (lagSeconds > step.worstLag) step.worstLag = lagSeconds;
    },
    missed(slots) {
      missed += slots;
    },
    read() {
      turn();
      const now = mark();
      const first = marks[0] ?? now;
      const recent = marks.filter(({ atMs }) => now.atMs - atMs < spanMs + stepMs);
      const seconds = (now.atMs - first.atMs) / 1000;
      const perSecond = (amount: number): number => (seconds === 0 ? 0 : amount / seconds);
      return {
        monitors: sources.monitors(),
        checksPerSecond: perSecond(now.checks - first.checks),
        lagSeconds: Math.max(0, ...recent.map(({ worstLag }) => worstLag)),
        cpu: perSecond((now.cpuMicros - first.cpuMicros) / 1e6),
        missed,
      };
    },
  };
}
