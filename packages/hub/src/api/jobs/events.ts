/** `POST /api/v1/events`: where jobs, SDKs and sidecars send. Answered once everything taken is synced to disk. */
import {
  EventsAnswerSchema,
  JobEventSchema,
  type EventsAnswer,
  type Problem,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { AppError } from "../../model/error.ts";
import { jsonTypes } from "../body.ts";
import type { ApiParts, EventVerdict } from "../parts.ts";
import { addRoute } from "../route.ts";
import { addEventBodies, asBytes, eventBodyLimit, eventsOf, readJson } from "./event-body.ts";

/** Problems that one answer names. */
const mostProblems = 100;

/** Registers the route, in a scope of its own: its bodies are bytes. */
export function addEventsRoute(app: FastifyInstance, parts: Pick<ApiParts, "runs">): void {
  addEventBodies(app, [...jsonTypes]);
  addRoute(app, {
    method: "POST",
    path: "/api/v1/events",
    permission: "ingest",
    tag: "jobs",
    summary: "Send events of runs: one, or a list of at most 1,000",
    description:
      "Each is answered for itself; 422 where none fits. An event that was sent before changes nothing. Events may come " +
      "late and out of order. `content-encoding` zstd and gzip are understood.",
    body: Type.Union([JobEventSchema, Type.Array(JobEventSchema)]),
    parseBody: asBytes,
    bodyLimit: eventBodyLimit,
    answers: { 200: { description: "What became of each", schema: EventsAnswerSchema } },
    rateLimit: false,
    async handle({ request }): Promise<EventsAnswer> {
      const value = await readJson(request);
      const list = Array.isArray(value) ? eventsOf(value) : eventsOf([value]);
      if (list.kind === "bad") throw misfit(list.problems);
      const verdicts = await parts.runs.take(list.value);
      const problems = problemsOf(verdicts, Array.isArray(value));
      const isAllBad = verdicts.length > 0 && verdicts.every(({ kind }) => kind === "refused");
      if (isAllBad) throw misfit(problems);
      return answerOf(verdicts);
    },
  });
}

function misfit(problems: readonly Problem[]): AppError {
  return new AppError("invalid", "None of the events fits", {
    problems: problems.slice(0, mostProblems),
  });
}

function problemsOf(verdicts: readonly EventVerdict[], isList: boolean): readonly Problem[] {
  return verdicts.flatMap((verdict, index) => {
    if (verdict.kind !== "refused") return [];
    return verdict.problems.map(({ path, message }) => {
      const inner = path === "" ? "" : `.${path}`;
      return { path: isList ? `[${index}]${inner}` : path, message };
    });
  });
}

function answerOf(verdicts: readonly EventVerdict[]): EventsAnswer {
  const count = (kind: EventVerdict["kind"]): number =>
    verdicts.filter((verdict) => verdict.kind === kind).length;
  return {
    taken: count("taken"),
    duplicates: count("duplicate"),
    refused: count("refused"),
    items: verdicts.map((verdict) => {
      if (verdict.kind !== "refused") return { result: verdict.kind };
      const [problem] = verdict.problems;
      return { result: "refused", ...problem };
    }),
  };
}
