/**
 * What the stages decided about checks, in one value: `commit(change)` stores all of it or nothing. The hub gathers
 * many checks into one change a tick.
 */
import type { Reason, Status } from "@belfry/contract";
import type { ProcessId, Shown } from "./fleet.ts";
import type { MonitorId } from "./id.ts";
import type { JudgeState, Transition } from "./judgement.ts";
import type { Evidence } from "./outcome.ts";
import type { Frame } from "./series.ts";

/** A check that was not plainly up. Kept as a row; plain successes live only in the series. */
export interface FailedCheck {
  readonly monitorId: MonitorId;
  readonly checkedAt: number;
  readonly location: string;
  readonly result: "down" | "unknown";
  readonly reason: Reason;
  readonly message: string;
  readonly statusCode: number | null;
  readonly latencyMs: number | null;
  /** Only for the first failure in a row and where the reason changed. */
  readonly evidence: Evidence | null;
}

/** The end of the present status interval of a monitor and the start of the next one, both at `at`. */
export interface StatusChange {
  readonly monitorId: MonitorId;
  readonly status: Status;
  readonly reason: Reason | null;
  readonly at: number;
}

/**
 * Which change this is of those that a queue writes. A queue that does not learn what became of a change hands it over
 * again under the same mark, and it is written once.
 */
export interface CommitMark {
  /** Names the queue, in all processes. */
  readonly writer: string;
  /** Grows with every change of the queue. */
  readonly number: number;
  /** Epoch ms. */
  readonly at: number;
}

export interface Change {
  readonly judged: readonly { readonly monitorId: MonitorId; readonly state: JudgeState }[];
  readonly statusChanges: readonly StatusChange[];
  readonly failedChecks: readonly FailedCheck[];
  /** Rows that alerting consumes, in this order. */
  readonly transitions: readonly Transition[];
  readonly frames: readonly Frame[];
  /** Left out: it is written however often it is handed over. */
  readonly mark?: CommitMark;
  /** Who decided, where several processes do: nothing is written when it was taken for dead. SQLite does not look at it. */
  readonly fence?: ProcessId;
  /**
   * What other processes show of these monitors. What was decided about an older version of one than is stored is
   * dropped, but for its samples. SQLite does not look at it.
   */
  readonly shown?: readonly Shown[];
}

/** What became of a change. `fenced`: its process was taken for dead, or had left; nothing of it was written. */
export type CommitResult = "stored" | "fenced";
