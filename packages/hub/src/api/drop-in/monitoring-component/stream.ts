/** `GET /v1/stream`: every event of a run as it is stored, as server-sent events. Events that come late are told too. */
import type { FastifyInstance } from "fastify";
import { Readable } from "node:stream";
import { Type } from "typebox";
import { AppError } from "../../../model/error.ts";
import type { ApiParts } from "../../parts.ts";
import { addRoute, type Answer } from "../../route.ts";

/** Registers the route. */
export function addComponentStream(
  app: FastifyInstance,
  { live }: Pick<ApiParts, "live">,
  errorAnswers: Readonly<Record<number, Answer>>,
): void {
  addRoute(app, {
    method: "GET",
    surface: "monitoring_component",
    permission: "read",
    tag: "monitoring_component",
    path: "/v1/stream",
    summary: "Events of runs as they are stored",
    description:
      "Server-sent events whose data is `{at, entity_type, entity_id, site_id, kind, payload}`; `payload` holds `kind`, `at`, " +
      "`status`, `metrics` and `metadata`. There is no resuming: `/v1/jobs` tells the present state of every run. A reader " +
      "that falls behind is dropped.",
    answers: {
      200: { description: "Events", schema: Type.String(), type: "text/event-stream" },
    },
    errorAnswers,
    handle({ request, reply, principal }) {
      // A connection kept alive after the stream has ended would hold up the stop of the hub.
      reply.type("text/event-stream; charset=utf-8").header("connection", "close");
      if (request.method === "HEAD") return "";
      const reader = live.openTail({
        keyId: principal.kind === "loopback" ? undefined : principal.keyId,
        onDropped: () => reply.raw.destroy(),
      });
      if (reader === undefined) throw new AppError("unavailable", "Too many streams are open");
      return Readable.from(reader, { objectMode: false });
    },
  });
}
