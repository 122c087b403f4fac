/** `/api/v1/heartbeats`: how a monitor that waits to be called stands, and its calls. */
import { HeartbeatSchema, PingSchema } from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { AppError } from "../../model/error.ts";
import { isHeartbeat, mostPings } from "../../model/heartbeat.ts";
import { hintedCalls } from "../../model/heartbeat-hint.ts";
import type { Monitor } from "../../model/monitor.ts";
import { allows } from "../access/permission.ts";
import { findEntry, idParams } from "../monitors/monitors.ts";
import type { ApiParts } from "../parts.ts";
import { addRoute } from "../route.ts";
import { heartbeatView, pingView } from "./view.ts";

type Parts = Pick<ApiParts, "board" | "clock" | "heartbeats" | "store">;

/** Registers the routes. */
export function addHeartbeatRoutes(app: FastifyInstance, parts: Parts): void {
  addRoute(app, {
    method: "GET",
    path: "/api/v1/heartbeats/:id",
    permission: "read",
    tag: "heartbeats",
    summary: "How a heartbeat stands: when it is expected, and when it was called",
    description: "Addresses to call hold the token: only who may write or ingest is told them.",
    params: idParams,
    answers: { 200: { description: "The heartbeat", schema: HeartbeatSchema } },
    errors: ["not_found"],
    async handle({ params, request, principal }) {
      const monitor = findHeartbeat(parts, params.id);
      const { scopes } = principal;
      const mayCall = allows(scopes, "write") || allows(scopes, "ingest");
      const baseUrl = mayCall ? `${request.protocol}://${request.host}` : null;
      return heartbeatView({
        monitor,
        state: parts.heartbeats.state(monitor.id),
        // Of each run the start and the end.
        calls: await parts.store.pings(monitor.id, { limit: 2 * hintedCalls }),
        now: parts.clock.now(),
        baseUrl,
      });
    },
  });
  addRoute(app, {
    method: "GET",
    path: "/api/v1/heartbeats/:id/pings",
    permission: "read",
    tag: "heartbeats",
    summary: "The calls of a heartbeat, newest first",
    description: `At least the newest ${mostPings} are kept.`,
    params: idParams,
    query: Type.Object(
      {
        cursor: Type.Optional(
          Type.String({ pattern: "^[0-9]{1,15}$", expected: "`next_cursor` of the page before" }),
        ),
        limit: Type.Integer({ minimum: 1, maximum: mostPings, default: 50 }),
      },
      { additionalProperties: false },
    ),
    answers: {
      200: {
        description: "A page of calls",
        schema: Type.Object({
          items: Type.Array(PingSchema),
          next_cursor: Type.Union([Type.String(), Type.Null()]),
        }),
      },
    },
    errors: ["not_found"],
    async handle({ params, query }) {
      const { id } = findHeartbeat(parts, params.id);
      const { limit, cursor } = query;
      const page = cursor === undefined ? { limit } : { limit, before: Number(cursor) };
      const items = await parts.store.pings(id, page);
      const last = items.length < limit ? undefined : items.at(-1);
      return {
        items: items.map(pingView),
        next_cursor: last === undefined || last.n === 1 ? null : String(last.n),
      };
    },
  });
}

function findHeartbeat(parts: Parts, id: string): Monitor {
  const { monitor } = findEntry(parts, id);
  if (isHeartbeat(monitor)) return monitor;
  throw new AppError("not_found", "This monitor is checked, it does not wait to be called");
}
