/** No flood: beyond so many notices an hour, and where a route says so always, what is new is gathered into a digest. */
import type { Flow, FlowItem, Stage, Tell } from "../flow.ts";
import { rememberTold } from "../flow.ts";
import { intoGroup } from "./grouping.ts";

const hourMs = 3_600_000;
/** A digest of what was too much comes no sooner than this, ms. */
const leastWaitMs = 60_000;

/** Puts what is too much, or told by digest, into the digest of its channel. */
export const throttle: Stage = (flow) => {
  const counts = new Map<string, number>();
  return flow.items.reduce<Flow>((now, item) => throttled(now, item, counts), {
    ...flow,
    items: [],
  });
};

function throttled(flow: Flow, item: FlowItem, counts: Map<string, number>): Flow {
  let next = flow;
  let { incident } = item;
  const rest: Tell[] = [];
  for (const one of item.tells) {
    const { target, kind } = one;
    const { digest_seconds: digest, most_per_hour: most } = target.terms;
    const { count, oldestAt } = flow.world.recent(target);
    const sum = count + (counts.get(target.key) ?? 0);
    const key = `${target.key}|#digest`;
    // Behind what waits in the digest already: nobody hears that something is over before that it began.
    const isGathering = (next.groups.get(key)?.entries.length ?? 0) > 0;
    if (digest === null && sum < most && !isGathering) {
      counts.set(target.key, (counts.get(target.key) ?? 0) + 1);
      rest.push(one);
      continue;
    }
    const freeMs = (oldestAt ?? flow.now) + hourMs - flow.now;
    const waitMs = digest === null ? Math.max(leastWaitMs, freeMs) : digest * 1000;
    const entry = { incidentId: incident.id, kind };
    next = intoGroup(next, key, entry, waitMs, true);
    incident = rememberTold(incident, target.key, flow.now);
  }
  return { ...next, items: [...next.items, { ...item, incident, tells: rest }] };
}
