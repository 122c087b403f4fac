/**
 * The HTTP side of the hub: puts together access, errors, validation and every surface. Does not listen; `app.ts` does,
 * and tests call `inject`. Start fails when a route has no permission.
 */
import fastifyCookie from "@fastify/cookie";
import fastifyHelmet from "@fastify/helmet";
import fastifyRateLimit from "@fastify/rate-limit";
import Fastify, { type FastifyInstance } from "fastify";
import { AppError } from "../model/error.ts";
import { createAccess, nobody, type Access } from "./access/access.ts";
import { createKeyRing, type KeyRing } from "./access/key-ring.ts";
import { principalId } from "./access/permission.ts";
import { createSessions, type Sessions } from "./access/sessions.ts";
import { SharedCounts } from "./access/shared-counts.ts";
import { sharedLimit } from "./access/shared-limit.ts";
import { addAlertRouteRoutes } from "./alerting/alert-routes.ts";
import { addChannelRoutes } from "./alerting/channels.ts";
import { addMaintenanceRoutes } from "./alerting/maintenance.ts";
import { addSilenceRoutes } from "./alerting/silences.ts";
import { addWouldTellRoute } from "./alerting/would-tell.ts";
import { addAlertmanagerRoutes } from "./alertmanager/alertmanager.ts";
import { addAuditRoutes } from "./audit.ts";
import { addJsonBody } from "./body.ts";
import { addCheckKindRoutes } from "./check-kinds.ts";
import { addAmaunatorRoutes } from "./drop-in/amaunator.ts";
import { addMonitoringComponentRoutes } from "./drop-in/monitoring-component/monitoring-component.ts";
import { addMonitoringStackRoutes } from "./drop-in/monitoring-stack/monitoring-stack.ts";
import { addSystemRoute } from "./drop-in/system-stats.ts";
import { addErrorAnswers, answerClientError, createErrorAnswer } from "./error-answer.ts";
import { addFleetRoutes } from "./fleet.ts";
import { addHealthchecksRoutes } from "./drop-in/healthchecks/healthchecks.ts";
import { addUptimeKumaPushRoutes } from "./drop-in/uptime-kuma-push/uptime-kuma-push.ts";
import { addHeartbeatRoutes } from "./heartbeats/heartbeats.ts";
import { addHostRoutes } from "./hosts/hosts.ts";
import { addHostSamplesRoute } from "./hosts/samples.ts";
import { addHostSeriesRoutes } from "./hosts/series.ts";
import { addIncidentActRoutes, addNoticeRoutes } from "./incidents-acts.ts";
import { addIncidentRoutes } from "./incidents.ts";
import { addEventsRoute } from "./jobs/events.ts";
import { addJobRoutes } from "./jobs/jobs.ts";
import { addRunRoutes } from "./jobs/runs.ts";
import { addOutputRoutes } from "./outputs.ts";
import { addKeyRoutes } from "./keys.ts";
import { addIncidentLinkRoutes } from "./links/incident-links.ts";
import { addLiveRoute } from "./live.ts";
import { addMetricsRoute } from "./metrics/metrics.ts";
import { addCheckingRoutes } from "./monitors/checking.ts";
import { addLocationRoute } from "./monitors/locations.ts";
import { addMonitorRoutes } from "./monitors/monitors.ts";
import { addWorkerRoutes } from "./workers.ts";
import { addPastRoutes } from "./monitors/past.ts";
import { addOpenApiRoutes, prepareOpenApi } from "./openapi.ts";
import { addOperationRoutes } from "./operations.ts";
import { addPages } from "./pages.ts";
import { addAlertRuleRoutes } from "./alerting/alert-rules.ts";
import type { ApiParts } from "./parts.ts";
import { addRemoteWriteRoute } from "./prometheus/remote-write.ts";
import { createRouteTable, type RouteTable } from "./route-table.ts";
import { addImportRoute, addSeriesRoutes } from "./series.ts";
import { addSessionRoutes } from "./session.ts";
import type { ApiSettings } from "./settings.ts";

/** The API, ready to listen or to be asked by `app.inject`. */
export interface Api extends AsyncDisposable {
  readonly app: FastifyInstance;
  readonly routes: RouteTable;
  /** From now on every answer closes its connection, so that a balancer keeps none that is about to end. */
  letGo(): void;
}

/** Largest JSON body in bytes. */
const bodyLimitBytes = 1024 * 1024;
/** A request must have arrived as a whole within this many ms. */
const requestTimeoutMs = 120_000;

/** Builds the API. */
export async function createApi(settings: ApiSettings, parts: ApiParts): Promise<Api> {
  const answerError = createErrorAnswer(parts.log);
  const app = Fastify({
    logger: false,
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    trustProxy: settings.trustedProxies.length === 0 ? false : [...settings.trustedProxies],
    routerOptions: { maxParamLength: 1024 },
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
    clientErrorHandler: answerClientError,
  });
  const routes = createRouteTable(app);
  const { keys, counts } = openShared(parts);
  const sessions = createSessions(settings.sessionLifetimeMs, {
    clock: parts.clock,
    store: parts.store,
    keyById: (id) => keys.byId(id),
  });
  parts.otherHubs.onKeys(async () => {
    sessions.forget();
    await keys.reread();
  });
  const access = createAccess(settings, { clock: parts.clock, keys, sessions, counts });
  // The serializers of the framework leave out what a schema does not name and are slow to build: views are complete
  // as they are, and tests hold every answer against its schema.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  addJsonBody(app);
  const letGo = addPromptStop(app);
  addErrorAnswers(app, routes, answerError);
  await addSecurity(app, settings, access, counts);
  await addRoutes(app, settings, parts, { keys, sessions, access });
  const unprotected = routes.unprotected();
  if (unprotected.length > 0) {
    throw new Error(`routes without a permission: ${unprotected.join(", ")}`);
  }
  await app.ready();
  return { app, routes, letGo, [Symbol.asyncDispose]: () => closeAll(app, keys, counts) };
}

/** Who may be let in, and what is counted: as all hubs know it. */
function openShared({ clock, store, log, live, otherHubs }: ApiParts): {
  readonly keys: KeyRing;
  readonly counts: SharedCounts | null;
} {
  const keys = createKeyRing(
    store,
    clock,
    (err) => log.error({ err }, "the last use of keys could not be written"),
    (id) => live.dropKey(id),
  );
  const counts =
    otherHubs.counts === null
      ? null
      : new SharedCounts({
          clock,
          store: otherHubs.counts,
          onError: (err) => log.warn({ err }, "requests could not be counted with other hubs"),
        });
  return { keys, counts };
}

async function addRoutes(
  app: FastifyInstance,
  settings: ApiSettings,
  parts: ApiParts,
  own: { readonly keys: KeyRing; readonly sessions: Sessions; readonly access: Access },
): Promise<void> {
  await prepareOpenApi(app, parts.version);
  addMonitorRoutes(app, settings, parts);
  addPastRoutes(app, parts);
  addLocationRoute(app, parts);
  addCheckingRoutes(app, settings, parts);
  addCheckKindRoutes(app, parts);
  addHeartbeatRoutes(app, parts);
  addHostRoutes(app, parts);
  addHostSeriesRoutes(app, parts);
  addAlertRuleRoutes(app, parts);
  addJobRoutes(app, parts);
  addRunRoutes(app, parts);
  addOutputRoutes(app, parts);
  addIncidentRoutes(app, parts);
  addIncidentActRoutes(app, parts);
  addNoticeRoutes(app, parts);
  addAlertRouteRoutes(app, parts);
  addSilenceRoutes(app, parts);
  addWouldTellRoute(app, parts);
  addMaintenanceRoutes(app, parts);
  addChannelRoutes(app, parts);
  addSeriesRoutes(app, parts);
  addLiveRoute(app, parts.live);
  addKeyRoutes(app, parts, own.keys);
  addSessionRoutes(app, settings, own.access, own.sessions);
  addAuditRoutes(app, parts.store);
  addOperationRoutes(app, settings, parts);
  addFleetRoutes(app, parts);
  addWorkerRoutes(app, parts);
  addMetricsRoute(app, parts);
  addSystemRoute(app, parts);
  // Surfaces that read bodies of any content type have a scope of their own.
  await app.register(async (scope) => addIncidentLinkRoutes(scope, parts));
  await app.register(async (scope) => addImportRoute(scope, settings, parts));
  await app.register(async (scope) => addHostSamplesRoute(scope, parts));
  await app.register(async (scope) => addEventsRoute(scope, parts));
  await app.register(async (scope) => addRemoteWriteRoute(scope, settings, parts));
  addAlertmanagerRoutes(app, parts);
  await app.register(async (scope) => addAmaunatorRoutes(scope, settings, parts));
  await app.register(async (scope) => addMonitoringStackRoutes(scope, settings, parts));
  await app.register(async (scope) => addMonitoringComponentRoutes(scope, parts));
  const keyOf = (secret: string) => own.keys.find(secret);
  await app.register(async (scope) => addHealthchecksRoutes(scope, settings, { ...parts, keyOf }));
  await app.register(async (scope) => addUptimeKumaPushRoutes(scope, settings, parts));
  if (settings.dashboard) await addPages(app, parts.pages);
  await addOpenApiRoutes(app);
}

async function closeAll(
  app: FastifyInstance,
  keys: KeyRing,
  counts: SharedCounts | null,
): Promise<void> {
  await app.close();
  await keys[Symbol.asyncDispose]();
  await counts?.[Symbol.asyncDispose]();
}

/**
 * Connections whose request is answered once the hub stops, or is about to, are closed: kept alive, they would hold up
 * the stop for a minute, and a balancer would send its next request into one that ends. Answers with what makes it so.
 */
function addPromptStop(app: FastifyInstance): () => void {
  let stopping = false;
  const letGo = (): void => {
    stopping = true;
  };
  app.addHook("preClose", (done) => {
    letGo();
    done();
  });
  app.addHook("onSend", (_request, reply, payload, done) => {
    if (stopping) reply.header("connection", "close");
    done(null, payload);
  });
  return letGo;
}

/** Cookies, headers, access and rate limit, in the order in which a request meets them. */
async function addSecurity(
  app: FastifyInstance,
  settings: ApiSettings,
  access: Access,
  counts: SharedCounts | null,
): Promise<void> {
  await app.register(fastifyCookie);
  await app.register(fastifyHelmet, helmetOptions);
  app.decorateRequest("principal");
  app.decorateRequest("session", null);
  app.addHook("onRequest", async (request, reply) => {
    request.principal = nobody;
    reply.header("cache-control", "no-store");
    if (request.is404) return;
    const { permission, surface } = request.routeOptions.config;
    if (permission === undefined) throw new AppError("forbidden", "This path has no permission");
    await access.admit(request, reply, permission, surface ?? "native");
  });
  await app.register(fastifyRateLimit, {
    max: settings.rateLimit.max,
    timeWindow: settings.rateLimit.windowMs,
    enableDraftSpec: true,
    ...(counts === null ? {} : { store: sharedLimit(counts) }),
    keyGenerator: (request) =>
      request.principal === nobody ? request.ip : principalId(request.principal),
    errorResponseBuilder: (_, { after }) => new AppError("rate_limited", `Wait ${after}`),
  });
}

/**
 * Pages take scripts, styles and connections from here only. No `upgrade-insecure-requests` and no HSTS: Belfry speaks
 * plain HTTP, and whoever puts TLS before it adds both there.
 */
const helmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      "default-src": ["'none'"],
      "script-src": ["'self'"],
      "style-src": ["'self'"],
      "img-src": ["'self'", "data:"],
      "font-src": ["'self'"],
      "connect-src": ["'self'"],
      "manifest-src": ["'self'"],
      "base-uri": ["'none'"],
      "form-action": ["'self'"],
      "frame-ancestors": ["'none'"],
    },
  },
  strictTransportSecurity: false,
  crossOriginEmbedderPolicy: false,
};
