/** Incidents, policies and flows for tests of stages. Times are seconds; the flow is at second 1,000 where none is said. */
import type {
  AlertPolicy,
  AlertRoute,
  ChannelSettings,
  MaintenanceWindow,
  Silence,
} from "../model/alert-policy.ts";
import { createId } from "../model/id.ts";
import {
  emptyFlow,
  type Incident,
  type Subject,
  type Told,
  type Trouble,
} from "../model/incident.ts";
import type { NoticeGroup } from "../model/notice.ts";
import { channelOf, describeShortly } from "./alerting.kit.ts";
import type { Flow, FlowItem, FlowWorld, Stage, Target } from "./flow.ts";

/** The same on every run, so that what fails fails again. */
export const nowMs = Date.UTC(2026, 0, 5, 12);

/** Second 1,000 is `nowMs`. */
export const at = (second: number): number => nowMs + (second - 1000) * 1000;

export const monitor = (id: string): Subject => ({ kind: "monitor", id, name: id });

export function troubleOf(over: Partial<Trouble> & { readonly of?: string } = {}): Trouble {
  const { of = "api", ...rest } = over;
  const subject = rest.subject ?? monitor(of);
  const rule = rest.rule ?? "monitor_down";
  return {
    key: `${rule}:${subject.kind}:${subject.id}`,
    rule,
    subject,
    severity: "critical",
    message: "no answer",
    labels: { team: "core" },
    since: at(900),
    until: null,
    ...rest,
  };
}

/** An incident of some troubles; resolved at second 1,000 when none of them lasts. */
export function incidentOf(over: Partial<Incident> = {}): Incident {
  const troubles = over.troubles ?? [troubleOf()];
  const [first] = troubles;
  const subjects = new Map(troubles.map(({ subject }) => [subject.id, subject]));
  return {
    id: createId<"incident">(1),
    title: `${first?.subject.name} is down`,
    severity: first?.severity ?? "critical",
    subjects: [...subjects.values()],
    cause: null,
    troubles,
    labels: first?.labels ?? {},
    openedAt: at(900),
    decidedAt: at(900),
    acknowledgedAt: null,
    acknowledgedBy: null,
    snoozedUntil: null,
    resolvedAt: troubles.every(({ until }) => until !== null) ? nowMs : null,
    suppressedBy: null,
    reason: null,
    message: "no answer",
    evidence: {},
    flapping: false,
    heldUntil: null,
    wakeAt: null,
    flow: emptyFlow,
    revision: 1,
    ...over,
  };
}

/** The same incident, over at second 1,000. */
export function over(incident: Incident): Incident {
  const troubles = incident.troubles.map((one) => ({ ...one, until: nowMs }));
  return { ...incident, troubles, resolvedAt: nowMs };
}

/** The same incident, of which channels were told; by the keys of targets. */
export function toldOf(
  incident: Incident,
  told: Readonly<Record<string, Partial<Told>>>,
): Incident {
  const all = Object.entries(told).map(([key, one]): [string, Told] => [
    key,
    {
      firstAt: one.at ?? at(900),
      at: at(900),
      severity: incident.severity,
      affected: incident.subjects.length,
      acknowledged: false,
      flapping: false,
      resolved: false,
      ...one,
    },
  ]);
  return { ...incident, flow: { ...incident.flow, told: Object.fromEntries(all) } };
}

export const channels = {
  ops: channelOf("ops"),
  night: channelOf("night", { isDefault: false }),
  boss: channelOf("boss", { isDefault: false }),
} as const satisfies Record<string, ChannelSettings>;

export function routeOf(
  name: string,
  over: Partial<Omit<AlertRoute["route"], "channels">> & {
    readonly channels?: readonly ChannelSettings[];
  } = {},
): AlertRoute {
  const { channels: to = [channels.ops], ...rest } = over;
  return {
    // Names are ids of tests, so that keys can be read.
    id: name as AlertRoute["id"],
    version: 1,
    createdAt: 0,
    updatedAt: 0,
    route: {
      name,
      enabled: true,
      position: 0,
      continue: false,
      matchers: [],
      channels: to.map(({ id }) => id),
      active: null,
      group_by: [],
      group_wait_seconds: 0,
      send_resolved: true,
      most_per_hour: 60,
      digest_seconds: null,
      remind_seconds: null,
      escalation: [],
      ...rest,
    },
  };
}

export function matcherOf(name: string, value: string): Silence["matchers"][number] {
  return { name, value, is_regex: false, is_equal: true };
}

export function silenceOf(over: Partial<Silence> = {}): Silence {
  return {
    id: createId<"silence">(1),
    matchers: [matcherOf("team", "core")],
    startsAt: at(0),
    endsAt: at(2000),
    comment: "known",
    createdBy: "key:test",
    version: 1,
    createdAt: 0,
    updatedAt: 0,
    ...over,
  };
}

/** A window for everything from one second to another. */
export function windowOf(
  from: number,
  to: number,
  over: Partial<MaintenanceWindow> = {},
): MaintenanceWindow {
  const iso = (second: number): string => new Date(at(second)).toISOString();
  return {
    id: createId<"maintenance">(1),
    name: "window",
    enabled: true,
    matchers: [],
    monitors: [],
    schedule: { kind: "once", starts_at: iso(from), ends_at: iso(to) },
    description: "",
    version: 1,
    createdAt: 0,
    updatedAt: 0,
    ...over,
  };
}

export interface FlowParts {
  readonly now?: number;
  readonly policy?: Partial<AlertPolicy>;
  readonly incidents: readonly (Incident | FlowItem)[];
  /** Open incidents besides those. */
  readonly others?: readonly Incident[];
  readonly groups?: readonly NoticeGroup[];
  readonly world?: Partial<FlowWorld>;
}

/** A flow as `decide` makes it. */
export function flowOf(parts: FlowParts): Flow {
  const items = parts.incidents.map((one) => ("incident" in one ? one : itemOf(one)));
  const open = [...items.map(({ incident }) => incident), ...(parts.others ?? [])];
  return {
    now: parts.now ?? nowMs,
    policy: {
      channels: Object.values(channels),
      routes: [],
      silences: [],
      maintenance: [],
      ...parts.policy,
    },
    open: open.filter(({ resolvedAt }) => resolvedAt === null),
    items,
    groups: new Map((parts.groups ?? []).map((group) => [group.key, group])),
    changedGroups: new Set(),
    notices: [],
    world: {
      createId,
      parentsOf: () => [],
      recent: () => ({ count: 0, oldestAt: null }),
      incident: () => undefined,
      describe: describeShortly,
      ...parts.world,
    },
  };
}

export function itemOf(incident: Incident, over: Partial<FlowItem> = {}): FlowItem {
  return { incident, suppressed: null, targets: [], tells: [], wakeAt: null, ...over };
}

/** A target of a route; without one, by default. */
export function targetOf(channel: ChannelSettings, route = routeOf("default")): Target {
  return {
    key: `${route.id}|${channel.id}`,
    route: route.id,
    channelId: channel.id,
    terms: route.route,
  };
}

/** What a stage makes of one incident. */
export function through(stage: Stage, parts: FlowParts): FlowItem {
  const [item] = stage(flowOf(parts)).items;
  if (item === undefined) throw new Error("a stage lost an incident");
  return item;
}

/** Seconds, as tests write them; null stays null. */
export const second = (ms: number | null): number | null =>
  ms === null ? null : (ms - nowMs) / 1000 + 1000;

/** `firing ops`, in the order in which they are told. */
export function tellsOf({ tells }: FlowItem): readonly string[] {
  const names = new Map(Object.values(channels).map(({ id, name }) => [id, name]));
  return tells.map(({ kind, target }) => `${kind} ${names.get(target.channelId)}`);
}
