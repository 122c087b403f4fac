/** When a check that failed is done again, where its judge is another process: the same rule, kept here for itself. */
import type { MonitorId } from "../model/id.ts";
import type { Monitor } from "../model/monitor.ts";
import { createJudgingTable, type CheckedMonitor } from "./judging.ts";

/** The retry after a first failure comes after min(interval, this). */
const defaultRetryMs = 5_000;

/** How long after a check that settled nothing a monitor is checked again, ms. */
export function retryDelayMs({ judging, intervalMs }: Monitor): number {
  return judging.retryIntervalMs ?? Math.min(intervalMs, defaultRetryMs);
}

export interface Retries {
  /** Takes an outcome in; the ms after which a retry is wanted, or null. */
  after(check: CheckedMonitor): number | null;
  forget(id: MonitorId): void;
}

/** Knows nothing of any monitor at first. */
export function createRetries(): Retries {
  const table = createJudgingTable();
  return {
    after(check) {
      const { id } = check.monitor;
      if (table.state(id) === undefined) {
        table.add(id, undefined, { intervalIsOpen: true, at: check.at });
      }
      return table.decide(check)?.retry === true ? retryDelayMs(check.monitor) : null;
    },
    forget: (id) => table.remove(id),
  };
}
