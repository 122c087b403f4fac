/** What one can do with a monitor from its page. Each says how it went. */
import type { Signal } from "@preact/signals";
import { describeFailure, type Failure } from "../../api/failure.ts";
import { formatLatency } from "../../format/number.ts";
import { isPassive } from "../../parts/passive.ts";
import { plainOverview } from "../../route/route.ts";
import type { Parts } from "../../shell/parts.ts";
import type { MonitorModel } from "./monitor-model.ts";

export interface MonitorActions {
  checkNow(): Promise<void>;
  /** Pauses, or resumes. */
  toggle(): Promise<void>;
  /** Answers with what was wrong, or undefined when it is gone. */
  remove(): Promise<Failure | undefined>;
}

/** Makes the actions of one monitor; `checking` is true while a check asked for runs. */
export function createActions(
  id: string,
  model: MonitorModel,
  { client, toasts, router }: Pick<Parts, "client" | "toasts" | "router">,
  checking: Signal<boolean>,
): MonitorActions {
  return {
    async checkNow() {
      const monitor = model.view.value;
      if (checking.value || monitor === null || !monitor.enabled || isPassive(monitor.kind)) return;
      checking.value = true;
      const reply = await client.checkNow(id);
      checking.value = false;
      if (reply.kind === "failed") {
        toasts.say(describeFailure(reply.failure), "bad");
        return;
      }
      model.put(reply.value);
      const check = reply.value.last_check;
      if (check === null) return;
      toasts.say(
        check.result === "up"
          ? `Answered in ${formatLatency(check.latency_ms)}.`
          : (check.message ?? `The check ended with: ${check.reason ?? check.result}.`),
        check.result === "up" ? "plain" : "bad",
      );
    },
    async toggle() {
      const before = model.view.value;
      if (before === null) return;
      const reply = await client.patchMonitor(id, { enabled: !before.enabled });
      if (reply.kind === "failed") {
        toasts.say(describeFailure(reply.failure), "bad");
        return;
      }
      model.put(reply.value);
      toasts.say(
        before.enabled ? "Paused. It is not checked any more." : "Resumed, and checked at once.",
      );
    },
    async remove() {
      const name = model.view.value?.name ?? "The monitor";
      const reply = await client.deleteMonitor(id);
      if (reply.kind === "failed") return reply.failure;
      toasts.say(`${name} was deleted.`);
      router.go(plainOverview);
      return undefined;
    },
  };
}
