/** Belfry's own interface: a list of events, answered item by item. */
import { deliverItems } from "../http/deliver-items.ts";
import { readHubAnswer, readHubRefusal } from "./answer.ts";
import { listOf, type Requests, type SendEvents } from "./requests.ts";

const path = "/api/v1/events";

/** Makes what sends. */
export function createHubSender(requests: Requests): SendEvents {
  return (all, stop) =>
    deliverItems(
      all,
      async (records, signal) => {
        const outcome = await requests.post(path, listOf(records), signal);
        const verdict = requests.verdict(outcome);
        if (outcome.kind === "failed") return verdict;
        if (outcome.status === 422) {
          const items = readHubRefusal(outcome.body, records.length);
          return items === undefined ? verdict : { kind: "items", items };
        }
        if (verdict.kind !== "sent") return verdict;
        // A page of a proxy, or another service: nothing says that the events are stored.
        const items = readHubAnswer(outcome.body, records.length);
        if (items !== undefined) return { kind: "items", items };
        return { kind: "misconfigured", why: `HTTP ${outcome.status}, but not a hub's answer` };
      },
      stop,
    );
}
