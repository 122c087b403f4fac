/**
 * What a collector's answer means (https://opentelemetry.io/docs/specs/otlp/#otlphttp-response). 429, 502, 503 and 504 are worth
 * another attempt, and so is a connection that failed; 400 and 500 are not, and neither is what a success says it rejected.
 */
import type { HttpOutcome } from "../http/http-client.ts";
import { verdictOf, withoutSecrets, type HttpVerdict } from "../http/verdict.ts";

export interface Judged {
  readonly verdict: HttpVerdict;
  /** What a collector that took everything has to say all the same. */
  readonly warning?: string;
}

/** Judges the answer to a request of `count` items. */
export function judge(
  outcome: HttpOutcome,
  count: number,
  context: { readonly now: number; readonly secrets: readonly string[] },
): Judged {
  const verdict = verdictOf(outcome, context);
  if (outcome.kind === "failed") return { verdict };
  if (verdict.kind === "sent") {
    const { rejected, message } = readPartial(outcome.body);
    const said = withoutSecrets(message.slice(0, 300), context.secrets);
    if (rejected === 0) return said === "" ? { verdict } : { verdict, warning: said };
    // Which ones it does not say, and nothing may be sent again.
    const which =
      rejected >= count ? "" : `${rejected} of ${count} items, one of them maybe this: `;
    return { verdict: { kind: "refused", why: `rejected ${which}${said || "without a reason"}` } };
  }
  const isFinal = outcome.status === 500 || outcome.status === 501;
  return { verdict: isFinal && "why" in verdict ? { kind: "invalid", why: verdict.why } : verdict };
}

interface Partial {
  readonly rejected: number;
  readonly message: string;
}

const nothing: Partial = { rejected: 0, message: "" };

/** What a success rejected; an answer that is no JSON rejects nothing. */
function readPartial(body: string): Partial {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    return nothing;
  }
  if (!isObject(answer) || !isObject(answer["partialSuccess"])) return nothing;
  const partial = answer["partialSuccess"];
  const counts = ["rejectedSpans", "rejectedDataPoints", "rejectedLogRecords"].map((name) =>
    Number(partial[name] ?? 0),
  );
  const message = partial["errorMessage"];
  return {
    rejected: Math.max(0, ...counts.filter((one) => Number.isFinite(one))),
    message: typeof message === "string" ? message : "",
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
