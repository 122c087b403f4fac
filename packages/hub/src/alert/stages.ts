/** Every stage between an incident and its notices, in order. */
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

export const stages: readonly Stage[] = [
  maintenance,
  inhibition,
  silence,
  routing,
  grouping,
  throttle,
  reminder,
  escalation,
  outbox,
];

/** Takes a flow through all of them. */
export function runStages(flow: Flow): Flow {
  return stages.reduce((now, stage) => stage(now), flow);
}
