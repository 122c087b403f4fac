/** What the Monitoring Component's dashboards ask for: `GET /v1/jobs` and `/v1/subjobs`. An item is a run. */
import {
  ComponentJobSchema,
  ComponentSubjobSchema,
  runStatuses,
  type ComponentJob,
  type ComponentSubjob,
  type RunStatus,
  type ShownRunStatus,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type, type Static, type TSchema } from "typebox";
import { foldText, type KeptRun } from "../../../model/job.ts";
import { durationSecondsOf, metricOf } from "../../../model/run.ts";
import { valuesOf } from "../../jobs/view.ts";
import { timeText, timeTextOrNull } from "../../monitors/view.ts";
import type { ApiParts } from "../../parts.ts";
import { addRoute, type Answer } from "../../route.ts";
import { readTime } from "../../times.ts";

type Parts = Pick<ApiParts, "clock" | "store">;

const filters = {
  from: Type.Optional(Type.String({ description: "Began at this time or later" })),
  to: Type.Optional(Type.String({ description: "Began at this time or earlier" })),
  status: Type.Optional(
    Type.Array(Type.Enum([...runStatuses]), { description: "Separated by commas" }),
  ),
  limit: Type.Integer({ minimum: 1, maximum: 10_000, default: 1000 }),
};
const jobQuery = Type.Object({
  ...filters,
  app_name: Type.Optional(Type.String({ maxLength: 200, description: "Part of the app's name" })),
});
const subjobQuery = Type.Object(filters);

const listOf = (item: TSchema) =>
  Type.Object({ items: Type.Array(item), count: Type.Integer(), duration_s: Type.Number() });

const common = {
  method: "GET",
  surface: "monitoring_component",
  permission: "read",
  tag: "monitoring_component",
  description: "The present state of each run; filters hold for that state.",
} as const;

/** Registers the routes. */
export function addComponentReads(
  app: FastifyInstance,
  parts: Parts,
  errorAnswers: Readonly<Record<number, Answer>>,
): void {
  addRoute(app, {
    ...common,
    path: "/v1/jobs",
    summary: "Runs that are no subjobs, those that began last first",
    query: jobQuery,
    answers: { 200: { description: "The runs", schema: listOf(ComponentJobSchema) } },
    errorAnswers,
    handle: ({ query }) => list(parts, query, "top", query.app_name, jobItem),
  });
  addRoute(app, {
    ...common,
    path: "/v1/subjobs",
    summary: "Runs of subjobs, those that began last first",
    query: subjobQuery,
    answers: { 200: { description: "The runs", schema: listOf(ComponentSubjobSchema) } },
    errorAnswers,
    handle: ({ query }) => list(parts, query, "sub", undefined, subjobItem),
  });
}

async function list<T>(
  { store, clock }: Parts,
  query: Static<typeof subjobQuery>,
  level: "top" | "sub",
  app: string | undefined,
  itemOf: (run: KeptRun) => T,
) {
  const begin = clock.monotonicMs();
  const runs = await store.runs({
    level,
    status: statesOf(query.status ?? runStatuses),
    ...(app === undefined ? {} : { app: foldText(app) }),
    ...(query.from === undefined ? {} : { since: readTime(query.from, "from") }),
    ...(query.to === undefined ? {} : { until: readTime(query.to, "to") }),
    limit: query.limit,
  });
  const items = runs.map(itemOf);
  return { items, count: items.length, duration_s: (clock.monotonicMs() - begin) / 1000 };
}

/** The Monitoring Component knows no lost runs; whoever counts what went well must not count them as running for ever. */
function statusOf({ status }: Pick<KeptRun, "status">): RunStatus | null {
  return status === "lost" ? "failed" : status;
}

function statesOf(statuses: readonly RunStatus[]): readonly ShownRunStatus[] {
  return statuses.flatMap((status) => (status === "failed" ? [status, "lost"] : [status]));
}

function jobItem(run: KeptRun): ComponentJob {
  return { job_id: run.runId, job_key: run.state.businessKey?.value ?? null, ...fieldsOf(run) };
}

function subjobItem(run: KeptRun): ComponentSubjob {
  return {
    subjob_id: run.runId,
    job_id: run.state.parentRunId?.value ?? null,
    sub_key: run.state.subKey?.value ?? null,
    ...fieldsOf(run),
  };
}

function fieldsOf({ state, ...run }: KeptRun): Omit<ComponentJob, "job_id" | "job_key"> {
  return {
    app_id: state.appId?.value ?? null,
    app_name: run.appName,
    app_version: state.appVersion?.value ?? null,
    site_id: run.siteId,
    status: statusOf(run),
    started_at: timeText(run.startedAt),
    ended_at: timeTextOrNull(state.end?.at ?? null),
    duration_s: durationSecondsOf(state),
    cpu_user_s: metricOf(state.metrics, "cpu_user_s"),
    cpu_system_s: metricOf(state.metrics, "cpu_system_s"),
    mem_max_mb: metricOf(state.metrics, "mem_max_mb"),
    metadata: valuesOf(state.metadata),
    inserted_at: timeText(run.updatedAt),
  };
}
