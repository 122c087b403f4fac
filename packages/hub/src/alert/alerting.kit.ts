/**
 * Alerting as the hub runs it, for tests that play hours in milliseconds: the real store, stages and policy; the clock is
 * the test's. Time goes on from one instant at which something is due to the next, as alerting's own timer would do it.
 */
import assert from "node:assert/strict";
import { createPolicyReader } from "../alert-desk.ts";
import type { ChannelSettings } from "../model/alert-policy.ts";
import { createId } from "../model/id.ts";
import type { Incident, Subject } from "../model/incident.ts";
import type { NoticeIncident } from "../model/notice.ts";
import type { Signal } from "../model/signal.ts";
import { auditOf } from "../store/contract/fixtures.ts";
import { createMemoryStore, type MemoryStore } from "../store/memory.kit.ts";
import { Alerting, type AlertingStore } from "./alerting.ts";
import type { Tie } from "./ties.ts";

/** Midnight, so that minutes of schedules are minutes of the test. */
export const start = Date.UTC(2026, 0, 5);
const minuteMs = 60_000;

export interface AlertingDesk extends AsyncDisposable {
  readonly store: MemoryStore;
  readonly alerting: Alerting;
  /** What the clock shows. */
  readonly minute: number;
  /** The time of a minute, epoch ms. */
  timeOf(minute: number): number;
  /** Goes on to a minute, looking whenever something is due before; at that minute itself only `settle` looks. */
  goTo(minute: number): Promise<void>;
  /** Says that something began or is over, now; not looked at before `settle`. */
  signal(state: Signal["state"], over?: Partial<Signal>): Promise<void>;
  /** Looks at what there is now. */
  settle(): Promise<void>;
  /** Ends the process, as far as alerting is concerned. */
  stop(): Promise<void>;
  /** Starts it again, and looks. */
  restart(): Promise<void>;
  /** Everything decided so far: `10 firing ops`, with the minute and the channel. */
  told(): Promise<readonly string[]>;
}

export interface DeskParts {
  /** Fails the test when left out. */
  readonly onError?: (error: unknown) => void;
  readonly onIncidents?: (incidents: readonly Incident[]) => void;
  readonly tiesOf?: (subject: Subject) => readonly Tie[];
  readonly parentsOf?: (subject: Subject) => readonly Subject[];
  readonly channels?: readonly ChannelSettings[];
}

/** Makes a desk at minute 0 with a default channel named `ops`. */
export async function createDesk(parts: DeskParts = {}): Promise<AlertingDesk> {
  const store = await createMemoryStore();
  const channels = parts.channels ?? [channelOf("ops")];
  for (const one of channels) await store.createAlertSetting("channel", one, auditOf());
  const names = new Map(channels.map(({ id, name }) => [id, name]));
  const time = { now: start };
  const make = (): Alerting => createAlerting(store, time, parts);
  let alerting = make();
  const timeOf = (minute: number): number => start + minute * minuteMs;

  async function settle(): Promise<void> {
    alerting.wake();
    await alerting.comment(createId<"incident">(0), "", "");
    alerting.wake();
    await alerting.comment(createId<"incident">(0), "", "");
  }

  return {
    store,
    get alerting() {
      return alerting;
    },
    get minute() {
      return (time.now - start) / minuteMs;
    },
    timeOf,
    settle,
    async goTo(minute) {
      const end = timeOf(minute);
      for (;;) {
        const next = await nextDue(store, time.now);
        if (next >= end) break;
        time.now = next;
        await settle();
      }
      time.now = end;
    },
    async signal(state, over = {}) {
      await store.putSignals([signalOf(state, time.now, over)]);
    },
    stop: () => alerting[Symbol.asyncDispose](),
    async restart() {
      await alerting[Symbol.asyncDispose]();
      alerting = make();
      await settle();
    },
    async told() {
      const notices = await store.notices({ limit: 1000 });
      return notices.toReversed().map(({ notice, channelId }) => {
        const minute = Math.round(((notice.at - start) / minuteMs) * 100) / 100;
        return `${minute} ${notice.kind} ${names.get(channelId) ?? "a channel that is gone"}`;
      });
    },
    async [Symbol.asyncDispose]() {
      await alerting[Symbol.asyncDispose]();
      store[Symbol.dispose]();
    },
  };
}

/** When the next incident or group is due; bounds how far it lies ahead, so that a clock that does not advance is seen. */
async function nextDue(store: MemoryStore, now: number): Promise<number> {
  const { incidents, groups } = await store.alertingState();
  const times = [
    ...incidents.flatMap(({ wakeAt }) => wakeAt ?? []),
    ...groups.map(({ dueAt }) => dueAt),
  ];
  const next = Math.min(Number.POSITIVE_INFINITY, ...times);
  assert.ok(next > now, `something is due at ${next} and was not looked at by ${now}`);
  return next;
}

/** Alerting on a store, by a clock that the test sets. */
export function createAlerting(
  store: AlertingStore & Parameters<typeof createPolicyReader>[0],
  time: { readonly now: number },
  { tiesOf = () => [], parentsOf = () => [], onError, onIncidents }: DeskParts = {},
): Alerting {
  const clock = { now: () => time.now };
  return new Alerting({
    clock,
    store,
    createId,
    policy: createPolicyReader(store, clock),
    subjectOf: () => undefined,
    tiesOf,
    parentsOf,
    checkSiblings: () => null,
    describe: describeShortly,
    onIncidents: onIncidents ?? (() => undefined),
    onNotices: () => undefined,
    onError: onError ?? ((error) => assert.fail(String(error))),
  });
}

/** An incident as people are told of it, without what tests of deciding do not look at. */
export function describeShortly(incident: Incident): NoticeIncident {
  const { id, title, severity, message, subjects, labels } = incident;
  return {
    id,
    status: incident.resolvedAt === null ? "firing" : "resolved",
    severity,
    title,
    message,
    cause: null,
    subjects: subjects.slice(0, 10).map((subject) => ({ ...subject, target: null })),
    affected: subjects.length,
    labels,
    facts: [],
    openedAt: incident.openedAt,
    acknowledgedAt: incident.acknowledgedAt,
    acknowledgedBy: incident.acknowledgedBy,
    resolvedAt: incident.resolvedAt,
    links: null,
  };
}

export function channelOf(name: string, over: Partial<ChannelSettings> = {}): ChannelSettings {
  return {
    id: createId<"channel">(1),
    name,
    kind: "webhook",
    enabled: true,
    isDefault: true,
    isFallback: false,
    settings: {},
    version: 1,
    createdAt: 0,
    updatedAt: 0,
    ...over,
  };
}

/** `api is down`, or no longer. */
export function signalOf(state: Signal["state"], at: number, over: Partial<Signal> = {}): Signal {
  const subject = over.subject ?? { kind: "monitor", id: "api", name: "api" };
  const rule = over.rule ?? "monitor_down";
  return {
    key: `${rule}:${subject.kind}:${subject.id}`,
    state,
    rule,
    subject,
    severity: "critical",
    at,
    decidedAt: at,
    message: "no answer",
    reason: "timeout",
    evidence: {},
    labels: { team: "core" },
    ...over,
  };
}
