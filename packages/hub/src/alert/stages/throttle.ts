/** No flood: beyond so many notices an hour, and where a route says so always, what is new is gathered into a digest. */
import type { NoticeKind } from "@belfry/contract";
import type { NoticeGroup } from "../../model/notice.ts";
import type { Flow, FlowItem, Stage, Target, Tell } from "../flow.ts";
import { rememberTold } from "../flow.ts";
import { intoGroup, isUnwanted } from "./grouping.ts";
import { mostAtOnce } from "./outbox.ts";
import { targetOfKey } from "./routing.ts";

const hourMs = 3_600_000;
/** A digest of what was too much comes no sooner than this, ms. */
const leastWaitMs = 60_000;

/** What is told by one target in this step, by kind. */
type Counts = Map<string, Map<NoticeKind, number>>;

/** Puts what is too much, or told by digest, into the digest of its channel. */
export const throttle: Stage = (flow) => {
  const counts: Counts = new Map();
  const told = flow.items.reduce<Flow>((now, item) => throttled(now, item, counts), {
    ...flow,
    items: [],
  });
  return [...flow.groups.values()].reduce((now, group) => throttledGroup(now, group, counts), told);
};

function throttled(flow: Flow, item: FlowItem, counts: Counts): Flow {
  let next = flow;
  let { incident } = item;
  const rest: Tell[] = [];
  for (const one of item.tells) {
    const { target, kind } = one;
    if (isUnwanted(one)) {
      rest.push(one);
      continue;
    }
    const here = counted(counts.get(target.key), kind);
    if (isFree(next, target, noticesOf(here))) {
      counts.set(target.key, here);
      rest.push(one);
      continue;
    }
    next = intoDigest(next, target, { incidentId: incident.id, kind });
    incident = rememberTold(incident, target.key, flow.now);
  }
  return { ...next, items: [...next.items, { ...item, incident, tells: rest }] };
}

/** A group that is due is one notice; one too many goes into the digest as a whole. */
function throttledGroup(flow: Flow, { key }: NoticeGroup, counts: Counts): Flow {
  const group = flow.groups.get(key);
  if (group === undefined || group.isDigest || group.dueAt > flow.now) return flow;
  const target = targetOfKey(key, flow.policy);
  const [first] = group.entries;
  if (target === null || first === undefined) return flow;
  const former = counts.get(target.key);
  if (isFree(flow, target, noticesOf(former) + 1)) {
    counts.set(target.key, counted(former, "digest"));
    return flow;
  }
  const moved = group.entries.reduce((now, entry) => intoDigest(now, target, entry), flow);
  const groups = new Map([...moved.groups, [key, { ...group, entries: [] }] as const]);
  return { ...moved, groups, changedGroups: new Set([...moved.changedGroups, key]) };
}

/** Whether a target may be told so many notices now. Not while others wait in its digest: nothing overtakes them. */
export function isFree(flow: Flow, target: Target, notices: number): boolean {
  const { digest_seconds: digest, most_per_hour: most } = target.terms;
  const isGathering = (flow.groups.get(digestOf(target))?.entries.length ?? 0) > 0;
  return digest === null && !isGathering && flow.world.recent(target).count + notices <= most;
}

/** Puts something into the digest of a target, which comes as its route says, or when there is room for it. */
export function intoDigest(
  flow: Flow,
  target: Target,
  entry: NoticeGroup["entries"][number],
): Flow {
  const { digest_seconds: digest } = target.terms;
  const { oldestAt } = flow.world.recent(target);
  const freeMs = (oldestAt ?? flow.now) + hourMs - flow.now;
  const waitMs = digest === null ? Math.max(leastWaitMs, freeMs) : digest * 1000;
  return intoGroup(flow, digestOf(target), entry, waitMs, true);
}

function digestOf({ key }: Target): string {
  return `${key}|#digest`;
}

function counted(
  former: ReadonlyMap<NoticeKind, number> | undefined,
  kind: NoticeKind,
): Map<NoticeKind, number> {
  return new Map([...(former ?? []), [kind, (former?.get(kind) ?? 0) + 1]]);
}

/** How many notices it comes to: of one kind, many are told in one. */
function noticesOf(counts: ReadonlyMap<NoticeKind, number> | undefined): number {
  const each = [...(counts?.values() ?? [])];
  return each.reduce((sum, count) => sum + (count > mostAtOnce ? 1 : count), 0);
}
