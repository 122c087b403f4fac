/** How long to wait before trying again: doubling from a second to half a minute, and spread so that many pages do not return at once. */

/** Wait in ms before attempt `attempt` (0 is the first); `random` is from 0 to 1. */
export function backoffMs(attempt: number, random: number): number {
  const full = Math.min(30_000, 1000 * 2 ** Math.min(attempt, 10));
  return Math.round(full * (0.75 + 0.25 * random));
}
