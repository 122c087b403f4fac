/** How a service of AWS is: whether it answers a question that changes nothing. */
import type { EventSinkHealth } from "../../event-sink.ts";
import type { AwsOutcome } from "./client.ts";

/** That only the question is not allowed, or asks for what is not there yet, says nothing against sending. */
const harmless = /^AccessDenied|^UnauthorizedOperation|^AuthorizationError|^ResourceNotFound/;

/** Healthy when each service answers, degraded when one is busy, unhealthy else; details hold what each said. */
export function healthOf(asked: Readonly<Record<string, AwsOutcome<unknown>>>): EventSinkHealth {
  const details: Record<string, string> = {};
  let status: EventSinkHealth["status"] = "healthy";
  for (const [service, outcome] of Object.entries(asked)) {
    if (outcome.kind === "answer" || harmless.test(outcome.failure.name)) {
      details[service] = "answers";
      continue;
    }
    const { verdict } = outcome.failure;
    details[service] = verdict.why;
    const isBusy = verdict.kind === "retry" && verdict.afterMs !== undefined;
    if (!isBusy) status = "unhealthy";
    else if (status === "healthy") status = "degraded";
  }
  return { status, details };
}
