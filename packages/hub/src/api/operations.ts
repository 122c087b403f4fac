/** `/health` and `/ready`. */
import { HealthSchema, ReadySchema, type HealthView, type ReadyView } from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import type { ApiParts } from "./parts.ts";
import { addRoute } from "./route.ts";
import type { ApiSettings } from "./settings.ts";

/** How long `/ready` waits for the parts, in ms. */
const readyLimitMs = 2_000;

/** Registers the routes. */
export function addOperationRoutes(
  app: FastifyInstance,
  { monitoringStack }: Pick<ApiSettings, "monitoringStack">,
  parts: ApiParts,
): void {
  const startedAt = parts.clock.monotonicMs();
  addRoute(app, {
    method: "GET",
    path: "/health",
    surface: "operations",
    permission: "open",
    rateLimit: false,
    tag: "operations",
    summary: "The process answers",
    answers: { 200: { description: "It does", schema: HealthSchema } },
    handle: (): HealthView => ({
      status: "ok",
      service: "belfry",
      version: isSet(monitoringStack.serverVersion) ? monitoringStack.serverVersion : parts.version,
      uptime_seconds: (parts.clock.monotonicMs() - startedAt) / 1000,
      expected_client_version: monitoringStack.expectedClientVersion,
      latest_version: null,
    }),
  });
  addRoute(app, {
    method: "GET",
    path: "/ready",
    surface: "operations",
    permission: "open",
    rateLimit: false,
    tag: "operations",
    summary: "Every part can serve",
    answers: {
      200: { description: "They can", schema: ReadySchema },
      503: { description: "Some cannot", schema: ReadySchema },
    },
    async handle({ reply }): Promise<ReadyView> {
      const states = await askParts(parts);
      const ready = Object.values(states).every((state) => state === "ok");
      if (!ready) reply.code(503);
      return { status: ready ? "ready" : "not_ready", parts: { ...states } };
    },
  });
}

/** `dev` is what the Monitoring Stack's servers call themselves where nobody says otherwise. */
function isSet(serverVersion: string): boolean {
  return serverVersion !== "dev";
}

async function askParts(parts: ApiParts): Promise<Readonly<Record<string, string>>> {
  const { promise, resolve } = Promise.withResolvers<Readonly<Record<string, string>>>();
  const late = setTimeout(() => resolve({ hub: "no answer in time" }), readyLimitMs);
  try {
    return await Promise.race([parts.ready(), promise]);
  } catch (error) {
    parts.log.warn({ err: error }, "a part could not say whether it is ready");
    return { hub: "failed to answer" };
  } finally {
    clearTimeout(late);
  }
}
