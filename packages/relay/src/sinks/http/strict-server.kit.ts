/** A server for tests of sinks over HTTP: the handler answers; it can be away, hang, or ask to wait. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import { buffer } from "node:stream/consumers";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

export interface TakenRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface GivenAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface StrictServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly TakenRequest[];
  readonly away: { begin(): Promise<void>; end(): Promise<void> };
  throttle(afterMs: number | null): Promise<void>;
  hang(): Promise<void>;
}

/** Starts it on a free port of loopback. A handler that throws is an answer of 500 with the message: a test sees it. */
export async function startStrictServer(
  handle: (request: TakenRequest) => GivenAnswer,
): Promise<StrictServer> {
  const requests: TakenRequest[] = [];
  let waitMs: number | null = null;
  let hangs = false;
  let port = 0;
  let server: Server | undefined;

  async function answerOf(message: IncomingMessage): Promise<GivenAnswer> {
    const body = await buffer(message);
    const { method = "", url = "", headers } = message;
    const request = { method, path: url, headers, body };
    requests.push(request);
    if (waitMs !== null) {
      return { status: 429, headers: { "retry-after": String(Math.ceil(waitMs / 1000)) } };
    }
    return handle(request);
  }

  async function listen(): Promise<void> {
    server = createServer((message, response) => {
      if (hangs) return;
      answerOf(message)
        .catch((error: unknown): GivenAnswer => ({ status: 500, body: String(error) }))
        .then(
          ({ status, headers, body }) => {
            response.writeHead(status, headers);
            response.end(body);
          },
          () => response.destroy(),
        );
    });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
  }

  async function close(): Promise<void> {
    if (server === undefined) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    server = undefined;
    await closed;
  }

  await listen();
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    away: { begin: close, end: listen },
    throttle(afterMs) {
      waitMs = afterMs;
      return Promise.resolve();
    },
    hang() {
      hangs = true;
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: close,
  };
}
