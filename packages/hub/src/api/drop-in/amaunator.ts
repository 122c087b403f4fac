/**
 * Amaunator's `/targets`, `/targets/{id}` and `/stats`, for its clients as they are: same bodies, same errors. Every
 * monitor is a target. A new one is a made-up target (kind `synthetic`) unless it carries `url`, or `kind` and
 * `settings`.
 */
import {
  FastApiErrorSchema,
  FastApiInvalidSchema,
  StatsSchema,
  TargetSchema,
  TargetWithStatusSchema,
  ok,
  type Problem,
  type StatsView,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { BoardEntry } from "../../model/board.ts";
import { AppError } from "../../model/error.ts";
import { followsHost } from "../../model/host.ts";
import { parseId } from "../../model/id.ts";
import type { Monitor } from "../../model/monitor.ts";
import { parseMonitor } from "../../model/monitor-input.ts";
import { actorOf } from "../access/permission.ts";
import { contextOf } from "../monitors/monitors.ts";
import type { ApiParts } from "../parts.ts";
import { addRoute, noContent, type Answer } from "../route.ts";
import type { ApiSettings } from "../settings.ts";
import { FastApiInvalidError } from "./fast-api.ts";
import { targetView, targetWithStatusView } from "./target.ts";
import { readTarget, readTargetId, type TargetInput } from "./target-input.ts";

const sentence = (description: string): Answer => ({ description, schema: FastApiErrorSchema });
const common = {
  401: sentence("No valid key"),
  403: sentence("The key may not do that"),
  429: sentence("Too many requests"),
  500: sentence("A fault of Belfry"),
};
const invalid: Answer = { description: "What is wrong", schema: FastApiInvalidSchema };
const noTarget = sentence("There is no such target");
const surface = "amaunator";
const tag = "amaunator";
const idParams = Type.Object({ target_id: Type.String({ description: "A UUID" }) });

const targetInput = Type.Object({
  name: Type.String(),
  interval: Type.Integer({ description: "Seconds, at least `timeout`; floored at 1" }),
  timeout: Type.Integer({ description: "Seconds; floored at 1" }),
  url: Type.Optional(Type.String({ description: "Makes it a real monitor of kind `http`" })),
  kind: Type.Optional(Type.String({ description: "Makes it a real monitor, with `settings`" })),
  settings: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});

/** Registers the routes, in a scope of their own: bodies of any content type come in as text. */
export function addAmaunatorRoutes(
  app: FastifyInstance,
  settings: ApiSettings,
  parts: ApiParts,
): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));
  addTargets(app, settings, parts);
  addTarget(app, parts);
  addStats(app, parts);
}

function isReal(parts: ApiParts, { monitor }: BoardEntry): boolean {
  return parts.kinds.get(monitor.kind)?.real ?? true;
}

function addTargets(app: FastifyInstance, settings: ApiSettings, parts: ApiParts): void {
  addRoute(app, {
    method: "GET",
    path: "/targets",
    surface,
    permission: "read",
    tag,
    summary: "Every monitor as a target",
    answers: {
      200: {
        description: "In the order they were made",
        schema: Type.Array(TargetWithStatusSchema),
      },
    },
    errorAnswers: common,
    handle: () =>
      [...parts.board.entries()]
        .toSorted((a, b) => (a.monitor.id < b.monitor.id ? -1 : 1))
        .map((entry) => targetWithStatusView(entry, isReal(parts, entry))),
  });
  addRoute(app, {
    method: "POST",
    path: "/targets",
    surface,
    permission: "write",
    tag,
    summary: "Make a target",
    body: targetInput,
    parseBody: (body) => ok(body as never),
    answers: { 201: { description: "The target", schema: TargetSchema } },
    errorAnswers: { ...common, 413: sentence("The body is too large"), 422: invalid },
    async handle({ request, reply, principal }) {
      const text = typeof request.body === "string" ? request.body : "";
      const monitor = monitorOf(readTarget(request.headers["content-type"], text), settings, parts);
      const entry = await parts.desk.create(monitor, actorOf(principal));
      reply.code(201);
      return targetView(entry.monitor);
    },
  });
}

function addTarget(app: FastifyInstance, parts: ApiParts): void {
  function entryOf(id: string): BoardEntry {
    const monitorId = parseId<"monitor">(readTargetId(id));
    const entry = monitorId === undefined ? undefined : parts.board.get(monitorId);
    if (entry === undefined || followsHost(entry.monitor)) {
      throw new AppError("not_found", "Target not found");
    }
    return entry;
  }
  const path = "/targets/:target_id";
  const errorAnswers = { ...common, 404: noTarget, 422: invalid };
  addRoute(app, {
    method: "GET",
    path,
    surface,
    permission: "read",
    tag,
    summary: "A target with its status",
    params: idParams,
    answers: { 200: { description: "The target", schema: TargetWithStatusSchema } },
    errorAnswers,
    handle({ params }) {
      const entry = entryOf(params.target_id);
      return targetWithStatusView(entry, isReal(parts, entry));
    },
  });
  addRoute(app, {
    method: "DELETE",
    path,
    surface,
    permission: "write",
    tag,
    summary: "Delete a target",
    params: idParams,
    answers: { 204: noContent },
    errorAnswers,
    async handle({ params, reply, principal }) {
      const { monitor } = entryOf(params.target_id);
      if (!(await parts.desk.remove(monitor.id, actorOf(principal)))) {
        throw new AppError("not_found", "Target not found");
      }
      reply.code(204);
    },
  });
}

function addStats(app: FastifyInstance, parts: ApiParts): void {
  const startedAt = parts.clock.monotonicMs();
  addRoute(app, {
    method: "GET",
    path: "/stats",
    surface,
    permission: "read",
    tag,
    summary: "Counts of targets and outputs",
    answers: { 200: { description: "The counts", schema: StatsSchema } },
    errorAnswers: common,
    handle(): StatsView {
      const { waiting, handedOver, failed } = parts.outputs.counts();
      return {
        active_targets: [...parts.board.entries()].length,
        processed_messages: handedOver,
        uptime_seconds: (parts.clock.monotonicMs() - startedAt) / 1000,
        queue_size: waiting,
        total_errors: failed,
      };
    },
  });
}

/** Names of targets follow no rule, so the name is put in after the rest was read. */
function monitorOf(target: TargetInput, settings: ApiSettings, parts: ApiParts): Monitor {
  const { name, interval, timeout, url, kind, settings: own } = target;
  const now = parts.clock.now();
  const parsed = parseMonitor(
    {
      name: "target",
      interval,
      timeout,
      ...(url === undefined ? { kind: kind ?? "synthetic" } : { url }),
      ...(url === undefined || kind === undefined ? {} : { kind }),
      ...(own === undefined ? {} : { settings: own }),
    },
    contextOf(settings, parts, parts.newId<"monitor">(now), undefined),
  );
  if (parsed.kind === "ok") return { ...parsed.value, name };
  throw new FastApiInvalidError(...parsed.problems.map(fastApiProblemOf));
}

function fastApiProblemOf({ path, message }: Problem) {
  const steps = path.match(/[^.[\]]+/g) ?? [];
  return {
    type: "value_error",
    loc: ["body", ...steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step))],
    msg: `Value error, ${message}`,
    ctx: { error: {} },
  };
}
