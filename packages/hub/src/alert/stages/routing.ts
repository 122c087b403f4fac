/**
 * Who is told of an incident, and what is new for each of them. The first route that matches decides, those behind it only
 * where it says `continue`; what no route is responsible for goes to the default channels. Who was told that something
 * began is told that it is over, whatever the routes say by then; who was not told hears nothing of its end.
 */
import type { NoticeKind } from "@belfry/contract";
import type { AlertPolicy, AlertRoute } from "../../model/alert-policy.ts";
import {
  compareSeverity,
  matchedLabels,
  openTroubles,
  type Incident,
  type Told,
} from "../../model/incident.ts";
import { matches } from "../../model/matcher.ts";
import type { ChannelId } from "../../model/notice.ts";
import { isActive, nextChange } from "../../model/week-hours.ts";
import { eachItem, isOfThePast, tell, wakeBy } from "../flow.ts";
import type { FlowItem, RouteTerms, Stage, Target } from "../flow.ts";

/** How channels are told that no route speaks of. */
const defaultTerms: RouteTerms = {
  group_by: [],
  group_wait_seconds: 0,
  send_resolved: true,
  most_per_hour: 60,
  digest_seconds: null,
  remind_seconds: null,
  escalation: [],
};
/** That more are affected is told when they have doubled, and not more often than this, ms. */
const growthMs = 60_000;

/** Chooses who is told, and what. */
export const routing: Stage = eachItem((item, { now, policy }) => {
  const { incident } = item;
  const reach = targetsOf(incident, policy, now);
  const known = toldTargets(incident, policy, reach);
  const targets = item.suppressed === null ? reach : [];
  let next: FlowItem = wakeBy({ ...item, targets }, nextHours(incident, policy, now));
  if (incident.heldUntil !== null && incident.heldUntil > now) {
    return wakeBy({ ...next, targets: [] }, incident.heldUntil);
  }
  for (const target of [...targets, ...known.filter((one) => !hasChannel(targets, one))]) {
    const told = toldOf(incident, target.channelId);
    const isTarget = hasChannel(targets, target);
    const kind = newsOf(incident, told, isTarget, now);
    if (kind !== null) next = tell(next, target, kind);
    else if (isTarget && told !== undefined && hasGrown(incident, told)) {
      next = wakeBy(next, told.at + growthMs);
    }
  }
  return next;
});

/** What is new for a channel; null: nothing. */
function newsOf(
  incident: Incident,
  told: Told | undefined,
  isTarget: boolean,
  now: number,
): NoticeKind | null {
  if (told === undefined) {
    if (!isTarget) return null;
    return incident.resolvedAt === null || isOfThePast(incident) ? "firing" : null;
  }
  if (incident.resolvedAt !== null) {
    return told.resolved || isOfThePast(incident) ? null : "resolved";
  }
  if (incident.acknowledgedAt !== null && !told.acknowledged) return "acknowledged";
  if (!isTarget) return null;
  if (told.severity !== incident.severity) return "changed";
  if (incident.flapping && !told.flapping) return "changed";
  return hasGrown(incident, told) && now - told.at >= growthMs ? "changed" : null;
}

function hasGrown(incident: Incident, told: Told): boolean {
  return incident.resolvedAt === null && incident.subjects.length >= 2 * told.affected;
}

function hasChannel(targets: readonly Target[], { channelId }: Target): boolean {
  return targets.some((one) => one.channelId === channelId);
}

/** What a channel was told last of an incident, by whichever route: it is not told anew because another one leads to it. */
export function toldOf({ flow }: Incident, channelId: ChannelId): Told | undefined {
  const all = Object.entries(flow.told).flatMap(([key, told]) =>
    key.endsWith(`|${channelId}`) ? [told] : [],
  );
  return all.reduce<Told | undefined>(
    (last, one) => (last === undefined || one.at >= last.at ? one : last),
    undefined,
  );
}

/** When hours of a route begin or end that is responsible for an incident then, or no longer; null: never. */
function nextHours(incident: Incident, { routes }: AlertPolicy, now: number): number | null {
  if (incident.resolvedAt !== null) return null;
  const labels = routingLabels(incident);
  const times = routes.flatMap(({ route: { enabled, active, matchers } }) => {
    if (!enabled || active === null || !matches(matchers, labels)) return [];
    return nextChange(active.hours, active.timezone, now) ?? [];
  });
  return times.length === 0 ? null : Math.min(...times);
}

/** The channels of the routes that match at an instant, each once. */
export function targetsOf(incident: Incident, policy: AlertPolicy, now: number): readonly Target[] {
  const routes = routesOf(incident, policy, now);
  const found =
    routes.length === 0
      ? policy.channels
          .filter(({ isDefault }) => isDefault)
          .map(({ id }) => targetOf("default", id, defaultTerms))
      : routes.flatMap(({ id, route }) =>
          route.channels.map((channel) => targetOf(id, channel, route)),
        );
  const enabled = usableChannels(policy, incident);
  const seen = new Set<ChannelId>();
  const usable = found.filter(({ channelId }) => {
    if (seen.has(channelId) || !enabled.has(channelId)) return false;
    seen.add(channelId);
    return true;
  });
  const isOwn = found.some(({ channelId }) => isAbout(incident, channelId));
  return usable.length === 0 && isOwn ? othersOf(policy, enabled) : usable;
}

/** Trouble of the only channel that would be told of it: the fallback channels are told, or else every other one. */
function othersOf({ channels }: AlertPolicy, enabled: ReadonlySet<ChannelId>): readonly Target[] {
  const others = channels.filter(({ id }) => enabled.has(id));
  const fallbacks = others.filter(({ isFallback }) => isFallback);
  const told = fallbacks.length > 0 ? fallbacks : others;
  return told.map(({ id }) => targetOf("default", id, defaultTerms));
}

/** The routes that match at an instant, in their order. */
export function routesOf(
  incident: Incident,
  { routes }: AlertPolicy,
  now: number,
): readonly AlertRoute[] {
  const labels = routingLabels(incident);
  const found: AlertRoute[] = [];
  for (const one of routes) {
    const { route } = one;
    if (!route.enabled || !matches(route.matchers, labels)) continue;
    if (route.active !== null && !isActive(route.active.hours, route.active.timezone, now)) {
      continue;
    }
    found.push(one);
    if (!route.continue) break;
  }
  return found;
}

/** Labels of the trouble that is believed to be the cause, or else of the worst. */
function routingLabels(incident: Incident): Readonly<Record<string, string>> {
  const open = openTroubles(incident);
  const troubles = open.length > 0 ? open : incident.troubles;
  const cause = incident.cause?.subject;
  const [worst] = troubles.toSorted((a, b) => compareSeverity(a.severity, b.severity));
  const chosen =
    troubles.find(({ subject }) => subject.kind === cause?.kind && subject.id === cause.id) ??
    worst;
  return chosen === undefined
    ? { ...incident.labels, severity: incident.severity }
    : { ...matchedLabels(chosen), severity: incident.severity };
}

/** Channels that are switched on. A channel is not told of its own trouble: it could not say it. */
export function usableChannels(
  { channels }: AlertPolicy,
  incident: Incident,
): ReadonlySet<ChannelId> {
  const usable = channels.filter(({ id, enabled }) => enabled && !isAbout(incident, id));
  return new Set(usable.map(({ id }) => id));
}

function isAbout({ subjects }: Incident, channelId: ChannelId): boolean {
  return subjects.some(({ kind, id }) => kind === "belfry" && id === `channel:${channelId}`);
}

function targetOf(route: string, channelId: ChannelId, terms: RouteTerms): Target {
  return { key: `${route}|${channelId}`, route, channelId, terms };
}

/** Channels that were told of the incident before and may not be reached by the routes any more, by what told them last. */
function toldTargets(
  incident: Incident,
  policy: AlertPolicy,
  reach: readonly Target[],
): readonly Target[] {
  const { told } = incident.flow;
  const byTime = Object.keys(told).toSorted((a, b) => (told[b]?.at ?? 0) - (told[a]?.at ?? 0));
  const found = new Map<ChannelId, Target>();
  for (const key of byTime) {
    const target = targetOfKey(key, policy);
    if (target === null || found.has(target.channelId)) continue;
    const here = reach.find(({ channelId }) => channelId === target.channelId);
    found.set(target.channelId, here ?? target);
  }
  return [...found.values()];
}

/** The target that a key begins with: `<route or default>|<channel>`; null when its channel is gone or switched off. */
export function targetOfKey(key: string, { routes, channels }: AlertPolicy): Target | null {
  const [route = "", id = ""] = key.split("|");
  const channel = channels.find((one) => one.id === id && one.enabled);
  if (channel === undefined) return null;
  const terms = routes.find((one) => one.id === route)?.route ?? defaultTerms;
  return targetOf(route, channel.id, terms);
}
