/** What Discord says of its limits: https://docs.discord.com/developers/topics/rate-limits. */

/** Longest time that a message is held back here; what must wait longer waits in the outbox. */
const longestHoldMs = 5_000;

/** ms to wait after an answer of 429: the body is more exact than the header. Undefined where neither says. */
export function waitMs(
  body: unknown,
  headers: Readonly<Record<string, string>>,
): number | undefined {
  const told =
    typeof body === "object" && body !== null && "retry_after" in body
      ? body.retry_after
      : undefined;
  for (const seconds of [told, headers["retry-after"], headers["x-ratelimit-reset-after"]]) {
    const ms = msOf(seconds);
    if (ms !== undefined) return ms;
  }
  return undefined;
}

/** ms until the next message, when this answer used up the allowance; 0: at once. */
export function holdMs(headers: Readonly<Record<string, string>>): number {
  if (headers["x-ratelimit-remaining"] !== "0") return 0;
  return Math.min(msOf(headers["x-ratelimit-reset-after"]) ?? 0, longestHoldMs);
}

/** Whole ms, rounded up, of seconds that may have a fraction. */
function msOf(seconds: unknown): number | undefined {
  const value = typeof seconds === "string" && seconds !== "" ? Number(seconds) : seconds;
  const isTime = typeof value === "number" && Number.isFinite(value) && value >= 0;
  return isTime ? Math.ceil(value * 1_000) : undefined;
}
