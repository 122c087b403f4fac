/** The forwarder's two requests, over connections that are kept. Certificates are always verified. */
import * as http from "node:http";
import * as https from "node:https";

export interface Answered {
  readonly status: number;
  /** Ms the server asks to wait; 0: it does not say. */
  readonly retryAfterMs: number;
  readonly body: string;
}

export interface HttpClient extends Disposable {
  get(url: URL): Promise<Answered>;
  post(url: URL, body: string): Promise<Answered>;
}

/** Each request is given up after this. */
const limitMs = 10_000;
const mostAnswerBytes = 8 * 1024 * 1024;
const longestRetryAfterMs = 3_600_000;

/** `signal`: aborts everything under way. */
export function createHttpClient(version: string, signal: AbortSignal): HttpClient {
  const options = { keepAlive: true, timeout: 60_000 };
  const agents = { plain: new http.Agent(options), tls: new https.Agent(options) };
  const ask = (url: URL, method: string, body: string | null): Promise<Answered> => {
    const isTls = url.protocol === "https:";
    const headers = {
      "user-agent": `system-stats-forwarder/${version}`,
      accept: "application/json",
      ...(body === null
        ? {}
        : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
    };
    return new Promise((resolve, reject) => {
      const request = (isTls ? https : http).request(url, {
        method,
        headers,
        agent: isTls ? agents.tls : agents.plain,
        signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
      });
      request.once("error", (error) =>
        reject(
          error.name === "TimeoutError" || error.name === "AbortError"
            ? new Error(`no answer within ${limitMs / 1000} s`)
            : error,
        ),
      );
      request.once("response", (response) => {
        readAnswer(response).then(resolve, reject);
      });
      request.end(body ?? undefined);
    });
  };
  return {
    get: (url) => ask(url, "GET", null),
    post: (url, body) => ask(url, "POST", body),
    [Symbol.dispose]() {
      agents.plain.destroy();
      agents.tls.destroy();
    },
  };
}

async function readAnswer(response: http.IncomingMessage): Promise<Answered> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response) {
    if (!(chunk instanceof Uint8Array)) continue;
    size += chunk.length;
    if (size > mostAnswerBytes)
      throw new Error(`the answer is larger than ${mostAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return {
    status: response.statusCode ?? 0,
    retryAfterMs: retryAfterMs(response.headers["retry-after"]),
    body: Buffer.concat(chunks).toString("utf8"),
  };
}

function retryAfterMs(header: string | undefined): number {
  const seconds = Number(header ?? Number.NaN);
  return seconds > 0 ? Math.min(longestRetryAfterMs, seconds * 1000) : 0;
}

/** An address without what is secret in it. */
export function shownUrl({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}
