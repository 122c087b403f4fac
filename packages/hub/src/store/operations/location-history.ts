/** Status intervals of the locations of monitors, and those of monitors told anew from them. */
import type { Selectable } from "kysely";
import type { Reason } from "@belfry/contract";
import type { MonitorId } from "../../model/id.ts";
import type { JudgedStatus } from "../../model/judgement.ts";
import type { HistoryRewrite, LocationInterval, LocationsJudged } from "../../model/location.ts";
import { standingsOf } from "../../model/quorum.ts";
import type { TimeRange } from "../../model/series.ts";
import type { LocationIntervalTable, StatusIntervalTable } from "../tables.ts";
import { asWritten, inChunks, rowsPerStatement } from "../values.ts";
import type { OperationContext } from "./operation.ts";

type Row = Selectable<LocationIntervalTable>;

/** Ends open intervals of locations and begins the next, as `changeStatuses` does for monitors. */
export async function changeLocations(
  context: OperationContext,
  judged: readonly LocationsJudged[],
): Promise<void> {
  const changing = judged.filter(({ changes }) => changes.length > 0);
  const open = await openRows(
    context,
    changing.map((one) => one.monitorId),
  );
  const rows = changing.flatMap((one) => chainRows(open, one));
  for (const some of inChunks(rows, rowsPerStatement)) {
    await context.db
      .insertInto("location_interval")
      .values([...some])
      .onConflict((conflict) =>
        conflict.columns(["monitor_id", "location", "started_at"]).doUpdateSet((row) => ({
          ended_at: row.ref("excluded.ended_at"),
          status: row.ref("excluded.status"),
          reason: row.ref("excluded.reason"),
        })),
      )
      .execute();
  }
}

async function openRows(
  { db }: OperationContext,
  ids: readonly MonitorId[],
): Promise<ReadonlyMap<string, Row>> {
  const found = new Map<string, Row>();
  for (const some of inChunks(ids, rowsPerStatement)) {
    const rows = await db
      .selectFrom("location_interval")
      .selectAll()
      .where("monitor_id", "in", some)
      .where("ended_at", "is", null)
      .execute();
    for (const row of rows) found.set(`${row.monitor_id} ${row.location}`, row);
  }
  return found;
}

/** The rows to write, each once. No interval begins before the one it follows, and none lasts no time. */
function chainRows(
  open: ReadonlyMap<string, Row>,
  { monitorId, changes }: LocationsJudged,
): readonly Row[] {
  const rows = new Map<string, Row>();
  const last = new Map<string, Row>();
  for (const change of changes) {
    const { location, status, reason } = change;
    const before = last.get(location) ?? open.get(`${monitorId} ${location}`);
    if (before?.status === status && before.reason === reason) continue;
    const startedAt = Math.max(change.at, before?.started_at ?? change.at);
    if (before !== undefined && startedAt > before.started_at) {
      rows.set(`${location} ${before.started_at}`, { ...before, ended_at: startedAt });
    }
    const row: Row = {
      monitor_id: monitorId,
      location,
      started_at: startedAt,
      ended_at: null,
      status,
      reason,
    };
    rows.set(`${location} ${startedAt}`, row);
    last.set(location, row);
  }
  return [...rows.values()];
}

interface Span {
  readonly status: string;
  readonly reason: string | null;
  readonly from: number;
  readonly to: number | null;
}

/**
 * Tells the status intervals of a monitor anew from `from` on, as its locations have it. Times in which it was paused or
 * maintained stay. The transaction holds the monitor for a change.
 */
export async function rewriteHistory(
  context: OperationContext,
  id: MonitorId,
  { from, placement, awayFrom }: HistoryRewrite,
): Promise<void> {
  const { db } = context;
  const rows = await db
    .selectFrom("status_interval")
    .selectAll()
    .where("monitor_id", "=", id)
    .where((where) => where.or([where("ended_at", "is", null), where("ended_at", ">=", from)]))
    .orderBy("started_at")
    .execute();
  const first = rows[0];
  if (first === undefined) return;
  // Not before the monitor was there.
  const begin = Math.max(from, first.started_at);
  const range = { from: begin, to: Number.MAX_SAFE_INTEGER };
  const intervals = await locationIntervals(context, id, range);
  const standings = standingsOf(intervals, placement, begin, awayFrom);
  const fixed = rows.filter(({ status }) => isDecidedByPeople(status)).map(spanOf);
  const spans = joined([...before(rows, begin), ...around(standings, fixed)]);
  await db
    .deleteFrom("status_interval")
    .where("monitor_id", "=", id)
    .where((where) => where.or([where("ended_at", "is", null), where("ended_at", ">=", from)]))
    .execute();
  for (const some of inChunks(spans, rowsPerStatement)) {
    await db
      .insertInto("status_interval")
      .values(
        some.map((span) => ({
          monitor_id: id,
          started_at: span.from,
          ended_at: span.to,
          status: span.status,
          reason: span.reason,
        })),
      )
      .execute();
  }
}

function isDecidedByPeople(status: string): boolean {
  return status === "paused" || status === "maintenance";
}

function spanOf(row: Selectable<StatusIntervalTable>): Span {
  return { status: row.status, reason: row.reason, from: row.started_at, to: row.ended_at };
}

/** What the first interval tells of the time before `begin`. */
function before(rows: readonly Selectable<StatusIntervalTable>[], begin: number): readonly Span[] {
  const [first] = rows;
  if (first === undefined || first.started_at >= begin || isDecidedByPeople(first.status))
    return [];
  return [{ ...spanOf(first), to: begin }];
}

/** The standings, but where something else is fixed. */
function around(
  standings: readonly {
    readonly status: JudgedStatus;
    readonly reason: Reason | null;
    readonly from: number;
    readonly to: number | null;
  }[],
  fixed: readonly Span[],
): readonly Span[] {
  let spans: readonly Span[] = standings;
  for (const hole of fixed) {
    const end = hole.to ?? Number.POSITIVE_INFINITY;
    spans = spans.flatMap((span) => {
      const to = span.to ?? Number.POSITIVE_INFINITY;
      if (to <= hole.from || span.from >= end) return [span];
      const left = span.from < hole.from ? [{ ...span, to: hole.from }] : [];
      return to > end ? [...left, { ...span, from: end }] : left;
    });
  }
  return [...spans, ...fixed].toSorted((a, b) => a.from - b.from);
}

/** One span for neighbours that say the same. */
function joined(spans: readonly Span[]): readonly Span[] {
  const result: Span[] = [];
  for (const span of spans) {
    const last = result.at(-1);
    if (last?.status === span.status && last.reason === span.reason && last.to === span.from) {
      result.splice(-1, 1, { ...last, to: span.to });
    } else result.push(span);
  }
  return result;
}

/** See `LocationStore.locationIntervals`. */
export async function locationIntervals(
  { db }: OperationContext,
  id: MonitorId,
  range: TimeRange,
): Promise<readonly LocationInterval[]> {
  const rows = await db
    .selectFrom("location_interval")
    .selectAll()
    .where("monitor_id", "=", id)
    .where("started_at", "<=", range.to)
    .where((where) => where.or([where("ended_at", "is", null), where("ended_at", ">", range.from)]))
    .orderBy("location")
    .orderBy("started_at")
    .execute();
  return rows.map((row) => ({
    location: row.location,
    status: asWritten<JudgedStatus>(row.status),
    reason: row.reason === null ? null : asWritten<Reason>(row.reason),
    from: row.started_at,
    to: row.ended_at,
  }));
}
