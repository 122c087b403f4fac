/** Makes the notices: of what is told now, and of groups that are due; and remembers what was told. */
import type { NoticeKind } from "@belfry/contract";
import type { Incident } from "../../model/incident.ts";
import type { ChannelId, NewNotice, NoticeGroup } from "../../model/notice.ts";
import { asChannelId } from "../channel-id.ts";
import { rememberTold, type Flow, type FlowItem, type Stage } from "../flow.ts";
import { isUnwanted } from "./grouping.ts";

/** What is told of one channel in one step and beyond this many is told in one notice. */
export const mostAtOnce = 3;
/** Incidents that a notice describes; the others it counts. */
const mostDescribed = 50;
const longestTitle = 300;
/** Nothing is looked at again sooner, ms. */
const soonestMs = 100;

/** Turns what is to be told into notices. */
export const outbox: Stage = (flow) => {
  const told = tellNow(flow);
  return tellGroups({ ...told, items: told.items.map((item) => settled(item, flow.now)) });
};

interface Pending {
  readonly channelId: ChannelId;
  readonly route: string;
  readonly kind: NoticeKind;
  readonly incidents: readonly Incident[];
}

function tellNow(flow: Flow): Flow {
  const pending = new Map<string, Pending>();
  const items: FlowItem[] = [];
  for (const item of flow.items) {
    let { incident } = item;
    for (const one of item.tells) {
      const { target, kind } = one;
      const key = `${target.key}|${kind}`;
      if (!isUnwanted(one)) {
        const { channelId, route } = target;
        const incidents = [...(pending.get(key)?.incidents ?? []), item.incident];
        pending.set(key, { channelId, route, kind, incidents });
      }
      incident = rememberTold(incident, target.key, flow.now);
    }
    items.push({ ...item, incident });
  }
  const notices = [...pending.values()].flatMap((one) => noticesOf(one, flow));
  return { ...flow, items, notices: [...flow.notices, ...notices] };
}

/** A few are told one by one: who takes one finds it by itself. */
function noticesOf(pending: Pending, flow: Flow): readonly NewNotice[] {
  const { incidents } = pending;
  if (incidents.length > mostAtOnce) return [noticeOf(pending, flow)];
  return incidents.map((incident) => noticeOf({ ...pending, incidents: [incident] }, flow));
}

function tellGroups(flow: Flow): Flow {
  const groups = new Map(flow.groups);
  const changed = new Set(flow.changedGroups);
  const notices: NewNotice[] = [];
  for (const group of flow.groups.values()) {
    if (group.dueAt > flow.now || group.entries.length === 0) continue;
    const pending = pendingOf(group, flow);
    if (pending.incidents.length > 0) notices.push(noticeOf(pending, flow));
    groups.set(group.key, { ...group, entries: [] });
    changed.add(group.key);
  }
  return { ...flow, groups, changedGroups: changed, notices: [...flow.notices, ...notices] };
}

function pendingOf({ key, entries, isDigest }: NoticeGroup, flow: Flow): Pending {
  const [route = "", channel = ""] = key.split("|");
  const here = new Map(flow.items.map(({ incident }) => [incident.id, incident]));
  const incidents = entries.flatMap(
    ({ incidentId }) => here.get(incidentId) ?? flow.world.incident(incidentId) ?? [],
  );
  const kinds = new Set(entries.map(({ kind }) => kind));
  const [first = "firing"] = kinds;
  const kind = isDigest ? "digest" : kinds.size === 1 ? first : "changed";
  return { channelId: asChannelId(channel), route, kind, incidents };
}

function noticeOf({ channelId, route, kind, incidents }: Pending, flow: Flow): NewNotice {
  const described = incidents.slice(0, mostDescribed).map(flow.world.describe);
  const counted = incidents.slice(mostDescribed).map(({ id }) => id);
  return {
    channelId,
    route,
    isFallback: false,
    ...(counted.length > 0 ? { counted } : {}),
    notice: {
      id: flow.world.createId(flow.now),
      kind,
      at: flow.now,
      title: titleOf(kind, incidents),
      text: "",
      incidents: described,
      more: counted.length,
    },
  };
}

const prefixes: Partial<Readonly<Record<NoticeKind, string>>> = {
  reminder: "Still: ",
  escalated: "Nobody took it yet: ",
  resolved: "Over: ",
};

function titleOf(kind: NoticeKind, incidents: readonly Incident[]): string {
  const [first] = incidents;
  if (first === undefined) return "";
  const taken = kind === "acknowledged" ? `Taken by ${first.acknowledgedBy ?? "somebody"}: ` : "";
  const { suspected } = first.flow;
  const more =
    suspected === 0 ? "" : `; ${suspected} more ${suspected === 1 ? "fails" : "fail"} too`;
  const title = `${prefixes[kind] ?? taken}${first.title}${more}`;
  const others = incidents.length - 1;
  const text = others === 0 ? title : `${incidents.length} incidents: ${title}, and ${others} more`;
  return text.length <= longestTitle ? text : `${text.slice(0, longestTitle - 1).toWellFormed()}…`;
}

/** What was decided is written into the incident. */
function settled(item: FlowItem, now: number): FlowItem {
  const { incident, suppressed } = item;
  const wakeAt = item.wakeAt === null ? null : Math.max(item.wakeAt, now + soonestMs);
  const isOver = incident.resolvedAt !== null;
  const suppressedBy = isOver ? incident.suppressedBy : (suppressed?.by ?? null);
  const isHeld = !isOver && incident.heldUntil !== null && incident.heldUntil > now;
  const heldUntil = isHeld ? incident.heldUntil : null;
  const isTold = Object.keys(incident.flow.told).length > 0;
  const flow = isTold ? { ...incident.flow, suspected: 0 } : incident.flow;
  return {
    ...item,
    incident: { ...incident, flow, suppressedBy, heldUntil, wakeAt: isOver ? null : wakeAt },
  };
}
