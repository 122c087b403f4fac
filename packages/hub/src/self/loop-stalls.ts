/**
 * Remembers when Belfry's own event loop stood still, so that a time limit which passed meanwhile is not blamed on the
 * target. A timer expects to run every `periodMs`; what it is late by is a stall.
 */
import type { Clock } from "../model/clock.ts";

export interface LoopStalls extends Disposable {
  /** The time the loop stood still between two instants (monotonic ms), in ms; shorter stalls than a period are 0. */
  stalledBetween(fromMs: number, toMs: number): number;
}

const periodMs = 50;
const rememberedMs = 700_000;

/** Starts watching the loop; `onStall` is told of every stall, in seconds. */
export function watchLoop(clock: Clock, onStall: (seconds: number) => void): LoopStalls {
  const stalls: { from: number; to: number }[] = [];
  let lastTick = clock.monotonicMs();
  const timer = setInterval(() => {
    const now = clock.monotonicMs();
    const lateMs = now - lastTick - periodMs;
    if (lateMs > periodMs) {
      stalls.push({ from: lastTick, to: now });
      onStall(lateMs / 1000);
    }
    while (stalls[0] !== undefined && stalls[0].to < now - rememberedMs) stalls.shift();
    lastTick = now;
  }, periodMs);
  timer.unref();
  return {
    stalledBetween(fromMs, toMs) {
      let total = 0;
      for (const stall of stalls) total += overlap(stall.from, stall.to, fromMs, toMs);
      // A stall that just ended may not have been noticed yet by the timer.
      const now = clock.monotonicMs();
      if (now - lastTick > 2 * periodMs) total += overlap(lastTick, now, fromMs, toMs);
      return total;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

function overlap(aFrom: number, aTo: number, bFrom: number, bTo: number): number {
  return Math.max(0, Math.min(aTo, bTo) - Math.max(aFrom, bFrom));
}
