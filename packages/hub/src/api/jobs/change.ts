/** `PATCH` and `DELETE /api/v1/jobs/:id`: what people set of a job. */
import {
  bad,
  createParser,
  JobChangeSchema,
  JobScheduleSchema,
  JobSchema,
  ok,
  type JobChange,
  type Parsed,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { AppError } from "../../model/error.ts";
import { parseId } from "../../model/id.ts";
import type { Job, JobSettingsChange } from "../../model/job.ts";
import { scheduleProblems } from "../../model/job-schedule.ts";
import { actorOf } from "../access/permission.ts";
import { jsonTypes } from "../body.ts";
import { checkIfMatch, etagOf } from "../monitors/conditions.ts";
import { accept, idParams } from "../monitors/monitors.ts";
import type { ApiParts } from "../parts.ts";
import { addRoute, noContent } from "../route.ts";
import { jobView } from "./view.ts";

type Parts = Pick<ApiParts, "store" | "clock" | "jobDesk">;

/** A run of which something was heard in this time goes on: its next word would bring the job back. */
const heardLatelyMs = 3_600_000;

const common = {
  path: "/api/v1/jobs/:id",
  permission: "write",
  tag: "jobs",
  params: idParams,
  errors: ["not_found", "conflict", "version_mismatch"],
} as const;

/** Registers the routes. */
export function addJobChangeRoutes(app: FastifyInstance, parts: Parts): void {
  addRoute(app, {
    ...common,
    method: "PATCH",
    summary: "Set when runs of a job are expected, when one is slow, and what rings",
    description:
      "What is left out stays; a schedule is given as a whole, null removes it. Expected times count from now on: a job is " +
      "not late for what was before. Send the version in `If-Match` to change only what you have seen.",
    body: JobChangeSchema,
    parseBody: asSent,
    consumes: jsonTypes,
    answers: {
      200: {
        description: "The job",
        schema: JobSchema,
        headers: { etag: "The version, to be sent as If-Match" },
      },
    },
    async handle({ params, body, request, reply, principal }) {
      const job = await findJob(parts, params.id);
      checkIfMatch(request, job.version);
      const change = accept(parseChange(body, parts.clock.now()));
      done(await parts.jobDesk.change(job, change, actorOf(principal)));
      const changed = await findJob(parts, params.id);
      reply.header("etag", etagOf(changed.version));
      return jobView(changed, parts.clock.now());
    },
  });
  addRoute(app, {
    ...common,
    method: "DELETE",
    summary: "Delete a job with its runs and their history",
    description:
      "Runs of its subjobs stay: they have jobs of their own. Refused while a run goes on: its next word would bring the job " +
      "back. A run that never ended goes on until nothing was heard of it for an hour.",
    answers: { 204: noContent },
    async handle({ params, request, reply, principal }) {
      const job = await findJob(parts, params.id);
      checkIfMatch(request, job.version);
      await refuseRunning(parts, job);
      done(await parts.jobDesk.remove(job, actorOf(principal)));
      reply.code(204);
    },
  });
}

/** The job of a path's id; throws `not_found`. */
export async function findJob({ store }: Pick<Parts, "store">, text: string): Promise<Job> {
  const id = parseId<"job">(text);
  const found = id === undefined ? undefined : await store.job(id);
  if (found === undefined) throw new AppError("not_found", "There is no job with this id");
  return found;
}

async function refuseRunning({ store, clock }: Parts, { id: jobId }: Job): Promise<void> {
  const running = await store.runs({ jobId, status: ["running"], limit: 100 });
  const since = clock.now() - heardLatelyMs;
  const going = running.find(({ updatedAt }) => updatedAt > since);
  if (going === undefined) return;
  throw new AppError("conflict", `The run ${JSON.stringify(going.runId)} goes on`);
}

function done(result: "updated" | "deleted" | "version_mismatch" | "missing"): void {
  if (result === "missing") throw new AppError("not_found", "The job was deleted meanwhile");
  if (result === "version_mismatch") {
    throw new AppError("version_mismatch", "The job was changed meanwhile");
  }
}

const parseJobChange = createParser(JobChangeSchema);
const scheduleParsers = {
  cron: createParser(JobScheduleSchema.anyOf[0]),
  interval: createParser(JobScheduleSchema.anyOf[1]),
};

/** Reads a change. Of a schedule the fields of its own kind are told apart, so that a problem names the field it is in. */
function parseChange(body: unknown, now: number): Parsed<JobSettingsChange> {
  const schedule = scheduleOf(body);
  if (schedule !== undefined) {
    const { kind } = schedule;
    if (kind !== "cron" && kind !== "interval") {
      return bad({ path: "schedule.kind", message: "expected cron or interval" });
    }
    const parsed = scheduleParsers[kind](schedule, "schedule");
    if (parsed.kind === "bad") return parsed;
  }
  const parsed = parseJobChange(body);
  if (parsed.kind === "bad") return parsed;
  return settingsOf(parsed.value, now);
}

/** The schedule of a body, where it is an object. */
function scheduleOf(body: unknown): { readonly kind?: unknown } | undefined {
  if (typeof body !== "object" || body === null || !("schedule" in body)) return undefined;
  const { schedule } = body;
  return typeof schedule === "object" && schedule !== null && !Array.isArray(schedule)
    ? schedule
    : undefined;
}

function settingsOf(change: JobChange, now: number): Parsed<JobSettingsChange> {
  const { schedule, slow_after_seconds: slowAfterSeconds, alert_on: alertOn } = change;
  if (schedule !== undefined && schedule !== null) {
    const problems = scheduleProblems(schedule, now);
    if (problems.length > 0) {
      return bad(...problems.map((one) => ({ ...one, path: `schedule.${one.path}` })));
    }
  }
  return ok({
    ...(schedule === undefined ? {} : { schedule }),
    ...(slowAfterSeconds === undefined ? {} : { slowAfterSeconds }),
    ...(alertOn === undefined ? {} : { alertOn }),
  });
}

/** Leaves the body to the handler: a change is read against the present time. */
function asSent<T>(body: unknown): Parsed<T> {
  return ok(body as T);
}
