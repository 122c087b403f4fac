/**
 * The outbox's way out: hands each notice to its channel until it is taken, refused, or a day has passed. Channels are told
 * side by side, each one notice at a time and no faster than its provider allows. What was sent is written down before the
 * next is sent, and what cannot be written is kept here and written again, not sent again: only a process that ends in
 * between leaves each channel at most one notice that is sent twice.
 *
 * `retry`: again after 1 s, 2 s, 4 s … up to 5 min (a random part of it), or as the provider asks. `misconfigured`: again
 * every minute, and at once when somebody changes the settings. `refused`: never again. After a day it is given up. What was
 * refused or given up the fallback channels are told. Trouble of a channel is a signal, cleared by the next notice it takes,
 * and when the channel is switched off or deleted.
 */
import type { AlertPolicy, ChannelSettings } from "../model/alert-policy.ts";
import type { ChannelKind, ChannelParts, Sent } from "../model/channel-kind.ts";
import type { Clock } from "../model/clock.ts";
import type { IdMaker } from "../model/id.ts";
import type {
  ChannelId,
  Delivery as Attempt,
  KeptNotice,
  Notice,
  NoticeId,
} from "../model/notice.ts";
import type { Signal } from "../model/signal.ts";
import { graceMs, Line, sendMs, type ChannelTrouble } from "./line.ts";
import {
  attemptOf,
  channelSignal,
  droppedOf,
  giveUpAt,
  insteadOf,
  settlementOf,
  type Settlement,
} from "./settlement.ts";

export interface DeliveryStore {
  dueNotices(query: {
    readonly now: number;
    readonly claimUntil: number;
    readonly claimedBy: string;
    readonly except: readonly ChannelId[];
    readonly anew: readonly ChannelId[];
    readonly limit: number;
  }): Promise<{
    readonly notices: readonly KeptNotice[];
    readonly nextAt: number | null;
    /** All that are not delivered yet. */
    readonly waiting: { readonly count: number; readonly oldestAt: number | null };
  }>;
  releaseNotices(ids: readonly NoticeId[] | "all"): Promise<void>;
  settleNotice(settled: Settlement): Promise<boolean>;
  putSignals(signals: readonly Signal[]): Promise<void>;
}

export interface DeliveryParts extends ChannelParts {
  readonly clock: Clock;
  readonly store: DeliveryStore;
  readonly kinds: ReadonlyMap<string, ChannelKind>;
  readonly policy: () => Promise<Pick<AlertPolicy, "channels">>;
  readonly createId: IdMaker;
  readonly random: () => number;
  /** Told when signals about a channel wait for alerting. */
  readonly onSignals: () => void;
  /** Told of every attempt. */
  readonly onAttempt: (attempt: Attempt, channel: ChannelSettings) => void;
  readonly onError: (error: unknown) => void;
}

/** Nobody else delivers what was handed out for so long, ms. */
const claimMs = 120_000;
const mostAtOnce = 100;
/** A store that fails is asked again after 200 ms, 400 ms … up to 10 s. */
const firstPauseMs = 200;
const longestPauseMs = 10_000;
/** A limit that ends so soon is waited for with the notices in hand, ms. */
const longestHeldMs = 2_000;
/** Looked at at least this often, ms: other hubs put notices in as well, and the wall clock may jump. */
const pollMs = 5_000;

export class Delivery implements AsyncDisposable {
  readonly #parts: DeliveryParts;
  /** Who this is to the store: what it holds nobody else is handed. */
  readonly #name: string;
  readonly #lines = new Map<ChannelId, Line>();
  readonly #sending = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #waiting: { readonly count: number; readonly oldestAt: number | null } = {
    count: 0,
    oldestAt: null,
  };
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #again = false;
  /** Channels that were seen to work: what waits for them is tried at once. */
  readonly #working = new Set<ChannelId>();
  /** Channels that were switched off when it began were looked at. */
  #hasBegun = false;
  #pauseMs = firstPauseMs;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
    this.#name = parts.createId<"delivery">(parts.clock.now());
  }

  /** There may be something to deliver, or settings may have changed; returns at once. */
  wake(): void {
    this.#again = true;
    if (this.#stop.signal.aborted || this.#looking !== null) return;
    this.#looking = this.#look().finally(() => {
      this.#looking = null;
      if (this.#again) this.wake();
    });
  }

  /** Notices that are not delivered yet, as of the last few seconds; none is ever dropped because there are many. */
  get queue(): { readonly depth: number; readonly ageSeconds: number; readonly dropped: number } {
    const { count, oldestAt } = this.#waiting;
    const ageMs = oldestAt === null ? 0 : Math.max(0, this.#parts.clock.now() - oldestAt);
    return { depth: count, ageSeconds: ageMs / 1000, dropped: 0 };
  }

  /** What is wrong with a channel; null while it takes what it is given. */
  trouble(id: ChannelId): ChannelTrouble | null {
    return this.#lines.get(id)?.trouble ?? null;
  }

  /**
   * Sends a message past everything that waits, and tells what came of it. A channel that takes it is tried again at once
   * with what waits, and is no longer in trouble.
   */
  async test(settings: ChannelSettings, notice: Notice): Promise<Sent> {
    const line = this.#lines.get(settings.id) ?? new Line(settings, this.#parts);
    const sent = await line.test(settings, notice);
    if (sent.result.kind !== "sent") return sent;
    if (line.trouble !== null) {
      await this.#tellCleared([settings]);
      line.clear();
      this.#working.add(settings.id);
      this.wake();
    }
    return sent;
  }

  /** Ends what is being sent; what was not answered is sent again after the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#looking;
    await Promise.all(this.#sending);
    for (const line of this.#lines.values()) await line[Symbol.asyncDispose]();
  }

  async #look(): Promise<void> {
    while (this.#again && !this.#stop.signal.aborted) {
      this.#again = false;
      try {
        this.#arm(await this.#handOut());
        this.#pauseMs = firstPauseMs;
      } catch (error) {
        this.#parts.onError(error);
        this.#arm(this.#parts.clock.now() + this.#pauseMs);
        this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
      }
    }
  }

  /** Begins to deliver what is due; answers when to look again, epoch ms. */
  async #handOut(): Promise<number | null> {
    const { clock, store } = this.#parts;
    const { channels } = await this.#parts.policy();
    await this.#forget(channels);
    const changed = this.#takeUp(channels);
    const now = clock.now();
    const handedMs = clock.monotonicMs();
    const { notices, nextAt, waiting } = await store.dueNotices({
      now,
      claimUntil: now + claimMs,
      claimedBy: this.#name,
      except: this.#restingChannels(changed),
      anew: changed.map(({ id }) => id),
      limit: mostAtOnce,
    });
    this.#waiting = waiting;
    for (const settings of changed) this.#renew(settings);
    if (notices.length === mostAtOnce) this.#again = true;
    for (const [id, some] of Map.groupBy(notices, ({ channelId }) => channelId)) {
      const work = this.#deliver(id, some, handedMs).catch((error: unknown) => {
        this.#parts.onError(error);
      });
      this.#sending.add(work);
      void work.finally(() => {
        this.#sending.delete(work);
        this.wake();
      });
    }
    return nextAt;
  }

  /** Ends the trouble of channels that are gone or switched off, and closes them. */
  async #forget(channels: readonly ChannelSettings[]): Promise<void> {
    const enabled = new Set(channels.flatMap((one) => (one.enabled ? [one.id] : [])));
    const over = [...this.#lines.values()].filter(
      (line) => !enabled.has(line.settings.id) && !line.isBusy,
    );
    // What the former process told of a channel that was switched off since, nobody else would take back.
    const off = this.#hasBegun ? [] : channels.filter(({ id }) => !enabled.has(id));
    const troubled = over.flatMap(({ trouble, settings }) => (trouble === null ? [] : [settings]));
    await this.#tellCleared([...off, ...troubled]);
    this.#hasBegun = true;
    for (const line of over) {
      this.#lines.delete(line.settings.id);
      await line[Symbol.asyncDispose]();
    }
  }

  async #tellCleared(channels: readonly ChannelSettings[]): Promise<void> {
    if (channels.length === 0) return;
    const now = this.#parts.clock.now();
    await this.#parts.store.putSignals(
      channels.map((one) => channelSignal(one, "cleared", null, now)),
    );
    this.#parts.onSignals();
  }

  /** Makes lines of new channels; answers those whose settings are others than before, and those that work again. */
  #takeUp(channels: readonly ChannelSettings[]): readonly ChannelSettings[] {
    return channels.filter((settings) => {
      if (!settings.enabled) return false;
      const line = this.#lines.get(settings.id);
      if (line === undefined) this.#lines.set(settings.id, new Line(settings, this.#parts));
      if (line === undefined || line.isBusy) return false;
      return line.settings.version !== settings.version || this.#working.has(settings.id);
    });
  }

  #renew(settings: ChannelSettings): void {
    const line = this.#lines.get(settings.id);
    if (line === undefined) return;
    line.settings = settings;
    line.wakeUp();
    this.#working.delete(settings.id);
  }

  #restingChannels(changed: readonly ChannelSettings[]): readonly ChannelId[] {
    const isChanged = new Set(changed.map(({ id }) => id));
    return [...this.#lines].flatMap(([id, line]) =>
      line.isBusy || (line.restMs > 0 && !isChanged.has(id)) ? [id] : [],
    );
  }

  #arm(nextAt: number | null): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#stop.signal.aborted) return;
    const rests = [...this.#lines.values()].map(({ restMs }) => Math.ceil(restMs));
    const waits = rests.filter((ms) => ms > 0);
    if (nextAt !== null) waits.push(Math.max(1, nextAt - this.#parts.clock.now()));
    this.#timer = setTimeout(
      () => this.wake(),
      waits.reduce((a, b) => Math.min(a, b), pollMs),
    );
  }

  /** One channel, one notice after another; what is left when it needs a rest is given back. */
  async #deliver(id: ChannelId, notices: readonly KeptNotice[], handedMs: number): Promise<void> {
    const { clock, store } = this.#parts;
    const line = this.#lines.get(id);
    // What a send and its grace would not end before others may take, others take.
    const untilMs = handedMs + claimMs - sendMs - graceMs - longestHeldMs;
    if (line !== undefined) line.isBusy = true;
    let done = 0;
    try {
      for (const kept of notices) {
        if (this.#stop.signal.aborted || clock.monotonicMs() > untilMs) break;
        const isDone = await this.#tell(line, id, kept);
        if (isDone) done += 1;
        if (!isDone || (line?.restMs ?? 0) > 0) break;
      }
    } finally {
      const left = notices.slice(done).map(({ notice }) => notice.id);
      try {
        if (left.length > 0) await store.releaseNotices(left);
      } finally {
        if (line !== undefined) line.isBusy = false;
      }
    }
  }

  /** Settles one notice in one way or the other; false: it has to wait. */
  async #tell(line: Line | undefined, id: ChannelId, kept: KeptNotice): Promise<boolean> {
    // Read anew for each: a channel may have been made after the outbox was asked, or switched off while others were sent.
    const { channels } = await this.#parts.policy();
    const settings = channels.find((one) => one.id === id);
    if (settings === undefined || !settings.enabled) {
      await this.#write(() => Promise.resolve(droppedOf(kept)));
      return true;
    }
    if (line === undefined) return false;
    const limitedMs = line.limitedMs(settings);
    if (limitedMs > longestHeldMs) {
      line.rest(limitedMs);
      return false;
    }
    if (limitedMs > 0) await pause(limitedMs, this.#stop.signal);
    if (this.#stop.signal.aborted) return false;
    return await this.#attempt(line, settings, kept);
  }

  async #attempt(line: Line, settings: ChannelSettings, kept: KeptNotice): Promise<boolean> {
    const { clock } = this.#parts;
    const at = clock.now();
    const startedMs = clock.monotonicMs();
    const sent = await line.send(settings, kept.notice, this.#stop.signal);
    if (this.#stop.signal.aborted && sent.result.kind !== "sent") return false;
    const attempt = attemptOf(kept, sent, { at, durationMs: clock.monotonicMs() - startedMs });
    const news = line.note(sent.result, at, giveUpAt(kept));
    const now = clock.now();
    const settlement = settlementOf({ kept, attempt, now, restMs: line.restMs });
    const signal = settlement.state === "given_up" ? "raised" : news;
    const signals = signal === null ? [] : [channelSignal(settings, signal, line.trouble, now)];
    await this.#write(async () => {
      const instead = await this.#insteadOf(settlement, kept, settings);
      return { ...settlement, signals, instead };
    });
    this.#parts.onAttempt(attempt, settings);
    if (signals.length > 0) this.#parts.onSignals();
    return true;
  }

  async #insteadOf(
    { state }: Settlement,
    kept: KeptNotice,
    from: ChannelSettings,
  ): Promise<Settlement["instead"]> {
    if (state !== "given_up" && state !== "refused") return [];
    const { channels } = await this.#parts.policy();
    const { createId, clock } = this.#parts;
    return insteadOf({ kept, state }, from, channels, { createId, now: clock.now() });
  }

  /** Writes what became of a notice, again and again until it is written; after the stop only once more. */
  async #write(settle: () => Promise<Settlement>): Promise<void> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        await this.#parts.store.settleNotice(await settle());
        return;
      } catch (error) {
        this.#parts.onError(error);
        if (this.#stop.signal.aborted) return;
      }
      await pause(pauseMs, this.#stop.signal);
    }
  }
}

/** Resolves after so long, or at once when it is to stop. */
function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stop.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stop.addEventListener("abort", done);
    if (stop.aborted) done();
  });
}
