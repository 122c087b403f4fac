/** `/api/v1/hosts`: list, read, change, delete, clean. Hosts are made by their agents. */
import {
  HostDetailSchema,
  HostPatchSchema,
  HostSchema,
  LiveCountsSchema,
  createParser,
  ok,
  statuses,
  type HostDetailView,
  type HostDetails,
  type HostPatch,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { AppError } from "../../model/error.ts";
import { deadlineOf, monitorNameOf, type Host, type KeptDetails } from "../../model/host.ts";
import { mergePatch } from "../../model/merge-patch.ts";
import type { Monitor } from "../../model/monitor.ts";
import { actorOf } from "../access/permission.ts";
import { jsonTypes } from "../body.ts";
import { checkIfMatch, etagOf } from "../monitors/conditions.ts";
import { countStatuses } from "../monitors/list.ts";
import { accept, idParams } from "../monitors/monitors.ts";
import { timeText, timeTextOrNull } from "../monitors/view.ts";
import type { ApiParts } from "../parts.ts";
import { addRoute, noContent, type Answer } from "../route.ts";
import { fileSystemsOf } from "./file-systems.ts";
import { hostSortKeys, listHosts } from "./list.ts";
import { findHost, hostView, type FollowedHost } from "./view.ts";

const listQuery = Type.Object(
  {
    cursor: Type.Optional(Type.String({ description: "`next_cursor` of the page before" })),
    limit: Type.Integer({ minimum: 1, maximum: 1000, default: 500 }),
    status: Type.Optional(
      Type.Array(Type.Enum([...statuses]), { description: "Any of these, separated by commas" }),
    ),
    label: Type.Optional(
      Type.Array(Type.String(), { description: "`team:core`, or `team` for any value; all hold" }),
    ),
    q: Type.Optional(
      Type.String({ maxLength: 200, description: "Words that one of its names contains" }),
    ),
    sort: Type.Enum([...hostSortKeys], { default: "name" }),
    order: Type.Enum(["asc", "desc"], { default: "asc" }),
  },
  { additionalProperties: false },
);

const listSchema = Type.Object({
  items: Type.Array(HostSchema),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
  total: Type.Integer({ description: "How many fit the filters, on all pages" }),
  counts: LiveCountsSchema,
});

const tag = "hosts";
const etagHeader = { etag: "The version, to be sent as If-Match" };
const one: Answer = { description: "The host", schema: HostDetailSchema, headers: etagHeader };

/** Registers the routes. */
export function addHostRoutes(app: FastifyInstance, parts: ApiParts): void {
  addReading(app, parts);
  addPatch(app, parts);
  addDeleting(app, parts);
}

function addReading(app: FastifyInstance, parts: ApiParts): void {
  addRoute(app, {
    method: "GET",
    path: "/api/v1/hosts",
    permission: "read",
    tag,
    summary: "List hosts with their latest figures",
    description:
      "`counts` says how many of all hosts have each status, whatever the filters. What is unknown comes last in either order.",
    query: listQuery,
    answers: { 200: { description: "A page of hosts", schema: listSchema } },
    handle({ query }) {
      const page = listHosts(parts, query);
      return {
        items: page.hosts.map(hostView),
        next_cursor: page.nextCursor,
        total: page.total,
        counts: countStatuses(parts.board.hostEntries()),
      };
    },
  });
  addRoute(app, {
    method: "GET",
    path: "/api/v1/hosts/:id",
    permission: "read",
    tag,
    summary: "Read a host with its details and file systems",
    description:
      "Its uptime, history and incidents are those of the monitor with the same id: `/api/v1/monitors/{id}/uptime` and so on.",
    params: idParams,
    answers: { 200: one },
    errors: ["not_found"],
    async handle({ params, reply }) {
      const found = findHost(parts, params.id);
      reply.header("etag", etagOf(found.followed.monitor.version));
      return detailView(parts, found);
    },
  });
}

async function detailView(parts: ApiParts, found: FollowedHost): Promise<HostDetailView> {
  const { entry, followed } = found;
  const { host } = entry;
  const { monitor } = followed;
  const [kept, fileSystems] = await Promise.all([
    parts.hosts.details(host.id),
    fileSystemsOf(parts.store, entry, parts.clock.now()),
  ]);
  return {
    ...hostView(found),
    silent_after: monitor.intervalMs / 1000,
    retention_days: host.retentionMs === null ? null : host.retentionMs / dayMs,
    enabled: monitor.enabled,
    version: monitor.version,
    created_at: timeText(host.createdAt),
    details: kept === undefined ? null : withoutStack(kept),
    details_at: timeTextOrNull(kept?.receivedAt ?? null),
    file_systems: fileSystems,
  };
}

/** What the Monitoring Stack's clients posted is for its surface alone. */
function withoutStack({ details }: KeptDetails): HostDetails {
  const { stack: _, ...rest } = details;
  return rest;
}

const dayMs = 86_400_000;
const parsePatch = createParser(HostPatchSchema);
/** Of a patch only the names are checked: its values are checked where they were merged in. */
const parsePatchNames = createParser(
  Type.Object(
    Object.fromEntries(
      Object.keys(HostPatchSchema.properties).map((name) => [name, Type.Optional(Type.Unknown())]),
    ),
    { additionalProperties: false },
  ),
);

function addPatch(app: FastifyInstance, parts: ApiParts): void {
  addRoute(app, {
    method: "PATCH",
    path: "/api/v1/hosts/:id",
    permission: "write",
    tag,
    summary: "Change a host",
    description:
      "A JSON merge patch (RFC 7396). A name that is set stays; `null` has it follow the host's own name again.",
    params: idParams,
    body: HostPatchSchema,
    parseBody: (body) => ok(body as never),
    consumes: jsonTypes,
    answers: { 200: one },
    errors: ["not_found", "conflict", "version_mismatch"],
    async handle({ params, body, request, reply, principal }) {
      const former = findHost(parts, params.id);
      checkIfMatch(request, former.followed.monitor.version);
      const { host, monitor } = patched(former, body, parts.clock.now());
      const result = await parts.hostDesk.update(host, monitor, actorOf(principal));
      if (result === "missing") throw new AppError("not_found", "The host was deleted meanwhile");
      if (result === "version_mismatch") {
        throw new AppError("version_mismatch", "The host was changed meanwhile");
      }
      const found = findHost(parts, host.id);
      reply.header("etag", etagOf(found.followed.monitor.version));
      return detailView(parts, found);
    },
  });
}

/** The host and its monitor after a patch. */
function patched(
  { entry: { host }, followed: { monitor } }: FollowedHost,
  patch: unknown,
  now: number,
): { readonly host: Host; readonly monitor: Monitor } {
  const names = accept(parsePatchNames(trimName(patch)));
  const present: HostPatch = {
    ...(host.nameIsChosen ? { name: monitor.name } : {}),
    labels: { ...monitor.labels },
    enabled: monitor.enabled,
    silent_after: host.silentAfterMs === null ? null : host.silentAfterMs / 1000,
    retention_days: host.retentionMs === null ? null : host.retentionMs / dayMs,
  };
  const next = accept(parsePatch(mergePatch(present, names)));
  const changed: Host = {
    ...host,
    nameIsChosen: next.name !== undefined,
    silentAfterMs: inMs(next.silent_after, 1000),
    retentionMs: inMs(next.retention_days, dayMs),
  };
  const ownName = monitorNameOf(host.names[0] ?? monitor.name);
  return {
    host: changed,
    monitor: {
      ...monitor,
      name: next.name ?? (host.nameIsChosen ? ownName : monitor.name),
      labels: next.labels ?? {},
      enabled: next.enabled ?? true,
      intervalMs: deadlineOf(changed),
      version: monitor.version + 1,
      updatedAt: now,
    },
  };
}

function trimName(patch: unknown): unknown {
  const isNamed = typeof patch === "object" && patch !== null && "name" in patch;
  return isNamed && typeof patch.name === "string" ? { ...patch, name: patch.name.trim() } : patch;
}

function inMs(value: number | null | undefined, unitMs: number): number | null {
  return value === null || value === undefined ? null : Math.round(value * unitMs);
}

function addDeleting(app: FastifyInstance, parts: ApiParts): void {
  addRoute(app, {
    method: "DELETE",
    path: "/api/v1/hosts/:id",
    permission: "write",
    tag,
    summary: "Delete a host",
    description:
      "With its samples, details and history; incidents stay. When it is heard again it is a new host.",
    params: idParams,
    answers: { 204: noContent },
    errors: ["not_found", "version_mismatch"],
    async handle({ params, request, reply, principal }) {
      const { entry, followed } = findHost(parts, params.id);
      checkIfMatch(request, followed.monitor.version);
      const removed = await parts.hostDesk.remove(entry.host.id, actorOf(principal));
      if (!removed) throw new AppError("not_found", "The host was deleted meanwhile");
      reply.code(204);
    },
  });
  addRoute(app, {
    method: "POST",
    path: "/api/v1/hosts/:id/clean",
    permission: "write",
    tag,
    summary: "Delete the samples of a host",
    description: "Its details and the history of its status stay.",
    params: idParams,
    answers: { 204: noContent },
    errors: ["not_found", "conflict"],
    async handle({ params, reply, principal }) {
      const { entry } = findHost(parts, params.id);
      await parts.hostDesk.clean(entry.host.id, actorOf(principal));
      reply.code(204);
    },
  });
}
