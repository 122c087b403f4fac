/** Which signals have taken a record that another signal has not taken yet, so that they are not sent it again. */
import type { Signal } from "./settings.ts";

export interface HalfTaken {
  has(id: string, signal: Signal): boolean;
  note(id: string, signal: Signal): void;
  /** The record is done with. */
  forget(id: string): void;
}

/** More than a batch holds: records given up otherwise are pushed out by newer ones. */
const mostRecords = 5_000;

/** Makes one; it keeps 5,000 records at most. */
export function createHalfTaken(limit = mostRecords): HalfTaken {
  const taken = new Map<string, Set<Signal>>();
  return {
    has: (id, signal) => taken.get(id)?.has(signal) === true,
    note(id, signal) {
      const known = taken.get(id);
      if (known !== undefined) {
        known.add(signal);
        return;
      }
      taken.set(id, new Set([signal]));
      const [oldest] = taken.keys();
      if (taken.size > limit && oldest !== undefined) taken.delete(oldest);
    },
    forget: (id) => void taken.delete(id),
  };
}
