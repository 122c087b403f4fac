/** How a hub is: what its health route says of itself. */
import type { EventSinkHealth } from "../../event-sink.ts";
import type { HttpClient } from "../http/http-client.ts";
import { withoutSecrets } from "../http/verdict.ts";
import { readObject } from "./answer.ts";

const healthLimitMs = 2_000;

/** Healthy when it says `ok`, degraded when it answers anything else, unhealthy when it does not answer or answers 5xx. */
export async function probeHub(
  client: HttpClient,
  url: string,
  { signal, secrets }: { readonly signal: AbortSignal; readonly secrets: readonly string[] },
): Promise<EventSinkHealth> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(healthLimitMs)]);
  const outcome = await client.send({ method: "GET", url }, limit);
  if (outcome.kind === "failed") {
    return { status: "unhealthy", details: { error: withoutSecrets(outcome.why, secrets) } };
  }
  const said = readObject(outcome.body) ?? {};
  const details: Record<string, unknown> = { response_code: outcome.status };
  for (const key of ["status", "service", "version"]) {
    const value = said[key];
    if (typeof value === "string") details[key] = withoutSecrets(value.slice(0, 200), secrets);
  }
  if (outcome.status >= 500) return { status: "unhealthy", details };
  const isOk = outcome.status < 300 && said["status"] === "ok";
  return { status: isOk ? "healthy" : "degraded", details };
}
