/**
 * Bounds how often an address may show a credential that fits nobody: after `limit` within a minute its credentials
 * are not even looked at until the minute is over. IPv6 addresses count by their /64 network. Bounded: the oldest
 * address is forgotten when ten thousand are known. Several hubs count together, by minutes of the clock.
 */
import { isIPv6 } from "node:net";
import type { Clock } from "../../model/clock.ts";
import type { SharedCounts } from "./shared-counts.ts";

export interface FailedAttempts {
  /** Seconds until an address may try again; 0 when it may now. */
  waitSeconds(address: string): number;
  note(address: string): void;
}

const windowMs = 60_000;
const mostAddresses = 10_000;

/** Makes the count. `limit` is per minute. */
export function createFailedAttempts(limit: number, clock: Clock): FailedAttempts {
  const seen = new Map<string, { count: number; readonly since: number }>();
  function current(key: string): { count: number; readonly since: number } | undefined {
    const entry = seen.get(key);
    if (entry === undefined) return undefined;
    if (clock.monotonicMs() - entry.since < windowMs) return entry;
    seen.delete(key);
    return undefined;
  }
  return {
    waitSeconds(address) {
      const entry = current(networkOf(address));
      if (entry === undefined || entry.count < limit) return 0;
      return Math.max(1, Math.ceil((entry.since + windowMs - clock.monotonicMs()) / 1000));
    },
    note(address) {
      const key = networkOf(address);
      const entry = current(key);
      if (entry !== undefined) {
        entry.count += 1;
        return;
      }
      if (seen.size >= mostAddresses) {
        const [oldest] = seen.keys();
        if (oldest !== undefined) seen.delete(oldest);
      }
      seen.set(key, { count: 1, since: clock.monotonicMs() });
    },
  };
}

/** The same, counted by all hubs together. `limit` is per minute. */
export function createSharedFailedAttempts(limit: number, counts: SharedCounts): FailedAttempts {
  const subjectOf = (address: string): string => `failed ${networkOf(address)}`;
  return {
    waitSeconds(address) {
      const { count, leftMs } = counts.peek(subjectOf(address));
      return count < limit ? 0 : Math.max(1, Math.ceil(leftMs / 1000));
    },
    note(address) {
      counts.add(subjectOf(address), windowMs, limit);
    },
  };
}

function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith("::ffff:")) return address;
  const [head = ""] = address.split("::");
  return head.split(":").slice(0, 4).join(":");
}
