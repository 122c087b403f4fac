/** What one can do with a host from its page. Each says how it went. */
import type { HostPatch } from "@belfry/contract";
import { describeFailure, type Failure } from "../../api/failure.ts";
import { plainHosts } from "../../route/route.ts";
import type { Parts } from "../../shell/parts.ts";
import type { ChartsModel } from "./charts-model.ts";
import type { HostModel } from "./host-model.ts";

export interface HostActions {
  /** Pauses, or resumes. */
  toggle(): Promise<void>;
  /** Answers with what was wrong, or undefined when it is changed. */
  change(patch: HostPatch): Promise<Failure | undefined>;
  /** Deletes the samples; answers with what was wrong, or undefined when they are gone. */
  clean(): Promise<Failure | undefined>;
  /** Deletes the host; answers with what was wrong, or undefined when it is gone. */
  remove(): Promise<Failure | undefined>;
}

/** Makes the actions of one host. */
export function createHostActions(
  id: string,
  models: { readonly model: HostModel; readonly charts: ChartsModel },
  { client, toasts, router }: Pick<Parts, "client" | "toasts" | "router">,
): HostActions {
  const { model, charts } = models;
  const nameOf = (): string => model.view.peek()?.name ?? "The host";
  return {
    async toggle() {
      const before = model.view.peek();
      if (before === null) return;
      const reply = await client.patchHost(id, { enabled: !before.enabled });
      if (reply.kind === "failed") {
        toasts.say(describeFailure(reply.failure), "bad");
        return;
      }
      model.put(reply.value);
      toasts.say(before.enabled ? "Paused. Its silence rings nobody." : "Resumed.");
    },
    async change(patch) {
      const reply = await client.patchHost(id, patch);
      if (reply.kind === "failed") return reply.failure;
      model.put(reply.value);
      toasts.say("Saved.");
      return undefined;
    },
    async clean() {
      const reply = await client.cleanHost(id);
      if (reply.kind === "failed") return reply.failure;
      toasts.say(`The samples of ${nameOf()} were deleted.`);
      charts.reload();
      return undefined;
    },
    async remove() {
      const name = nameOf();
      const reply = await client.deleteHost(id);
      if (reply.kind === "failed") return reply.failure;
      toasts.say(`${name} was deleted.`);
      router.go(plainHosts);
      return undefined;
    },
  };
}
