/** Requests to Elasticsearch: with the key, packed. */
import type { EventSinkParts } from "../../event-sink.ts";
import { createHttpClient, type HttpOutcome } from "../http/http-client.ts";
import { pack } from "../http/pack.ts";
import { verdictOf, withoutSecrets, type HttpVerdict } from "../http/verdict.ts";
import type { ElkSettings } from "./settings.ts";

export interface ElkRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly body?: string;
  /** Content type of the body. Default `application/json`. */
  readonly type?: string;
}

export interface ElkRequests extends Disposable {
  /** Never rejects. */
  send(request: ElkRequest, signal: AbortSignal): Promise<HttpOutcome>;
  /** What an outcome means where nothing else is known of it. */
  verdict(outcome: HttpOutcome): HttpVerdict;
  /** A text that Elasticsearch gave, without secrets. */
  clean(text: string): string;
}

/** Makes them. */
export function createElkRequests(
  settings: ElkSettings,
  clock: Pick<EventSinkParts["clock"], "now">,
): ElkRequests {
  const { timeout, verify_ssl: verifyTls, ca, compression } = settings;
  const base = settings.elasticsearch_url.replace(/\/+$/, "");
  const authorization = authorizationOf(settings);
  const secrets = [settings.api_key, settings.password, authorization?.split(" ")[1]].filter(
    (secret) => secret !== undefined,
  );
  const own = {
    accept: "application/json",
    ...(authorization === undefined ? {} : { authorization }),
  };
  const client = createHttpClient({
    timeoutMs: timeout * 1000,
    verifyTls,
    ...(ca === undefined ? {} : { ca }),
  });
  const verdict = (outcome: HttpOutcome): HttpVerdict =>
    verdictOf(outcome, { now: clock.now(), secrets });
  return {
    async send({ method, path, body, type = "application/json" }, signal) {
      const url = base + path;
      if (body === undefined) return await client.send({ method, url, headers: own }, signal);
      const packed = await pack(body, compression);
      const headers = { ...own, ...packed.headers, "content-type": type };
      return await client.send({ method, url, headers, body: packed.body }, signal);
    },
    verdict,
    clean: (text) => withoutSecrets(text, secrets),
    [Symbol.dispose]: () => client[Symbol.dispose](),
  };
}

function authorizationOf({ api_key: key, username, password }: ElkSettings): string | undefined {
  if (key !== undefined) return `ApiKey ${key}`;
  if (username === undefined || password === undefined) return undefined;
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}
