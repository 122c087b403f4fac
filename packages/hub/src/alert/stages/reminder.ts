/** Told again while it lasts and nobody took it. */
import { rememberTold, tell, wakeBy } from "../flow.ts";
import type { Flow, FlowItem, Stage, Target } from "../flow.ts";
import { waitsIn } from "./grouping.ts";
import { toldOf } from "./routing.ts";
import { intoDigest, isFree } from "./throttle.ts";

/** Reminds channels whose route says so; by digest where the route, or its limit, says so. */
export const reminder: Stage = (flow) =>
  flow.items.reduce<Flow>((now, item) => reminded(now, item), { ...flow, items: [] });

function reminded(flow: Flow, item: FlowItem): Flow {
  const { resolvedAt, acknowledgedAt } = item.incident;
  let now = flow;
  let next = item;
  if (resolvedAt === null && acknowledgedAt === null) {
    for (const target of item.targets) [now, next] = remindedOf(now, next, target);
  }
  return { ...now, items: [...now.items, next] };
}

function remindedOf(flow: Flow, item: FlowItem, target: Target): readonly [Flow, FlowItem] {
  const { remind_seconds: seconds } = target.terms;
  if (seconds === null) return [flow, item];
  const { incident } = item;
  const again = flow.now + seconds * 1000;
  const told = toldOf(incident, target.channelId);
  const isTold = item.tells.some((one) => one.target.key === target.key);
  const dueAt = told === undefined || isTold ? again : told.at + seconds * 1000;
  if (dueAt > flow.now) return [flow, wakeBy(item, dueAt)];
  // What waits to be told is not told again before.
  if (waitsIn(flow, target, incident) !== undefined) return [flow, wakeBy(item, again)];
  if (isFree(flow, target, 1)) return [flow, wakeBy(tell(item, target, "reminder"), again)];
  const entry = { incidentId: incident.id, kind: "reminder" } as const;
  const remembered = rememberTold(incident, target.key, flow.now);
  return [intoDigest(flow, target, entry), wakeBy({ ...item, incident: remembered }, again)];
}
