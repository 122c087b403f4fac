/** What an error of the AWS SDK means for the records that were sent. */
import type { HttpVerdict } from "../http/verdict.ts";
import { withoutSecrets } from "../http/verdict.ts";

/** A failed request: its verdict, and the error's name (`ResourceNotFoundException`). */
export interface AwsFailure {
  readonly name: string;
  readonly verdict: Exclude<HttpVerdict, { readonly kind: "sent" | "refused" }>;
}

/** AWS does not say how long to stay away. */
const throttledMs = 2_000;
const longestMessage = 300;

const throttled = /Throttl|TooManyRequests|RequestLimitExceeded|LimitExceededFault/;
const passing = /^(ServiceUnavailable|Internal|RequestTimeout|OperationAborted)/;
/** What is wrong with the request itself. Wrong keys are named `InvalidSignature…` and `InvalidClientToken…`. */
const invalid =
  /^(InvalidParameter|InvalidRequest|InvalidFormat|MissingParameter|MissingRequiredParameter|Validation|Serialization)/;
const certificate = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ERR_TLS|ALTNAME/;

/**
 * Throttling is `retry` with a time; 5xx, no answer and a broken connection are `retry`; a request that is not as it should be
 * is `invalid` (413: `too_large`); everything else, from wrong keys to a host that does not exist, is `misconfigured`.
 */
export function failedVerdict(
  error: unknown,
  { timeoutMs, secrets }: { readonly timeoutMs: number; readonly secrets: readonly string[] },
): AwsFailure {
  const { name, message, code, status } = factsOf(error);
  const told = (text: string): string => {
    // oxlint-disable-next-line no-control-regex -- control characters are what this is about
    const line = text.replace(/[\s\u0000-\u001f\u007f]+/g, " ").trim();
    return withoutSecrets(line, secrets).slice(0, longestMessage);
  };
  if (name === "TimeoutError") {
    return { name, verdict: { kind: "retry", why: `no answer within ${timeoutMs} ms` } };
  }
  if (name === "AbortError") {
    return { name, verdict: { kind: "retry", why: "the attempt was broken off" } };
  }
  if (name === "CredentialsProviderError") {
    return { name, verdict: { kind: "misconfigured", why: told(`no credentials: ${message}`) } };
  }
  if (status === undefined) {
    const isWrong = code === "ENOTFOUND" || certificate.test(code);
    const why = told(message.includes(code) ? message : `${code}: ${message}`);
    return { name, verdict: { kind: isWrong ? "misconfigured" : "retry", why } };
  }
  const why = told(`HTTP ${status} ${name}: ${message}`);
  if (throttled.test(name) || status === 429) {
    return { name, verdict: { kind: "retry", why, afterMs: throttledMs } };
  }
  if (status >= 500 || status < 300 || status === 408 || passing.test(name)) {
    return { name, verdict: { kind: "retry", why } };
  }
  if (status === 413) return { name, verdict: { kind: "too_large", why } };
  if (invalid.test(name)) return { name, verdict: { kind: "invalid", why } };
  return { name, verdict: { kind: "misconfigured", why } };
}

interface Facts {
  readonly name: string;
  readonly message: string;
  /** Of Node, such as `ECONNREFUSED`; empty where there is none. */
  readonly code: string;
  /** Of HTTP; undefined when no answer came. */
  readonly status: number | undefined;
}

function factsOf(error: unknown): Facts {
  if (!(error instanceof Error)) {
    return { name: "Error", message: String(error), code: "", status: undefined };
  }
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const metadata: unknown = Reflect.get(error, "$metadata");
  const found: unknown =
    typeof metadata === "object" && metadata !== null
      ? Reflect.get(metadata, "httpStatusCode")
      : undefined;
  const status = typeof found === "number" ? found : undefined;
  return { name: error.name, message: error.message || "the connection failed", code, status };
}
