/** Every stage between an incident and its notices, in order. */
import type { AlertStage } from "@belfry/contract";
import type { Flow, Stage } from "./flow.ts";
import { escalation } from "./stages/escalation.ts";
import { grouping } from "./stages/grouping.ts";
import { inhibition } from "./stages/inhibition.ts";
import { maintenance } from "./stages/maintenance.ts";
import { outbox } from "./stages/outbox.ts";
import { reminder } from "./stages/reminder.ts";
import { routing } from "./stages/routing.ts";
import { silence } from "./stages/silence.ts";
import { throttle } from "./stages/throttle.ts";

export const namedStages = [
  { name: "maintenance", stage: maintenance },
  { name: "inhibition", stage: inhibition },
  { name: "silence", stage: silence },
  { name: "routing", stage: routing },
  { name: "grouping", stage: grouping },
  { name: "throttle", stage: throttle },
  { name: "reminder", stage: reminder },
  { name: "escalation", stage: escalation },
  { name: "outbox", stage: outbox },
] as const satisfies readonly { readonly name: AlertStage | "outbox"; readonly stage: Stage }[];

/** Takes a flow through all of them. */
export function runStages(flow: Flow): Flow {
  return namedStages.reduce((now, { stage }) => stage(now), flow);
}
