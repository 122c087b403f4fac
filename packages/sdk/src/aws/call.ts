/** A request of an AWS client within a limit, and what its failure means. */
import type { Delivery } from "../emit/delivery.ts";
import { textOf } from "../text.ts";

export type Outcome<Answer> =
  | { readonly answer: Answer; readonly name?: never }
  | { readonly answer?: never; readonly name: string; readonly failure: Delivery };

/** Makes a request; never rejects, and ends in time whatever the client does. */
export async function call<Answer>(
  request: (options: { readonly abortSignal: AbortSignal }) => Promise<Answer>,
  timeoutMs: number,
): Promise<Outcome<Answer>> {
  const abortSignal = AbortSignal.timeout(timeoutMs);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs + 50);
    timer.unref();
  });
  try {
    return { answer: await Promise.race([request({ abortSignal }), late]) };
  } catch (error) {
    return { name: error instanceof Error ? error.name : "Error", failure: failureOf(error) };
  } finally {
    clearTimeout(timer);
  }
}

const throttled = /Throttl|TooManyRequests|RequestLimitExceeded/;
const passing = /^(ServiceUnavailable|Internal|RequestTimeout|OperationAborted)/;
const invalid =
  /^(InvalidParameter|InvalidRequest|InvalidFormat|MissingParameter|MissingRequiredParameter|Validation|Serialization)/;

/** As the sidecar's sinks judge it. */
function failureOf(error: unknown): Delivery {
  if (!(error instanceof Error)) return { kind: "retry", why: textOf(error, 300) };
  const { name } = error;
  const metadata: unknown = Reflect.get(error, "$metadata");
  const found: unknown =
    typeof metadata === "object" && metadata !== null
      ? Reflect.get(metadata, "httpStatusCode")
      : undefined;
  const status = typeof found === "number" ? found : 0;
  const why = textOf(`${name}: ${error.message}`, 300);
  if (name === "CredentialsProviderError") return { kind: "misconfigured", why };
  if (throttled.test(name) || status === 429) return { kind: "retry", why, afterMs: 2_000 };
  if (status < 300 || status >= 500 || status === 408 || passing.test(name)) {
    return { kind: "retry", why };
  }
  return { kind: status === 413 || invalid.test(name) ? "refused" : "misconfigured", why };
}
