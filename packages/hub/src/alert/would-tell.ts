/**
 * Who would be told if something were in trouble: a made-up incident goes through the real stages, at first and whenever
 * they would look at it again, while nobody does anything about it. Pure; nothing is kept.
 */
import type { AlertStage, NoticeKind, Severity } from "@belfry/contract";
import type { AlertPolicy, AlertRoute } from "../model/alert-policy.ts";
import type { Incident, Subject, SuppressedBy } from "../model/incident.ts";
import { matchedLabels } from "../model/incident.ts";
import { matches } from "../model/matcher.ts";
import { windowAt } from "../model/maintenance-window.ts";
import type { ChannelId, NoticeGroup } from "../model/notice.ts";
import { spanText } from "../model/span-text.ts";
import { correlate } from "./correlate.ts";
import { decide } from "./decide.ts";
import type { Flow, FlowWorld } from "./flow.ts";
import { namedStages } from "./stages.ts";
import { covers } from "./stages/maintenance.ts";
import { routesOf } from "./stages/routing.ts";

/** A trouble that is supposed to begin at `at` (epoch ms). */
export interface Supposed {
  readonly subject: Subject;
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  /** Of the subject and the rule. */
  readonly labels: Readonly<Record<string, string>>;
  readonly at: number;
}

/** What is known while it is asked. */
export interface PresentState extends Pick<FlowWorld, "createId" | "parentsOf" | "describe"> {
  readonly policy: AlertPolicy;
  /** Incidents that are open. */
  readonly open: readonly Incident[];
  /** Notices of the last hour: `<route>|<channel>` and when, ascending. */
  readonly recent: readonly { readonly key: string; readonly at: number }[];
}

/** What a stage did at first. */
export interface StageReport {
  readonly stage: AlertStage;
  readonly result: "passed" | "suppressed" | "decided" | "not_reached";
  readonly text: string;
  readonly found: readonly {
    readonly kind: "maintenance" | "incident" | "silence" | "alert_route";
    readonly id: string;
    readonly name: string;
  }[];
}

/** Something a channel would be told; times are epoch ms. */
export interface WouldBeTold {
  readonly at: number;
  readonly kind: NoticeKind;
  /** `default`: no route is responsible. */
  readonly route: string;
  readonly channelId: ChannelId;
  /** Of reminders: how often from then on. */
  readonly everySeconds: number | null;
  readonly why: string | null;
}

export interface Prospect {
  /** What matchers see. */
  readonly labels: Readonly<Record<string, string>>;
  readonly suppressed: { readonly by: SuppressedBy; readonly why: string } | null;
  readonly stages: readonly StageReport[];
  /** The routes that are responsible at first; none: the default channels. */
  readonly routes: readonly AlertRoute[];
  readonly told: readonly WouldBeTold[];
  /** Told things are followed up to then, epoch ms. */
  readonly until: number;
}

/** So far ahead is looked, ms: escalations take at most as long. */
const horizonMs = 31 * 86_400_000;
/** Looks at it again, at most; what changes so often is followed for a shorter time. */
const mostLooks = 500;
const hourMs = 3_600_000;

/** Finds who would be told, what and when. */
export function wouldTell(supposed: Supposed, present: PresentState): Prospect {
  const incident = supposedIncident(supposed, present);
  const first = firstLook(incident, supposed.at, present);
  const [trouble] = incident.troubles;
  return {
    labels: trouble === undefined ? {} : matchedLabels(trouble),
    suppressed: first.suppressed,
    stages: first.stages,
    routes: routesOf(incident, present.policy, supposed.at),
    ...follow(incident, supposed.at, present),
  };
}

const nothingKnown = {
  byKey: () => undefined,
  bySubject: () => [],
  byTie: () => [],
  hasTie: () => false,
};

/** An incident of its own: how it would be put together with others depends on what fails with it. */
function supposedIncident(supposed: Supposed, { createId }: PresentState): Incident {
  const { subject, rule, severity, message, labels, at } = supposed;
  const signal = {
    key: `would-tell:${rule}:${subject.kind}:${subject.id}`,
    state: "raised",
    rule,
    subject,
    severity,
    at,
    decidedAt: at,
    message,
    reason: null,
    evidence: {},
    labels,
  } as const;
  const opened = correlate(signal, { book: nothingKnown, ties: [], createId });
  if (opened === null) throw new Error("a trouble that nothing is known of opened no incident");
  return opened;
}

function flowOf(incident: Incident, now: number, present: PresentState): Flow {
  const { policy, open } = present;
  return {
    now,
    policy,
    open: [...open, incident],
    items: [{ incident, suppressed: null, targets: [], tells: [], wakeAt: null }],
    groups: new Map(),
    changedGroups: new Set(),
    notices: [],
    world: worldOf(present, present.recent, now),
  };
}

function worldOf(
  { createId, parentsOf, describe }: PresentState,
  told: readonly { readonly key: string; readonly at: number }[],
  now: number,
  incident?: Incident,
): FlowWorld {
  return {
    createId,
    parentsOf,
    describe,
    recent({ key }) {
      const times = told.filter((one) => one.key === key && one.at > now - hourMs);
      return { count: times.length, oldestAt: times[0]?.at ?? null };
    },
    incident: (id) => (incident?.id === id ? incident : undefined),
  };
}

/** What each stage does with it, one after the other. */
function firstLook(
  incident: Incident,
  now: number,
  present: PresentState,
): Pick<Prospect, "suppressed" | "stages"> {
  let flow = flowOf(incident, now, present);
  const stages: StageReport[] = [];
  for (const { name, stage } of namedStages) {
    const before = flow;
    flow = stage(before);
    if (name !== "outbox") stages.push(reportOf(name, before, flow));
  }
  return { suppressed: flow.items[0]?.suppressed ?? null, stages };
}

function reportOf(stage: AlertStage, before: Flow, after: Flow): StageReport {
  const was = before.items[0];
  const item = after.items[0];
  if (was === undefined || item === undefined) throw new Error("the incident left the stages");
  const report = (
    result: StageReport["result"],
    text: string,
    found: StageReport["found"] = [],
  ) => ({
    stage,
    result,
    text,
    found,
  });
  if (was.suppressed !== null) return report("not_reached", "a stage before it suppresses");
  if (item.suppressed !== null) {
    const found = suppressors(item.incident, after);
    return report("suppressed", `${names[item.suppressed.by]}: ${item.suppressed.why}`, found);
  }
  switch (stage) {
    case "maintenance":
      return report("passed", "no maintenance window is open for it");
    case "inhibition":
      return report("passed", "nothing it hangs on is in trouble");
    case "silence":
      return report("passed", "no silence is for it");
    case "routing": {
      const routes = routesOf(item.incident, after.policy, after.now);
      const found = routes.map(
        ({ id, route }) => ({ kind: "alert_route", id, name: route.name }) as const,
      );
      const count = `${item.targets.length} ${item.targets.length === 1 ? "channel" : "channels"}`;
      const by = routes.length === 0 ? "no route matches: the default channels" : "routes match";
      return report("decided", `${by}, ${count}`, found);
    }
    case "grouping":
    case "throttle": {
      const waits = [...after.changedGroups].filter((key) => !before.changedGroups.has(key));
      if (waits.length === 0) return report("passed", "it is told at once");
      const dueAt = Math.max(...waits.map((key) => after.groups.get(key)?.dueAt ?? after.now));
      const seconds = Math.round((dueAt - after.now) / 1000);
      const what =
        stage === "grouping" ? "it waits for others of its group" : "it waits for a digest";
      return report("decided", `${what}, ${spanText(seconds)}`);
    }
    case "reminder": {
      const every = secondsOf(item.targets.map(({ terms }) => terms.remind_seconds));
      if (every.length === 0) return report("passed", "nobody is reminded");
      return report("decided", `told again every ${every.map(spanText).join(" and ")}`);
    }
    case "escalation": {
      const after_ = item.targets.flatMap(({ terms }) =>
        terms.escalation.map((step) => step.after_seconds),
      );
      const steps = secondsOf(after_);
      if (steps.length === 0) return report("passed", "nobody else is told later");
      return report("decided", `others are told after ${steps.map(spanText).join(" and ")}`);
    }
  }
}

const names = {
  maintenance: "maintenance",
  inhibition: "hangs on something in trouble",
  silence: "silenced",
  snooze: "snoozed",
} as const satisfies Record<SuppressedBy, string>;

function secondsOf(list: readonly (number | null)[]): readonly number[] {
  const all = list.filter((one) => one !== null);
  return [...new Set(all)].toSorted((a, b) => a - b);
}

/** What a stage found that it suppresses for. */
function suppressors(incident: Incident, { policy, now, open, items }: Flow): StageReport["found"] {
  const [trouble] = incident.troubles;
  const suppressed = items[0]?.suppressed;
  if (trouble === undefined || suppressed === null || suppressed === undefined) return [];
  switch (suppressed.by) {
    case "maintenance":
      return policy.maintenance
        .filter(
          (one) => one.enabled && windowAt(one.schedule, now) !== null && covers(one, trouble),
        )
        .map(({ id, name }) => ({ kind: "maintenance", id, name }));
    case "inhibition":
      return open
        .filter(({ id, title }) => id !== incident.id && title === suppressed.why)
        .map(({ id, title }) => ({ kind: "incident", id, name: title }));
    case "silence":
      return policy.silences
        .filter(({ startsAt, endsAt }) => startsAt <= now && now < endsAt)
        .filter(({ matchers }) => matches(matchers, matchedLabels(trouble)))
        .map(({ id, comment }) => ({ kind: "silence", id, name: comment }));
    case "snooze":
      return [];
  }
}

/** Lets time pass from look to look, while nobody acknowledges. */
function follow(
  first: Incident,
  at: number,
  present: PresentState,
): Pick<Prospect, "told" | "until"> {
  const told: WouldBeTold[] = [];
  const counted = [...present.recent];
  let { policy } = present;
  let incident = first;
  let groups: ReadonlyMap<string, NoticeGroup> = new Map();
  let now = at;
  let held: Incident["suppressedBy"] = null;
  for (let looks = 0; looks < mostLooks; looks += 1) {
    const world = worldOf(present, counted, now, incident);
    const open = [...present.open, incident];
    const isGroup = [...groups.values()].some(({ dueAt }) => dueAt <= now);
    const decided = decide({ now, policy, open, incidents: [incident], groups, world });
    incident = decided.incidents[0] ?? incident;
    groups = grownGroups(groups, decided.groups);
    for (const { channelId, route, notice } of decided.notices) {
      counted.push({ key: `${route}|${channelId}`, at: now });
      const every = notice.kind === "reminder" ? remindSecondsOf(policy, route) : null;
      const why = whyOf(notice.kind, { isLate: now > at, isGroup, held });
      told.push({ at: now, kind: notice.kind, route, channelId, everySeconds: every, why });
    }
    policy = withoutReminders(policy, decided.notices);
    held = incident.suppressedBy ?? held;
    // It ends with the other incident, and nobody knows when that is.
    const next = incident.suppressedBy === "inhibition" ? null : nextLook(incident, groups);
    if (next === null) return { told, until: at + horizonMs };
    if (next > at + horizonMs) return { told, until: at + horizonMs };
    now = Math.max(next, now + 1);
  }
  return { told, until: now };
}

function grownGroups(
  groups: ReadonlyMap<string, NoticeGroup>,
  changed: readonly NoticeGroup[],
): ReadonlyMap<string, NoticeGroup> {
  const all = new Map([...groups, ...changed.map((one) => [one.key, one] as const)]);
  return new Map([...all].filter(([, { entries }]) => entries.length > 0));
}

function nextLook(incident: Incident, groups: ReadonlyMap<string, NoticeGroup>): number | null {
  const times = [...groups.values()].map(({ dueAt }) => dueAt);
  if (incident.wakeAt !== null) times.push(incident.wakeAt);
  return times.length === 0 ? null : Math.min(...times);
}

function whyOf(
  kind: NoticeKind,
  late: {
    readonly isLate: boolean;
    readonly isGroup: boolean;
    readonly held: Incident["suppressedBy"];
  },
): string | null {
  switch (kind) {
    case "reminder":
      return "it lasts, and nobody acknowledged it";
    case "escalated":
      return "nobody acknowledged it";
    case "digest":
      return "it is gathered into a digest";
    default:
      if (!late.isLate) return null;
      if (late.held !== null) return endings[late.held];
      return late.isGroup ? "it waits for others of its group" : "the hours of the route begin";
  }
}

const endings = {
  maintenance: "the maintenance window is over then",
  inhibition: "what it hangs on is well then",
  silence: "the silence is over then",
  snooze: "it is not snoozed any more then",
} as const satisfies Record<SuppressedBy, string>;

function remindSecondsOf({ routes }: AlertPolicy, id: string): number | null {
  return routes.find((one) => one.id === id)?.route.remind_seconds ?? null;
}

/** One reminder of a route says it all. */
function withoutReminders(
  policy: AlertPolicy,
  notices: readonly { readonly route: string; readonly notice: { readonly kind: NoticeKind } }[],
): AlertPolicy {
  const reminded = new Set(
    notices.filter(({ notice }) => notice.kind === "reminder").map(({ route }) => route),
  );
  if (reminded.size === 0) return policy;
  const routes = policy.routes.map((one) =>
    reminded.has(one.id) ? { ...one, route: { ...one.route, remind_seconds: null } } : one,
  );
  return { ...policy, routes };
}
