/** How many posts one address may make in a minute that slides. */
import type { Clock } from "../../../model/clock.ts";

/** Seconds until an address may post again; 0: it may, and the post is counted. */
export type PostLimit = (address: string) => number;

const windowMs = 60_000;
/** Beyond it, addresses that have been silent for a minute are forgotten. */
const mostAddresses = 10_000;

/** Makes the limit; 0 for `posts`: there is none. */
export function createPostLimit(posts: number, clock: Clock): PostLimit {
  if (posts === 0) return () => 0;
  /** Monotonic ms of the posts of the last minute, ascending. */
  const byAddress = new Map<string, number[]>();

  function forgetSilent(now: number): void {
    for (const [address, times] of byAddress) {
      if ((times.at(-1) ?? 0) <= now - windowMs) byAddress.delete(address);
    }
  }

  return (address) => {
    const now = clock.monotonicMs();
    if (byAddress.size > mostAddresses) forgetSilent(now);
    const times = byAddress.get(address) ?? [];
    byAddress.set(address, times);
    const live = times.findIndex((time) => time > now - windowMs);
    times.splice(0, live === -1 ? times.length : live);
    if (times.length >= posts)
      return Math.max(1, Math.ceil(((times[0] ?? now) + windowMs - now) / 1000));
    times.push(now);
    return 0;
  };
}
