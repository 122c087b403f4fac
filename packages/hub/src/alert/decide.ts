/** From incidents that changed, or whose time has come, to what is told: makes the flow and reads what came of it. */
import type { AlertPolicy } from "../model/alert-policy.ts";
import type { Incident } from "../model/incident.ts";
import type { ChannelId, NewNotice, NoticeGroup } from "../model/notice.ts";
import type { FlowWorld } from "./flow.ts";
import { runStages } from "./stages.ts";

export interface Undecided {
  readonly now: number;
  readonly policy: AlertPolicy;
  /** Every open incident, those that changed as they are now. */
  readonly open: readonly Incident[];
  /** Those to look at. */
  readonly incidents: readonly Incident[];
  readonly groups: ReadonlyMap<string, NoticeGroup>;
  readonly world: FlowWorld;
}

export interface Decided {
  readonly incidents: readonly Incident[];
  readonly notices: readonly NewNotice[];
  /** Groups that changed; those without entries are gone. */
  readonly groups: readonly NoticeGroup[];
}

/** Decides who is told what. */
export function decide({ now, policy, open, incidents, groups, world }: Undecided): Decided {
  const flow = runStages({
    now,
    policy,
    open,
    items: incidents.map((incident) => ({
      incident,
      suppressed: null,
      targets: [],
      tells: [],
      wakeAt: null,
    })),
    groups,
    changedGroups: new Set(),
    notices: [],
    world,
  });
  return {
    incidents: flow.items.map(({ incident }) => incident),
    notices: flow.notices,
    groups: [...flow.changedGroups].flatMap((key) => flow.groups.get(key) ?? []),
  };
}

/** How many notices there were by `<route>|<channel>`, and when the oldest. */
export function countedBy(
  recent: readonly { readonly route: string; readonly channelId: ChannelId; readonly at: number }[],
): ReadonlyMap<string, { readonly count: number; readonly oldestAt: number }> {
  const counts = new Map<string, { count: number; oldestAt: number }>();
  for (const { route, channelId, at } of recent) {
    const key = `${route}|${channelId}`;
    const former = counts.get(key);
    if (former === undefined) counts.set(key, { count: 1, oldestAt: at });
    else former.count += 1;
  }
  return counts;
}
