/** What one can do about an incident, from its page and from a list. Each says how it went. */
import type { IncidentView } from "@belfry/contract";
import { describeFailure, type Reply } from "../api/failure.ts";
import { formatDuration } from "../format/time.ts";
import type { Parts } from "../shell/parts.ts";

export interface IncidentActions {
  acknowledge(id: string): Promise<boolean>;
  snooze(id: string, seconds: number): Promise<boolean>;
  resolve(id: string): Promise<boolean>;
  comment(id: string, text: string): Promise<boolean>;
}

/** Makes the actions; each answers with whether it was done, and hands what changed to `take`. */
export function createIncidentActions(
  { client, toasts }: Pick<Parts, "client" | "toasts">,
  take: (incident: IncidentView) => void,
): IncidentActions {
  async function told(reply: Reply<IncidentView>, done: string): Promise<boolean> {
    if (reply.kind === "failed") {
      toasts.say(describeFailure(reply.failure), "bad");
      return false;
    }
    take(reply.value);
    toasts.say(done);
    return true;
  }
  return {
    acknowledge: async (id) => told(await client.acknowledge(id), "Taken. Nobody else is called."),
    snooze: async (id, seconds) =>
      told(await client.snooze(id, seconds), `Snoozed for ${formatDuration(seconds * 1000)}.`),
    resolve: async (id) => told(await client.resolve(id), "Resolved."),
    comment: async (id, text) => told(await client.comment(id, text), "Comment added."),
  };
}
