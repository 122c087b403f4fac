/**
 * The value that goes through the stages: incidents to look at, with what is known and decided about each so far. Stages
 * are pure: each takes a flow and gives the next one; what the last one gives is committed as a whole.
 */
import type { NoticeKind } from "@belfry/contract";
import type { AlertPolicy, AlertRoute } from "../model/alert-policy.ts";
import type { IdMaker } from "../model/id.ts";
import type { Incident, Subject, SuppressedBy, Told } from "../model/incident.ts";
import type { ChannelId, NewNotice, Notice, NoticeGroup, NoticeIncident } from "../model/notice.ts";

/** What a route says about how its channels are told. */
export type RouteTerms = Pick<
  AlertRoute["route"],
  | "group_by"
  | "group_wait_seconds"
  | "send_resolved"
  | "most_per_hour"
  | "digest_seconds"
  | "remind_seconds"
  | "escalation"
>;

/** A channel that is told of an incident, by a route. */
export interface Target {
  /** `<route>|<channel>`: what was told is kept under it. */
  readonly key: string;
  /** The id of the route; `default`: no route is responsible. */
  readonly route: string;
  readonly channelId: ChannelId;
  readonly terms: RouteTerms;
}

/** Something a channel is to be told now. */
export interface Tell {
  readonly target: Target;
  readonly kind: NoticeKind;
}

/** One incident on its way. */
export interface FlowItem {
  readonly incident: Incident;
  readonly suppressed: { readonly by: SuppressedBy; readonly why: string } | null;
  /** Who is told of it now. */
  readonly targets: readonly Target[];
  readonly tells: readonly Tell[];
  /** When it has to be looked at again, epoch ms. */
  readonly wakeAt: number | null;
}

/** Times are epoch ms. */
export interface Flow {
  readonly now: number;
  readonly policy: AlertPolicy;
  /** Every incident that is open, as it is before this step's stages. */
  readonly open: readonly Incident[];
  readonly items: readonly FlowItem[];
  /** Notices that wait to be told together, by key. */
  readonly groups: ReadonlyMap<string, NoticeGroup>;
  /** Keys of groups that changed. */
  readonly changedGroups: ReadonlySet<string>;
  readonly notices: readonly NewNotice[];
  readonly world: FlowWorld;
}

/** What stages ask about what they do not hold. */
export interface FlowWorld {
  readonly createId: IdMaker;
  /** What a subject hangs on: those it depends on, and its host. */
  readonly parentsOf: (subject: Subject) => readonly Subject[];
  /** How many notices a channel was told by a route within the last hour, and when the oldest of them was. */
  readonly recent: (target: Target) => { readonly count: number; readonly oldestAt: number | null };
  /** An incident that is no longer open but waits in a group. */
  readonly incident: (id: Incident["id"]) => Incident | undefined;
  /** An incident as people are told of it. */
  readonly describe: (incident: Incident) => NoticeIncident;
}

/** One step of deciding who is told. */
export type Stage = (flow: Flow) => Flow;

/** A stage that looks at each incident by itself. */
export function eachItem(decide: (item: FlowItem, flow: Flow) => FlowItem): Stage {
  return (flow) => ({ ...flow, items: flow.items.map((item) => decide(item, flow)) });
}

/** The item, looked at again at a time at the latest. */
export function wakeBy(item: FlowItem, at: number | null): FlowItem {
  if (at === null || (item.wakeAt !== null && item.wakeAt <= at)) return item;
  return { ...item, wakeAt: at };
}

/** The item with something to tell. */
export function tell(item: FlowItem, target: Target, kind: NoticeKind): FlowItem {
  return { ...item, tells: [...item.tells, { target, kind }] };
}

/** The incident, remembering that a channel was told how it is now. */
export function rememberTold(incident: Incident, key: string, now: number): Incident {
  const former = incident.flow.told[key];
  const told: Told = {
    firstAt: former?.firstAt ?? now,
    at: now,
    severity: incident.severity,
    affected: incident.subjects.length + incident.flow.suspected,
    acknowledged: incident.acknowledgedAt !== null,
    flapping: incident.flapping,
    resolved: incident.resolvedAt !== null,
  };
  const flow = { ...incident.flow, told: { ...incident.flow.told, [key]: told } };
  return { ...incident, flow };
}

/** Troubles that tell of something past: told once, when it is over. */
const pastRules: ReadonlySet<string> = new Set(["own_network", "clock_jumped"]);

/** Whether an incident tells of something that is over when it is noticed. */
export function isOfThePast({ troubles }: Incident): boolean {
  return troubles.every(({ rule }) => pastRules.has(rule));
}

/** A notice without its id and time. */
export type NoticeText = Pick<Notice, "kind" | "title" | "text" | "incidents" | "more">;
