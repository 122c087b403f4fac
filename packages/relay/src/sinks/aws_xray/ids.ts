/**
 * Ids of X-Ray made of ids of runs, always the same: a segment is found again after a restart, and a subjob finds its parent,
 * without anything being stored.
 */
import { createHash } from "node:crypto";

/** Of the segment of a run: 16 hexadecimal digits. */
export function segmentIdOf(runId: string): string {
  return digest(`segment ${runId}`).slice(0, 16);
}

/** Of the n-th exception of a run: 16 hexadecimal digits. */
export function exceptionIdOf(runId: string, n: number): string {
  return digest(`exception ${n} ${runId}`).slice(0, 16);
}

/** A trace of W3C (32 hexadecimal digits) as X-Ray writes it. */
export function traceIdOfW3c(traceId: string): string {
  return `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`;
}

/**
 * Of a tree of runs that came without a trace: `1-{8 digits}-{24 digits}`. The first part is the time in seconds where the
 * root's id holds one (UUIDv7). Where it does not they are digits of the hash: X-Ray neither needs nor checks the time (reference
 * of PutTraceSegments).
 */
export function traceIdOfRoot(rootId: string): string {
  const digits = digest(`trace ${rootId}`);
  const [, high, low] = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-/.exec(rootId) ?? [];
  const seconds =
    high === undefined || low === undefined
      ? digits.slice(24, 32)
      : Math.floor(Number.parseInt(high + low, 16) / 1000)
          .toString(16)
          .padStart(8, "0")
          .slice(-8);
  return `1-${seconds}-${digits.slice(0, 24)}`;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
