/** Incidents that a route tells together: what is new of them waits in a group until the group is due. */
import type { NoticeGroup } from "../../model/notice.ts";
import type { Flow, FlowItem, Stage, Tell } from "../flow.ts";
import { rememberTold } from "../flow.ts";

/** Puts what is told together into its group; a group that is due is told by the last stage. */
export const grouping: Stage = (flow) =>
  flow.items.reduce<Flow>((now, item) => grouped(now, item), { ...flow, items: [] });

function grouped(flow: Flow, item: FlowItem): Flow {
  let next = flow;
  let { incident } = item;
  const rest: Tell[] = [];
  for (const one of item.tells) {
    const { target, kind } = one;
    const { group_by: names, group_wait_seconds: wait } = target.terms;
    if (names.length === 0 && wait === 0) {
      rest.push(one);
      continue;
    }
    const values = names.map((name) => incident.labels[name] ?? "");
    const key = `${target.key}|${JSON.stringify(values)}`;
    next = intoGroup(next, key, { incidentId: incident.id, kind }, wait * 1000);
    incident = rememberTold(incident, target.key, flow.now);
  }
  return { ...next, items: [...next.items, { ...item, incident, tells: rest }] };
}

/**
 * Puts something into a group, which is made when it is not there. An incident that is over before it was told leaves the
 * group instead.
 */
export function intoGroup(
  flow: Flow,
  key: string,
  entry: NoticeGroup["entries"][number],
  waitMs: number,
  isDigest = false,
): Flow {
  const former = flow.groups.get(key);
  const waiting = former?.entries ?? [];
  const others = waiting.filter(({ incidentId }) => incidentId !== entry.incidentId);
  const earlier = waiting.find(({ incidentId }) => incidentId === entry.incidentId);
  const group: NoticeGroup = {
    key,
    isDigest,
    dueAt: former === undefined || waiting.length === 0 ? flow.now + waitMs : former.dueAt,
    entries: [...others, ...entryAfter(earlier, entry, isDigest)],
    revision: former?.revision ?? 0,
  };
  return {
    ...flow,
    groups: new Map([...flow.groups, [key, group]]),
    changedGroups: new Set([...flow.changedGroups, key]),
  };
}

type Entry = NoticeGroup["entries"][number];

/** A digest says how everything is; a group leaves out what was over before anybody heard of it. */
function entryAfter(earlier: Entry | undefined, entry: Entry, isDigest: boolean): readonly Entry[] {
  if (isDigest || earlier?.kind !== "firing") return [entry];
  return entry.kind === "resolved" ? [] : [earlier];
}
