/**
 * The Monitoring Component's surface, for its SDKs, sidecars and dashboards as they are: the paths, bodies and status
 * codes of its dialects. What the original failed at is answered: batches say which events were refused and why, events
 * may be of any age, the same event twice counts once, and lists hold the present state of each run.
 */
import {
  ComponentBatchSchema,
  ComponentHealthSchema,
  ComponentTakenSchema,
  FastApiErrorSchema,
  FastApiInvalidSchema,
  JobEventSchema,
  type ComponentBatch,
  type Problem,
} from "@belfry/contract";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { AppError } from "../../../model/error.ts";
import {
  addEventBodies,
  asBytes,
  eventBodyLimit,
  eventsOf,
  readJson,
} from "../../jobs/event-body.ts";
import type { ApiParts, EventVerdict } from "../../parts.ts";
import { addRoute, type Answer } from "../../route.ts";
import { refused } from "./error.ts";
import { addComponentReads } from "./reads.ts";

export type ComponentParts = Pick<ApiParts, "clock" | "runs" | "store" | "version" | "ready">;

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

const taking = {
  method: "POST",
  surface,
  permission: "ingest",
  tag,
  parseBody: asBytes,
  bodyLimit: eventBodyLimit,
  errorAnswers: takingErrors,
  rateLimit: false,
} as const;

const batchBody = Type.Union([
  Type.Array(JobEventSchema),
  Type.Object({ events: Type.Array(JobEventSchema) }),
]);

/** Registers the routes, in a scope of their own: bodies of any content type come in as bytes. */
export function addMonitoringComponentRoutes(app: FastifyInstance, parts: ComponentParts): void {
  addEventBodies(app, "*");
  addSingle(app, parts, "/v1/ingest/events", 200);
  addSingle(app, parts, "/v1/event", 202);
  // Two colons are one, as the framework writes paths.
  addBatch(app, parts, "/v1/ingest/events::batch", 200);
  addBatch(app, parts, "/v1/ingest/batch", 200);
  addBatch(app, parts, "/v1/events/batch", 202);
  addComponentReads(app, parts, componentErrors);
  addHealth(app, parts, "/v1/health");
  addHealth(app, parts, "/v1/healthz");
}

function addSingle(
  app: FastifyInstance,
  parts: ComponentParts,
  path: string,
  status: 200 | 202,
): void {
  addRoute(app, {
    ...taking,
    path,
    summary: "Take in an event of a run",
    description: "Answered once it is synced to disk. The same event again changes nothing.",
    body: JobEventSchema,
    answers: { [status]: { description: "It is stored", schema: ComponentTakenSchema } },
    async handle({ request, reply }) {
      const begin = parts.clock.monotonicMs();
      const [verdict] = await parts.runs.take([await readJson(request)]);
      if (verdict?.kind === "refused") throw refused(...verdict.problems);
      reply.code(status);
      return { ok: true, duration_s: (parts.clock.monotonicMs() - begin) / 1000 };
    },
  });
}

function addBatch(
  app: FastifyInstance,
  parts: ComponentParts,
  path: string,
  status: 200 | 202,
): void {
  addRoute(app, {
    ...taking,
    path,
    summary: "Take in events of runs: a list, or an object with a list under `events`",
    description: "At most 1,000. Each is answered for itself; 422 where none fits.",
    body: batchBody,
    answers: { [status]: { description: "How many are stored", schema: ComponentBatchSchema } },
    async handle({ request, reply }): Promise<ComponentBatch> {
      const verdicts = await parts.runs.take(await readBatch(request));
      const problems = verdicts.flatMap(problemOf);
      if (problems.length > 0 && problems.length === verdicts.length) {
        throw refused(
          ...problems.map(({ index, path: inner, message }) => ({
            path: inner === "" ? `[${index}]` : `[${index}].${inner}`,
            message,
          })),
        );
      }
      reply.code(status);
      return {
        ok: true,
        total: verdicts.length,
        success: verdicts.length - problems.length,
        failed: problems.length,
        refused: problems,
      };
    },
  });
}

async function readBatch(request: FastifyRequest): Promise<readonly unknown[]> {
  const list = eventsOf(await readJson(request));
  if (list.kind === "bad") throw refused(...list.problems);
  return list.value;
}

/** The first thing that is wrong with an event. */
function problemOf(
  verdict: EventVerdict,
  index: number,
): readonly (Problem & { readonly index: number })[] {
  if (verdict.kind !== "refused") return [];
  const [problem = { path: "", message: "does not fit" }] = verdict.problems;
  return [{ index, ...problem }];
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
