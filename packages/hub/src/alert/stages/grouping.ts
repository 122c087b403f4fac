/** Incidents that a route tells together: what is new of them waits in a group until the group is due. */
import type { Incident } from "../../model/incident.ts";
import type { NoticeGroup } from "../../model/notice.ts";
import type { Flow, FlowItem, Stage, Target, Tell } from "../flow.ts";
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
    const waiting = waitsIn(next, target, incident);
    if (isUnwanted(one)) {
      // A digest says what happened; a group says what there is.
      if (waiting !== undefined && !waiting.isDigest) next = without(next, waiting, incident);
      rest.push(one);
      continue;
    }
    const key = waiting?.key ?? groupOf(target, incident);
    if (key === null) {
      rest.push(one);
      continue;
    }
    const waitMs = target.terms.group_wait_seconds * 1000;
    next = intoGroup(next, key, { incidentId: incident.id, kind }, waitMs, waiting?.isDigest);
    incident = rememberTold(incident, target.key, flow.now);
  }
  return { ...next, items: [...next.items, { ...item, incident, tells: rest }] };
}

/** Whether it says that something is over to somebody who does not want to hear it. */
export function isUnwanted({ target, kind }: Tell): boolean {
  return kind === "resolved" && !target.terms.send_resolved;
}

/**
 * The group or digest in which something of an incident waits for a channel. What is new of it goes there as well,
 * whichever route leads to the channel by now, and however: nobody hears that something is over before that it began.
 */
export function waitsIn(
  flow: Flow,
  { channelId }: Target,
  { id }: Incident,
): NoticeGroup | undefined {
  for (const group of flow.groups.values()) {
    if (!group.key.includes(`|${channelId}|`)) continue;
    if (group.entries.some(({ incidentId }) => incidentId === id)) return group;
  }
  return undefined;
}

/** The key of the group that an incident is told in; null: it is told by itself, or by digest. */
function groupOf({ key, terms }: Target, { labels }: Incident): string | null {
  const { group_by: names, group_wait_seconds: wait, digest_seconds: digest } = terms;
  if (digest !== null || (names.length === 0 && wait === 0)) return null;
  return `${key}|${JSON.stringify(names.map((name) => labels[name] ?? ""))}`;
}

function without(flow: Flow, group: NoticeGroup, { id }: Incident): Flow {
  const entries = group.entries.filter(({ incidentId }) => incidentId !== id);
  return withGroup(flow, { ...group, entries });
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
  return withGroup(flow, group);
}

function withGroup(flow: Flow, group: NoticeGroup): Flow {
  return {
    ...flow,
    groups: new Map([...flow.groups, [group.key, group]]),
    changedGroups: new Set([...flow.changedGroups, group.key]),
  };
}

type Entry = NoticeGroup["entries"][number];

/** A digest says how everything is; a group leaves out what was over before anybody heard of it. */
function entryAfter(earlier: Entry | undefined, entry: Entry, isDigest: boolean): readonly Entry[] {
  if (isDigest || earlier?.kind !== "firing") return [entry];
  return entry.kind === "resolved" ? [] : [earlier];
}
