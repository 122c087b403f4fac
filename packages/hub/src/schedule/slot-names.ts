/** Which slot a check is for, so that one slot of a monitor is told of once, whoever checks it. */
import type { MonitorId } from "../model/id.ts";
import { slotAt, startOfSlot, type Slotted } from "./slots.ts";

export interface SlotNames {
  /**
   * The slot of a check that begins at `at`, epoch ms: the begin of the monitor's slot for the check that was due then,
   * the time itself for retries and checks in between.
   */
  slotOf(monitor: Slotted, at: number): number;
  forget(id: MonitorId): void;
}

/** A check that begins so much too early is the next slot's, ms. */
const earlyMs = 50;
/** One that begins later than this was not due at the begin of its slot, ms. */
const lateMs = 1_000;

/** Knows nothing of any monitor at first. */
export function createSlotNames(): SlotNames {
  const last = new Map<MonitorId, number>();
  return {
    slotOf(monitor, at) {
      const start = Math.round(startOfSlot(monitor, slotAt(monitor, at + earlyMs)));
      const before = last.get(monitor.id) ?? Number.NEGATIVE_INFINITY;
      const isDue = start > before && at - start <= Math.min(lateMs, monitor.intervalMs / 4);
      const slot = isDue ? start : Math.max(Math.round(at), before + 1);
      last.set(monitor.id, slot);
      return slot;
    },
    forget: (id) => void last.delete(id),
  };
}
