/**
 * The sidecar's HTTP server. On `node:http` itself: ten fixed routes and two forms of answers need no framework, and the
 * relay stays without one.
 *
 * An event is acknowledged only after the spool has synced it; see `take.ts`. Nothing a client sends is held without a
 * limit: bodies, what they unpack to, all bodies together, headers, and the time any of it may take.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { SpoolLog } from "../spool/settings.ts";
import { createGate, type Access } from "./access.ts";
import { createRoom, readBody } from "./body.ts";
import type { IntakeCounts } from "./counts.ts";
import type { Health } from "./health.ts";
import { leave, listen, type ListenAddress } from "./listen.ts";
import { createRateLimit, type Rate, type RateLimit } from "./rate.ts";
import { takeEvents, type Answer, type TakeParts } from "./take.ts";

const megabyte = 1024 * 1024;

export interface IntakeSettings {
  readonly listen: ListenAddress;
  readonly access: Access;
  /** Of every client, which is an address; all who use the socket of a file system are one. Null: no limit. */
  readonly rate: Rate | null;
  /** Most connections at one time; what comes beyond is closed. Default 4,096. */
  readonly maxConnections: number;
  /** Largest body of a route for one event, bytes; also of what it unpacks to. Default 1 MB. */
  readonly maxSingleBytes: number;
  /** Largest body of a route for a batch, bytes; also of what it unpacks to. Default 10 MB. */
  readonly maxBatchBytes: number;
  /** Most bytes of bodies of all requests at a time; beyond it 503. Default 64 MB. */
  readonly maxReadingBytes: number;
}

/** What holds where nothing is said. */
export const intakeDefaults = {
  maxSingleBytes: megabyte,
  maxBatchBytes: 10 * megabyte,
  maxReadingBytes: 64 * megabyte,
  maxConnections: 4_096,
  rate: null,
} as const satisfies Partial<IntakeSettings>;

export interface IntakeParts {
  readonly take: TakeParts;
  readonly health: Health;
  readonly counts: IntakeCounts;
  /** Text of `GET /metrics`. */
  readonly metrics: () => string;
  /** Body of `GET /v1/integrations`. */
  readonly integrations: () => object;
  readonly log: SpoolLog;
}

export interface Intake extends AsyncDisposable {
  /** `http://HOST:PORT` or `unix:PATH`. */
  readonly url: string;
}

/** The routes that take events. */
export const eventRoutes = {
  "/v1/event": { status: 202, isBatch: false },
  "/v1/events/batch": { status: 202, isBatch: true },
  "/v1/ingest/events": { status: 200, isBatch: false },
  "/v1/ingest/events:batch": { status: 200, isBatch: true },
  "/v1/ingest/batch": { status: 200, isBatch: true },
} as const;

const healthRoutes = ["/health", "/v1/health", "/v1/healthz"] as const;
const readRoutes = [...healthRoutes, "/v1/integrations", "/metrics"];

/**
 * Listens; rejects when the address cannot be had. Disposing takes no new requests, lets those under way end, and breaks
 * off after two seconds what still is.
 */
export async function startIntake(settings: IntakeSettings, parts: IntakeParts): Promise<Intake> {
  const { take, counts, log } = parts;
  const surroundings: Surroundings = {
    settings,
    parts,
    room: createRoom(settings.maxReadingBytes),
    gate: createGate(settings.access),
    rate: createRateLimit(settings.rate, take.monotonicMs),
  };
  const server = createServer(
    {
      requestTimeout: 30_000,
      headersTimeout: 10_000,
      keepAliveTimeout: 65_000,
      maxHeaderSize: 16_384,
    },
    (request, response) => void serve(request, response),
  );
  const crowd = boundConnections(server, settings.maxConnections, surroundings);

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedMs = take.monotonicMs();
    const path = pathOf(request.url ?? "/");
    const isKnown = isEventRoute(path) || readRoutes.includes(path);
    let status = 500;
    try {
      const answer = await answerTo(request, path, surroundings);
      status = answer.status;
      write(request, response, answer, crowd.isLast());
    } catch (error) {
      // A client that went away in the middle of its body wants no answer.
      if (request.destroyed && !request.complete) status = 499;
      else {
        log.warn({ path, error: String(error) }, "a request could not be answered");
        write(request, response, { status, body: { detail: "internal error" } }, true);
      }
    }
    const seconds = (take.monotonicMs() - startedMs) / 1000;
    const method = request.method === "GET" || request.method === "POST" ? request.method : "other";
    counts.request(method, isKnown ? path : "other", status, seconds);
  }

  const url = await listen(server, settings.listen);
  return {
    url,
    async [Symbol.asyncDispose]() {
      await leave(settings.listen);
      await close(server);
    },
  };
}

const crowdedRatio = 0.75;
const tellAgainMs = 60_000;

/** Keeps connections within their number, and says when an answer should be the last on its connection. */
function boundConnections(
  server: Server,
  most: number,
  { parts: { take, counts, log } }: Surroundings,
): { readonly isLast: () => boolean } {
  let open = 0;
  let toldAtMs = -Infinity;
  server.maxConnections = most;
  server.on("connection", (socket) => {
    open += 1;
    counts.connections(open);
    socket.once("close", () => {
      open -= 1;
      counts.connections(open);
    });
  });
  server.on("drop", () => {
    counts.connectionDropped();
    // Those who keep a connection and say nothing make room for who comes next.
    server.closeIdleConnections();
    if (take.monotonicMs() - toldAtMs < tellAgainMs) return;
    toldAtMs = take.monotonicMs();
    log.warn({ connections: open }, "there are too many connections: more are closed at once");
  });
  return { isLast: () => !server.listening || open > most * crowdedRatio };
}

function pathOf(url: string): string {
  const end = url.indexOf("?");
  return end < 0 ? url : url.slice(0, end);
}

async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  const limit = setTimeout(() => server.closeAllConnections(), 2_000);
  await promise;
  clearTimeout(limit);
}

interface Surroundings {
  readonly settings: IntakeSettings;
  readonly parts: IntakeParts;
  readonly room: ReturnType<typeof createRoom>;
  readonly gate: ReturnType<typeof createGate>;
  readonly rate: RateLimit;
}

async function answerTo(
  request: IncomingMessage,
  path: string,
  surroundings: Surroundings,
): Promise<Answer> {
  const { settings, parts, gate } = surroundings;
  const method = request.method ?? "GET";
  const isRead = method === "GET" || method === "HEAD";
  const isHealth = healthRoutes.some((route) => route === path);
  // Health says nothing of events and nothing secret; orchestrators ask it without a token.
  const refusal = isHealth && settings.access.kind === "token" ? undefined : gate(request.headers);
  if (refusal !== undefined) return { status: refusal.status, body: { detail: refusal.message } };
  if (isEventRoute(path)) {
    if (method !== "POST") return wrongMethod("POST");
    return answerEvents(request, eventRoutes[path], surroundings);
  }
  if (!readRoutes.includes(path)) return { status: 404, body: { detail: "Not Found" } };
  if (!isRead) return wrongMethod("GET");
  if (path === "/metrics") return { status: 200, body: parts.metrics() };
  if (path === "/v1/integrations") return { status: 200, body: parts.integrations() };
  const { health } = parts;
  return { status: 200, body: path === "/v1/healthz" ? await health.asked() : health.known() };
}

async function answerEvents(
  request: IncomingMessage,
  route: (typeof eventRoutes)[keyof typeof eventRoutes],
  { settings, parts, room, rate }: Surroundings,
): Promise<Answer> {
  const client = settings.rate === null ? "" : (request.socket.remoteAddress ?? "unix");
  const waitS = rate.waitOf(client);
  if (waitS !== undefined) {
    parts.counts.limited();
    const detail = "this client sends more events than it may";
    return {
      status: 429,
      body: { ok: false, code: "rate", detail },
      retryAfterS: Math.ceil(waitS),
    };
  }
  const limit = route.isBatch ? settings.maxBatchBytes : settings.maxSingleBytes;
  const body = await readBody(request, limit, room);
  if (body.kind === "ok") {
    return takeEvents(body.value, route, parts.take, (events) => rate.spend(client, events));
  }
  const { status, message } = body;
  if (status !== 503) parts.take.count("refused", 1);
  if (status === 422) {
    return { status, body: { detail: [{ type: "json_invalid", loc: ["body"], msg: message }] } };
  }
  return { status, body: { detail: message }, ...(status === 503 ? { retryAfterS: 1 } : {}) };
}

function wrongMethod(expected: string): Answer {
  return { status: 405, body: { detail: `Method Not Allowed: expected ${expected}` } };
}

function isEventRoute(path: string): path is keyof typeof eventRoutes {
  return Object.hasOwn(eventRoutes, path);
}

function write(
  request: IncomingMessage,
  response: ServerResponse,
  { status, body, retryAfterS }: Answer,
  isLast: boolean,
): void {
  const isText = typeof body === "string";
  // A text, so that head and body go out in one piece; bytes of its own would be a second one.
  const text = isText ? body : JSON.stringify(body);
  const headers = [
    "content-type",
    isText ? "text/plain; version=0.0.4; charset=utf-8" : "application/json",
    "content-length",
    String(Buffer.byteLength(text)),
  ];
  if (retryAfterS !== undefined) headers.push("retry-after", String(retryAfterS));
  if (status === 401) headers.push("www-authenticate", "Bearer");
  if (isLast || (!request.complete && !isSmall(request))) headers.push("connection", "close");
  response.writeHead(status, headers);
  response.end(request.method === "HEAD" ? undefined : text);
}

/** Whether what is left of a body is read in passing, so that another request can follow. */
function isSmall({ headers }: IncomingMessage): boolean {
  const stated = headers["content-length"];
  return stated !== undefined && Number(stated) <= 64 * 1024;
}
