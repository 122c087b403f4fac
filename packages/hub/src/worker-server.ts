/**
 * What a worker answers: `GET /health` (it lives), `GET /ready` (it can check and store what it found) and
 * `GET /metrics`. Who may read metrics is as with a hub: on loopback everybody of this machine, else who shows a key
 * with the scope `read`, or calls from a network of `open_to.operations`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import { readCredential } from "./api/access/credentials.ts";
import { createFailedAttempts } from "./api/access/failed-attempts.ts";
import { createKeyRing, type KeyStore } from "./api/access/key-ring.ts";
import { createNetworks } from "./api/access/networks.ts";
import { isProxied, refuseLoopback } from "./api/access/origin.ts";
import { allows } from "./api/access/permission.ts";
import type { Settings } from "./config/settings.ts";
import { listenOn, urlOf } from "./listen.ts";
import type { Clock } from "./model/clock.ts";
import type { Readiness } from "./readiness.ts";
import type { Log } from "./self/log.ts";

export interface WorkerServerParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly keys: KeyStore;
  readonly readiness: Pick<Readiness, "read">;
  /** Metrics in Prometheus's text format. */
  readonly metrics: { readonly contentType: string; metrics(): Promise<string> };
}

export interface WorkerServer extends AsyncDisposable {
  /** `http://127.0.0.1:8001`. */
  readonly url: string;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

type ServerSettings = Pick<Settings, "listen" | "auth" | "openTo" | "rateLimit">;

/** Listens, or rejects with an `AppError` that says at which address that was not possible. */
export async function openWorkerServer(
  settings: ServerSettings,
  parts: WorkerServerParts,
): Promise<WorkerServer> {
  const { clock, log, version, readiness, metrics } = parts;
  await using opened = new AsyncDisposableStack();
  const refuse = opened.use(createDoor(settings, parts));
  const startedAt = clock.monotonicMs();
  const answers: Readonly<Record<string, (request: IncomingMessage) => Promise<Answer>>> = {
    "/health": () => {
      const uptime_seconds = (clock.monotonicMs() - startedAt) / 1000;
      const view = { status: "ok", service: "belfry-worker", version, uptime_seconds };
      return Promise.resolve(json(200, view));
    },
    async "/ready"() {
      const states = await readiness.read();
      const ready = Object.values(states).every((state) => state === "ok");
      return json(ready ? 200 : 503, { status: ready ? "ready" : "not_ready", parts: states });
    },
    async "/metrics"(request) {
      const refused = await refuse.why(request);
      if (refused !== undefined) return refused;
      return { status: 200, type: metrics.contentType, text: await metrics.metrics() };
    },
  };
  async function answer(request: IncomingMessage): Promise<Answer> {
    const path = (request.url ?? "").split("?")[0] ?? "";
    const handle = Object.hasOwn(answers, path) ? answers[path] : undefined;
    if (handle === undefined) return problem(404, "A worker answers /health, /ready and /metrics");
    if (request.method !== "GET" && request.method !== "HEAD") return problem(405, "Only GET");
    try {
      return await handle(request);
    } catch (err) {
      log.warn({ err, path }, "a request could not be answered");
      return problem(503, "Try again shortly");
    }
  }
  const server = createServer((request, response) => {
    request.resume();
    void answer(request).then((given) => send(request, response, given));
  });
  const port = await listenOn(settings.listen, async ({ host, port: wanted }) => {
    server.listen(wanted, host);
    await once(server, "listening");
    const bound = server.address();
    return typeof bound === "object" && bound !== null ? bound.port : wanted;
  });
  opened.defer(async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  });
  const resources = opened.move();
  return {
    url: urlOf(`http://localhost:${port}`, settings.listen),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function json(status: number, view: object): Answer {
  return { status, type: "application/json", text: JSON.stringify(view) };
}

function problem(status: number, detail: string): Answer {
  return { ...json(status, { status, detail }), type: "application/problem+json" };
}

function send(request: IncomingMessage, response: ServerResponse, given: Answer): void {
  response.writeHead(given.status, {
    "content-type": given.type,
    "content-length": Buffer.byteLength(given.text),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(request.method === "HEAD" ? undefined : given.text);
}

interface Door extends AsyncDisposable {
  /** What a caller is answered who may not read metrics; undefined: it may. */
  why(request: IncomingMessage): Promise<Answer | undefined>;
}

function createDoor(
  settings: ServerSettings,
  { clock, log, keys }: Pick<WorkerServerParts, "clock" | "log" | "keys">,
): Door {
  const isOpenTo = createNetworks(settings.openTo.operations);
  const failed = createFailedAttempts(settings.rateLimit.failedAttempts, clock);
  const ring = createKeyRing(keys, clock, (err) =>
    log.error({ err }, "the last use of keys could not be written"),
  );

  function withoutKey(request: IncomingMessage, from: string): Answer | undefined {
    if (isOpenTo(from) && !isProxied(request.headers)) return undefined;
    if (settings.auth === "off") return undefined;
    if (settings.auth === "keys") return problem(401, "The request shows no key");
    const refused = refuseLoopback("GET", request.headers, from);
    return refused === undefined ? undefined : problem(403, refused);
  }

  return {
    async why(request) {
      const from = request.socket.remoteAddress ?? "";
      const credential = readCredential(request.headers, {});
      if (credential.kind !== "key") return withoutKey(request, from);
      if (failed.waitSeconds(from) > 0) return problem(429, "Too many keys that do not fit");
      const key = await ring.find(credential.secret);
      if (key !== undefined) {
        return allows(key.scopes, "read") ? undefined : problem(403, "This needs the scope read");
      }
      failed.note(from);
      return problem(401, "This key is not known, or was revoked");
    },
    [Symbol.asyncDispose]: () => ring[Symbol.asyncDispose](),
  };
}
