/**
 * The present state of every monitor, in memory: what lists, pages and `/metrics` read, so that none of them asks the
 * database per monitor. Rebuilt from the store at start.
 */
import type { BoardEntry, CheckTotals, LastCheck } from "../model/board.ts";
import { followsHost } from "../model/host.ts";
import type { MonitorId } from "../model/id.ts";
import type { JudgeState } from "../model/judgement.ts";
import type { Monitor } from "../model/monitor.ts";

export interface Board {
  /** Also of a monitor that follows a host. */
  get(id: MonitorId): BoardEntry | undefined;
  /** Every monitor but those that follow hosts: these have lists, counts and metrics of their own. */
  entries(): Iterable<BoardEntry>;
  /** Monitors that follow hosts. */
  hostEntries(): Iterable<BoardEntry>;
  readonly size: number;
  /** Takes in a new or changed monitor; its last check stays unless `state` is undefined. */
  put(monitor: Monitor, state: JudgeState | undefined, at: number): BoardEntry;
  /** Takes in a changed monitor of which everything else stays as it is shown; undefined for one that is not there. */
  replace(monitor: Monitor): BoardEntry | undefined;
  /** Notes a check; undefined for a monitor that is not there. */
  checked(id: MonitorId, state: JudgeState, check: LastCheck): BoardEntry | undefined;
  /** Notes a check that another process did, and counted. */
  shown(id: MonitorId, state: ShownState, check: LastCheck): BoardEntry | undefined;
  /** Shows a monitor as `maintenance` since `since` (epoch ms), or no more (null); undefined for one that is not there. */
  maintain(id: MonitorId, since: number | null): BoardEntry | undefined;
  remove(id: MonitorId): void;
}

/** What of a judge state is shown. */
export type ShownState = Pick<JudgeState, "since" | "flapping"> & {
  readonly status: BoardEntry["status"];
};

interface Row {
  monitor: Monitor;
  status: BoardEntry["status"];
  since: number;
  /** What holds when there is no maintenance; null: there is none, `status` is it. */
  beneath: { status: BoardEntry["status"]; since: number } | null;
  flapping: boolean;
  lastCheck: LastCheck | null;
  totals: CheckTotals;
}

/** Makes an empty board. A monitor that follows a host follows it as long as it is. */
export function createBoard(): Board {
  const monitors = new Map<MonitorId, Row>();
  const hosts = new Map<MonitorId, Row>();
  const rowOf = (id: MonitorId): Row | undefined => monitors.get(id) ?? hosts.get(id);

  function show(id: MonitorId, state: ShownState, check: LastCheck): Row | undefined {
    const row = rowOf(id);
    if (row === undefined) return undefined;
    if (row.beneath === null) {
      row.status = state.status;
      row.since = state.since;
    } else row.beneath = { status: state.status, since: state.since };
    row.flapping = state.flapping;
    row.lastCheck = check;
    return row;
  }

  return {
    get: rowOf,
    entries: () => monitors.values(),
    hostEntries: () => hosts.values(),
    get size() {
      return monitors.size;
    },
    put(monitor, state, at) {
      const former = rowOf(monitor.id);
      const paused = !monitor.enabled;
      const status = paused ? "paused" : (state?.status ?? "pending");
      const held = former?.beneath ?? former;
      const since =
        held?.status === status ? held.since : paused || state === undefined ? at : state.since;
      const isMaintained = former !== undefined && former.beneath !== null && !paused;
      const row: Row = {
        monitor,
        status: isMaintained ? "maintenance" : status,
        since: isMaintained ? former.since : since,
        beneath: isMaintained ? { status, since } : null,
        flapping: state?.flapping ?? false,
        lastCheck: state === undefined ? null : (former?.lastCheck ?? null),
        totals: former?.totals ?? { checks: 0, errors: 0 },
      };
      (followsHost(monitor) ? hosts : monitors).set(monitor.id, row);
      return row;
    },
    replace(monitor) {
      const row = rowOf(monitor.id);
      if (row !== undefined) row.monitor = monitor;
      return row;
    },
    checked(id, state, check) {
      const row = show(id, state, check);
      if (row === undefined) return undefined;
      row.totals = {
        checks: row.totals.checks + 1,
        errors: row.totals.errors + (check.result === "up" ? 0 : 1),
      };
      return row;
    },
    shown: show,
    maintain(id, since) {
      const row = rowOf(id);
      if (row === undefined) return undefined;
      const { status, since: began } = row.beneath ?? row;
      row.beneath = since === null ? null : { status, since: began };
      row.status = since === null ? status : "maintenance";
      row.since = since ?? began;
      return row;
    },
    remove(id) {
      monitors.delete(id);
      hosts.delete(id);
    },
  };
}
