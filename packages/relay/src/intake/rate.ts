/**
 * How many events each client may send: a bucket that fills with so many a second up to the burst, and may be overdrawn by
 * one request, so that a batch larger than the burst is taken too and paid for afterwards.
 */

export interface Rate {
  /** Events per second of one client. */
  readonly perSecond: number;
  /** Events it may send at once after it was silent. */
  readonly burst: number;
}

export interface RateLimit {
  /** Seconds until this client may send again; undefined when it may now. */
  waitOf(client: string): number | undefined;
  /** Counts events that a client sent. */
  spend(client: string, events: number): void;
}

/** Clients that are known at one time; beyond it the one that was silent longest begins anew. */
const mostClients = 10_000;

interface Bucket {
  events: number;
  atMs: number;
}

/** Makes a limit; without a rate there is none. */
export function createRateLimit(rate: Rate | null, monotonicMs: () => number): RateLimit {
  if (rate === null) return { waitOf: () => undefined, spend: () => undefined };
  const { perSecond, burst } = rate;
  // In the order in which they were heard of last.
  const buckets = new Map<string, Bucket>();
  const filled = (client: string): number => {
    const bucket = buckets.get(client);
    if (bucket === undefined) return burst;
    const seconds = (monotonicMs() - bucket.atMs) / 1000;
    return Math.min(burst, bucket.events + seconds * perSecond);
  };
  return {
    waitOf(client) {
      const events = filled(client);
      // Less than one event is none: a client that asks again at once would be told to wait for 0 s.
      return events >= Math.min(1, burst) ? undefined : (1 - events) / perSecond;
    },
    spend(client, events) {
      const left = filled(client) - events;
      buckets.delete(client);
      buckets.set(client, { events: left, atMs: monotonicMs() });
      if (buckets.size <= mostClients) return;
      for (const oldest of buckets.keys()) {
        buckets.delete(oldest);
        return;
      }
    },
  };
}
