/** What is known of items: the time of their last value, whether the server takes them, and since when it does not. */
import { following, type Stamp } from "./stamp.ts";

/** Items that are remembered; beyond, those not heard of for longest are forgotten, which costs a message, no value. */
const mostItems = 20_000;

interface Known {
  last: Stamp | undefined;
  isTaken: boolean;
  /** Monotonic ms of the first refusal since it was taken last. */
  refusedSinceMs: number | undefined;
}

export interface ItemLedger {
  /** The time for the next value of an item. */
  stamp(key: string, stamp: Stamp): Stamp;
  /** Whether the server took a value of it, and none was refused since. */
  isTaken(key: string): boolean;
  took(key: string): void;
  /** Notes a refusal; for how long now values of it are refused, ms. */
  refused(key: string, nowMs: number): number;
  /** How many items are refused at present. */
  missing(): number;
}

/** Makes one that knows nothing. */
export function createItemLedger(): ItemLedger {
  const items = new Map<string, Known>();

  function known(key: string): Known {
    const found = items.get(key) ?? { last: undefined, isTaken: false, refusedSinceMs: undefined };
    // To the end: the first in the map is the one to forget.
    items.delete(key);
    items.set(key, found);
    if (items.size > mostItems) {
      const [oldest] = items.keys();
      if (oldest !== undefined) items.delete(oldest);
    }
    return found;
  }

  return {
    stamp(key, stamp) {
      const item = known(key);
      item.last = following(stamp, item.last);
      return item.last;
    },
    isTaken: (key) => items.get(key)?.isTaken ?? false,
    took(key) {
      const item = known(key);
      item.isTaken = true;
      item.refusedSinceMs = undefined;
    },
    refused(key, nowMs) {
      const item = known(key);
      item.isTaken = false;
      item.refusedSinceMs ??= nowMs;
      return nowMs - item.refusedSinceMs;
    },
    missing() {
      let count = 0;
      for (const { refusedSinceMs } of items.values()) if (refusedSinceMs !== undefined) count += 1;
      return count;
    },
  };
}
