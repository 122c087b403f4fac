/** How a destination over HTTP is: whether it answers at all, and without an error of its own. */
import type { EventSinkHealth } from "../../event-sink.ts";
import type { HttpClient, HttpRequest } from "./http-client.ts";
import { withoutSecrets } from "./verdict.ts";

/**
 * Healthy below 400 and at 405 (it answers, but not to this method), degraded below 500, unhealthy else. Details hold the
 * status or what failed; `secrets` are cut out.
 */
export async function probeHealth(
  client: HttpClient,
  request: HttpRequest,
  { signal, secrets = [] }: { readonly signal: AbortSignal; readonly secrets?: readonly string[] },
): Promise<EventSinkHealth> {
  const outcome = await client.send(request, signal);
  if (outcome.kind === "failed") {
    return { status: "unhealthy", details: { error: withoutSecrets(outcome.why, secrets) } };
  }
  const { status } = outcome;
  const details = { response_code: status };
  if (status < 400 || status === 405) return { status: "healthy", details };
  return { status: status < 500 ? "degraded" : "unhealthy", details };
}
