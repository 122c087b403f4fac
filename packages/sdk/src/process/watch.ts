/**
 * What all runs of a process share: one pulse for heartbeats and held progress, one reader of memory and loop lag, and
 * what is done when the process ends. The pulse and the handlers of signals exist only while a run is open, and keep no
 * process alive.
 */
import { createExit, type Exit, type Lasting } from "./exit.ts";
import { createLoopLag } from "./loop-lag.ts";
import { createSignals } from "./signals.ts";
import { createMemoryReader } from "./usage.ts";

/** A run, as its process sees it. */
export interface OpenRun {
  /** About four times a second. `lagS`: the longest delay of the event loop since the last pulse. */
  pulse(nowMs: number, lagS: number): void;
  fail(error: unknown): void;
  event(level: string, message: string): void;
}

export interface Watch {
  enter(run: OpenRun): void;
  leave(run: OpenRun): void;
  /** How many runs are open now. */
  readonly openRuns: number;
  /** How many runs were ever opened. */
  readonly startedRuns: number;
  readonly memoryKb: (nowMs: number) => number;
  /** The delay of the event loop that no pulse has told of yet, in seconds. */
  pendingLagS(nowMs: number): number;
  /** An emitter that holds events is kept until they are handed over, so that the end of the process hears of it. */
  hold(emitter: Lasting): void;
  release(emitter: Lasting): void;
}

const pulseMs = 250;

/** How long a process that ends waits for its events, in ms. */
export const exitFlushMs = 2_000;

export function createWatch(): Watch {
  const open = new Set<OpenRun>();
  const lag = createLoopLag();
  const exit: Exit = createExit(open, exitFlushMs);
  const signals = createSignals(open, () => exit.flush());
  let startedRuns = 0;
  let timer: NodeJS.Timeout | undefined;
  let pulsedAt = 0;

  const pulse = (): void => {
    if (open.size === 0) return rest();
    const nowMs = performance.now();
    const lagS = Math.max(lag.readS(true), overdueS(nowMs));
    pulsedAt = nowMs;
    signals.listen();
    for (const run of open) run.pulse(nowMs, lagS);
  };
  const rest = (): void => {
    clearInterval(timer);
    timer = undefined;
    lag.stop();
    signals.stop();
  };
  const wake = (): void => {
    pulsedAt = performance.now();
    timer = setInterval(pulse, pulseMs);
    timer.unref();
    lag.start();
    lag.readS(true);
    signals.listen();
    exit.listen();
  };
  const overdueS = (nowMs: number): number => Math.max(0, nowMs - pulsedAt - pulseMs) / 1e3;

  return {
    enter: (run) => {
      startedRuns += 1;
      open.add(run);
      if (timer === undefined) wake();
    },
    leave: (run) => void open.delete(run),
    get openRuns() {
      return open.size;
    },
    get startedRuns() {
      return startedRuns;
    },
    memoryKb: createMemoryReader(),
    pendingLagS: (nowMs) => Math.max(lag.readS(false), overdueS(nowMs)),
    hold: (emitter) => {
      exit.listen();
      exit.lasting.add(emitter);
    },
    release: (emitter) => void exit.lasting.delete(emitter),
  };
}
