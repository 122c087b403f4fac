/**
 * Asks the hub of a worker elsewhere. Certificates are always verified; a further authority can be trusted beside the known
 * ones. Redirects are not followed: the key goes to no other address. Without TLS only this machine is spoken to.
 */
import * as http from "node:http";
import * as https from "node:https";
import { isIP } from "node:net";
import { createSecureContext, getCACertificates } from "node:tls";
import type {
  WorkerHello,
  WorkerMonitors,
  WorkerOutcomes,
  WorkerReceipt,
  WorkerWelcome,
} from "@belfry/contract";

export interface HubLinkSettings {
  readonly hub: URL;
  readonly key: string;
  /** PEM of a certificate authority that is trusted too; null: none. */
  readonly ca: string | null;
  readonly version: string;
}

/** The hub answered, and not with what was asked for. */
export class HubRefusal extends Error {
  readonly status: number;
  /** Seconds; null: it did not say. */
  readonly retryAfter: number | null;
  constructor(status: number, detail: string, retryAfter: number | null) {
    super(`the hub answered ${status}: ${detail}`);
    this.name = "HubRefusal";
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** What an exchange with the hub shows of its clock: it read `hubNow` between the two, monotonic ms here. */
export interface ClockReading {
  readonly sentMs: number;
  readonly heardMs: number;
  readonly hubNow: number;
}

const requestLimitMs = 15_000;
const idleMs = 60_000;
const mostAnswerBytes = 64 * 1024 * 1024;

/**
 * Reads the address of a hub. http:// is for this machine alone: the key and secrets of monitors travel in the open.
 * Answers what is wrong where it is no address a worker may use.
 */
export function parseHubUrl(text: string): URL | { readonly wrong: string } {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    return { wrong: `expected https://…, found ${text}` };
  }
  if (url.username !== "" || url.password !== "") {
    return { wrong: "expected no user and password in it: the key is given with --key" };
  }
  if (url.protocol === "http:" && !isLoopbackName(url.hostname)) {
    return {
      wrong: `expected https://: without TLS the key and secrets of monitors would be readable on the way, found ${text}`,
    };
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  url.search = "";
  url.hash = "";
  return url;
}

function isLoopbackName(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, "");
  if (plain === "localhost" || plain === "::1") return true;
  return isIP(plain) === 4 && plain.startsWith("127.");
}

/** One hub, over connections that are kept. */
export class HubLink implements Disposable {
  readonly #settings: HubLinkSettings;
  readonly #agent: http.Agent;
  readonly #request: typeof http.request;
  readonly #onReading: (reading: ClockReading) => void;
  readonly #monotonicMs: () => number;

  constructor(
    settings: HubLinkSettings,
    parts: {
      readonly monotonicMs: () => number;
      readonly onReading: (reading: ClockReading) => void;
    },
  ) {
    this.#settings = settings;
    this.#onReading = parts.onReading;
    this.#monotonicMs = parts.monotonicMs;
    const options = { keepAlive: true, maxSockets: 2, timeout: idleMs };
    const { ca, hub } = settings;
    const isTls = hub.protocol === "https:";
    this.#request = isTls ? https.request : http.request;
    this.#agent = isTls
      ? new https.Agent({
          ...options,
          rejectUnauthorized: true,
          ...(ca === null
            ? {}
            : {
                secureContext: createSecureContext({ ca: [...getCACertificates("default"), ca] }),
              }),
        })
      : new http.Agent(options);
  }

  hello(body: WorkerHello, signal: AbortSignal): Promise<WorkerWelcome> {
    return this.#ask<WorkerWelcome>("POST", "api/v1/worker/hello", body, signal);
  }

  monitors(query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<WorkerMonitors> {
    const path = `api/v1/worker/monitors?${new URLSearchParams(query).toString()}`;
    return this.#ask<WorkerMonitors>("GET", path, null, signal);
  }

  outcomes(body: WorkerOutcomes, signal: AbortSignal): Promise<WorkerReceipt> {
    return this.#ask<WorkerReceipt>("POST", "api/v1/worker/outcomes", body, signal);
  }

  /** Guarantee: the hub holds every answer of a route against the schema of its type. */
  async #ask<T extends { readonly now: number }>(
    method: string,
    path: string,
    body: object | null,
    signal: AbortSignal,
  ): Promise<T> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(requestLimitMs)]);
    const sentMs = this.#monotonicMs();
    const { status, retryAfter, text } = await this.#exchange(method, path, body, limit);
    const heardMs = this.#monotonicMs();
    if (status !== 200) throw new HubRefusal(status, detailOf(text), retryAfter);
    const answer = JSON.parse(text) as T;
    this.#onReading({ sentMs, heardMs, hubNow: answer.now });
    return answer;
  }

  #exchange(
    method: string,
    path: string,
    body: object | null,
    signal: AbortSignal,
  ): Promise<{
    readonly status: number;
    readonly retryAfter: number | null;
    readonly text: string;
  }> {
    const bytes = body === null ? null : Buffer.from(JSON.stringify(body));
    const { hub, key, version } = this.#settings;
    return new Promise((resolve, reject) => {
      const request = this.#request(new URL(path, hub), {
        method,
        agent: this.#agent,
        signal,
        headers: {
          authorization: `Bearer ${key}`,
          accept: "application/json",
          "user-agent": `belfry-worker/${version}`,
          ...(bytes === null
            ? {}
            : { "content-type": "application/json", "content-length": bytes.length }),
        },
      });
      request.once("error", reject);
      request.once("response", (response) => {
        readText(response).then((text) => {
          const after = Number(response.headers["retry-after"]);
          const retryAfter = Number.isFinite(after) ? after : null;
          resolve({ status: response.statusCode ?? 0, retryAfter, text });
        }, reject);
      });
      request.end(bytes ?? undefined);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

async function readText(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    if (!(chunk instanceof Buffer)) continue;
    size += chunk.length;
    if (size > mostAnswerBytes) throw new Error("the answer of the hub is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** What a problem document says; else the begin of the answer. */
function detailOf(text: string): string {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) {
      const detail: unknown = "detail" in parsed ? parsed.detail : undefined;
      const errors: unknown = "errors" in parsed ? parsed.errors : undefined;
      const more = errors === undefined ? "" : ` ${JSON.stringify(errors)}`;
      if (typeof detail === "string") return `${detail}${more}`.slice(0, 500);
    }
  } catch {
    // It is no JSON, then.
  }
  return text.slice(0, 200);
}
