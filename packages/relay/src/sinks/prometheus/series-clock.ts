/**
 * Remembers how far each series has come, for receivers that take nothing out of order: what is behind is known without
 * asking. It decides nothing before a receiver has refused such a sample, and forgets that after ten minutes: another
 * receiver may be there by then, or the same one with `out_of_order_time_window`. What is half an hour behind is asked for
 * all the same: it may be too old for any window, which is another answer.
 */
import type { RecordSample } from "./record-samples.ts";

const strictForMs = 10 * 60_000;
const mostBehindMs = 30 * 60_000;
const mostSeries = 50_000;

export interface SeriesClock {
  /** These samples were taken. */
  taken(samples: readonly RecordSample[]): void;
  /** The receiver takes nothing out of order; true when this is news. `nowMs`: monotonic. */
  refusedLate(nowMs: number): boolean;
  /** Whether a sample is known to be refused: its series has come as far, and the receiver is strict. */
  isBehind(sample: RecordSample, nowMs: number): boolean;
}

/** Makes one; it keeps 50,000 series at most. */
export function createSeriesClock(limit = mostSeries): SeriesClock {
  const newest = new Map<string, number>();
  let strictUntilMs = -Infinity;
  return {
    taken(samples) {
      for (const { key, timeMs } of samples) {
        const known = newest.get(key);
        if (known !== undefined && known >= timeMs) continue;
        newest.delete(key);
        newest.set(key, timeMs);
      }
      for (const key of newest.keys()) {
        if (newest.size <= limit) break;
        newest.delete(key);
      }
    },
    refusedLate(nowMs) {
      const isNews = nowMs >= strictUntilMs;
      strictUntilMs = nowMs + strictForMs;
      return isNews;
    },
    isBehind({ key, timeMs }, nowMs) {
      const known = newest.get(key);
      if (known === undefined || nowMs >= strictUntilMs) return false;
      return timeMs <= known && timeMs > known - mostBehindMs;
    },
  };
}
