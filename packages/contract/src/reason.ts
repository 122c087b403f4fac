/**
 * Why a check did not find its target up. One closed list, used alike in the API, in metric labels, in log lines
 * and in the database. `down` reasons are the target's; `unknown` reasons are Belfry's own.
 */
export const reasonTable = {
  timeout: { result: "down", title: "No complete answer within the time limit" },
  dns: { result: "down", title: "The name could not be resolved" },
  refused: { result: "down", title: "The connection was refused" },
  reset: { result: "down", title: "The connection was cut while in use" },
  unreachable: { result: "down", title: "The host or its network could not be reached" },
  tls: { result: "down", title: "The TLS handshake or the certificate was not acceptable" },
  proxy: { result: "down", title: "The proxy refused or failed to pass the request on" },
  protocol: { result: "down", title: "The answer broke the protocol" },
  redirect: { result: "down", title: "Redirects were forbidden, too many or broken" },
  status: { result: "down", title: "The status code was not one of those accepted" },
  assertion: { result: "down", title: "An assertion about the answer did not hold" },
  too_large: { result: "down", title: "The answer was larger than the size limit" },
  loss: { result: "down", title: "Too many packets were lost" },
  silent: { result: "down", title: "Nothing was heard within the deadline" },
  late: { result: "down", title: "An expected call did not come in time" },
  reported: { result: "down", title: "The job itself reported that it failed" },
  guard: { result: "unknown", title: "The address is refused by Belfry's own network policy" },
  internal: { result: "unknown", title: "Belfry itself failed while checking" },
  misconfigured: { result: "unknown", title: "A setting cannot be applied here" },
  own_network: { result: "unknown", title: "Belfry's own network is down" },
  not_running: { result: "unknown", title: "Belfry was not running" },
} as const satisfies Record<string, { result: "down" | "unknown"; title: string }>;

type ReasonTable = typeof reasonTable;

/** Any reason of the closed list. */
export type Reason = keyof ReasonTable;

/** Reasons that speak about the target. */
export type DownReason = {
  [R in Reason]: ReasonTable[R]["result"] extends "down" ? R : never;
}[Reason];

/** Reasons that speak about Belfry itself; never an outage of the target. */
export type UnknownReason = Exclude<Reason, DownReason>;

/** All reasons, in the order of the table. */
export const reasons = Object.keys(reasonTable) as readonly string[] as readonly Reason[];
