/** The present state of every monitor: what lists, pages and `/metrics` show. Kept in memory, rebuilt from the store. */
import type { Reason, Status } from "@belfry/contract";
import type { Monitor } from "./monitor.ts";
import type { Measurements } from "./outcome.ts";

/** The latest check of a monitor. */
export interface LastCheck {
  readonly checkedAt: number;
  readonly result: "up" | "down" | "unknown";
  readonly reason: Reason | null;
  readonly message: string | null;
  readonly statusCode: number | null;
  readonly latencyMs: number | null;
  readonly location: string;
  readonly measurements: Measurements;
  /** Of a heartbeat: the number of the newest call that is judged, where several hubs may be called. */
  readonly call?: number;
}

/** Totals since the monitor was made; `errors` counts down and unknown outcomes. */
export interface CheckTotals {
  readonly checks: number;
  readonly errors: number;
}

export interface BoardEntry {
  readonly monitor: Monitor;
  readonly status: Status;
  readonly since: number;
  readonly flapping: boolean;
  readonly lastCheck: LastCheck | null;
  readonly totals: CheckTotals;
}
