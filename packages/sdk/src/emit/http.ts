/**
 * Events to a sidecar or a hub: `POST {url}/v1/ingest/events:batch` with an array, one event alone to
 * `/v1/ingest/events`. One connection, kept open between requests; no socket keeps the process alive.
 *
 * Of an answer's body only the count `failed` is read, of events a batch was taken without. Status: 2xx is sent; 401, 403, 404, 405 and 3xx are a wrong address or key; 408,
 * 425, 429, 5xx and no answer are tried again (`Retry-After` is kept); the rest is refused. A compressed batch that is
 * refused is sent once more as it is: the Python sidecar reads no gzip. When that helps, compression stays off.
 */
import { Agent as HttpAgent, request as requestHttp, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { gzip } from "node:zlib";
import { version } from "../version.ts";
import type { Delivery, Destination } from "./delivery.ts";
import { postNow } from "./post-now.ts";

export interface HttpSettings {
  readonly url: string;
  readonly key: string | undefined;
  readonly timeoutMs: number;
  readonly compress: boolean;
}

const longestAnswer = 64 * 1024;
const compressFromBytes = 1_024;

/** A destination for one address; a wrong address is one that never takes anything. */
export function createHttpDestination(settings: HttpSettings): Destination {
  const base = addressOf(settings.url);
  if (typeof base === "string") return nowhere(base);
  const isTls = base.protocol === "https:";
  const options = { keepAlive: true, maxSockets: 1 };
  const agent = isTls ? new HttpsAgent(options) : new HttpAgent(options);
  const headers = headersOf(settings);
  let compress = settings.compress;

  const post = (path: string, body: Buffer, encoding: string | undefined): Promise<Delivery> =>
    new Promise((resolve) => {
      const address = new URL(path, base);
      const sent = (isTls ? requestHttps : requestHttp)(
        address,
        {
          method: "POST",
          agent,
          headers: {
            ...headers,
            "content-length": body.length,
            ...(encoding === undefined ? {} : { "content-encoding": encoding }),
          },
        },
        (answer) => {
          let text = "";
          answer.setEncoding("utf8").on("data", (part: string) => {
            if (text.length < longestAnswer) text += part;
          });
          answer.once("close", () => {
            clearTimeout(timer);
            resolve(deliveryOf(answer, text));
          });
          answer.on("error", ignore);
        },
      );
      const timer = setTimeout(() => {
        sent.destroy(new Error(`no answer within ${settings.timeoutMs} ms`));
      }, settings.timeoutMs);
      timer.unref();
      sent.on("socket", (socket) => socket.unref());
      sent.on("error", (error) => {
        clearTimeout(timer);
        resolve({ kind: "retry", why: error.message });
      });
      sent.end(body);
    });

  return {
    name: base.origin,
    deliver: async (lines) => {
      const { path, text } = bodyOf(lines);
      const plain = Buffer.from(text);
      if (!compress || plain.length < compressFromBytes) return post(path, plain, undefined);
      const packed = await gzipped(plain);
      const delivery = await post(path, packed, packed === plain ? undefined : "gzip");
      if (delivery.kind !== "refused" || packed === plain) return delivery;
      const again = await post(path, plain, undefined);
      if (again.kind === "sent") compress = false;
      return again;
    },
    deliverNow: (lines, timeoutMs) => {
      const { path, text } = bodyOf(lines);
      return postNow({ url: new URL(path, base).href, headers, body: text, timeoutMs });
    },
    close: () => agent.destroy(),
  };
}

/** The address with a slash at the end and without credentials of its own, or what is wrong with it. */
function addressOf(text: string): URL | string {
  try {
    const url = new URL(text.endsWith("/") ? text : `${text}/`);
    if (url.protocol === "http:" || url.protocol === "https:") return url;
    return `found ${url.protocol}, expected http: or https:`;
  } catch {
    return "the address is no URL";
  }
}

function nowhere(why: string): Destination {
  return {
    name: "no address",
    deliver: () => Promise.resolve({ kind: "misconfigured", why }),
    deliverNow: () => false,
    close: ignore,
  };
}

function headersOf({ key }: HttpSettings): Readonly<Record<string, string>> {
  return {
    "content-type": "application/json",
    "user-agent": `belfry-sdk/${version} node/${process.versions.node}`,
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  };
}

function bodyOf(lines: readonly string[]): { readonly path: string; readonly text: string } {
  const [only] = lines;
  return lines.length === 1 && only !== undefined
    ? { path: "v1/ingest/events", text: only }
    : { path: "v1/ingest/events:batch", text: `[${lines.join(",")}]` };
}

/** Compressed outside of the job's thread; as it is when that fails. */
function gzipped(plain: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    gzip(plain, { level: 1 }, (error, packed) => resolve(error === null ? packed : plain));
  });
}

const wrongSettings = new Set([401, 403, 404, 405]);
const passing = new Set([408, 425, 429]);

function deliveryOf(answer: IncomingMessage, body: string): Delivery {
  const status = answer.statusCode ?? 0;
  const why = `the answer was ${status}`;
  if (!answer.complete) return { kind: "retry", why: "the connection broke off" };
  if (status >= 200 && status < 300) {
    const lost = failedIn(body);
    return lost > 0 ? { kind: "partly", lost, why: `${why} but for ${lost}` } : { kind: "sent" };
  }
  if (wrongSettings.has(status) || status < 400) return { kind: "misconfigured", why };
  if (status < 500 && !passing.has(status)) return { kind: "refused", why };
  const seconds = Number(answer.headers["retry-after"]);
  return seconds > 0 ? { kind: "retry", why, afterMs: seconds * 1e3 } : { kind: "retry", why };
}

/** `failed` of `{"ok":true,"total":…,"failed":…}`; 0 where the answer is something else. */
function failedIn(body: string): number {
  try {
    const { failed } = JSON.parse(body) as { readonly failed?: unknown };
    return typeof failed === "number" && failed > 0 ? failed : 0;
  } catch {
    return 0;
  }
}

function ignore(): void {}
