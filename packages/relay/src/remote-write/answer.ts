/** What an answer means for the samples of a request. */
import { verdictOf } from "../sinks/http/verdict.ts";
import type { HttpOutcome } from "../sinks/http/http-client.ts";

/**
 * - `late`: a sample is not newer than what the receiver has of its series; `too_old`: older than it takes at all;
 *   `refused`: not taken for another reason. All three mean the whole request, though few samples may be at fault.
 * - `too_large`: smaller requests may go.
 * - `retry`: away or busy, for `afterMs` where it was said.
 * - `misconfigured`: nothing goes until somebody changes a setting.
 */
export type Answer =
  | { readonly kind: "sent" }
  | { readonly kind: RefusalKind | "too_large"; readonly why: string }
  | { readonly kind: "retry"; readonly why: string; readonly afterMs?: number }
  | { readonly kind: "misconfigured"; readonly why: string };

/** Why samples were given up by their receiver's answer. */
export type RefusalKind = "late" | "too_old" | "refused";

/**
 * How receivers say it: Prometheus with 400 and "out of order sample" or "duplicate sample for timestamp", Thanos with 409,
 * Mimir with err-mimir-sample-out-of-order and err-mimir-sample-duplicate-timestamp.
 */
const late = /out.of.order|duplicate.(sample|timestamp)/i;
/** Prometheus and Mimir: "out of bounds", "too old sample", err-mimir-sample-timestamp-too-old. */
const tooOld = /too.old|out.of.bounds/i;

/** Reads an answer. Prometheus 2.39 to 2.53 says of samples that are too old 500, where it takes some out of order. */
export function readAnswer(
  outcome: HttpOutcome,
  context: { readonly now: number; readonly secrets: readonly string[] },
): Answer {
  const verdict = verdictOf(outcome, context);
  if (outcome.kind === "failed") {
    return verdict.kind === "misconfigured" || verdict.kind === "retry"
      ? verdict
      : { kind: "retry", why: outcome.why };
  }
  if (verdict.kind === "sent" || verdict.kind === "misconfigured") return verdict;
  const { why } = verdict;
  if (outcome.status === 500 && tooOld.test(outcome.body)) return { kind: "too_old", why };
  if (verdict.kind === "retry" || verdict.kind === "too_large") return verdict;
  if (tooOld.test(outcome.body)) return { kind: "too_old", why };
  return { kind: late.test(outcome.body) ? "late" : "refused", why };
}
