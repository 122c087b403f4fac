/**
 * What hubs on one database tell one another, so that what is done at one holds at all of them at once: whoever changed
 * something in the store says of which sort it was, and the others look. Whoever misses a hint looks a few seconds later.
 *
 * | done at one hub                                          | hint        | the others                                     |
 * | -------------------------------------------------------- | ----------- | ---------------------------------------------- |
 * | channels, routes, rules, silences, maintenance changed   | `policy`    | look at open incidents and the outbox anew     |
 * | a step of alerting, acts of people on incidents          | `incidents` | read incidents anew, and look after them       |
 * | signals about something beside monitors                  | `signals`   | decide, should the hub that took them not      |
 * | keys made or revoked, sessions ended                     | `keys`      | let nobody in by what they remember            |
 * | runs taken in or lost, jobs changed                      | `runs`      | show them                                      |
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Alerting } from "./alert/alerting.ts";
import { noOtherHubs, type OtherHubs } from "./api/access/other-hubs.ts";
import type { Fleet } from "./fleet/port.ts";
import type { HintTopic } from "./model/fleet.ts";
import { parseId, type IncidentId } from "./model/id.ts";
import type { Store } from "./store/port.ts";

/** A store whose changes are told to others; see the table above. */
export function withHints(store: Store, hint: (topic: HintTopic) => void): Store {
  return {
    ...store,
    ...settingHints(store, hint),
    ...alertHints(store, hint),
    ...jobHints(store, hint),
  };
}

/** Calls, then tells when it changed something. */
function telling<A extends readonly unknown[], R>(
  call: (...args: A) => Promise<R>,
  tell: (result: R, ...args: A) => void,
): (...args: A) => Promise<R> {
  return async (...args) => {
    const result = await call(...args);
    tell(result, ...args);
    return result;
  };
}

type SettingCalls = Pick<
  Store,
  | "createAlertSetting"
  | "updateAlertSetting"
  | "deleteAlertSetting"
  | "createKey"
  | "revokeKey"
  | "deleteSession"
>;

function settingHints(store: Store, hint: (topic: HintTopic) => void): SettingCalls {
  const keys = (): void => hint("keys");
  return {
    async createAlertSetting(kind, setting, audit) {
      await store.createAlertSetting(kind, setting, audit);
      hint("policy");
    },
    async updateAlertSetting(kind, setting, audit) {
      const result = await store.updateAlertSetting(kind, setting, audit);
      if (result === "updated") hint("policy");
      return result;
    },
    async deleteAlertSetting(kind, id, version, audit) {
      const result = await store.deleteAlertSetting(kind, id, version, audit);
      if (result === "deleted") hint("policy");
      return result;
    },
    createKey: telling(store.createKey, keys),
    revokeKey: telling(store.revokeKey, keys),
    deleteSession: telling(store.deleteSession, keys),
  };
}

type AlertCalls = Pick<
  Store,
  | "commitAlerting"
  | "putSignals"
  | "commitRules"
  | "settleNotice"
  | "takeExternalAlerts"
  | "endExternalAlerts"
>;

function alertHints(store: Store, hint: (topic: HintTopic) => void): AlertCalls {
  const signals = (count: number): void => {
    if (count > 0) hint("signals");
  };
  return {
    commitAlerting: telling(store.commitAlerting, () => hint("incidents")),
    putSignals: telling(store.putSignals, (_, put) => signals(put.length)),
    commitRules: telling(store.commitRules, (_, change) => signals(change.signals.length)),
    settleNotice: telling(store.settleNotice, (_, settled) => signals(settled.signals.length)),
    takeExternalAlerts: telling(store.takeExternalAlerts, (taken) => signals(taken.signals)),
    endExternalAlerts: telling(store.endExternalAlerts, (ended) => signals(ended.signals)),
  };
}

type JobCalls = Pick<
  Store,
  "takeEvents" | "loseSilentRuns" | "lookAtJobs" | "changeJob" | "deleteJob"
>;

function jobHints(store: Store, hint: (topic: HintTopic) => void): JobCalls {
  const runs = (isChanged: boolean): void => {
    if (isChanged) hint("runs");
  };
  return {
    takeEvents: telling(store.takeEvents, ({ changed, rang }) => {
      runs(changed.length > 0);
      if (rang) hint("signals");
    }),
    loseSilentRuns: telling(store.loseSilentRuns, (lost) => runs(lost.length > 0)),
    lookAtJobs: telling(store.lookAtJobs, ({ rang }) => {
      if (rang) hint("signals");
    }),
    changeJob: telling(store.changeJob, (result) => runs(result === "updated")),
    deleteJob: telling(store.deleteJob, (result) => runs(result === "deleted")),
  };
}

export interface OtherHubsParts {
  readonly fleet: Pick<Fleet, "process" | "hasDuty" | "onHint">;
  readonly store: Pick<Store, "auditEntries">;
  readonly alerting: Pick<Alerting, "wake" | "look">;
  readonly delivery: { wake(): void };
  readonly noticing: { readTold(): Promise<void> };
  readonly live: { incidentsChanged(ids: readonly IncidentId[]): void };
}

/**
 * One hub is enough to decide, and two that do it at the same time are one that does it in vain: all but one of them let
 * the others go first for so long, ms.
 */
const politeMs = 250;

/** Looks at what other hubs did about alerts, from now on. */
export function followOtherHubs({
  fleet,
  store,
  alerting,
  delivery,
  noticing,
  live,
}: OtherHubsParts): void {
  if (fleet.process === undefined) return;
  const readActs = createActReader(store);
  fleet.onHint(["signals"], async () => {
    if (!fleet.hasDuty("rules")) await delay(politeMs);
    // Troubles of one certificate are one incident: alerting asks which certificate it is.
    await noticing.readTold().finally(() => alerting.wake());
  });
  fleet.onHint(["incidents"], async () => {
    await alerting.look();
    live.incidentsChanged(await readActs());
  });
  fleet.onHint(["policy"], () => {
    alerting.wake();
    delivery.wake();
  });
  fleet.onHint(["notices"], () => delivery.wake());
}

const mostActs = 100;

/** Incidents that people did something to since the last reading, also where it left them as they were: comments. */
function createActReader(store: Pick<Store, "auditEntries">): () => Promise<readonly IncidentId[]> {
  let newest: number | null = null;
  return async () => {
    const entries = await store.auditEntries({ limit: mostActs });
    const former = newest;
    newest = entries[0]?.sequence ?? newest ?? 0;
    if (former === null) return [];
    const acts = entries.filter(
      ({ sequence, resource }) => sequence > former && resource === "incident",
    );
    return [...new Set(acts.flatMap(({ resourceId }) => parseId<"incident">(resourceId) ?? []))];
  };
}

/** What the API knows of other hubs. */
export function otherHubsOf(
  fleet: Pick<Fleet, "process" | "onHint">,
  store: Pick<Store, "countRequests">,
): OtherHubs {
  if (fleet.process === undefined) return noOtherHubs;
  return {
    onKeys: (listener) => fleet.onHint(["keys"], listener),
    counts: { countRequests: (counts) => store.countRequests(counts) },
  };
}
