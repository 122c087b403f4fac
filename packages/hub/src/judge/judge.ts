/**
 * From outcomes to a status: pure, so that every rule can be read from a table of tests.
 *
 * pending → up | degraded | down | unknown, and among these in any order.
 * - down: after `downAfter` failures in a row; it holds from the first of them.
 * - up: after `upAfter` successes in a row.
 * - degraded: after `downAfter` successes in a row that were slow or had a certificate about to expire; the first success
 *   that is neither ends it.
 * - unknown: at once when Belfry could not tell. It touches no counter, and the next outcome that says something about
 *   the target returns to the last known status or decides a new one.
 * - flapping: more than six changes between up and down within an hour, until fewer than three are left within it.
 */
import type { Reason } from "@belfry/contract";
import type { Transition, Failure, JudgeState, JudgedStatus } from "../model/judgement.ts";
import type { MonitorId } from "../model/id.ts";
import type { Judging } from "../model/monitor.ts";
import type { DownOutcome, Outcome, UpOutcome } from "../model/outcome.ts";

const flappingWindowMs = 3_600_000;
const flappingAbove = 6;
const flappingUntilBelow = 3;

export interface Judgement {
  readonly state: JudgeState;
  /** Set when the status or the flapping changed. */
  readonly transition: Transition | null;
  /** The check failed, and the status is not settled: check again soon. */
  readonly retry: boolean;
  /** This failure is the first in its row or differs in its reason: keep its evidence. */
  readonly keepEvidence: boolean;
}

/** A monitor nothing is known of. `at` is epoch ms. */
export function initialState(at: number): JudgeState {
  return {
    status: "pending",
    since: at,
    lastKnown: "pending",
    failuresInRow: 0,
    successesInRow: 0,
    degradedInRow: 0,
    firstFailure: null,
    changes: [],
    flapping: false,
  };
}

/** Judges one outcome. `at` is the start of the check, `endedAt` its end, both epoch ms. */
export function judge(
  before: JudgeState,
  outcome: Outcome,
  check: { readonly monitorId: MonitorId; readonly at: number; readonly endedAt: number },
  rules: Judging,
): Judgement {
  switch (outcome.result) {
    case "up":
      return judgeUp(before, outcome, check, rules);
    case "down":
      return judgeDown(before, outcome, check, rules);
    case "unknown": {
      const state: JudgeState =
        before.status === "unknown" ? before : { ...before, status: "unknown", since: check.at };
      const transition = transitionOf(before, state, check, {
        reason: outcome.reason,
        message: outcome.message,
      });
      return { state, transition, retry: before.status !== "unknown", keepEvidence: false };
    }
  }
}

type Check = Parameters<typeof judge>[2];

function judgeUp(before: JudgeState, outcome: UpOutcome, check: Check, rules: Judging): Judgement {
  const successesInRow = Math.min(before.successesInRow + 1, rules.upAfter);
  const settled = successesInRow >= rules.upAfter || isUp(before.lastKnown);
  const why = degradationOf(outcome, rules);
  const degradedInRow = why !== null ? Math.min(before.degradedInRow + 1, rules.downAfter) : 0;
  const stays = before.lastKnown === "degraded" && degradedInRow > 0;
  const good = stays || degradedInRow >= rules.downAfter ? "degraded" : "up";
  const status = settled ? good : before.lastKnown;
  const next: JudgeState = {
    ...before,
    status,
    lastKnown: status,
    failuresInRow: 0,
    successesInRow,
    degradedInRow,
    firstFailure: settled ? null : before.firstFailure,
    since: before.status === status ? before.since : check.at,
  };
  const state = withFlapping(before, next, check.at);
  return {
    state: isSame(before, state) ? before : state,
    transition: transitionOf(before, state, check, {
      reason: null,
      message: status === "degraded" ? (why?.message ?? null) : null,
      onlyForCertificate: status === "degraded" && why?.onlyForCertificate === true,
    }),
    retry: !settled,
    keepEvidence: false,
  };
}

function judgeDown(
  before: JudgeState,
  outcome: DownOutcome,
  check: Check,
  rules: Judging,
): Judgement {
  const failure: Failure = {
    at: check.at,
    reason: outcome.reason,
    message: outcome.message,
    evidence: outcome.evidence,
  };
  const failuresInRow = Math.min(before.failuresInRow + 1, rules.downAfter);
  const isFirst = before.failuresInRow === 0;
  const settled = failuresInRow >= rules.downAfter || before.lastKnown === "down";
  const status: JudgedStatus = settled ? "down" : before.lastKnown;
  const firstFailure =
    isFirst && before.lastKnown !== "down" ? failure : (before.firstFailure ?? failure);
  const next: JudgeState = {
    ...before,
    status,
    lastKnown: status,
    failuresInRow,
    successesInRow: 0,
    degradedInRow: 0,
    firstFailure,
    since: sinceOfDown(before, status, firstFailure, check.at),
  };
  const state = withFlapping(before, next, check.at);
  return {
    state: isSame(before, state) ? before : state,
    transition: transitionOf(before, state, check, {
      reason: outcome.reason,
      message: outcome.message,
    }),
    retry: !settled,
    keepEvidence: isFirst || before.firstFailure?.reason !== outcome.reason,
  };
}

/** A monitor that just went down was down from its first failure; one that comes back from unknown, from now. */
function sinceOfDown(
  before: JudgeState,
  status: JudgedStatus,
  firstFailure: Failure,
  at: number,
): number {
  if (before.status === status) return before.since;
  const wentDown = status === "down" && before.lastKnown !== "down";
  return wentDown && before.status !== "unknown" ? firstFailure.at : at;
}

function isUp(status: JudgedStatus): boolean {
  return status === "up" || status === "degraded";
}

/** Why a success is a degraded one; null: it is a good one. */
function degradationOf(
  { durationMs, certificateDays: days }: UpOutcome,
  { degradedAfterMs, degradedCertificateDays: leastDays }: Judging,
): { readonly message: string; readonly onlyForCertificate: boolean } | null {
  const isSlow = degradedAfterMs !== null && durationMs > degradedAfterMs;
  const isExpiring = leastDays !== null && days !== null && days < leastDays;
  if (!isSlow && !isExpiring) return null;
  const slow = `took ${seconds(durationMs)} s, more than ${seconds(degradedAfterMs ?? 0)} s`;
  const expiring = `its certificate has ${(days ?? 0).toFixed(1)} days left`;
  const message = [...(isSlow ? [slow] : []), ...(isExpiring ? [expiring] : [])].join("; ");
  return { message, onlyForCertificate: !isSlow };
}

function seconds(ms: number): number {
  return Number((ms / 1000).toPrecision(3));
}

/** Counts a change between up and down at `at`, and says whether there are too many. */
export function withFlapping(before: JudgeState, next: JudgeState, at: number): JudgeState {
  const changed =
    before.lastKnown !== "pending" && (before.lastKnown === "down") !== (next.lastKnown === "down");
  if (!changed && before.changes.length === 0) return next;
  const changes = before.changes.filter((time) => time > at - flappingWindowMs);
  if (changed) changes.push(at);
  const kept = changes.slice(-(flappingAbove + 2));
  const flapping = before.flapping
    ? kept.length >= flappingUntilBelow
    : kept.length > flappingAbove;
  const same = kept.length === before.changes.length && !changed;
  return { ...next, changes: same ? before.changes : kept, flapping };
}

function transitionOf(
  before: JudgeState,
  after: JudgeState,
  check: Check,
  why: {
    readonly reason: Reason | null;
    readonly message: string | null;
    readonly onlyForCertificate?: boolean;
  },
): Transition | null {
  if (before.status === after.status && before.flapping === after.flapping) return null;
  return {
    monitorId: check.monitorId,
    from: before.status,
    to: after.status,
    knownFrom: before.lastKnown,
    knownTo: after.lastKnown,
    at: before.status === after.status ? check.at : after.since,
    decidedAt: check.endedAt,
    reason: why.reason,
    message: why.message,
    failure: after.lastKnown === "down" ? after.firstFailure : null,
    flapping: after.flapping,
    ...(why.onlyForCertificate === true ? { onlyForCertificate: true } : {}),
  };
}

/** Whether nothing changed that must be written: a healthy monitor costs no write. */
function isSame(a: JudgeState, b: JudgeState): boolean {
  return (
    a.status === b.status &&
    a.since === b.since &&
    a.lastKnown === b.lastKnown &&
    a.failuresInRow === b.failuresInRow &&
    a.successesInRow === b.successesInRow &&
    a.degradedInRow === b.degradedInRow &&
    a.firstFailure === b.firstFailure &&
    a.changes === b.changes &&
    a.flapping === b.flapping
  );
}
