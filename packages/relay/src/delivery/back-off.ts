/** How long to wait before the next attempt: exponential with full jitter, so that many sidecars do not come back at once. */

const longestThrottleMs = 10 * 60_000;

export interface BackOffSettings {
  /** Upper bound of the first wait, ms; it doubles with every attempt. Default 500. */
  readonly firstMs: number;
  /** No wait is longer, ms; but for what a destination itself asked for. Default 60,000. */
  readonly longestMs: number;
  /** Wait between attempts while a setting is wrong, ms. Default 60,000. */
  readonly misconfiguredMs: number;
}

/** What holds where nothing is said. */
export const backOffDefaults: BackOffSettings = {
  firstMs: 500,
  longestMs: 60_000,
  misconfiguredMs: 60_000,
};

/**
 * Wait after the `failures`-th failure in a row (1 is the first), ms. `random` gives 0 to 1. Where the destination said how
 * long to stay away (`afterMs`), not less than that, but ten minutes at most.
 */
export function waitMs(
  { failures, afterMs }: { readonly failures: number; readonly afterMs: number | undefined },
  { firstMs, longestMs }: BackOffSettings,
  random: () => number,
): number {
  const most = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30));
  if (afterMs === undefined) return random() * most;
  // A little jitter above what was asked for: never below it.
  return Math.min(Math.max(0, afterMs), longestThrottleMs) + random() * Math.min(firstMs, most);
}
