/** `/api/v1/maintenance`: when things are expected to be down. */
import {
  MaintenanceInputSchema,
  MaintenanceSchema,
  bad,
  ok,
  type MaintenanceInput,
  type Parsed,
  type Problem,
} from "@belfry/contract";
import type { FastifyInstance } from "fastify";
import { managedRefusal, type MaintenanceWindow } from "../../model/alert-policy.ts";
import { parseId } from "../../model/id.ts";
import { isOpen, nextWindows, windowScheduleProblems } from "../../model/maintenance-window.ts";
import { matcherProblems } from "../../model/matcher.ts";
import { timeText } from "../monitors/view.ts";
import type { ApiParts } from "../parts.ts";
import { addResource, type Body } from "./resource.ts";

/** Windows that are told of each. */
const shownWindows = 5;

/** Registers the routes. */
export function addMaintenanceRoutes(app: FastifyInstance, parts: ApiParts): void {
  addResource(app, parts, {
    kind: "maintenance",
    path: "/api/v1/maintenance",
    tag: "alerting",
    noun: "maintenance window",
    writes: "write",
    input: MaintenanceInputSchema,
    output: MaintenanceSchema,
    description: "Checks go on while it is open; nobody is told.",
    parse: (input) => Promise.resolve(parseMaintenance(input, parts)),
    views: (all) => Promise.resolve(all.map((one) => maintenanceView(one, parts.clock.now()))),
    detail: ({ name, schedule }) => ({ name, schedule }),
    refusal: (window) => Promise.resolve(managedRefusal("maintenance window", window)),
  });
}

function parseMaintenance(
  { name, enabled, matchers, monitors, schedule, description }: MaintenanceInput,
  { board, clock }: Pick<ApiParts, "board" | "clock">,
): Parsed<Body<"maintenance">> {
  const problems: Problem[] = [...matcherProblems(matchers)];
  const ids = monitors.flatMap((text, i) => {
    const id = parseId<"monitor">(text);
    if (id !== undefined && board.get(id) !== undefined) return [id];
    problems.push({ path: `monitors[${i}]`, message: "there is no monitor with this id" });
    return [];
  });
  for (const { path, message } of windowScheduleProblems(schedule, clock.now())) {
    problems.push({ path: `schedule.${path}`, message });
  }
  if (problems.length > 0) return bad(...problems);
  return ok({ name, enabled, matchers, monitors: ids, schedule, description });
}

function maintenanceView(window: MaintenanceWindow, now: number): object {
  const { id, version, createdAt, updatedAt, managedBy, ...rest } = window;
  const windows = nextWindows(window.schedule, now, shownWindows);
  const state = isOpen(window.schedule, now) ? "open" : windows.length > 0 ? "scheduled" : "over";
  return {
    id,
    ...rest,
    managed_by: managedBy ?? null,
    version,
    created_at: timeText(createdAt),
    updated_at: timeText(updatedAt),
    state: window.enabled ? state : "disabled",
    next_windows: windows.map(({ startsAt, endsAt }) => ({
      starts_at: timeText(startsAt),
      ends_at: timeText(endsAt),
    })),
  };
}
