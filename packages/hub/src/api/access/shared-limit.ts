/** Limits of requests that hubs keep together, as the rate limit of the framework asks for them. */
import type { FastifyRateLimitStore, FastifyRateLimitStoreCtor } from "@fastify/rate-limit";
import type { SharedCounts } from "./shared-counts.ts";

/** Counts the requests of each caller; see `SharedCounts` for how exactly. */
export function sharedLimit(counts: SharedCounts): FastifyRateLimitStoreCtor {
  return class implements FastifyRateLimitStore {
    incr(
      key: string,
      callback: (error: Error | null, result?: { current: number; ttl: number }) => void,
      spanMs: number,
      max: number,
    ): void {
      const { count, leftMs } = counts.add(`requests ${key}`, spanMs, max);
      callback(null, { current: count, ttl: leftMs });
    }

    child(): FastifyRateLimitStore {
      return this;
    }
  };
}
