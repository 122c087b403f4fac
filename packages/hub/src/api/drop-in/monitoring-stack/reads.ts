/** What the Monitoring Stack's dashboard asks for: `GET /data`, `/details` and `/hosts`. */
import {
  StackDataSchema,
  StackDetailsSchema,
  StackErrorSchema,
  StackHostsSchema,
  type StackDetailsView,
  type StackHostsView,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Readable } from "node:stream";
import { Type } from "typebox";
import type { Clock } from "../../../model/clock.ts";
import { AppError } from "../../../model/error.ts";
import { hostSource } from "../../../model/host.ts";
import type { HostEntry } from "../../../model/host-entry.ts";
import type { TimeRange } from "../../../model/series.ts";
import type { HostDesk, HostReads, Hosts, Log, SeriesStore } from "../../parts.ts";
import { addRoute, type Answer } from "../../route.ts";
import type { ApiSettings } from "../../settings.ts";
import { refused } from "./error.ts";
import { countedKey, dataText, readRows, type HostRows } from "./rows.ts";
import { snapshotMetrics, snapshotOf } from "./snapshot.ts";

export interface StackParts {
  readonly clock: Clock;
  readonly hosts: Pick<Hosts, "byName" | "entries" | "receivePost">;
  readonly hostDesk: Pick<HostDesk, "clean" | "remove">;
  readonly store: HostReads & Pick<SeriesStore, "rawOf">;
  readonly log: Log;
}

type Errors = Readonly<Record<number, Answer>>;
type StackSettings = ApiSettings["monitoringStack"];

const surface = "monitoring_stack";
const tag = surface;

/** Rows in one answer. */
const mostRows = 1_000_000;

/** Time frames, in seconds. */
const timeframes: ReadonlyMap<string, number> = new Map([
  ["15m", 900],
  ["30m", 1800],
  ["1h", 3600],
  ["3h", 10_800],
  ["6h", 21_600],
  ["24h", 86_400],
  ["7d", 604_800],
]);

/** Everything that may be kept: up to a day ahead. */
export function everything(now: number): TimeRange {
  return { from: 0, to: now + 86_400_000 };
}

/** Registers the routes. */
export function addStackReads(
  app: FastifyInstance,
  settings: StackSettings,
  parts: StackParts,
  errors: Errors,
): void {
  addData(app, parts, errors);
  addDetails(app, settings, parts, errors);
  addHosts(app, settings, parts, errors);
}

function addData(app: FastifyInstance, parts: StackParts, errors: Errors): void {
  addRoute(app, {
    method: "GET",
    path: "/data",
    surface,
    permission: "read",
    tag,
    summary: "Samples of one host or of all",
    description: `Without a time frame everything that is kept raw. At most ${mostRows} rows.`,
    query: Type.Object({
      hostname: Type.Optional(Type.String()),
      timeframe: Type.Optional(Type.String({ description: [...timeframes.keys()].join(", ") })),
    }),
    answers: { 200: { description: "Ascending by time", schema: StackDataSchema } },
    errorAnswers: errors,
    async handle({ query, request, reply }) {
      const range = rangeOf(query.timeframe ?? "", parts.clock.now());
      const rows = await rowsOf(parts, query.hostname ?? "", range);
      reply.type("application/json; charset=utf-8");
      return request.method === "HEAD" ? "" : Readable.from(dataText(rows), { objectMode: false });
    },
  });
}

function rangeOf(timeframe: string, now: number): TimeRange {
  const all = everything(now);
  if (timeframe === "") return all;
  const seconds = timeframes.get(timeframe);
  if (seconds === undefined) throw refused("Unsupported timeframe");
  return { from: now - seconds * 1000, to: all.to };
}

/** An empty name asks for all hosts, as in the original. */
async function rowsOf(parts: StackParts, hostname: string, range: TimeRange): Promise<HostRows[]> {
  const one = hostname === "" ? undefined : parts.hosts.byName(hostname);
  if (hostname !== "" && one === undefined) return [];
  const asked = one === undefined ? named(parts.hosts.entries()) : [{ entry: one, name: hostname }];
  let count = 0;
  for (const { entry } of asked) {
    count += await parts.store.countSamples(hostSource(entry.host.id), countedKey, range);
    if (count > mostRows) {
      throw refused(`There are more than ${mostRows} rows: ask for a hostname or a timeframe`);
    }
  }
  const rows: HostRows[] = [];
  for (const { entry, name } of asked) {
    rows.push(await readRows(parts.store, entry.host.id, name, range));
  }
  return rows;
}

interface Named {
  readonly entry: HostEntry;
  readonly name: string;
}

/** Hosts with their present name, in its order whatever its case. */
function named(entries: Iterable<HostEntry>): Named[] {
  return [...entries]
    .flatMap((entry): Named[] => {
      const name = entry.host.names[0];
      return name === undefined ? [] : [{ entry, name }];
    })
    .toSorted(
      (a, b) => compare(a.name.toLowerCase(), b.name.toLowerCase()) || compare(a.name, b.name),
    );
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function addDetails(
  app: FastifyInstance,
  settings: StackSettings,
  parts: StackParts,
  errors: Errors,
): void {
  addRoute(app, {
    method: "GET",
    path: "/details",
    surface,
    permission: "read",
    tag,
    summary: "The latest snapshot of a host",
    query: Type.Object({ hostname: Type.Optional(Type.String()) }),
    answers: { 200: { description: "The snapshot", schema: StackDetailsSchema } },
    errorAnswers: {
      ...errors,
      404: { description: "There is no such host, or no snapshot of it", schema: StackErrorSchema },
    },
    async handle({ query }): Promise<StackDetailsView> {
      const { hostname = "" } = query;
      if (hostname === "") throw refused("hostname query parameter required");
      const entry = parts.hosts.byName(hostname);
      const found = entry === undefined ? undefined : await detailsOf(parts, settings, entry);
      if (found === undefined) throw new AppError("not_found", "hostname not found");
      return {
        details: found.details,
        hostname,
        updated_at: Math.floor(found.receivedAt / 1000),
      };
    },
  });
}

/** As it was posted, unless that is old and the host's agent knows better. */
async function detailsOf(
  { store, clock }: StackParts,
  settings: StackSettings,
  entry: HostEntry,
): Promise<{ details: Record<string, unknown>; receivedAt: number } | undefined> {
  const { id, agentVersion } = entry.host;
  const kept = await store.hostDetails(id);
  const stack = kept?.details.stack;
  const oldestMs = clock.now() - settings.offlineThresholdSeconds * 1000;
  const isOld = stack === undefined || stack.receivedAt < oldestMs;
  if (stack !== undefined && (agentVersion === null || !isOld)) {
    return { details: { ...stack.posted }, receivedAt: stack.receivedAt };
  }
  if (agentVersion === null) return undefined;
  const latest = await store.latestOf(hostSource(id), snapshotMetrics, clock.now() - 86_400_000);
  const at = entry.lastHeardAt ?? kept?.receivedAt ?? clock.now();
  return { details: snapshotOf(entry, kept?.details ?? {}, latest, at), receivedAt: at };
}

function addHosts(
  app: FastifyInstance,
  settings: StackSettings,
  parts: StackParts,
  errors: Errors,
): void {
  addRoute(app, {
    method: "GET",
    path: "/hosts",
    surface,
    permission: "read",
    tag,
    summary: "Every host",
    answers: { 200: { description: "In the order of their names", schema: StackHostsSchema } },
    errorAnswers: errors,
    async handle(): Promise<StackHostsView> {
      const now = parts.clock.now();
      const [detailTimes, hosts] = [
        await parts.store.hostDetailTimes(),
        named(parts.hosts.entries()),
      ];
      const rows: StackHostsView["hosts"] = [];
      for (const { entry, name } of hosts) {
        const source = hostSource(entry.host.id);
        const count = await parts.store.countSamples(source, countedKey, everything(now));
        const detailsAt = detailTimes.get(entry.host.id) ?? null;
        const sampleAt = await latestSample(parts, entry);
        const seen = Math.max(sampleAt, detailsAt ?? -Infinity);
        const heard = entry.lastHeardAt ?? seen;
        rows.push({
          details_updated_at: secondsOf(detailsAt),
          hostname: name,
          last_seen: Number.isFinite(seen) ? secondsOf(seen) : null,
          metric_count: count,
          online: now - heard < settings.offlineThresholdSeconds * 1000,
        });
      }
      return { hosts: rows };
    },
  });
}

/** Epoch ms of a host's newest sample. What was not heard since the start is read; -Infinity where there is nothing. */
async function latestSample({ store }: StackParts, entry: HostEntry): Promise<number> {
  const { host, lastSampleAt, lastHeardAt } = entry;
  if (lastSampleAt !== null) return lastSampleAt;
  const latest = await store.latestOf(hostSource(host.id), [countedKey.name], 0);
  return latest[0]?.at ?? lastHeardAt ?? -Infinity;
}

function secondsOf(ms: number | null): number | null {
  return ms === null ? null : Math.floor(ms / 1000);
}
