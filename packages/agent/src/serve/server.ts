/**
 * The agent's four routes over `node:http`. Every answer is made from the latest sample: nothing waits for a collector.
 * Errors have the bodies of the System Stats Service (`{"detail":"Not Found"}`).
 *
 * Anybody who reaches the port may read, as with the System Stats Service and node_exporter. On a loopback address the
 * `Host` of a request has to be a loopback name too, so that no page in a browser reads it by a name of its own.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { contentTypes, formatFor, type TextFormat } from "./exposition.ts";
import { isLoopback } from "./loopback.ts";
import type { SnapshotView } from "./snapshot-view.ts";
import type { SystemView } from "./system-view.ts";

export interface AgentServerSettings {
  /** Port 0: any free one. */
  readonly listen: { readonly host: string; readonly port: number };
}

/** What is served; null: no sample was taken yet. */
export interface AgentServerParts {
  readonly system: () => SystemView | null;
  readonly snapshot: () => SnapshotView | null;
  readonly metrics: (format: TextFormat) => string;
  readonly warn: (fields: object, message: string) => void;
}

export interface AgentServer extends AsyncDisposable {
  readonly address: AddressInfo;
}

/** Whoever sends a request slower than this is cut off. */
const requestMs = 10_000;
const mostConnections = 128;
const mostHeaderBytes = 8 * 1024;
const smallestGzip = 1024;
const compress = promisify(gzip);

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Listens; throws what `listen` throws (EADDRINUSE, EACCES …). */
export async function serveAgent(
  { listen }: AgentServerSettings,
  parts: AgentServerParts,
): Promise<AgentServer> {
  const onLoopback = isLoopback(listen.host);
  const server = createServer(
    {
      headersTimeout: requestMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: requestMs,
      keepAliveTimeout: 65_000,
      maxHeaderSize: mostHeaderBytes,
    },
    (request, response) => {
      void answer(request, response, onLoopback, parts).catch((error: unknown) => {
        parts.warn({ error }, "a request could not be answered");
        response.destroy();
      });
    },
  );
  server.maxConnections = mostConnections;
  const address = await listening(server, listen);
  return {
    address,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), 1000);
      await closed;
      clearTimeout(cut);
    },
  };
}

function listening(
  server: Server,
  { host, port }: AgentServerSettings["listen"],
): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve(addressOf(server));
    });
  });
}

/** A server that listens on a host and port has such an address; one on a pipe would have a text. */
function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening on a port");
  return address;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  onLoopback: boolean,
  parts: AgentServerParts,
): Promise<void> {
  const { status, type, body } = answerTo(request, onLoopback, parts);
  response.statusCode = status;
  response.setHeader("content-type", type);
  response.setHeader("cache-control", "no-store");
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("vary", "accept, accept-encoding");
  if (status === 405) response.setHeader("allow", "GET, HEAD");
  // A body that was sent is not read: the connection ends with the answer.
  const hasBody = "content-length" in request.headers || "transfer-encoding" in request.headers;
  if (hasBody) response.setHeader("connection", "close");
  let bytes = Buffer.from(body);
  if (bytes.length >= smallestGzip && acceptsGzip(request.headers["accept-encoding"])) {
    bytes = await compress(bytes, { level: 3 });
    response.setHeader("content-encoding", "gzip");
  }
  response.setHeader("content-length", bytes.length);
  response.end(request.method === "HEAD" ? undefined : bytes);
}

function answerTo(request: IncomingMessage, onLoopback: boolean, parts: AgentServerParts): Answer {
  if (onLoopback && !isLoopback(hostOf(request.headers.host))) {
    return json(403, { detail: "Forbidden: this address answers to its loopback names only" });
  }
  const path = (request.url ?? "/").split("?")[0];
  const route = path === undefined ? undefined : routes.get(path);
  if (route === undefined) return json(404, { detail: "Not Found" });
  if (request.method !== "GET" && request.method !== "HEAD") {
    return json(405, { detail: "Method Not Allowed" });
  }
  return route(parts, request);
}

type Route = (parts: AgentServerParts, request: IncomingMessage) => Answer;

const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
  ["/health", () => json(200, { status: "ok" })],
  ["/system", ({ system }) => sampled(system())],
  ["/snapshot", ({ snapshot }) => sampled(snapshot())],
  [
    "/metrics",
    ({ metrics }, { headers }) => {
      const format = formatFor(headers.accept);
      return { status: 200, type: contentTypes[format], body: metrics(format) };
    },
  ],
]);

function sampled(view: object | null): Answer {
  return view === null ? json(503, { detail: "No sample was taken yet" }) : json(200, view);
}

function json(status: number, body: object): Answer {
  return { status, type: "application/json", body: JSON.stringify(body) };
}

/** The host without its port; HTTP/1.0 has none, and no browser speaks it. */
function hostOf(header: string | undefined): string {
  return header?.replace(/:\d*$/, "") ?? "localhost";
}

function acceptsGzip(header: string | undefined): boolean {
  return (header ?? "").split(",").some((part) => {
    const [coding = "", ...parameters] = part.split(";").map((one) => one.trim().toLowerCase());
    const isRefused = parameters.some((one) => /^q=0(?:\.0*)?$/.test(one));
    return (coding === "gzip" || coding === "*") && !isRefused;
  });
}
