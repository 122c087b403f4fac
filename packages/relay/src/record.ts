/** What outputs are given: one line's worth of knowledge about one finished check. */
import type { Reason } from "@belfry/contract";

export interface OutputRecord {
  readonly monitorId: string;
  readonly name: string;
  readonly kind: string;
  /** What was checked, in one line: `https://example.org/`, `db:5432`. */
  readonly target: string;
  /** When the check began, epoch ms. */
  readonly at: number;
  /** What the check found. */
  readonly result: "up" | "down" | "unknown";
  readonly reason: Reason | null;
  /** The judged status after it. */
  readonly status: string;
  /** Response time in ms; null when there is none. */
  readonly latencyMs: number | null;
  /** The value of a synthetic target, whole ms of a real one, -1 for a failure: what Amaunator calls `value`. */
  readonly value: number;
  readonly location: string;
}
