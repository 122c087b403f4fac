/** How a cluster is, as it says itself. */
import type { EventSinkHealth } from "../../event-sink.ts";
import { readJson, valueAt } from "../http/read-json.ts";
import type { ElkRequests } from "./requests.ts";

const healthLimitMs = 3_000;

/**
 * Healthy when the cluster is green, nothing is in the failure store and the template is there; unhealthy when it is red,
 * does not answer or answers with an error; degraded else.
 */
export async function clusterHealth(
  requests: ElkRequests,
  signal: AbortSignal,
  seen: { readonly inFailureStore: number; readonly template: string | null },
): Promise<EventSinkHealth> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(healthLimitMs)]);
  const path = "/_cluster/health?filter_path=status,cluster_name,number_of_nodes,unassigned_shards";
  const outcome = await requests.send({ method: "GET", path }, limit);
  const details: Record<string, unknown> = {};
  if (seen.inFailureStore > 0) details["failure_store"] = seen.inFailureStore;
  if (seen.template !== null) details["template"] = seen.template;
  const isQuiet = Object.keys(details).length === 0;
  if (outcome.kind === "failed" || outcome.status >= 300) {
    const verdict = requests.verdict(outcome);
    const error = "why" in verdict ? verdict.why : "its answer is not understood";
    return { status: "unhealthy", details: { ...details, error } };
  }
  const said = readJson(outcome.body);
  const status = valueAt(said, "status");
  Object.assign(details, { cluster_status: status ?? "unknown", details: said ?? {} });
  if (status === "red") return { status: "unhealthy", details };
  return { status: status === "green" && isQuiet ? "healthy" : "degraded", details };
}
