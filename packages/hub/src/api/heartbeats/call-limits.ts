/**
 * How often heartbeats may be called. Calls need no key: whoever knows the token may call. So a token that leaked must not
 * fill the store, and an address that tries tokens must not keep the hub busy. A token that fits is let in whatever else
 * its address did: behind one address may be a whole company. Tokens have 120 random bits, no rate lets them be guessed.
 */
import type { Clock } from "../../model/clock.ts";
import type { MonitorId } from "../../model/id.ts";
import { createFailedAttempts } from "../access/failed-attempts.ts";

export interface CallLimits {
  /** Notes a token or slug that fits nothing; answers with the seconds to wait, 0 while there were few. */
  missed(address: string): number;
  /** Notes a call of a monitor; answers with the seconds to wait, 0 when it may be taken in. */
  called(id: MonitorId): number;
}

/** Calls of one monitor that may come at once. */
const burst = 300;
/** Calls of one monitor per second in the long run. */
const perSecond = 10;
/** Monitors that are remembered; those that did not call for longest are forgotten. */
const mostMonitors = 10_000;

/** Makes the limits. `mostMisses` is per address and minute. */
export function createCallLimits(mostMisses: number, clock: Clock): CallLimits {
  const misses = createFailedAttempts(mostMisses, clock);
  const buckets = new Map<MonitorId, { readonly left: number; readonly atMs: number }>();
  return {
    missed(address) {
      const wait = misses.waitSeconds(address);
      if (wait === 0) misses.note(address);
      return wait;
    },
    called(id) {
      const now = clock.monotonicMs();
      const before = buckets.get(id) ?? { left: burst, atMs: now };
      const left = Math.min(burst, before.left + ((now - before.atMs) / 1000) * perSecond);
      buckets.delete(id);
      buckets.set(id, { left: left < 1 ? left : left - 1, atMs: now });
      if (buckets.size > mostMonitors) {
        const [oldest] = buckets.keys();
        if (oldest !== undefined) buckets.delete(oldest);
      }
      return left < 1 ? Math.ceil((1 - left) / perSecond) : 0;
    },
  };
}
