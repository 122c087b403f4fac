/**
 * The history of a monitor, newest first, put together from where it is kept: successes live only in the series,
 * everything else has a row of its own. Reads backwards in windows that grow, so that a page costs about as much as it
 * holds, and gives up a search after a bounded amount of work (the page is then short and has a cursor).
 */
import type { HistoryRow, Reason } from "@belfry/contract";
import type { FailedCheck } from "../../model/change.ts";
import type { Monitor } from "../../model/monitor.ts";
import { locationLabel, monitorSource } from "../../model/monitor-series.ts";
import type { SeriesKey, SeriesSamples, TimeRange } from "../../model/series.ts";
import type { HistoryStore, SeriesStore } from "../parts.ts";
import { timeText } from "./view.ts";

/** How a check ended, in the words of the history. */
export const historyStatuses = ["UP", "DOWN", "TIMEOUT", "ERROR", "UNKNOWN"] as const;
export type HistoryStatus = (typeof historyStatuses)[number];

export interface HistoryQuery {
  /** Epoch ms, both included. */
  readonly range: TimeRange;
  readonly limit: number;
  /** undefined: all. */
  readonly statuses: ReadonlySet<HistoryStatus> | undefined;
}

export interface HistoryPage {
  readonly rows: readonly HistoryRow[];
  /** Where the next page ends (epoch ms); null when there is no more. */
  readonly nextTo: number | null;
}

export type HistoryParts = Pick<HistoryStore, "failedChecks"> & Pick<SeriesStore, "rawOf">;

const keyNames = ["probe_success", "probe_duration_seconds", "probe_http_status_code"] as const;
const mostFailedAtOnce = 2_000;
const mostSamples = 500_000;
const mostWindows = 40;
const leastSpanMs = 600_000;

/** Reads one page. */
export async function readHistory(
  store: HistoryParts,
  monitor: Monitor,
  { range, limit, statuses }: HistoryQuery,
): Promise<HistoryPage> {
  const from = Math.max(range.from, monitor.createdAt);
  const wantsUp = statuses === undefined || statuses.has("UP");
  const rows: TimedRow[] = [];
  let end = range.to;
  let span = Math.max(leastSpanMs, monitor.intervalMs * limit * 1.2);
  let samples = 0;
  for (let i = 0; i < mostWindows && end >= from && samples < mostSamples; i += 1) {
    const window = await readWindow(
      store,
      monitor,
      { from: Math.max(from, end - span), to: end },
      wantsUp,
    );
    samples += window.samples;
    for (const row of window.rows) {
      if (statuses === undefined || statuses.has(row.row.status)) rows.push(row);
      const last = rows[limit - 1];
      if (last !== undefined) return { rows: rowsOf(rows), nextTo: before(last.at, from) };
    }
    end = window.from - 1;
    span *= 4;
  }
  return { rows: rowsOf(rows), nextTo: end >= from ? end : null };
}

function before(at: number, from: number): number | null {
  return at - 1 >= from ? at - 1 : null;
}

interface TimedRow {
  readonly at: number;
  readonly row: HistoryRow;
}

function rowsOf(rows: readonly TimedRow[]): HistoryRow[] {
  return rows.map(({ row }) => row);
}

type FailedRow = Omit<FailedCheck, "evidence">;

/** Rows within a window, newest first. `from` is how far back they are complete. */
async function readWindow(
  store: HistoryParts,
  monitor: Monitor,
  range: TimeRange,
  wantsUp: boolean,
): Promise<{
  readonly rows: readonly TimedRow[];
  readonly from: number;
  readonly samples: number;
}> {
  const placed = monitor.placement?.locations;
  const [failed, series] = await Promise.all([
    store.failedChecks(monitor.id, range, mostFailedAtOnce),
    wantsUp ? store.rawOf(monitorSource(monitor.id), keysOf(placed), range) : [],
  ]);
  const from = completeFrom(failed, range);
  const rows = failed
    .filter((check) => check.checkedAt >= from)
    .map((check) => ({ at: check.checkedAt, row: failedRow(check) }));
  let samples = failed.length;
  for (const [i, location] of (placed ?? ["local"]).entries()) {
    const [success, duration, code] = series.slice(i * keyNames.length);
    const known = new Set(
      failed
        .filter((one) => placed === undefined || one.location === location)
        .map((one) => one.checkedAt),
    );
    const durationAt = reader(duration);
    const codeAt = reader(code);
    samples += success?.times.length ?? 0;
    success?.times.forEach((at, place) => {
      if (at < from || known.has(at)) return;
      const isUp = success.values[place] === 1;
      rows.push({ at, row: { ...sampledRow(at, isUp, durationAt(at), codeAt(at)), location } });
    });
  }
  return { rows: rows.toSorted((a, b) => b.at - a.at), from, samples };
}

/** The series of a check, or of the checks of each location. */
function keysOf(locations: readonly string[] | undefined): readonly SeriesKey[] {
  const sets = locations?.map((location) => ({ [locationLabel]: location })) ?? [{}];
  return sets.flatMap((labels) => keyNames.map((name) => ({ name, labels })));
}

/** When the rows of failures were cut off, the window is complete only after the oldest of them. */
function completeFrom(failed: readonly FailedRow[], range: TimeRange): number {
  const oldest = failed.at(-1);
  if (failed.length < mostFailedAtOnce || oldest === undefined) return range.from;
  const allAtOnce = failed[0]?.checkedAt === oldest.checkedAt;
  return allAtOnce ? oldest.checkedAt : oldest.checkedAt + 1;
}

/** Reads a series at times that are asked for in ascending order. */
function reader(series: SeriesSamples | undefined): (at: number) => number | null {
  let place = 0;
  return (at) => {
    if (series === undefined) return null;
    while ((series.times[place] ?? Number.POSITIVE_INFINITY) < at) place += 1;
    return series.times[place] === at ? (series.values[place] ?? null) : null;
  };
}

function sampledRow(
  at: number,
  isUp: boolean,
  seconds: number | null,
  code: number | null,
): HistoryRow {
  return {
    timestamp: timeText(at),
    status: isUp ? "UP" : "DOWN",
    status_code: code === null || !Number.isInteger(code) || code === 0 ? null : code,
    latency_ms: seconds === null ? null : rounded(seconds * 1000),
    error_message: null,
    reason: null,
    location: "local",
  };
}

function failedRow(check: FailedRow): HistoryRow {
  return {
    timestamp: timeText(check.checkedAt),
    status: check.result === "unknown" ? "UNKNOWN" : statusOfReason(check.reason),
    status_code: check.statusCode,
    latency_ms: check.latencyMs === null ? null : rounded(check.latencyMs),
    error_message: check.message,
    reason: check.reason,
    location: check.location,
  };
}

/** DOWN: it answered, but not as it should; ERROR: it could not be talked to. */
export function statusOfReason(reason: Reason): HistoryStatus {
  switch (reason) {
    case "timeout":
      return "TIMEOUT";
    case "dns":
    case "refused":
    case "reset":
    case "unreachable":
    case "tls":
    case "proxy":
    case "protocol":
      return "ERROR";
    case "redirect":
    case "status":
    case "assertion":
    case "too_large":
    case "loss":
    case "silent":
    case "late":
    case "reported":
      return "DOWN";
    case "guard":
    case "internal":
    case "misconfigured":
    case "own_network":
    case "not_running":
      return "UNKNOWN";
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
