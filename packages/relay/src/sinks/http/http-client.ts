/**
 * What sinks over HTTP share: connections that stay open, a time limit per request, bounded answers, and certificates as
 * they are set. Redirects are answers like any other: a destination that moved is a setting to change.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { lookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";

export interface HttpClientSettings {
  /** Limit of one request, headers to end of the answer, ms. */
  readonly timeoutMs: number;
  /** Whether certificates must be valid. Default true. */
  readonly verifyTls?: boolean;
  /** Certificates trusted besides the usual ones, PEM. */
  readonly ca?: string;
  /** Connections at once to one destination; further requests wait. Default 4. */
  readonly maxSockets?: number;
  /** Why an address must not be dialled, asked with the very address that is dialled next; undefined: it may. */
  readonly refuseAddress?: (address: string) => string | undefined;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export type HttpOutcome =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      /** At most 8 MiB of it. */
      readonly body: string;
    }
  /**
   * Nothing usable came; `why` holds no part of the request. `isSetting`: somebody has to change something, because a
   * certificate is not trusted or the address must not be dialled.
   */
  | { readonly kind: "failed"; readonly why: string; readonly isSetting: boolean };

export interface HttpClient extends Disposable {
  /** Sends a request; never rejects. */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpOutcome>;
}

const longestAnswer = 8 * 1024 * 1024;

/** Makes a client. Disposing closes its connections. */
export function createHttpClient(settings: HttpClientSettings): HttpClient {
  const { refuseAddress } = settings;
  const options = {
    keepAlive: true,
    maxSockets: settings.maxSockets ?? 4,
    timeout: 30_000,
    ...(refuseAddress === undefined ? {} : { lookup: guardedLookup(refuseAddress) }),
  };
  const http = new HttpAgent(options);
  const https = new HttpsAgent({
    ...options,
    rejectUnauthorized: settings.verifyTls ?? true,
    ...(settings.ca === undefined ? {} : { secureContext: trusting(settings.ca) }),
  });
  return {
    async send(request, signal) {
      try {
        mustBeAllowed(request.url, refuseAddress);
        return await exchange(request, { http, https }, settings.timeoutMs, signal);
      } catch (error) {
        return failureOf(error, settings.timeoutMs);
      }
    },
    [Symbol.dispose]() {
      http.destroy();
      https.destroy();
    },
  };
}

/** No address of the host may be dialled. */
class RefusedAddress extends Error {
  constructor(why: string) {
    super(`must not be dialled: ${why}`);
  }
}

/** Names are looked up by the system; what comes of it is dialled only when it may be. */
function guardedLookup(refuse: NonNullable<HttpClientSettings["refuseAddress"]>): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, "", 0);
      const allowed = addresses.filter(({ address }) => refuse(address) === undefined);
      const [first] = allowed;
      if (first === undefined) {
        const why = refuse(addresses[0]?.address ?? "") ?? "it has no address";
        return callback(new RefusedAddress(why), "", 0);
      }
      if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

/** An address that stands in the URL itself is never looked up. */
function mustBeAllowed(url: string, refuse: HttpClientSettings["refuseAddress"]): void {
  if (refuse === undefined) return;
  const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
  const why = isIP(host) === 0 ? undefined : refuse(host);
  if (why !== undefined) throw new RefusedAddress(why);
}

/** Made once: with `ca` every new connection would read all authorities again. */
function trusting(ca: string): SecureContext {
  return createSecureContext({ ca: [...getCACertificates("default"), ca] });
}

async function exchange(
  { method, url, headers, body }: HttpRequest,
  agents: { readonly http: HttpAgent; readonly https: HttpsAgent },
  timeoutMs: number,
  signal: AbortSignal,
): Promise<HttpOutcome> {
  const limit = AbortSignal.timeout(timeoutMs);
  const either = AbortSignal.any([signal, limit]);
  either.throwIfAborted();
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const isTls = url.startsWith("https:");
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = (isTls ? httpsRequest : httpRequest)(url, {
      method,
      headers: {
        "user-agent": "belfry",
        ...headers,
        ...(bytes === undefined ? {} : { "content-length": String(bytes.length) }),
      },
      agent: isTls ? agents.https : agents.http,
      signal: either,
    });
    sent.on("response", resolve);
    sent.on("error", reject);
    sent.end(bytes);
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > longestAnswer) throw new Error(`its answer is longer than ${longestAnswer} bytes`);
    chunks.push(chunk);
  }
  return {
    kind: "answer",
    status: response.statusCode ?? 0,
    headers: headersOf(response),
    body: Buffer.concat(chunks).toString(),
  };
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value] as const],
    ),
  );
}

/** Codes of Node and OpenSSL for certificates that are not trusted. */
const certificateCode = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ERR_TLS|ALTNAME/;

function failureOf(error: unknown, timeoutMs: number): HttpOutcome {
  if (!(error instanceof Error)) {
    return { kind: "failed", why: String(error), isSetting: false };
  }
  if (error.name === "TimeoutError" || causeOf(error)?.name === "TimeoutError") {
    return { kind: "failed", why: `no answer within ${timeoutMs} ms`, isSetting: false };
  }
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const why =
    code === undefined || error.message.includes(code)
      ? error.message
      : `${code}: ${error.message}`;
  return {
    kind: "failed",
    why: why || "the connection failed",
    isSetting: error instanceof RefusedAddress || certificateCode.test(code ?? ""),
  };
}

function causeOf(error: Error): Error | undefined {
  return error.cause instanceof Error ? error.cause : undefined;
}
