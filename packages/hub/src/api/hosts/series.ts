/** `/api/v1/hosts/{id}/series` and `/api/v1/hosts/sparklines`: what the charts of hosts draw. */
import {
  HostSeriesSchema,
  HostSparklinesSchema,
  hostMetrics,
  type HostSeriesView,
  type HostSparklinesView,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { hostSource } from "../../model/host.ts";
import type { TrendFigure } from "../../model/host-entry.ts";
import { parseId, type HostId } from "../../model/id.ts";
import type { SeriesBuckets, SeriesKey } from "../../model/series.ts";
import { idParams } from "../monitors/monitors.ts";
import type { ApiParts } from "../parts.ts";
import { addRoute } from "../route.ts";
import { invalidAt, readRange } from "../times.ts";
import { gridOf, onGrid, rateOnGrid, type Grid } from "./grid.ts";
import { findHost } from "./view.ts";

const hourMs = 3_600_000;
/** Points of one series in one answer, as in Prometheus. */
const mostPoints = 11_000;
/** Points of all series in one answer. */
const mostCells = 1_000_000;
/** What is asked for where no step is said. */
const wantedPoints = 300;

const seriesQuery = Type.Object(
  {
    name: Type.Array(Type.String({ pattern: "^[a-zA-Z_:][a-zA-Z0-9_:]*$", maxLength: 255 }), {
      minItems: 1,
      maxItems: 50,
      description: "Names of metrics, separated by commas",
    }),
    from: Type.Optional(
      Type.String({ description: "RFC 3339 or Unix seconds; default an hour ago" }),
    ),
    to: Type.Optional(Type.String({ description: "RFC 3339 or Unix seconds; default now" })),
    step: Type.Optional(
      Type.Number({
        minimum: 1,
        maximum: 31_536_000,
        description: "Seconds of a bucket; default: what gives about 300 of them",
      }),
    ),
  },
  { additionalProperties: false },
);

/** Registers the routes. */
export function addHostSeriesRoutes(app: FastifyInstance, parts: ApiParts): void {
  addRoute(app, {
    method: "GET",
    path: "/api/v1/hosts/:id/series",
    permission: "read",
    tag: "hosts",
    summary: "Series of a host in buckets of one grid",
    description:
      "Of counters (names that end in `_total`) `avg` is the rate per second; where the host was not heard it is null. NaN " +
      "and infinities are text.",
    params: idParams,
    query: seriesQuery,
    answers: { 200: { description: "Sorted by name and labels", schema: HostSeriesSchema } },
    errors: ["not_found"],
    async handle({ params, query }): Promise<HostSeriesView> {
      const { entry } = findHost(parts, params.id);
      const { host } = entry;
      const range = readRange(query, parts.clock.now(), hourMs);
      const stepMs =
        query.step === undefined
          ? niceStepMs((range.to - range.from) / wantedPoints, host.intervalMs ?? 1000)
          : Math.round(query.step * 1000);
      if ((range.to - range.from) / stepMs > mostPoints) {
        throw invalidAt("step", `gives more than ${mostPoints} points; ask for a longer step`);
      }
      const grid = gridOf(range, stepMs);
      // A counter's first rate needs the bucket before.
      const reachMs = Math.max(stepMs, 3 * (host.intervalMs ?? 0));
      const wanted = { from: grid.from - reachMs, to: range.to };
      const names = [...new Set(query.name)];
      const found = await parts.store.bucketsOfNames(hostSource(host.id), names, wanted, stepMs);
      if (found.length * grid.length > mostCells) {
        throw invalidAt("step", `gives more than ${mostCells} points; ask for less`);
      }
      return {
        step: stepMs / 1000,
        starts_ms: startsOf(grid),
        items: found.map((series) => itemOf(series, grid, reachMs)),
      };
    },
  });
  addSparklines(app, parts);
}

type Item = HostSeriesView["items"][number];

function itemOf(series: SeriesBuckets, grid: Grid, reachMs: number): Item {
  const { name, labels } = series.key;
  const key = { name, labels: { ...labels } };
  if (name.endsWith("_total")) {
    return { ...key, avg: rateOnGrid(series, grid, reachMs), min: null, max: null };
  }
  return {
    ...key,
    avg: onGrid(series, grid, (i) => (series.sum[i] ?? Number.NaN) / (series.count[i] ?? 0)),
    min: onGrid(series, grid, (i) => series.min[i] ?? Number.NaN),
    max: onGrid(series, grid, (i) => series.max[i] ?? Number.NaN),
  };
}

const niceSeconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200];

/** The shortest usual step that is not shorter than wanted, nor than a sample's interval. */
function niceStepMs(wantedMs: number, intervalMs: number): number {
  const least = Math.max(wantedMs, intervalMs) / 1000;
  const days = Math.ceil(least / 86_400) * 86_400;
  return (niceSeconds.find((seconds) => seconds >= least) ?? days) * 1000;
}

function startsOf({ from, stepMs, length }: Grid): number[] {
  return Array.from({ length }, (_, i) => from + i * stepMs);
}

const sparklineQuery = Type.Object(
  {
    ids: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        maxItems: 1000,
        description:
          "Hosts, separated by commas; unknown ones are left out of the answer. All (at most 1000) where it is left out",
      }),
    ),
    hours: Type.Integer({ minimum: 1, maximum: 24 * 7, default: 1 }),
  },
  { additionalProperties: false },
);

/** Buckets of a sparkline: what the few pixels of a table's cell can show. */
const sparklinePoints = 30;
const rollupMs = 300_000;
const mostSparklines = 1000;

function addSparklines(app: FastifyInstance, parts: ApiParts): void {
  addRoute(app, {
    method: "GET",
    path: "/api/v1/hosts/sparklines",
    permission: "read",
    tag: "hosts",
    summary: "What a row of the table of hosts draws, for several hosts",
    query: sparklineQuery,
    answers: { 200: { description: "In the order of `ids`", schema: HostSparklinesSchema } },
    async handle({ query }): Promise<HostSparklinesView> {
      const all = (): HostId[] => Array.from(parts.hosts.entries(), ({ host }) => host.id);
      const ids = query.ids?.flatMap((text) => parseId<"monitor">(text) ?? []) ?? all();
      const known = [...new Set(ids)].filter((id) => parts.hosts.get(id) !== undefined);
      return sparklines(parts, known.slice(0, mostSparklines), query.hours);
    },
  });
}

/** The last bucket contains now. The last hour is in memory; longer ones are read from the rollups of the store. */
async function sparklines(
  parts: ApiParts,
  ids: readonly HostId[],
  hours: number,
): Promise<HostSparklinesView> {
  const now = parts.clock.now();
  const wantedMs = (hours * hourMs) / sparklinePoints;
  const stepMs = hours === 1 ? wantedMs : Math.ceil(wantedMs / rollupMs) * rollupMs;
  const grid = gridOf({ from: now - hours * hourMs + stepMs, to: now }, stepMs);
  const sources = ids.map(hostSource);
  const starts = startsOf(grid);
  const read = async (figure: TrendFigure): Promise<readonly (number | null)[][]> => {
    const trends = ids.map((id) => parts.hosts.get(id)?.trend);
    if (trends.every((trend) => trend === undefined || trend.stepMs === stepMs)) {
      return trends.map((trend) => starts.map((start) => trend?.mean(figure, start) ?? null));
    }
    const key: SeriesKey = { name: hostMetrics[figure].name, labels: {} };
    const found = await parts.store.bucketsOf(sources, key, { from: grid.from, to: now }, stepMs);
    return ids.map((_, i) => meansOf(found[i], grid));
  };
  const [cpu, memory, received, sent] = await Promise.all([
    read("cpuRatio"),
    read("memoryRatio"),
    read("networkReceive"),
    read("networkTransmit"),
  ]);
  return {
    step: stepMs / 1000,
    starts_ms: starts,
    items: ids.map((id, i) => ({
      id,
      cpu: (cpu[i] ?? []).map((value) => rounded(value, 1e4)),
      memory: (memory[i] ?? []).map((value) => rounded(value, 1e4)),
      network: (received[i] ?? []).map((value, t) => rounded(sumOf(value, sent[i]?.[t]), 1)),
    })),
  };
}

function meansOf(series: SeriesBuckets | undefined, grid: Grid): (number | null)[] {
  const means: (number | null)[] = Array.from({ length: grid.length }, () => null);
  series?.starts.forEach((start, i) => {
    const place = Math.round((start - grid.from) / grid.stepMs);
    const mean = (series.sum[i] ?? Number.NaN) / (series.count[i] ?? 0);
    if (place >= 0 && place < grid.length && Number.isFinite(mean)) means[place] = mean;
  });
  return means;
}

function sumOf(a: number | null | undefined, b: number | null | undefined): number | null {
  if ((a ?? null) === null && (b ?? null) === null) return null;
  return (a ?? 0) + (b ?? 0);
}

function rounded(value: number | null, factor: number): number | null {
  return value === null ? null : Math.round(value * factor) / factor;
}
