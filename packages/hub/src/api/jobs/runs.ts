/** `/api/v1/runs`: list, read with the runs below, and the events of one. */
import { KeptEventSchema, RunSchema, RunTreeSchema, runStates } from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { AppError } from "../../model/error.ts";
import { parseId } from "../../model/id.ts";
import type { KeptRun } from "../../model/job.ts";
import { readCursor, writeCursor } from "../cursor.ts";
import { idParams } from "../monitors/monitors.ts";
import type { ApiParts } from "../parts.ts";
import { addRoute } from "../route.ts";
import { invalidAt, readTime } from "../times.ts";
import { eventView, runView } from "./view.ts";

const cursor = Type.Optional(Type.String({ description: "`next_cursor` of the page before" }));

const listQuery = Type.Object(
  {
    job: Type.Optional(Type.String({ description: "Only those of this job" })),
    parent: Type.Optional(Type.String({ description: "Only those directly below this run" })),
    run_id: Type.Optional(Type.String({ maxLength: 200, description: "The id their client has" })),
    status: Type.Optional(Type.Array(Type.Enum([...runStates]))),
    since: Type.Optional(
      Type.String({ description: "Began at this time or later; RFC 3339 or Unix seconds" }),
    ),
    limit: Type.Integer({ minimum: 1, maximum: 500, default: 50 }),
    cursor,
  },
  { additionalProperties: false },
);

const eventsQuery = Type.Object(
  { limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }), cursor },
  { additionalProperties: false },
);

const nextCursor = Type.Union([Type.String(), Type.Null()]);
const listSchema = Type.Object({ items: Type.Array(RunSchema), next_cursor: nextCursor });
const eventsSchema = Type.Object({ items: Type.Array(KeptEventSchema), next_cursor: nextCursor });

/** What one answer shows of the runs below a run. */
const treeBounds = { limit: 500, depth: 8 } as const;

type Parts = Pick<ApiParts, "store" | "clock">;

/** Registers the routes. */
export function addRunRoutes(app: FastifyInstance, parts: Parts): void {
  addList(app, parts);
  addRoute(app, {
    method: "GET",
    path: "/api/v1/runs/:id",
    permission: "read",
    tag: "jobs",
    summary: "Read a run with the runs below it",
    description: "At most 500 of them, 8 levels down.",
    params: idParams,
    answers: { 200: { description: "The run", schema: RunTreeSchema } },
    errors: ["not_found"],
    async handle({ params }) {
      const run = await findRun(parts, params.id);
      const now = parts.clock.now();
      const { limit, depth } = treeBounds;
      // One more of each, to know whether there is more.
      const below = await parts.store.subruns(run.id, { limit: limit + 1, depth: depth + 1 });
      const shown = withinDepth(run, below, depth).slice(0, limit);
      return {
        ...runView(run, now),
        subruns: shown.map((one) => runView(one, now)),
        subruns_truncated: below.length > shown.length,
      };
    },
  });
  addEvents(app, parts);
}

function addList(app: FastifyInstance, parts: Parts): void {
  addRoute(app, {
    method: "GET",
    path: "/api/v1/runs",
    permission: "read",
    tag: "jobs",
    summary: "Runs, those that began last first",
    query: listQuery,
    answers: { 200: { description: "A page of runs", schema: listSchema } },
    async handle({ query }) {
      const now = parts.clock.now();
      const jobId = readIdOf<"job">(query.job, "job");
      const parentId = readIdOf<"run">(query.parent, "parent");
      const found = await parts.store.runs({
        ...(jobId === undefined ? {} : { jobId }),
        ...(parentId === undefined ? {} : { parentId }),
        ...(query.run_id === undefined ? {} : { runId: query.run_id }),
        ...(query.status === undefined ? {} : { status: query.status }),
        ...(query.since === undefined ? {} : { since: readTime(query.since, "since") }),
        ...(query.cursor === undefined ? {} : { after: readRunPlace(query.cursor) }),
        limit: query.limit + 1,
      });
      const page = found.slice(0, query.limit);
      const last = page.at(-1);
      const more = found.length > page.length && last !== undefined;
      return {
        items: page.map((run) => runView(run, now)),
        next_cursor: more ? writeCursor([last.startedAt, last.id]) : null,
      };
    },
  });
}

function addEvents(app: FastifyInstance, parts: Parts): void {
  addRoute(app, {
    method: "GET",
    path: "/api/v1/runs/:id/events",
    permission: "read",
    tag: "jobs",
    summary: "Events of a run, the oldest first",
    description: "The newest 1,000 events of a run are kept.",
    params: idParams,
    query: eventsQuery,
    answers: { 200: { description: "A page of events", schema: eventsSchema } },
    errors: ["not_found"],
    async handle({ params, query }) {
      const run = await findRun(parts, params.id);
      const found = await parts.store.runEvents(run.id, {
        ...(query.cursor === undefined ? {} : { after: readEventPlace(query.cursor) }),
        limit: query.limit + 1,
      });
      const page = found.slice(0, query.limit);
      const last = page.at(-1);
      const more = found.length > page.length && last !== undefined;
      return {
        items: page.map(eventView),
        next_cursor: more ? writeCursor([last.at, last.key]) : null,
      };
    },
  });
}

async function findRun({ store }: Parts, text: string): Promise<KeptRun> {
  const id = parseId<"run">(text);
  const run = id === undefined ? undefined : await store.run(id);
  if (run === undefined) throw new AppError("not_found", "There is no run with this id");
  return run;
}

/** Those at most so many levels below a run; the list goes level by level. */
function withinDepth(run: KeptRun, below: readonly KeptRun[], depth: number): readonly KeptRun[] {
  const levels = new Map<string, number>([[run.id, 0]]);
  return below.filter(({ id, parentId }) => {
    const level = (levels.get(parentId ?? "") ?? depth) + 1;
    levels.set(id, level);
    return level <= depth;
  });
}

function readIdOf<K extends string>(text: string | undefined, path: string) {
  if (text === undefined) return undefined;
  const id = parseId<K>(text);
  if (id === undefined)
    throw invalidAt(path, `expected the id of a ${path === "job" ? "job" : "run"}`);
  return id;
}

function readRunPlace(text: string): { readonly startedAt: number; readonly id: string } {
  const [startedAt, id] = readCursor(text, 2);
  if (typeof startedAt === "number" && typeof id === "string") return { startedAt, id };
  throw invalidAt("cursor", "expected the next_cursor of a former page");
}

function readEventPlace(text: string): { readonly at: number; readonly key: string } {
  const [at, key] = readCursor(text, 2);
  if (typeof at === "number" && typeof key === "string") return { at, key };
  throw invalidAt("cursor", "expected the next_cursor of a former page");
}
