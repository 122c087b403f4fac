/** `/api/v1/outputs`: how the outputs are doing, and what they refused for good: read, sent again, deleted. */
import {
  DeadLetterChoiceSchema,
  DeadLetterSchema,
  OutputsSchema,
  type DeadLetterView,
  type OutputsView,
  type OutputStatusView,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { AppError } from "../model/error.ts";
import { actorOf } from "./access/permission.ts";
import { readCursor, writeCursor } from "./cursor.ts";
import { timeText, timeTextOrNull } from "./monitors/view.ts";
import type { ApiParts } from "./parts.ts";
import type { DeadLetter, OutputStatus } from "./output-port.ts";
import { addRoute } from "./route.ts";

const nameParams = Type.Object({ name: Type.String({ maxLength: 200 }) });
const countSchema = Type.Object({
  count: Type.Integer({ description: "Dead letters it was done with" }),
});
const listSchema = Type.Object({
  items: Type.Array(DeadLetterSchema),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
});
const listQuery = Type.Object(
  {
    limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
    cursor: Type.Optional(Type.String({ description: "`next_cursor` of the page before" })),
  },
  { additionalProperties: false },
);

type Parts = Pick<ApiParts, "outputs" | "log">;

/** Registers the routes. */
export function addOutputRoutes(app: FastifyInstance, parts: Parts): void {
  addRoute(app, {
    method: "GET",
    path: "/api/v1/outputs",
    permission: "read",
    tag: "outputs",
    summary: "Outputs, what waits for them and what is wrong with them",
    answers: {
      200: { description: "All of them, in the order of the settings", schema: OutputsSchema },
    },
    handle: () => outputsView(parts.outputs.status()),
  });
  addRoute(app, {
    method: "GET",
    path: "/api/v1/outputs/:name/dead-letters",
    permission: "read",
    tag: "outputs",
    summary: "What an output refused for good, the oldest first",
    params: nameParams,
    query: listQuery,
    answers: { 200: { description: "A page of dead letters", schema: listSchema } },
    errors: ["not_found"],
    async handle({ params, query }) {
      const after = query.cursor === undefined ? 0 : placeOf(query.cursor);
      const page = { after, limit: query.limit + 1 };
      const found = known(await parts.outputs.deadLetters(params.name, page));
      const shown = found.slice(0, query.limit);
      const last = shown.at(-1);
      const isMore = found.length > shown.length && last !== undefined;
      return {
        items: shown.map(deadLetterView),
        next_cursor: isMore ? writeCursor([last.sequence]) : null,
      };
    },
  });
  addDeed(app, parts, {
    path: "/api/v1/outputs/:name/dead-letters/replay",
    summary: "Send dead letters again, to this output alone",
    said: "dead letters are sent again",
    act: (name, which) => parts.outputs.replay(name, which),
  });
  addDeed(app, parts, {
    path: "/api/v1/outputs/:name/dead-letters/delete",
    summary: "Delete dead letters",
    said: "dead letters were deleted",
    act: (name, which) => parts.outputs.deleteDead(name, which),
  });
}

interface Deed {
  readonly path: string;
  readonly summary: string;
  readonly said: string;
  readonly act: (name: string, which: "all" | readonly number[]) => Promise<number | undefined>;
}

function addDeed(app: FastifyInstance, { log }: Parts, { path, summary, said, act }: Deed): void {
  addRoute(app, {
    method: "POST",
    path,
    permission: "admin",
    tag: "outputs",
    summary,
    params: nameParams,
    body: DeadLetterChoiceSchema,
    answers: { 200: { description: "How many there were", schema: countSchema } },
    errors: ["not_found"],
    async handle({ params: { name }, body: { sequences }, principal }) {
      const count = known(await act(name, sequences));
      log.warn({ output: name, count, actor: actorOf(principal) }, said);
      return { count };
    },
  });
}

function known<T>(found: T | undefined): T {
  if (found === undefined) throw new AppError("not_found", "There is no output of this name");
  return found;
}

function placeOf(cursor: string): number {
  const [sequence] = readCursor(cursor, 1);
  if (typeof sequence === "number") return sequence;
  throw new AppError("invalid", "The cursor is not one that was handed out here", {
    problems: [{ path: "cursor", message: "expected the next_cursor of a former page" }],
  });
}

function outputsView({ outputs, spool }: ReturnType<Parts["outputs"]["status"]>): OutputsView {
  return {
    items: outputs.map(statusView),
    spool:
      spool === null
        ? null
        : {
            bytes: spool.bytes,
            quota_bytes: spool.quotaBytes,
            records: spool.records,
            failing: spool.failure?.message ?? null,
          },
  };
}

function statusView(output: OutputStatus): OutputStatusView {
  const { trouble } = output;
  return {
    name: output.name,
    type: output.type,
    title: output.title,
    trouble:
      trouble === null
        ? null
        : { failure: trouble.failure, why: trouble.why, since: timeText(trouble.since) },
    delivered: output.delivered,
    failed: { ...output.failed },
    waiting: output.depth,
    waiting_bytes: Math.round(output.bytes),
    oldest_waiting_seconds: output.oldestSeconds,
    dropped: output.dropped,
    dead_letters: output.deadLetters,
    oldest_dead_letter_at: timeTextOrNull(output.oldestDeadLetterAt),
  };
}

function deadLetterView({ sequence, id, why, attempts, at, bytes }: DeadLetter): DeadLetterView {
  return { sequence, id, why, attempts, at: timeText(at), record: recordOf(bytes) };
}

/** What does not even parse is shown as the text it is. */
function recordOf(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes).toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
