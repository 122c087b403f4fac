/**
 * How late the event loop was. Node's own histogram is sampled every 20 ms in native code while runs are open, and read
 * and emptied once per pulse.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";

const resolutionMs = 20;

export interface LoopLag {
  start(): void;
  stop(): void;
  /** The longest delay since the last call that emptied it, in seconds; 0 when there was none or nothing was sampled. */
  readS(empty: boolean): number;
}

export function createLoopLag(): LoopLag {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  return {
    start: () => void histogram.enable(),
    stop: () => void histogram.disable(),
    readS: (empty) => {
      const seconds = histogram.count === 0 ? 0 : (histogram.max / 1e6 - resolutionMs) / 1e3;
      if (empty) histogram.reset();
      return Math.max(0, seconds);
    },
  };
}
