/** What was of monitors: `/history`, `/uptime` and `/api/v1/monitors/summary`. */
import {
  HistoryRowSchema,
  MonitorSummarySchema,
  UptimeSchema,
  type MonitorSummary,
  type UptimeView,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { parseId, type MonitorId } from "../../model/id.ts";
import { locationLabel, monitorSource } from "../../model/monitor-series.ts";
import type { SeriesBuckets, SeriesKey, TimeRange } from "../../model/series.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import type { ApiParts } from "../parts.ts";
import { addRoute } from "../route.ts";
import { readRange } from "../times.ts";
import { historyStatuses, readHistory } from "./history.ts";
import { findEntry, idParams } from "./monitors.ts";
import { statusBar, uptimeOf } from "./uptime.ts";
import { timeText, timeTextOrNull } from "./view.ts";

const dayMs = 86_400_000;
const fromTo = {
  from: Type.Optional(Type.String({ description: "RFC 3339 or Unix seconds" })),
  to: Type.Optional(Type.String({ description: "RFC 3339 or Unix seconds; default now" })),
};

const historyQuery = Type.Object(
  {
    ...fromTo,
    limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
    status: Type.Optional(
      Type.Array(Type.Enum([...historyStatuses]), { description: "Any of these" }),
    ),
    cursor: Type.Optional(Type.String({ description: "`next_cursor` of the page before" })),
  },
  { additionalProperties: false },
);

const historySchema = Type.Object({
  items: Type.Array(HistoryRowSchema),
  next_cursor: Type.Union([Type.String(), Type.Null()], {
    description: "A page may be short and still have a next one",
  }),
});

/** Registers the routes. */
export function addPastRoutes(app: FastifyInstance, parts: ApiParts): void {
  addRoute(app, {
    method: "GET",
    path: "/api/v1/monitors/:id/history",
    permission: "read",
    tag: "monitors",
    summary: "Checks of a monitor, newest first",
    description: "`from` is the monitor's creation where it is left out.",
    params: idParams,
    query: historyQuery,
    answers: { 200: { description: "A page of checks", schema: historySchema } },
    errors: ["not_found"],
    async handle({ params, query }) {
      const { monitor } = findEntry(parts, params.id);
      const now = parts.clock.now();
      const range = readRange(query, now, Math.max(dayMs, now - monitor.createdAt + 1));
      const to = query.cursor === undefined ? range.to : readTo(query.cursor);
      const page = await readHistory(parts.store, monitor, {
        range: { from: range.from, to: Math.min(to, range.to) },
        limit: query.limit,
        statuses: query.status === undefined ? undefined : new Set(query.status),
      });
      return {
        items: page.rows,
        next_cursor: page.nextTo === null ? null : writeCursor([page.nextTo]),
      };
    },
  });
  addUptime(app, parts);
  addSummary(app, parts);
}

function readTo(cursor: string): number {
  const [to] = readCursor(cursor, 1);
  return typeof to === "number" ? to : 0;
}

function addUptime(app: FastifyInstance, parts: ApiParts): void {
  addRoute(app, {
    method: "GET",
    path: "/api/v1/monitors/:id/uptime",
    permission: "read",
    tag: "monitors",
    summary: "Uptime of a monitor, weighted by time",
    description: "The last day where `from` is left out.",
    params: idParams,
    query: Type.Object(fromTo, { additionalProperties: false }),
    answers: { 200: { description: "Its uptime and status intervals", schema: UptimeSchema } },
    errors: ["not_found"],
    async handle({ params, query }): Promise<UptimeView> {
      const { monitor } = findEntry(parts, params.id);
      const now = parts.clock.now();
      const asked = readRange(query, now, dayMs);
      const range = { from: asked.from, to: Math.max(asked.from, Math.min(asked.to, now)) };
      const intervals = await parts.store.statusIntervals(monitor.id, range);
      const uptime = uptimeOf(intervals, range);
      return {
        from: timeText(range.from),
        to: timeText(range.to),
        ratio: uptime.ratio,
        up_seconds: uptime.upMs / 1000,
        down_seconds: uptime.downMs / 1000,
        uncounted_seconds: uptime.uncountedMs / 1000,
        intervals: intervals.map(({ status, reason, from, to }) => ({
          status,
          reason,
          from: timeText(from),
          to: timeTextOrNull(to),
        })),
      };
    },
  });
}

const summaryQuery = Type.Object(
  {
    ids: Type.Array(Type.String(), {
      minItems: 1,
      maxItems: 500,
      description: "Monitors, separated by commas; unknown ones are left out of the answer",
    }),
    hours: Type.Integer({ minimum: 1, maximum: 24 * 90, default: 24 }),
    slots: Type.Integer({ minimum: 1, maximum: 300, default: 48 }),
  },
  { additionalProperties: false },
);

const durationKey: SeriesKey = { name: "probe_duration_seconds", labels: {} };

function addSummary(app: FastifyInstance, parts: ApiParts): void {
  addRoute(app, {
    method: "GET",
    path: "/api/v1/monitors/summary",
    permission: "read",
    tag: "monitors",
    summary: "What a row of the overview draws, for several monitors",
    query: summaryQuery,
    answers: {
      200: {
        description: "In the order of `ids`",
        schema: Type.Object({ items: Type.Array(MonitorSummarySchema) }),
      },
    },
    async handle({ query }): Promise<{ items: MonitorSummary[] }> {
      const ids = query.ids.flatMap((text) => {
        const id = parseId<"monitor">(text);
        return id !== undefined && parts.board.get(id) !== undefined ? [id] : [];
      });
      return { items: await summaries(parts, [...new Set(ids)], query.hours, query.slots) };
    },
  });
}

/** Slots lie on multiples of their length, so that they are rollups of the store; the last one contains now. */
async function summaries(
  parts: ApiParts,
  ids: readonly MonitorId[],
  hours: number,
  slots: number,
): Promise<MonitorSummary[]> {
  const now = parts.clock.now();
  const slotMs = Math.max(1000, Math.round((hours * 3_600_000) / slots));
  const end = (Math.floor(now / slotMs) + 1) * slotMs;
  const range = { from: end - slots * slotMs, to: end - 1 };
  const [intervals, buckets, placed] = await Promise.all([
    parts.store.statusIntervalsOf(ids, { from: range.from, to: now }),
    parts.store.bucketsOf(ids.map(monitorSource), durationKey, range, slotMs),
    placedLatencies(parts, ids, range, slotMs),
  ]);
  return ids.map((id, i) => {
    const own = intervals.get(id) ?? [];
    const known: TimeRange = { from: range.from, to: now };
    return {
      id,
      from: timeText(range.from),
      slot_seconds: slotMs / 1000,
      bar: statusBar(closeAt(own, now), { from: range.from, to: end }, slots),
      latency_ms: latencies(placed.get(id) ?? [buckets[i]], range.from, slotMs, slots),
      uptime_ratio: uptimeOf(own, known).ratio,
    };
  });
}

/** The open interval lasts until now, not until the end of the last slot. */
function closeAt<T extends { readonly to: number | null }>(
  intervals: readonly T[],
  now: number,
): T[] {
  return intervals.map((interval) => (interval.to === null ? { ...interval, to: now } : interval));
}

/** How long checks took at each location, of monitors that have several. */
async function placedLatencies(
  { board, store }: ApiParts,
  ids: readonly MonitorId[],
  range: TimeRange,
  stepMs: number,
): Promise<ReadonlyMap<MonitorId, readonly (SeriesBuckets | undefined)[]>> {
  const found = new Map<MonitorId, (SeriesBuckets | undefined)[]>();
  const placed = ids.filter((id) => board.get(id)?.monitor.placement !== undefined);
  const at = Map.groupBy(
    placed.flatMap((id) =>
      (board.get(id)?.monitor.placement?.locations ?? []).map((location) => ({ id, location })),
    ),
    ({ location }) => location,
  );
  await Promise.all(
    [...at].map(async ([location, some]) => {
      const key = { name: durationKey.name, labels: { [locationLabel]: location } };
      const sources = some.map(({ id }) => monitorSource(id));
      const buckets = await store.bucketsOf(sources, key, range, stepMs);
      some.forEach(({ id }, i) => found.set(id, [...(found.get(id) ?? []), buckets[i]]));
    }),
  );
  return found;
}

/** The mean of each slot, over all that measured. */
function latencies(
  all: readonly (SeriesBuckets | undefined)[],
  from: number,
  slotMs: number,
  slots: number,
): (number | null)[] {
  const sums = Array.from({ length: slots }, () => ({ sum: 0, count: 0 }));
  for (const buckets of all) {
    buckets?.starts.forEach((start, i) => {
      const slot = sums[Math.round((start - from) / slotMs)];
      if (slot === undefined) return;
      slot.count += buckets.count[i] ?? 0;
      slot.sum += buckets.sum[i] ?? Number.NaN;
    });
  }
  return sums.map(({ sum, count }) => {
    const mean = (sum / count) * 1000;
    return count > 0 && Number.isFinite(mean) ? Math.round(mean * 1000) / 1000 : null;
  });
}
