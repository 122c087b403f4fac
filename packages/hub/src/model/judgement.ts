/** What judging keeps per monitor and what it decides. */
import type { Reason, Status } from "@belfry/contract";
import type { MonitorId } from "./id.ts";
import type { Evidence } from "./outcome.ts";

/** A status without `maintenance` and `paused`, which people decide. */
export type JudgedStatus = Extract<Status, "pending" | "up" | "degraded" | "down" | "unknown">;

/** Everything judging knows of one monitor; survives a restart. Times are epoch ms. */
export interface JudgeState {
  readonly status: JudgedStatus;
  /** Since when the status holds; a down status holds from the first failure that led to it. */
  readonly since: number;
  /** The last status that was not `unknown`: what alerting compares with. */
  readonly lastKnown: Exclude<JudgedStatus, "unknown">;
  readonly failuresInRow: number;
  readonly successesInRow: number;
  /** Successes in a row that were slow or had an expiring certificate. */
  readonly degradedInRow: number;
  /** When the present row of failures began, with its evidence; null while there is none. */
  readonly firstFailure: Failure | null;
  /** Times of the latest changes between up and down, oldest first, at most eight: flapping is read from them. */
  readonly changes: readonly number[];
  readonly flapping: boolean;
}

export interface Failure {
  readonly at: number;
  readonly reason: Reason;
  readonly message: string;
  readonly evidence: Evidence;
}

/** A change of status. `at` is when the new status began, `decidedAt` when the deciding check ended. */
export interface Transition {
  readonly monitorId: MonitorId;
  readonly from: JudgedStatus;
  readonly to: JudgedStatus;
  /** What alerting compares: the last status that was not `unknown`, before and after. */
  readonly knownFrom: JudgeState["lastKnown"];
  readonly knownTo: JudgeState["lastKnown"];
  readonly at: number;
  readonly decidedAt: number;
  readonly reason: Reason | null;
  readonly message: string | null;
  readonly failure: Failure | null;
  readonly flapping: boolean;
  /** Set where it is degraded for nothing but its certificate: `certificate_expiring` tells that, once for all who show it. */
  readonly onlyForCertificate?: true;
}
