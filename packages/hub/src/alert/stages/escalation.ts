/** Who is told next, step by step, until somebody acknowledges. */
import type { ChannelId } from "../../model/notice.ts";
import { eachItem, tell, wakeBy, type FlowItem, type Stage, type Target } from "../flow.ts";
import { toldOf, usableChannels } from "./routing.ts";

/** Takes the steps that are due; each is taken once, counted from when the route's first channel was told. */
export const escalation: Stage = eachItem((item, { now, policy }) => {
  const { incident } = item;
  if (incident.resolvedAt !== null || incident.acknowledgedAt !== null) return item;
  const enabled = usableChannels(policy, incident);
  const seen = new Set<string>();
  let next = item;
  for (const target of item.targets) {
    if (seen.has(target.route)) continue;
    seen.add(target.route);
    next = escalated(next, target, { now, enabled });
  }
  return next;
});

function escalated(
  item: FlowItem,
  target: Target,
  { now, enabled }: { readonly now: number; readonly enabled: ReadonlySet<ChannelId> },
): FlowItem {
  const { flow } = item.incident;
  const startedAt = startOf(item, target.route) ?? now;
  let taken = flow.escalated[target.route] ?? 0;
  let next = item;
  for (const step of target.terms.escalation.slice(taken)) {
    const dueAt = startedAt + step.after_seconds * 1000;
    if (dueAt > now) {
      next = wakeBy(next, dueAt);
      break;
    }
    taken += 1;
    for (const channelId of channelsOf(step.channels, enabled)) {
      const to = { ...target, key: `${target.route}|${channelId}`, channelId };
      next = tell(next, to, "escalated");
    }
  }
  if (taken === (flow.escalated[target.route] ?? 0)) return next;
  const steps = { ...flow.escalated, [target.route]: taken };
  return { ...next, incident: { ...next.incident, flow: { ...flow, escalated: steps } } };
}

function channelsOf(
  wanted: readonly string[],
  enabled: ReadonlySet<ChannelId>,
): readonly ChannelId[] {
  return [...enabled].filter((id) => wanted.includes(id));
}

/** When the first channel of a route was told, by whichever route. */
function startOf({ incident, targets }: FlowItem, route: string): number | null {
  const times = targets.flatMap((target) => {
    const told = target.route === route ? toldOf(incident, target.channelId) : undefined;
    return told === undefined ? [] : [told.firstAt];
  });
  const { told } = incident.flow;
  for (const [key, { firstAt }] of Object.entries(told)) {
    if (key.startsWith(`${route}|`)) times.push(firstAt);
  }
  return times.length === 0 ? null : Math.min(...times);
}
