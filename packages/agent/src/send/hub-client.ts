/**
 * Posts batches to one hub, over connections that are kept. Certificates are always verified; a further authority can be
 * trusted beside the known ones. Redirects are not followed: a key goes to no other address.
 */
import * as http from "node:http";
import * as https from "node:https";
import { createSecureContext, getCACertificates } from "node:tls";
import { sampleBatchType } from "@belfry/contract/sample-batch";
import type { RawAnswer } from "./answer.ts";

export interface HubClientSettings {
  /** Where the hub is; `/api/v1/host-samples` is below it. */
  readonly url: string;
  /** null: none is sent. */
  readonly key: string | null;
  /** PEM of a certificate authority that is trusted too. */
  readonly ca: string | null;
  readonly version: string;
}

/** Idle connections are closed after this, before hubs and proxies close theirs. */
const idleMs = 60_000;
/** Of an answer more is not read. */
const mostAnswerBytes = 64 * 1024;

export class HubClient implements Disposable {
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent: http.Agent;
  readonly #request: typeof http.request;

  constructor({ url, key, ca, version }: HubClientSettings) {
    this.#url = new URL("api/v1/host-samples", url.endsWith("/") ? url : `${url}/`);
    this.#headers = {
      "content-type": sampleBatchType,
      "content-encoding": "zstd",
      accept: "application/json",
      "user-agent": `belfry-agent/${version}`,
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
    };
    const options = { keepAlive: true, maxSockets: 2, timeout: idleMs };
    const isTls = this.#url.protocol === "https:";
    this.#agent = isTls
      ? new https.Agent({
          ...options,
          rejectUnauthorized: true,
          // Made once: with `ca` every new connection would read all authorities again, which costs memory and time.
          ...(ca === null
            ? {}
            : {
                secureContext: createSecureContext({ ca: [...getCACertificates("default"), ca] }),
              }),
        })
      : new http.Agent(options);
    this.#request = isTls ? https.request : http.request;
  }

  /** Sends a compressed batch; throws when there is no answer before the signal. */
  async post(body: Uint8Array, signal: AbortSignal): Promise<RawAnswer> {
    try {
      return await this.#post(body, signal);
    } catch (error) {
      // A kept connection may be closed by the other side at the moment it is used: that says nothing about the hub.
      if (!(error instanceof ReusedConnectionError) || signal.aborted) throw error;
      return this.#post(body, signal);
    }
  }

  #post(body: Uint8Array, signal: AbortSignal): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      const request = this.#request(this.#url, {
        method: "POST",
        agent: this.#agent,
        headers: { ...this.#headers, "content-length": body.length },
        signal,
      });
      request.once("error", (error) =>
        reject(
          request.reusedSocket && "code" in error && error.code === "ECONNRESET"
            ? new ReusedConnectionError(error.message, { cause: error })
            : error,
        ),
      );
      request.once("response", (response) => {
        readAnswer(response).then(resolve, reject);
      });
      request.end(body);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

class ReusedConnectionError extends Error {
  readonly code = "ECONNRESET";
}

async function readAnswer(response: http.IncomingMessage): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    if (!(chunk instanceof Buffer)) continue;
    size += chunk.length;
    if (size > mostAnswerBytes) break;
    chunks.push(chunk);
  }
  return {
    status: response.statusCode ?? 0,
    retryAfter: response.headers["retry-after"],
    body: Buffer.concat(chunks).toString("utf8"),
  };
}
