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

/** Tells once something was done. */
async function telling<R>(done: Promise<R>, tell: (result: R) => void): Promise<R> {
  const result = await done;
  tell(result);
  return result;
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
    createKey: (key, audit) => telling(store.createKey(key, audit), keys),
    revokeKey: (id, at, audit) => telling(store.revokeKey(id, at, audit), keys),
    deleteSession: (hash) => telling(store.deleteSession(hash), keys),
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
    commitAlerting: (step) => telling(store.commitAlerting(step), () => hint("incidents")),
    putSignals: (put) => telling(store.putSignals(put), () => signals(put.length)),
    commitRules: (change) =>
      telling(store.commitRules(change), () => signals(change.signals.length)),
    settleNotice: (settled) =>
      telling(store.settleNotice(settled), () => signals(settled.signals.length)),
    takeExternalAlerts: (alerts, now) =>
      telling(store.takeExternalAlerts(alerts, now), (taken) => signals(taken.signals)),
    endExternalAlerts: (fingerprints, now) =>
      telling(store.endExternalAlerts(fingerprints, now), (ended) => signals(ended.signals)),
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
    takeEvents: (events, receivedAt) =>
      telling(store.takeEvents(events, receivedAt), ({ changed, rang }) => {
        runs(changed.length > 0);
        if (rang) hint("signals");
      }),
    loseSilentRuns: (bounds) =>
      telling(store.loseSilentRuns(bounds), (lost) => runs(lost.length > 0)),
    lookAtJobs: (bounds) =>
      telling(store.lookAtJobs(bounds), ({ rang }) => {
        if (rang) hint("signals");
      }),
    changeJob: (id, change, version, audit) =>
      telling(store.changeJob(id, change, version, audit), (done) => runs(done === "updated")),
    deleteJob: (id, version, audit) =>
      telling(store.deleteJob(id, version, audit), (done) => runs(done === "deleted")),
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

/** In a storm another hub decides many times a second, and each time everything that is open is read, ms. */
const readPauseMs = 250;

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
    if (!fleet.hasDuty("rules")) await delay(politeMs, undefined, { ref: false });
    // Troubles of one certificate are one incident: alerting asks which certificate it is.
    await noticing.readTold().finally(() => alerting.wake());
  });
  fleet.onHint(["incidents"], async () => {
    await alerting.look();
    live.incidentsChanged(await readActs());
    await delay(readPauseMs, undefined, { ref: false });
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
  store: Pick<Store, "countRequests" | "claimAnswer" | "releaseAnswer">,
): OtherHubs {
  if (fleet.process === undefined) return noOtherHubs;
  return {
    onKeys: (listener) => fleet.onHint(["keys"], listener),
    counts: { countRequests: (counts) => store.countRequests(counts) },
    claims: {
      claimAnswer: (claim) => store.claimAnswer(claim),
      releaseAnswer: (principal, key) => store.releaseAnswer(principal, key),
    },
  };
}
