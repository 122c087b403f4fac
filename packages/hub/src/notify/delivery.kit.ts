/** Delivery on a real store in virtual time, with channels that do as they are told. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Type } from "typebox";
import { createPolicyReader } from "../alert-desk.ts";
import { Victim, noFault } from "../alert/faults/victim.kit.ts";
import { VirtualTime } from "../alert/faults/virtual-time.kit.ts";
import type { ChannelSettings } from "../model/alert-policy.ts";
import type { ChannelKind, SendResult } from "../model/channel-kind.ts";
import { createId } from "../model/id.ts";
import type { ChannelId, NewNotice, Notice } from "../model/notice.ts";
import { auditOf, noLog, retention } from "../store/contract/fixtures.ts";
import { createStore } from "../store/open.ts";
import type { Store } from "../store/port.ts";
import { Delivery } from "./delivery.ts";
import { noticeOf } from "./notice.kit.ts";

/** One request: to whom, of what, when (s since the beginning), and the settings it was made with. */
export interface Asked {
  readonly channel: string;
  readonly title: string;
  readonly at: number;
  readonly version: unknown;
}

/** How a channel answers: with a result, later, never, or by throwing. */
export type Answer = (asked: Asked, signal: AbortSignal) => SendResult | Promise<SendResult>;

export interface Trial extends AsyncDisposable {
  readonly store: Store;
  readonly asked: readonly Asked[];
  readonly errors: readonly unknown[];
  /** Channels that were closed. */
  readonly closed: readonly string[];
  /** Chooses how requests are answered from now on. */
  answer: Answer;
  /** Called before each call of the store; what it throws is what delivery is told. `after`: the call is done then. */
  fault: (name: string, when: "before" | "after") => void;
  readonly channel: (name: string, over?: Partial<ChannelSettings>) => Promise<ChannelSettings>;
  readonly change: (
    channel: ChannelSettings,
    over: Partial<ChannelSettings>,
  ) => Promise<ChannelSettings>;
  /** Puts a notice into the outbox. */
  readonly put: (
    channel: ChannelSettings,
    title: string,
    over?: Partial<Notice>,
  ) => Promise<NewNotice>;
  readonly delivery: () => Delivery;
  /** Ends the delivery there is and begins another, as after a restart. */
  readonly restart: () => Promise<void>;
  /** Lets so many seconds pass. */
  readonly pass: (seconds: number) => Promise<void>;
  /** Lets so many seconds pass at once, as on a machine that sleeps. */
  readonly leap: (seconds: number) => Promise<void>;
  /** Lets everything happen that needs no time. */
  readonly calm: () => Promise<void>;
}

export interface TrialSettings {
  readonly limit?: ChannelKind["limit"];
}

const epoch = Date.UTC(2026, 1, 3);

/** Opens one; the store begins empty. */
export async function openTrial({ limit }: TrialSettings = {}): Promise<Trial> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "belfry-delivery-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const database = join(folder, "belfry.db");
  const store = opened.use(await createStore({ database, retention }, { log: noLog }));
  const time = opened.use(new VirtualTime(epoch));
  const watch = new Victim({ point: null, how: "fail", fault: noFault });
  const asked: Asked[] = [];
  const errors: unknown[] = [];
  const closed: string[] = [];
  let current: Delivery | null = null;
  const kind = scriptedKind({
    limit: limit ?? { notices: 1_000, perMs: 1_000 },
    closed,
    send: (one, signal) => {
      const request = { ...one, at: time.monotonicMs() / 1000 };
      asked.push(request);
      return trial.answer(request, signal);
    },
  });
  const watched = watch.wrap(faultyStore(store, (name, when) => trial.fault(name, when)));
  const begin = (): Delivery =>
    new Delivery({
      clock: time,
      store: watched,
      kinds: new Map([[kind.kind, kind]]),
      policy: createPolicyReader(watched, time),
      createId,
      random: () => 1,
      refuseAddress: () => undefined,
      userAgent: "Belfry/0.0.0",
      onSignals: () => undefined,
      onAttempt: () => undefined,
      onError: (error) => errors.push(error),
    });
  const end = async (): Promise<void> => {
    const ending = current?.[Symbol.asyncDispose]();
    current = null;
    await watch.quiet();
    time.moveTo(time.monotonicMs() + 5_000);
    await ending;
  };
  opened.defer(end);
  const resources = opened.move();
  const trial: Trial = {
    ...settingsOf(store, time),
    store,
    asked,
    errors,
    closed,
    answer: () => ({ kind: "sent" }),
    fault: () => undefined,
    delivery: () => (current ??= begin()),
    async restart() {
      await end();
      current = begin();
      current.wake();
      await watch.quiet();
    },
    async pass(seconds) {
      const until = time.monotonicMs() + seconds * 1000;
      await watch.quiet();
      while (time.nextMs <= until) {
        time.moveTo(time.nextMs);
        await watch.quiet();
      }
      time.moveTo(until);
      await watch.quiet();
    },
    async leap(seconds) {
      await watch.quiet();
      time.moveTo(time.monotonicMs() + seconds * 1000);
      await watch.quiet();
    },
    calm: () => watch.quiet(),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
  return trial;
}

function settingsOf(store: Store, time: VirtualTime): Pick<Trial, "channel" | "change" | "put"> {
  return {
    async channel(name, over = {}) {
      const now = time.now();
      const channel: ChannelSettings = {
        id: createId<"channel">(now),
        name,
        kind: "scripted",
        enabled: true,
        isDefault: true,
        isFallback: false,
        settings: { name, version: 1 },
        version: 1,
        createdAt: now,
        updatedAt: now,
        ...over,
      };
      await store.createAlertSetting("channel", channel, auditOf());
      return channel;
    },
    async change(channel, over) {
      const version = channel.version + 1;
      const settings = { name: channel.name, version };
      const changed = { ...channel, settings, ...over, version };
      await store.updateAlertSetting("channel", changed, auditOf());
      return changed;
    },
    async put({ id: channelId }, title, over = {}) {
      const notice = noticeOf({ id: createId(time.now()), at: time.now(), title, ...over });
      const added = { notice, channelId, route: "default", isFallback: false };
      await putNotice(store, added);
      return added;
    },
  };
}

/** Puts a notice into the outbox of a store. */
export async function putNotice(store: Store, notice: NewNotice): Promise<void> {
  const { steps } = await store.alertingState();
  await store.commitAlerting({ after: steps, consumed: [], incidents: [], notices: [notice] });
}

/** The ids of the channels that signals raise or clear, in order. */
export async function signalsOf(store: Store): Promise<readonly string[]> {
  const pending = await store.pendingSignals(99);
  return pending.map(({ signal }) => `${signal.subject.name} ${signal.state}`);
}

/** States of the notices of a channel, oldest first. */
export async function statesOf(store: Store, channelId: ChannelId): Promise<readonly string[]> {
  const kept = await store.notices({ channelId, limit: 99 });
  return kept.toReversed().map(({ state, notice }) => `${notice.title}: ${state}`);
}

function scriptedKind({
  limit,
  closed,
  send,
}: {
  readonly limit: ChannelKind["limit"];
  readonly closed: string[];
  readonly send: (
    asked: Omit<Asked, "at">,
    signal: AbortSignal,
  ) => SendResult | Promise<SendResult>;
}): ChannelKind {
  return {
    kind: "scripted",
    title: "Scripted",
    schema: Type.Object({ name: Type.String(), version: Type.Number() }),
    secrets: [],
    limit,
    parseSettings: (settings) => ({ kind: "ok", value: Object(settings) as object }),
    create(settings) {
      const channel = String(Reflect.get(settings, "name"));
      const version: unknown = Reflect.get(settings, "version");
      return {
        async send({ title }, signal) {
          const result = await send({ channel, title, version }, signal);
          return { result, exchange: { request: "POST", answer: "answer" } };
        },
        [Symbol.asyncDispose]: () => Promise.resolve(void closed.push(channel)),
      };
    },
  };
}

function faultyStore(store: Store, fault: (name: string, when: "before" | "after") => void): Store {
  return new Proxy(store, {
    get(target, name, receiver): unknown {
      const found: unknown = Reflect.get(target, name, receiver);
      if (typeof found !== "function" || typeof name !== "string") return found;
      return async (...args: readonly unknown[]) => {
        fault(name, "before");
        const value: unknown = await Reflect.apply(found, target, args);
        fault(name, "after");
        return value;
      };
    },
  });
}
