/** Notices that are several requests, one for each incident: only when the provider took all of them is the notice sent. */
import type { HttpRequest } from "@belfry/relay/http";
import type { Sent } from "../model/channel-kind.ts";
import { exchange, type ExchangeParts } from "./exchange.ts";

/**
 * Sends one after the other. What is to be retried, or misconfigured, ends it: the next attempt begins with the first again,
 * so the provider must know repeats by a key. A request that is refused holds up no other; the notice is refused then. The
 * exchange is the one that decided, else the first.
 */
export async function sendEach(
  requests: readonly HttpRequest[],
  parts: ExchangeParts,
  signal: AbortSignal,
): Promise<Sent> {
  let first: Sent | undefined;
  let refused: Sent | undefined;
  let refusals = 0;
  for (const request of requests) {
    const sent = await exchange(request, parts, signal);
    first ??= sent;
    if (sent.result.kind === "retry" || sent.result.kind === "misconfigured") return sent;
    if (sent.result.kind === "refused") {
      refused ??= sent;
      refusals += 1;
    }
  }
  if (refused?.result.kind === "refused" && requests.length > 1) {
    const why = `${refusals} of ${requests.length}: ${refused.result.why}`;
    return { ...refused, result: { kind: "refused", why } };
  }
  return refused ?? first ?? { result: { kind: "sent" }, exchange: { request: "", answer: null } };
}
