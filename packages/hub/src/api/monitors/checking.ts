/** Checks on request: `/api/v1/monitors/{id}/check` and `/api/v1/monitors/test`. */
import {
  MonitorInputSchema,
  MonitorSchema,
  MonitorTestSchema,
  ok,
  type MonitorTestView,
  type Parsed,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { AppError } from "../../model/error.ts";
import { ownNameIn } from "../../model/location.ts";
import type { Monitor } from "../../model/monitor.ts";
import { parseMonitor } from "../../model/monitor-input.ts";
import type { Outcome } from "../../model/outcome.ts";
import type { ApiParts } from "../parts.ts";
import { addRoute } from "../route.ts";
import type { ApiSettings } from "../settings.ts";
import { accept, contextOf, findEntry, idParams, viewer } from "./monitors.ts";
import { timeText } from "./view.ts";

/** Checks made on request at the same time. */
const mostAtOnce = 20;

const testQuery = Type.Object(
  {
    monitor: Type.Optional(
      Type.String({ description: "The monitor that is being edited: its stored secrets are used" }),
    ),
  },
  { additionalProperties: false },
);

/** Registers the routes. */
export function addCheckingRoutes(
  app: FastifyInstance,
  settings: ApiSettings,
  parts: ApiParts,
): void {
  const view = viewer(parts);
  const bounded = createBound(mostAtOnce);
  addRoute(app, {
    method: "POST",
    path: "/api/v1/monitors/:id/check",
    permission: "write",
    tag: "monitors",
    summary: "Check a monitor now",
    description:
      "Answers when the check has ended. A monitor that is paused is not checked. Of several locations the hub's own checks.",
    params: idParams,
    answers: { 200: { description: "The monitor after the check", schema: MonitorSchema } },
    errors: ["not_found", "conflict", "unavailable"],
    async handle({ params }) {
      const { monitor } = findEntry(parts, params.id);
      if (!monitor.enabled) throw new AppError("conflict", "The monitor is paused");
      if (isElsewhere(monitor, parts.ownProcess.location)) {
        throw new AppError("conflict", "The monitor is checked by workers elsewhere alone");
      }
      const entry = await bounded(() => parts.desk.checkNow(monitor.id));
      if (entry === undefined) {
        throw new AppError("conflict", "The monitor was changed or deleted during the check");
      }
      return view(entry);
    },
  });
  addRoute(app, {
    method: "POST",
    path: "/api/v1/monitors/test",
    permission: "write",
    tag: "monitors",
    summary: "Check once what is not a monitor yet",
    description: "Nothing is stored. The body is that of a new monitor.",
    query: testQuery,
    body: MonitorInputSchema,
    parseBody: (body): Parsed<never> => ok(body as never),
    answers: { 200: { description: "What the check found", schema: MonitorTestSchema } },
    errors: ["not_found", "unavailable"],
    async handle({ query, body, reply }): Promise<MonitorTestView> {
      const existing =
        query.monitor === undefined ? undefined : findEntry(parts, query.monitor).monitor;
      const now = parts.clock.now();
      const id = existing?.id ?? parts.newId<"monitor">(now);
      const monitor = accept(parseMonitor(body, contextOf(settings, parts, id, existing)));
      const gone = new AbortController();
      reply.raw.once("close", () => {
        if (!reply.raw.writableFinished) gone.abort();
      });
      const outcome = await bounded(() => parts.desk.test(monitor, gone.signal));
      return testView(outcome, now);
    },
  });
}

function testView(outcome: Outcome, checkedAt: number): MonitorTestView {
  const found = outcome.result === "unknown" ? undefined : outcome;
  return {
    checked_at: timeText(checkedAt),
    result: outcome.result,
    reason: outcome.result === "up" ? null : outcome.reason,
    message: outcome.result === "up" ? null : outcome.message,
    status_code: found?.statusCode ?? null,
    latency_ms: outcome.durationMs,
    certificate_days: outcome.result === "up" ? outcome.certificateDays : null,
    measurements: { ...found?.measurements },
    evidence: outcome.result === "down" ? { ...outcome.evidence } : {},
  };
}

/** Lets so many run at once and refuses more. */
function createBound(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  return async (work) => {
    if (running >= most) {
      throw new AppError("unavailable", `${most} checks made on request are running already`);
    }
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
    }
  };
}

/** Whether none of the hub's own processes checks it. */
function isElsewhere(monitor: Monitor, location: string): boolean {
  return monitor.placement !== undefined && ownNameIn(monitor, location) === undefined;
}
