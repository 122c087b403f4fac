/** `/api/v1/jobs`: list and read. */
import { JobSchema, runStates } from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { foldText, type JobQuery } from "../../model/job.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import { etagOf } from "../monitors/conditions.ts";
import { idParams } from "../monitors/monitors.ts";
import type { ApiParts } from "../parts.ts";
import { addRoute } from "../route.ts";
import { invalidAt } from "../times.ts";
import { addJobChangeRoutes, findJob } from "./change.ts";
import { jobView } from "./view.ts";

const listQuery = Type.Object(
  {
    q: Type.Optional(
      Type.String({ maxLength: 200, description: "Words that name, app or site must hold" }),
    ),
    status: Type.Optional(
      Type.Array(Type.Enum([...runStates]), { description: "Status of the last run" }),
    ),
    limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
    cursor: Type.Optional(Type.String({ description: "`next_cursor` of the page before" })),
  },
  { additionalProperties: false },
);

const listSchema = Type.Object({
  items: Type.Array(JobSchema),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
});

/** Registers the routes. */
export function addJobRoutes(
  app: FastifyInstance,
  parts: Pick<ApiParts, "store" | "clock" | "jobDesk">,
): void {
  addRoute(app, {
    method: "GET",
    path: "/api/v1/jobs",
    permission: "read",
    tag: "jobs",
    summary: "Jobs with their last run, by name",
    query: listQuery,
    answers: { 200: { description: "A page of jobs", schema: listSchema } },
    async handle({ query }) {
      const words = foldText(query.q ?? "")
        .split(/\s+/)
        .filter((word) => word !== "");
      const found = await parts.store.jobs({
        ...(words.length === 0 ? {} : { words }),
        ...(query.status === undefined ? {} : { status: query.status }),
        ...(query.cursor === undefined ? {} : { after: readPlace(query.cursor) }),
        limit: query.limit + 1,
      });
      const page = found.slice(0, query.limit);
      const last = page.at(-1);
      const more = found.length > page.length && last !== undefined;
      return {
        items: page.map((job) => jobView(job, parts.clock.now())),
        next_cursor: more ? writeCursor([last.name, last.id]) : null,
      };
    },
  });
  addRoute(app, {
    method: "GET",
    path: "/api/v1/jobs/:id",
    permission: "read",
    tag: "jobs",
    summary: "Read a job",
    params: idParams,
    answers: {
      200: {
        description: "The job",
        schema: JobSchema,
        headers: { etag: "The version, to be sent as If-Match" },
      },
    },
    errors: ["not_found"],
    async handle({ params, reply }) {
      const found = await findJob(parts, params.id);
      reply.header("etag", etagOf(found.version));
      return jobView(found, parts.clock.now());
    },
  });
  addJobChangeRoutes(app, parts);
}

function readPlace(cursor: string): NonNullable<JobQuery["after"]> {
  const [name, id] = readCursor(cursor, 2);
  if (typeof name === "string" && typeof id === "string") return { name, id };
  throw invalidAt("cursor", "expected the next_cursor of a former page");
}
