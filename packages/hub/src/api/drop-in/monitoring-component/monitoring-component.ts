/**
 * The Monitoring Component's surface, for its SDKs, sidecars and dashboards as they are: the paths, bodies and status
 * codes of its dialects. What the original failed at is answered: batches say which events were refused and why, events
 * may be of any age, the same event twice counts once, and lists hold the present state of each run.
 */
import { ComponentHealthSchema, FastApiErrorSchema, FastApiInvalidSchema } from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { AppError } from "../../../model/error.ts";
import { addEventBodies } from "../../jobs/event-body.ts";
import type { ApiParts } from "../../parts.ts";
import { addRoute, type Answer } from "../../route.ts";
import { addComponentReads } from "./reads.ts";
import { addComponentStream } from "./stream.ts";
import { addComponentTaking } from "./taking.ts";

export type ComponentParts = Pick<
  ApiParts,
  "clock" | "runs" | "readEvents" | "store" | "live" | "version" | "ready"
>;

const sentence = (description: string): Answer => ({ description, schema: FastApiErrorSchema });

/** Errors of every route of the surface that needs a key. */
export const componentErrors = {
  401: sentence("No valid key"),
  403: sentence("The key may not do that"),
  422: {
    description: "What is wrong",
    schema: Type.Union([FastApiErrorSchema, FastApiInvalidSchema]),
  },
  429: sentence("Too many requests"),
  500: sentence("A fault of Belfry"),
  503: sentence("The store cannot answer now"),
} as const satisfies Readonly<Record<number, Answer>>;

const takingErrors = {
  ...componentErrors,
  400: sentence("The body is not JSON"),
  413: sentence("The body is too large, or holds too many events"),
  415: sentence("The body is packed in a way that is not known"),
} as const;

const surface = "monitoring_component";
const tag = surface;

/** Registers the routes, in a scope of their own: bodies of any content type come in as bytes. */
export function addMonitoringComponentRoutes(app: FastifyInstance, parts: ComponentParts): void {
  addEventBodies(app, "*");
  addComponentTaking(app, parts, takingErrors);
  addComponentReads(app, parts, componentErrors);
  addComponentStream(app, parts, componentErrors);
  addHealth(app, parts, "/v1/health");
  addHealth(app, parts, "/v1/healthz");
}

function addHealth(app: FastifyInstance, parts: ComponentParts, path: string): void {
  addRoute(app, {
    method: "GET",
    path,
    surface,
    permission: "open",
    tag,
    summary: "Whether events can be taken in",
    answers: { 200: { description: "`degraded`: not now", schema: ComponentHealthSchema } },
    errorAnswers: { 500: componentErrors[500] },
    async handle() {
      const states = Object.values(await parts.ready().catch(unready));
      const status = states.every((state) => state === "ok") ? "ok" : "degraded";
      return { status, service: "belfry", version: parts.version };
    },
  });
}

/** Health is answered whatever is wrong. */
function unready(error: unknown): Record<string, string> {
  return { hub: error instanceof AppError ? error.detail : "failed" };
}
