/**
 * Keeps the judge state of every monitor and turns each outcome into what has to be stored. The state in memory runs
 * ahead of the store by what is on its way there; changes reach the store in the order they were decided.
 */
import type { FailedCheck, StatusChange } from "../model/change.ts";
import type { MonitorId } from "../model/id.ts";
import type { JudgeState, Transition } from "../model/judgement.ts";
import type { Monitor } from "../model/monitor.ts";
import type { Outcome } from "../model/outcome.ts";
import { initialState, judge } from "./judge.ts";

/** One check as it is handed to judging. Times are epoch ms. */
export interface CheckedMonitor {
  readonly monitor: Monitor;
  readonly outcome: Outcome;
  readonly at: number;
  readonly endedAt: number;
  readonly location: string;
}

/** What one outcome decided. `state` is set only when it must be written. */
export interface Decision {
  readonly current: JudgeState;
  readonly state: JudgeState | null;
  readonly transition: Transition | null;
  readonly statusChange: StatusChange | null;
  readonly failedCheck: FailedCheck | null;
  readonly retry: boolean;
}

export interface JudgingTable {
  /** Takes a monitor in. `intervalIsOpen`: false when its next outcome must begin a status interval. */
  add(
    id: MonitorId,
    state: JudgeState | undefined,
    options: { intervalIsOpen: boolean; at: number },
  ): void;
  /** Its next outcome begins a status interval, even if the status stays (it was paused, or Belfry was not running). */
  reopen(id: MonitorId): void;
  /**
   * Maintenance begins: outcomes are judged and begin no status interval; or it ends, and the state that holds is the
   * caller's to write. `add` ends it, too.
   */
  maintain(id: MonitorId, isMaintained: boolean): void;
  remove(id: MonitorId): void;
  state(id: MonitorId): JudgeState | undefined;
  /** The same, with what its next decision has to respect; undefined for a monitor that is not in the table. */
  row(id: MonitorId): JudgingRow | undefined;
  /** Takes what was decided and stored about a monitor elsewhere than here; its status interval is open then. */
  settle(id: MonitorId, state: JudgeState): void;
  /** Judges an outcome; undefined for a monitor that is not in the table. */
  decide(check: CheckedMonitor): Decision | undefined;
}

/** A monitor in the table. */
export interface JudgingRow {
  readonly state: JudgeState;
  /** Its next outcome begins a status interval, even if the status stays. */
  readonly reopen: boolean;
  readonly isMaintained: boolean;
}

interface Row {
  state: JudgeState;
  reopen: boolean;
  isMaintained: boolean;
}

/** Makes an empty table. */
export function createJudgingTable(): JudgingTable {
  const rows = new Map<MonitorId, Row>();
  return {
    add(id, state, { intervalIsOpen, at }) {
      rows.set(id, {
        state: state ?? initialState(at),
        reopen: !intervalIsOpen,
        isMaintained: false,
      });
    },
    reopen(id) {
      const row = rows.get(id);
      if (row !== undefined) row.reopen = true;
    },
    maintain(id, isMaintained) {
      const row = rows.get(id);
      if (row === undefined) return;
      row.isMaintained = isMaintained;
      row.reopen = false;
    },
    remove: (id) => void rows.delete(id),
    state: (id) => rows.get(id)?.state,
    row: (id) => rows.get(id),
    settle(id, state) {
      const row = rows.get(id);
      if (row === undefined) return;
      row.state = state;
      row.reopen = false;
    },
    decide(check) {
      const row = rows.get(check.monitor.id);
      if (row === undefined) return undefined;
      const before = row.state;
      const { state, transition, retry, keepEvidence } = judge(
        before,
        check.outcome,
        { monitorId: check.monitor.id, at: check.at, endedAt: check.endedAt },
        check.monitor.judging,
      );
      const begins = !row.isMaintained && (row.reopen || state.status !== before.status);
      row.state = state;
      row.reopen = false;
      return {
        current: state,
        state: state === before ? null : state,
        transition,
        statusChange: begins ? statusChangeOf(check, before, state) : null,
        failedCheck: failedCheckOf(check, keepEvidence),
        retry,
      };
    },
  };
}

function statusChangeOf(
  check: CheckedMonitor,
  before: JudgeState,
  after: JudgeState,
): StatusChange {
  const { outcome, monitor } = check;
  return {
    monitorId: monitor.id,
    status: after.status,
    reason: outcome.result === "up" ? null : outcome.reason,
    at: before.status === after.status ? check.at : after.since,
  };
}

function failedCheckOf(check: CheckedMonitor, keepEvidence: boolean): FailedCheck | null {
  const { outcome, monitor } = check;
  if (outcome.result === "up") return null;
  return {
    monitorId: monitor.id,
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
