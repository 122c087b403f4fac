/**
 * Where the Monitoring Component's clients send. Every path takes an event or a batch, in any of the dialects; the body
 * decides how it is answered. Answers are those of the sidecar, so that a client need not know which of the two it talks to.
 */
import {
  ComponentBatchSchema,
  ComponentTakenSchema,
  JobEventSchema,
  type ComponentBatch,
  type ComponentItem,
  type ComponentTaken,
  type JobEvent,
  type Problem,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { AppError } from "../../../model/error.ts";
import { asBytes, eventBodyLimit, mostEvents, readJson } from "../../jobs/event-body.ts";
import type { ApiParts, EventVerdict, ReadEvents } from "../../parts.ts";
import { addRoute, type Answer } from "../../route.ts";
import { refused } from "./error.ts";

type Parts = Pick<ApiParts, "clock" | "runs" | "readEvents">;
type Refused = Problem & { readonly index: number };

/** Paths, and the status of what was taken. */
const paths = {
  "/v1/ingest/events": 200,
  "/v1/event": 202,
  // Two colons are one, as the framework writes paths.
  "/v1/ingest/events::batch": 200,
  "/v1/ingest/batch": 200,
  "/v1/events/batch": 202,
} as const;

const body = Type.Union([
  JobEventSchema,
  Type.Array(JobEventSchema),
  Type.Object({ events: Type.Array(JobEventSchema) }),
]);

/** Registers the routes. */
export function addComponentTaking(
  app: FastifyInstance,
  parts: Parts,
  errorAnswers: Readonly<Record<number, Answer>>,
): void {
  for (const [path, status] of Object.entries(paths)) {
    addRoute(app, {
      method: "POST",
      surface: "monitoring_component",
      permission: "ingest",
      tag: "monitoring_component",
      path,
      summary: "Take in events of runs: one, a list, or an object with a list under `events`",
      description:
        `Any dialect of the Monitoring Component; of a batch at most ${mostEvents} events. Answered once they are synced to ` +
        "disk. Each event of a batch is answered for itself; 422 where none fits. The same event again changes nothing.",
      body,
      parseBody: asBytes,
      bodyLimit: eventBodyLimit,
      rateLimit: false,
      answers: {
        [status]: {
          description: "What became of the event, or of each",
          schema: Type.Union([ComponentTakenSchema, ComponentBatchSchema]),
        },
      },
      errorAnswers,
      async handle({ request, reply }) {
        const answer = await take(parts, await readJson(request));
        reply.code(status);
        return answer;
      },
    });
  }
}

async function take(parts: Parts, value: unknown): Promise<ComponentTaken | ComponentBatch> {
  const { clock, runs } = parts;
  const begin = clock.monotonicMs();
  const read = parts.readEvents(value, clock.now());
  if (read.total > mostEvents) {
    const why = `${read.total} events: at most ${mostEvents} may come at once`;
    throw new AppError("too_large", why);
  }
  const verdicts = read.taken.length === 0 ? [] : await runs.take(read.taken);
  const problems = [...read.refused, ...refusedOf(read, verdicts)].toSorted(byPlace);
  const items = itemsOf(read, verdicts, problems);
  const success = items.filter(({ status }) => status !== "refused").length;
  if (success === 0 && problems.length > 0) throw refused(...problems.map(pathed(read)));
  const duration_s = (clock.monotonicMs() - begin) / 1000;
  if (read.isSingle) return { ok: true, duration_s, ...items[0] };
  const { total } = read;
  return {
    ok: true,
    total,
    success,
    failed: total - success,
    duration_s,
    items,
    refused: problems,
  };
}

function byPlace(a: Refused, b: Refused): number {
  return a.index - b.index;
}

/** What the hub itself refuses of what was read. */
function refusedOf({ places }: ReadEvents, verdicts: readonly EventVerdict[]): readonly Refused[] {
  return verdicts.flatMap((verdict, i) => {
    if (verdict.kind !== "refused") return [];
    return verdict.problems.map((problem) => ({ index: places[i] ?? i, ...problem }));
  });
}

/** One item for each event, in their order. */
function itemsOf(
  { taken, places }: ReadEvents,
  verdicts: readonly EventVerdict[],
  problems: readonly Refused[],
): ComponentItem[] {
  const items = taken.flatMap((event: JobEvent, i): ComponentItem[] => {
    const verdict = verdicts[i]?.kind;
    if (verdict === "refused" || verdict === undefined) return [];
    const status = verdict === "taken" ? "taken" : "repeated";
    return [{ index: places[i] ?? i, status, idempotency_key: event.idempotency_key }];
  });
  const byIndex = Map.groupBy(problems, ({ index }) => index);
  for (const [index, some] of byIndex) {
    if (index < 0) continue;
    const errors = some.map(({ path, message }) => ({ path, message }));
    items.push({ index, status: "refused", errors });
  }
  return items.toSorted((a, b) => a.index - b.index);
}

/** The path of a problem within the body. */
function pathed({ isSingle }: ReadEvents): (problem: Refused) => Problem {
  return ({ index, path, message }) => {
    if (isSingle || index < 0) return { path, message };
    return { path: path === "" ? `[${index}]` : `[${index}].${path}`, message };
  };
}
