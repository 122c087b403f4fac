/**
 * Judges what was found at the locations of one monitor: each location alone, in the order of its slots, and then all of
 * them together by quorum. Pure: everything it knows comes in, everything it decided goes out, and what is handed in late
 * leaves each location as if it had come in time.
 */
import type { FailedCheck, StatusChange } from "../model/change.ts";
import type { JudgeState, Transition } from "../model/judgement.ts";
import {
  awayAfterMs,
  quorumOf,
  type HistoryRewrite,
  type LocationChange,
  type LocationKnown,
  type LocationOutcome,
  type LocationsJudged,
  type LocationWork,
  type Placement,
  type WaitingOutcome,
} from "../model/location.ts";
import { lastCheckOf } from "../model/last-check.ts";
import type { Monitor } from "../model/monitor.ts";
import { initialState, judge } from "./judge.ts";
import { judgeQuorum, type Ballot } from "./quorum.ts";

export interface LocationVerdict {
  readonly judged: LocationsJudged;
  /** The state of the monitor, and what of it must be written; null: it is as it was. */
  readonly current: JudgeState;
  readonly state: JudgeState | null;
  readonly transition: Transition | null;
  readonly statusChange: StatusChange | null;
  readonly failedChecks: readonly FailedCheck[];
  /** Those that were judged, by time. */
  readonly outcomes: readonly LocationOutcome[];
  /** When a location becomes away unless it is heard of, epoch ms; null: none votes. */
  readonly lookAt: number | null;
}

/** Whether there is anything to write. */
export function isWorthWriting({ judged, state }: LocationVerdict): boolean {
  return state !== null || judged.done.length > 0;
}

/** A monitor that is checked from several locations. */
export type PlacedMonitor = Monitor & { readonly placement: Placement };

/** What is known of the monitor before. */
export interface Standpoint {
  readonly state: JudgeState;
  /** Its history was cut off because nobody judged: it is told anew from what its locations say. */
  readonly isCut: boolean;
  /** Epoch ms. */
  readonly now: number;
}

/** Judges what waits. A monitor that is paused stays as it is. */
export function judgeLocations(
  monitor: PlacedMonitor,
  work: Omit<LocationWork, "monitorId">,
  { state: before, isCut, now }: Standpoint,
): LocationVerdict {
  const tables = new Map(
    work.known.map((known) => [known.location, createLocation(monitor, known)]),
  );
  const failedChecks: FailedCheck[] = [];
  const outcomes: LocationOutcome[] = [];
  for (const outcome of work.outcomes) {
    let table = tables.get(outcome.location);
    if (table === undefined) {
      table = createLocation(monitor, unknownLocation(outcome.location));
      tables.set(outcome.location, table);
    }
    const { isJudged, keepEvidence } = table.take(outcome, now);
    const failed = failedCheckOf(outcome, keepEvidence);
    if (failed !== null) failedChecks.push(failed);
    if (isJudged) outcomes.push(outcome);
  }
  const ballots = monitor.placement.locations.map(
    (location) => tables.get(location)?.ballot(now) ?? unheard(location),
  );
  const quorum = monitor.enabled
    ? judgeQuorum(before, ballots, quorumOf(monitor.placement), { monitorId: monitor.id, now })
    : { state: before, transition: null, reason: null };
  const all = [...tables.values()];
  return {
    judged: {
      monitorId: monitor.id,
      version: monitor.version,
      known: all.filter((table) => table.isChanged()).map((table) => table.known()),
      changes: all.flatMap((table) => table.changes),
      done: work.outcomes.map(({ location, slot }) => ({ location, slot })),
      rewrite: rewriteOf(
        monitor,
        all,
        earliest([
          ...all.map((table) => table.lateFrom()),
          ...(isCut && outcomes.length > 0 ? work.known.map(({ judgedAt }) => judgedAt) : []),
        ]),
        now,
      ),
    },
    current: quorum.state,
    state: quorum.state === before ? null : quorum.state,
    transition: quorum.transition,
    statusChange:
      quorum.state.status === before.status
        ? null
        : {
            monitorId: monitor.id,
            status: quorum.state.status,
            reason: quorum.reason,
            at: quorum.state.since,
          },
    failedChecks,
    outcomes: outcomes.toSorted((a, b) => a.at - b.at),
    lookAt: earliest(all.map((table) => table.awayAt(now))),
  };
}

type Location = ReturnType<typeof createLocation>;

/** One location of a monitor while it is judged. */
function createLocation(monitor: Monitor, start: LocationKnown) {
  const awayMs = awayAfterMs(monitor);
  const changes: LocationChange[] = [];
  let known = start;
  let lateFrom: number | null = null;

  function begin(change: Omit<LocationChange, "location">): void {
    changes.push({ location: start.location, ...change });
    if (lateFrom !== null) lateFrom = Math.min(lateFrom, change.at);
  }

  /** What came in later than its location was taken for away changes what was judged without it. */
  function noteLate(outcome: LocationOutcome, now: number): void {
    const { judgedAt } = known;
    const wasAway = judgedAt === null || now - judgedAt > awayMs;
    const isLate =
      now - outcome.at > awayMs || (judgedAt !== null && outcome.at - judgedAt <= awayMs);
    if (!wasAway || !isLate) return;
    lateFrom = Math.min(lateFrom ?? Number.POSITIVE_INFINITY, judgedAt ?? outcome.at);
  }

  function judgeOne(outcome: WaitingOutcome): boolean {
    const { judgedAt } = known;
    const before = known.judge ?? initialState(outcome.at);
    const hole = judgedAt !== null && outcome.at - judgedAt > awayMs;
    if (hole) begin({ status: "unknown", reason: "not_running", at: judgedAt + awayMs });
    const { state, keepEvidence } = judge(
      before,
      outcome.outcome,
      { monitorId: monitor.id, at: outcome.at, endedAt: outcome.endedAt },
      monitor.judging,
    );
    const hasChanged = state.status !== before.status;
    if (hasChanged || hole || known.judge === null) {
      const reason = outcome.outcome.result === "up" ? null : outcome.outcome.reason;
      const at = hasChanged && !hole ? state.since : outcome.at;
      begin({ status: state.status, reason: state.status === "up" ? null : reason, at });
    }
    const last = lastCheckOf(outcome.outcome, outcome.at, outcome.location);
    known = { ...known, judge: state, judgedAt: outcome.at, last };
    return keepEvidence;
  }

  return {
    changes,
    known: () => known,
    isChanged: () => known !== start,
    lateFrom: () => lateFrom,
    take(outcome: WaitingOutcome, now: number): { isJudged: boolean; keepEvidence: boolean } {
      const isOld = known.judgedAt !== null && outcome.at <= known.judgedAt;
      if (outcome.fills || isOld || outcome.version < known.fromVersion) {
        return { isJudged: false, keepEvidence: false };
      }
      noteLate(outcome, now);
      return { isJudged: true, keepEvidence: judgeOne(outcome) };
    },
    awayAt(now: number): number | null {
      if (known.judgedAt === null || now - known.judgedAt > awayMs) return null;
      return known.judgedAt + awayMs;
    },
    awayFrom: () => (known.judgedAt === null ? null : known.judgedAt + awayMs),
    ballot(now: number): Ballot {
      const { location, judge: state, judgedAt, last } = known;
      if (state === null || judgedAt === null) return unheard(location);
      const isAway = now - judgedAt > awayMs;
      return {
        location,
        status: isAway ? "away" : state.status,
        reason: isAway ? null : (last?.reason ?? state.firstFailure?.reason ?? null),
        at: isAway ? judgedAt + awayMs : state.since,
        failure: state.firstFailure,
        failuresInRow: state.failuresInRow,
        message: last?.message ?? null,
      };
    },
  };
}

function unknownLocation(location: string): LocationKnown {
  return { location, judgedAt: null, judge: null, last: null, fromVersion: 0 };
}

function unheard(location: string): Ballot {
  const none = { failure: null, failuresInRow: 0, message: null };
  return { location, status: "pending", reason: null, at: 0, ...none };
}

function rewriteOf(
  monitor: PlacedMonitor,
  tables: readonly Location[],
  from: number | null,
  now: number,
): HistoryRewrite | null {
  if (from === null) return null;
  const away = tables.flatMap((table): [string, number][] => {
    const at = table.awayFrom();
    return at !== null && at < now ? [[table.known().location, at]] : [];
  });
  return { from, placement: monitor.placement, awayFrom: Object.fromEntries(away) };
}

function earliest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function failedCheckOf(check: LocationOutcome, keepEvidence: boolean): FailedCheck | null {
  const { outcome } = check;
  if (outcome.result === "up") return null;
  return {
    monitorId: check.monitorId,
    checkedAt: check.at,
    location: check.location,
    result: outcome.result,
    reason: outcome.reason,
    message: outcome.message,
    statusCode: outcome.result === "down" ? outcome.statusCode : null,
    latencyMs: outcome.durationMs,
    evidence: outcome.result === "down" && keepEvidence ? outcome.evidence : null,
  };
}
