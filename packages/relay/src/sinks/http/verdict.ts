/** What the outcome of a request means for the records in it, where a destination has no rules of its own. */
import type { RecordDelivery } from "../../event-sink.ts";
import type { HttpOutcome } from "./http-client.ts";

/** `too_large` and `invalid` are said of the whole request: with fewer records it may go. */
export type HttpVerdict =
  | RecordDelivery
  | { readonly kind: "too_large"; readonly why: string }
  | { readonly kind: "invalid"; readonly why: string };

const longestQuote = 200;

/**
 * 2xx is `sent`; 408, 425, 429 and 5xx are `retry`, with `Retry-After` where it is given; 400, 409, 415 and 422 are `invalid`; 413 is
 * `too_large`; everything else (a redirect, a wrong key, a wrong path) is `misconfigured`. `secrets` are cut out of what is quoted.
 */
export function verdictOf(
  outcome: HttpOutcome,
  { now, secrets = [] }: { readonly now: number; readonly secrets?: readonly string[] },
): HttpVerdict {
  if (outcome.kind === "failed") {
    const why = withoutSecrets(outcome.why, secrets);
    return { kind: outcome.isSetting ? "misconfigured" : "retry", why };
  }
  const { status } = outcome;
  if (status >= 200 && status < 300) return { kind: "sent" };
  const why = withoutSecrets(`HTTP ${status}${quoted(outcome.body)}`, secrets);
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    const afterMs = retryAfterMs(outcome.headers["retry-after"], now);
    if (afterMs !== undefined) return { kind: "retry", why, afterMs };
    // Too many requests without a time: not before a second.
    return status === 429 ? { kind: "retry", why, afterMs: 1000 } : { kind: "retry", why };
  }
  if (status === 413) return { kind: "too_large", why };
  if (status === 400 || status === 409 || status === 415 || status === 422) {
    return { kind: "invalid", why };
  }
  return { kind: "misconfigured", why };
}

/** `Retry-After` in ms from now: seconds or an HTTP date; undefined where there is none that can be read. */
export function retryAfterMs(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** A text with every secret in it replaced; also as it stands in a URL. Secrets under four characters are left alone. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length < 4) continue;
    for (const form of new Set([secret, encodeURIComponent(secret)])) {
      clean = clean.replaceAll(form, "***");
    }
  }
  return clean;
}

function quoted(body: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  const line = body.replace(/[\s\u0000-\u001f\u007f]+/g, " ").trim();
  if (line === "") return "";
  return line.length > longestQuote ? `: ${line.slice(0, longestQuote)}…` : `: ${line}`;
}
