/** `GET /metrics` for Prometheus. */
import type { FastifyInstance } from "fastify";
import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { Type } from "typebox";
import { addRoute } from "../route.ts";
import { createExposition, type ExpositionParts } from "./exposition.ts";
import { contentTypes, formatOf } from "./format.ts";

/** Registers the route. */
export function addMetricsRoute(app: FastifyInstance, parts: ExpositionParts): void {
  const exposition = createExposition(parts);
  addRoute(app, {
    method: "GET",
    path: "/metrics",
    surface: "operations",
    permission: "read",
    tag: "operations",
    summary: "Metrics in Prometheus's text format or OpenMetrics",
    answers: {
      200: {
        description: "By `Accept`",
        schema: Type.String(),
        type: Object.values(contentTypes),
      },
    },
    handle({ request, reply }) {
      const format = formatOf(request.headers.accept);
      reply.type(contentTypes[format]).header("vary", "accept, accept-encoding");
      if (request.method === "HEAD") return "";
      const text = Readable.from(exposition(format), { objectMode: false });
      if (!/\bgzip\b/.test(request.headers["accept-encoding"] ?? "")) return text;
      reply.header("content-encoding", "gzip");
      const zip = createGzip({ level: 1 });
      text.once("error", (error) => zip.destroy(error));
      zip.once("close", () => text.destroy());
      return text.pipe(zip);
    },
  });
}
