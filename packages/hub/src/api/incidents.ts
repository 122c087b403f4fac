/** `/api/v1/incidents`: list, read, acknowledge. */
import { IncidentSchema, severities } from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { AppError } from "../model/error.ts";
import { parseId, type IncidentId } from "../model/id.ts";
import { actorOf } from "./access/permission.ts";
import { readCursor, writeCursor } from "./cursor.ts";
import type { ApiParts } from "./parts.ts";
import { addRoute, type Answer } from "./route.ts";
import { incidentView } from "./incidents-view.ts";
import { invalidAt, readRange } from "./times.ts";
import { idParams } from "./monitors/monitors.ts";

const listQuery = Type.Object(
  {
    monitor: Type.Optional(Type.String({ description: "Only those about this monitor" })),
    open: Type.Optional(
      Type.Boolean({ description: "true: not resolved yet; false: resolved; left out: both" }),
    ),
    from: Type.Optional(Type.String({ description: "RFC 3339 or Unix seconds" })),
    to: Type.Optional(Type.String({ description: "RFC 3339 or Unix seconds" })),
    subject: Type.Optional(
      Type.String({ maxLength: 200, description: "Only those about this monitor, host, job …" }),
    ),
    severity: Type.Optional(Type.Enum([...severities])),
    q: Type.Optional(
      Type.String({ maxLength: 200, description: "Words in the title and the subjects' names" }),
    ),
    limit: Type.Integer({ minimum: 1, maximum: 500, default: 50 }),
    cursor: Type.Optional(Type.String({ description: "`next_cursor` of the page before" })),
  },
  { additionalProperties: false },
);

const listSchema = Type.Object({
  items: Type.Array(IncidentSchema),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
});

const one: Answer = { description: "The incident", schema: IncidentSchema };

/** Registers the routes. */
export function addIncidentRoutes(app: FastifyInstance, parts: ApiParts): void {
  addRoute(app, {
    method: "GET",
    path: "/api/v1/incidents",
    permission: "read",
    tag: "incidents",
    summary: "Incidents, newest first",
    query: listQuery,
    answers: { 200: { description: "A page of incidents", schema: listSchema } },
    async handle({ query }) {
      const monitorId = query.monitor === undefined ? undefined : parseId<"monitor">(query.monitor);
      if (query.monitor !== undefined && monitorId === undefined) {
        throw invalidAt("monitor", "expected the id of a monitor");
      }
      const found = await parts.store.incidents({
        ...(monitorId === undefined ? {} : { subjectId: monitorId }),
        ...(query.subject === undefined ? {} : { subjectId: query.subject }),
        ...(query.severity === undefined ? {} : { severity: query.severity }),
        ...(query.q === undefined ? {} : { text: query.q }),
        ...(query.open === undefined ? {} : { open: query.open }),
        ...(query.from === undefined && query.to === undefined
          ? {}
          : { range: readRange(query, parts.clock.now(), parts.clock.now()) }),
        ...(query.cursor === undefined ? {} : { cursor: readIncidentCursor(query.cursor) }),
        limit: query.limit + 1,
      });
      const page = found.slice(0, query.limit);
      const last = page.at(-1);
      const more = found.length > page.length && last !== undefined;
      return { items: page.map(incidentView), next_cursor: more ? writeCursor([last.id]) : null };
    },
  });
  addRoute(app, {
    method: "GET",
    path: "/api/v1/incidents/:id",
    permission: "read",
    tag: "incidents",
    summary: "Read an incident",
    params: idParams,
    answers: { 200: one },
    errors: ["not_found"],
    handle: async ({ params }) =>
      incidentView(found(await parts.store.incident(incidentId(params.id)))),
  });
  addRoute(app, {
    method: "POST",
    path: "/api/v1/incidents/:id/acknowledge",
    permission: "write",
    tag: "incidents",
    summary: "Say that somebody takes care of an incident",
    description: "Again: nothing changes, the first time stays.",
    params: idParams,
    answers: { 200: one },
    errors: ["not_found"],
    handle: async ({ params, principal }) =>
      incidentView(found(await parts.acknowledge(incidentId(params.id), actorOf(principal)))),
  });
}

function readIncidentCursor(cursor: string): string {
  const [id] = readCursor(cursor, 1);
  const parsed = parseId<"incident">(id);
  if (parsed === undefined) throw invalidAt("cursor", "expected the next_cursor of a former page");
  return parsed;
}

function incidentId(text: string): IncidentId {
  return found(parseId<"incident">(text));
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new AppError("not_found", "There is no incident with this id");
  return value;
}
