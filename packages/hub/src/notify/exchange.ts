/** One request to a provider, and what its answer means for the notice. */
import {
  createHttpClient,
  verdictOf,
  withoutSecrets,
  type HttpClient,
  type HttpOutcome,
  type HttpRequest,
} from "@belfry/relay/http";
import type { ChannelParts, Exchange, Sent, SendResult } from "../model/channel-kind.ts";

/** How long a provider may take to answer, ms. */
const timeoutMs = 15_000;
/** Characters of a request or an answer that the log of deliveries keeps. */
const longestLogged = 4_000;

/** A client whose connections the guard decides on; disposing closes them. */
export function openClient(
  { refuseAddress }: Pick<ChannelParts, "refuseAddress">,
  tls: { readonly verifyTls?: boolean; readonly ca?: string } = {},
): HttpClient {
  return createHttpClient({ timeoutMs, refuseAddress, ...tls });
}

export interface ExchangeParts extends Pick<ChannelParts, "clock" | "userAgent"> {
  readonly client: HttpClient;
  /** Cut out of everything that is said and logged. */
  readonly secrets: readonly string[];
  /** What an answer means where it is not what the status says; undefined: what the status says. */
  readonly readAnswer?: (
    answer: HttpOutcome & { readonly kind: "answer" },
  ) => SendResult | undefined;
}

/**
 * Sends a request. Without `readAnswer`: 2xx is `sent`, 408, 425, 429 and 5xx `retry`, 400, 409, 413, 415 and 422 `refused`,
 * everything else `misconfigured`.
 */
export async function exchange(
  request: HttpRequest,
  { client, clock, userAgent, secrets, readAnswer }: ExchangeParts,
  signal: AbortSignal,
): Promise<Sent> {
  const headers = { "user-agent": userAgent, ...request.headers };
  const outcome = await client.send({ ...request, headers }, signal);
  const own = outcome.kind === "answer" ? readAnswer?.(outcome) : undefined;
  return {
    result: withoutSecretsIn(own ?? resultOf(outcome, clock.now()), secrets),
    exchange: logged(request, outcome, secrets),
  };
}

function resultOf(outcome: HttpOutcome, now: number): SendResult {
  const verdict = verdictOf(outcome, { now });
  if (verdict.kind === "invalid" || verdict.kind === "too_large") {
    return { kind: "refused", why: verdict.why };
  }
  return verdict;
}

function withoutSecretsIn(result: SendResult, secrets: readonly string[]): SendResult {
  return result.kind === "sent" ? result : { ...result, why: withoutSecrets(result.why, secrets) };
}

function logged(
  { method, url, body }: HttpRequest,
  outcome: HttpOutcome,
  secrets: readonly string[],
): Exchange {
  const clean = (text: string): string => withoutSecrets(text, secrets).slice(0, longestLogged);
  const sent = body === undefined ? "" : `\n${Buffer.from(body).toString()}`;
  return {
    request: clean(`${method} ${url}${sent}`),
    answer: outcome.kind === "answer" ? clean(`${outcome.status} ${outcome.body}`) : null,
  };
}

/**
 * What of an address may be secret: its path and query as they stand in it, whatever is in them; and where it might come
 * back in other words, its password and the longer parts of both.
 */
export function secretsOfUrl(url: string): readonly string[] {
  const { username, password, pathname, search } = new URL(url);
  const parts = [username, password, ...pathname.split("/"), ...search.slice(1).split(/[&=]/)];
  const long = parts.map(decoded).filter((part) => part.length >= 8);
  return pathname === "/" && search === "" ? long : [pathname + search, ...long];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
