/**
 * Uptime Kuma's way to be called: `/api/push/{token}?status=up|down&msg=OK&ping=ms`, with any method. Every status but `up`
 * is down; whatever goes wrong is answered as Uptime Kuma does, with 404.
 */
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { createCallLimits } from "../../heartbeats/call-limits.ts";
import { addPingBodies, pingOf, pingRequestLimit } from "../../heartbeats/ping.ts";
import type { ApiParts } from "../../parts.ts";
import { addRoute, type Answer } from "../../route.ts";
import type { ApiSettings } from "../../settings.ts";

const refusal = Type.Object({ ok: Type.Literal(false), msg: Type.String() });
const sentence = (description: string): Answer => ({ description, schema: refusal });

const errorAnswers = {
  404: sentence("No active heartbeat has this token, or the query does not fit"),
  413: sentence("The body is too large"),
  429: sentence("Too many calls"),
  500: sentence("A fault of Belfry"),
  503: sentence("It cannot be stored now"),
} as const;

const longestMs = 1e11;
const inactive = { ok: false, msg: "Monitor not found or not active." } as const;

/** Registers the routes, in a scope of their own: bodies of any content type come in as bytes, and are not read. */
export function addUptimeKumaPushRoutes(
  app: FastifyInstance,
  settings: ApiSettings,
  parts: Pick<ApiParts, "clock" | "board" | "heartbeats">,
): void {
  addPingBodies(app);
  const limits = createCallLimits(settings.rateLimit.failedAttempts, parts.clock);
  for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"] as const) {
    addRoute(app, {
      method,
      path: "/api/push/:token",
      surface: "uptime_kuma",
      // Told of once: every method is as GET.
      ...(method === "GET" ? {} : { hidden: true }),
      permission: "open",
      tag: "heartbeats",
      summary: "Call a heartbeat, as Uptime Kuma has it",
      params: Type.Object({ token: Type.String() }),
      query: Type.Object(
        {
          status: Type.Optional(Type.String({ description: "`up` (default) or anything else" })),
          msg: Type.Optional(Type.String({ description: "Kept with the call; default `OK`" })),
          ping: Type.Optional(Type.String({ description: "How long it took, in ms" })),
        },
        { additionalProperties: true },
      ),
      bodyLimit: pingRequestLimit,
      rateLimit: false,
      answers: {
        200: { description: "It is stored", schema: Type.Object({ ok: Type.Literal(true) }) },
      },
      errorAnswers,
      async handle({ params, query, request, reply }) {
        const refuse = (msg: string, status = 404): object => {
          reply.code(status);
          return { ok: false, msg };
        };
        reply.header("access-control-allow-origin", "*");
        const id = parts.heartbeats.byToken(params.token);
        if (id === "missing" || id === "ambiguous") {
          const wait = limits.missed(request.ip);
          if (wait > 0) reply.header("retry-after", wait);
          return refuse(inactive.msg, wait > 0 ? 429 : 404);
        }
        if (parts.board.get(id)?.monitor.enabled !== true) return refuse(inactive.msg);
        const ownDurationMs = durationOf(query.ping);
        if (ownDurationMs === undefined) return refuse("Invalid ping value.");
        const wait = limits.called(id);
        if (wait > 0) {
          reply.header("retry-after", wait);
          return refuse("Too many calls.", 429);
        }
        const isUp = query.status === undefined || query.status === "up";
        const ping = pingOf(request, parts.clock.now(), {
          kind: isUp ? "success" : "fail",
          body: query.msg ?? "OK",
          ownDurationMs,
        });
        const taken = await parts.heartbeats.take(id, ping);
        return taken === null ? refuse(inactive.msg) : { ok: true };
      },
    });
  }
}

/** A time in ms; null where none is given, undefined where it is none. */
function durationOf(text: string | undefined): number | null | undefined {
  if (text === undefined || text.trim() === "") return null;
  const ms = Number(text);
  return Number.isFinite(ms) && ms >= 0 && ms <= longestMs ? ms : undefined;
}
