/** `/api/v1/monitors`: list, create, read, replace, patch, delete. */
import {
  MonitorInputSchema,
  MonitorPatchSchema,
  MonitorSchema,
  ok,
  statuses,
  type MonitorView,
  type Parsed,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { BoardEntry } from "../../model/board.ts";
import { AppError } from "../../model/error.ts";
import { isHeartbeat } from "../../model/heartbeat.ts";
import { followsHost } from "../../model/host.ts";
import { parseId, type MonitorId } from "../../model/id.ts";
import type { Monitor } from "../../model/monitor.ts";
import {
  checksDifferently,
  parseMonitor,
  parseMonitorPatch,
  type InputContext,
} from "../../model/monitor-input.ts";
import { actorOf } from "../access/permission.ts";
import { jsonTypes } from "../body.ts";
import { createIdempotency } from "../idempotency.ts";
import { refuseTakenToken } from "../heartbeats/token.ts";
import type { ApiParts } from "../parts.ts";
import { addRoute, noContent, type Answer, type Call } from "../route.ts";
import type { ApiSettings } from "../settings.ts";
import { checkIfMatch, etagOf } from "./conditions.ts";
import { createMonitorList, sortKeys } from "./list.ts";
import { monitorView } from "./view.ts";

/** Path parameter of one resource. Anything that is no id is answered by 404. */
export const idParams = Type.Object({ id: Type.String({ description: "A UUID" }) });

const listQuery = Type.Object(
  {
    cursor: Type.Optional(Type.String({ description: "`next_cursor` of the page before" })),
    limit: Type.Integer({ minimum: 1, maximum: 500, default: 50 }),
    status: Type.Optional(
      Type.Array(Type.Enum([...statuses]), { description: "Any of these, separated by commas" }),
    ),
    kind: Type.Optional(Type.Array(Type.String(), { description: "Any of these kinds" })),
    label: Type.Optional(
      Type.Array(Type.String(), { description: "`team:core`, or `team` for any value; all hold" }),
    ),
    q: Type.Optional(
      Type.String({ maxLength: 200, description: "Words that name or target contain" }),
    ),
    sort: Type.Enum([...sortKeys], { default: "name" }),
    order: Type.Enum(["asc", "desc"], { default: "asc" }),
  },
  { additionalProperties: false },
);

const listSchema = Type.Object({
  items: Type.Array(MonitorSchema),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
  total: Type.Integer({ description: "How many fit the filters, on all pages" }),
});

const etagHeader = { etag: "The version, to be sent as If-Match" };
const one: Answer = { description: "The monitor", schema: MonitorSchema, headers: etagHeader };

/** Registers the routes. */
export function addMonitorRoutes(
  app: FastifyInstance,
  settings: ApiSettings,
  parts: ApiParts,
): void {
  addReading(app, parts);
  addCreating(app, settings, parts);
  addChanging(app, settings, parts);
}

/** The board's entry of a path's id; throws `not_found`. */
export function findEntry(parts: Pick<ApiParts, "board">, id: string): BoardEntry {
  const monitorId = parseId<"monitor">(id);
  const entry = monitorId === undefined ? undefined : parts.board.get(monitorId);
  if (entry === undefined) throw new AppError("not_found", "There is no monitor with this id");
  return entry;
}

/** The same for a change: a monitor that follows a host changes with it. */
function findOwnEntry(parts: Pick<ApiParts, "board">, id: string): BoardEntry {
  const entry = findEntry(parts, id);
  if (!followsHost(entry.monitor)) return entry;
  const path = `/api/v1/hosts/${entry.monitor.id}`;
  throw new AppError("conflict", `This monitor follows a host: change or delete it at ${path}`);
}

function addReading(app: FastifyInstance, parts: ApiParts): void {
  const list = createMonitorList(parts.board, parts.kinds);
  const view = viewer(parts);
  addRoute(app, {
    method: "GET",
    path: "/api/v1/monitors",
    permission: "read",
    tag: "monitors",
    summary: "List monitors",
    query: listQuery,
    answers: { 200: { description: "A page of monitors", schema: listSchema } },
    handle({ query }) {
      const page = list.page(query);
      return {
        items: page.entries.map(view),
        next_cursor: page.nextCursor,
        total: page.total,
      };
    },
  });
  addRoute(app, {
    method: "GET",
    path: "/api/v1/monitors/:id",
    permission: "read",
    tag: "monitors",
    summary: "Read a monitor",
    params: idParams,
    answers: { 200: one },
    errors: ["not_found"],
    handle({ params, reply }) {
      const entry = findEntry(parts, params.id);
      reply.header("etag", etagOf(entry.monitor.version));
      return view(entry);
    },
  });
}

function addCreating(app: FastifyInstance, settings: ApiSettings, parts: ApiParts): void {
  const view = viewer(parts);
  const idempotency = createIdempotency(parts);
  addRoute(app, {
    method: "POST",
    path: "/api/v1/monitors",
    permission: "write",
    tag: "monitors",
    summary: "Create a monitor",
    description:
      "Give `url` (kind `http`), or `kind` and `settings`. It is checked at once. With `Idempotency-Key` a repetition " +
      "within a day makes no second monitor.",
    body: MonitorInputSchema,
    parseBody: asSent,
    answers: {
      201: { ...one, headers: { ...etagHeader, location: "Path of the new monitor" } },
    },
    errors: ["conflict"],
    async handle({ request, reply, body, principal }) {
      const answer = await idempotency.run(request, reply, async () => {
        const now = parts.clock.now();
        const id = parts.newId<"monitor">(now);
        const parsed = accept(parseMonitor(body, contextOf(settings, parts, id, undefined)));
        const monitor = refuseTakenToken(parts, parsed);
        const entry = await parts.desk.create(monitor, actorOf(principal));
        return { status: 201, body: view(entry) };
      });
      const made = answer.body as MonitorView;
      reply.code(answer.status);
      reply.headers({
        location: `/api/v1/monitors/${made.id}`,
        etag: etagOf(made.version),
      });
      return made;
    },
  });
}

function addChanging(app: FastifyInstance, settings: ApiSettings, parts: ApiParts): void {
  const view = viewer(parts);

  async function change(
    call: Call<{ id: string }, unknown, unknown>,
    read: (former: Monitor) => Parsed<Monitor>,
  ): Promise<MonitorView> {
    const { monitor: former } = findOwnEntry(parts, call.params.id);
    checkIfMatch(call.request, former.version);
    const next = refuseTakenToken(parts, accept(read(former)));
    const reset = checksDifferently(former, next);
    const result = await parts.desk.update(next, reset, actorOf(call.principal));
    if (result === "missing") throw new AppError("not_found", "The monitor was deleted meanwhile");
    if (result === "version_mismatch") {
      throw new AppError("version_mismatch", "The monitor was changed meanwhile");
    }
    const entry = findEntry(parts, former.id);
    call.reply.header("etag", etagOf(entry.monitor.version));
    return view(entry);
  }

  const common = {
    path: "/api/v1/monitors/:id",
    permission: "write",
    tag: "monitors",
    params: idParams,
    parseBody: asSent,
    answers: { 200: one },
    errors: ["not_found", "conflict", "version_mismatch"],
  } as const;
  addRoute(app, {
    ...common,
    method: "PUT",
    summary: "Replace a monitor",
    description:
      "What is left out goes back to its default, but secrets: those that are left out or sent back as their mask " +
      '`{"set": true}` stay, `null` removes them.',
    body: MonitorInputSchema,
    handle: (call) =>
      change(call, (former) =>
        parseMonitor(call.body, contextOf(settings, parts, former.id, former)),
      ),
  });
  addRoute(app, {
    ...common,
    method: "PATCH",
    summary: "Change parts of a monitor",
    description: "A JSON merge patch (RFC 7396).",
    body: MonitorPatchSchema,
    consumes: jsonTypes,
    handle: (call) =>
      change(call, (former) =>
        parseMonitorPatch(call.body, {
          ...contextOf(settings, parts, former.id, former),
          existing: former,
        }),
      ),
  });
  addRoute(app, {
    method: "DELETE",
    path: "/api/v1/monitors/:id",
    permission: "write",
    tag: "monitors",
    summary: "Delete a monitor",
    description: "With its history and series; incidents stay.",
    params: idParams,
    answers: { 204: noContent },
    errors: ["not_found", "conflict", "version_mismatch"],
    async handle({ params, request, reply, principal }) {
      const { monitor } = findOwnEntry(parts, params.id);
      checkIfMatch(request, monitor.version);
      const removed = await parts.desk.remove(monitor.id, actorOf(principal));
      if (!removed) throw new AppError("not_found", "The monitor was deleted meanwhile");
      reply.code(204);
    },
  });
}

/** A view of entries with their kind looked up. */
export function viewer(
  parts: Pick<ApiParts, "kinds" | "heartbeats">,
): (entry: BoardEntry) => MonitorView {
  return (entry) => {
    const { id, kind } = entry.monitor;
    const calls = isHeartbeat(entry.monitor) ? parts.heartbeats.state(id) : undefined;
    return monitorView(entry, parts.kinds.get(kind), calls);
  };
}

/** What surrounds the input of a monitor. */
export function contextOf(
  { checks }: Pick<ApiSettings, "checks">,
  parts: Pick<ApiParts, "clock" | "kinds" | "board">,
  id: MonitorId,
  existing: Monitor | undefined,
): InputContext {
  return {
    id,
    now: parts.clock.now(),
    existing,
    kinds: parts.kinds,
    defaults: { intervalMs: checks.defaultIntervalMs, timeoutMs: checks.defaultTimeoutMs },
    monitor: (other) => parts.board.get(other)?.monitor,
  };
}

/** The value, or `invalid` with every problem. */
export function accept<T>(parsed: Parsed<T>): T {
  if (parsed.kind === "ok") return parsed.value;
  throw new AppError("invalid", "The body does not fit", { problems: parsed.problems });
}

/** Leaves the body to the handler, which reads it together with what is stored. */
function asSent<T>(body: unknown): Parsed<T> {
  return ok(body as T);
}
