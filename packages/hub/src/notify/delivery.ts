/**
 * The outbox's way out: hands each notice to its channel until it is taken, refused, or a day has passed. Channels are told
 * side by side, each one notice at a time and no faster than its provider allows. What was sent is written down before the
 * next is sent: after a crash each channel is told at most one notice twice.
 *
 * `retry`: again after 1 s, 2 s, 4 s … up to 5 min (a random part of it), or as the provider asks. `misconfigured`: again
 * every minute, until somebody changes the settings. `refused`: never again. After a day it is given up, and the fallback
 * channels are told. Trouble of a channel is a signal, cleared by the next notice it takes.
 */
import type { AlertPolicy, ChannelSettings } from "../model/alert-policy.ts";
import type { Channel, ChannelKind, ChannelParts, Sent } from "../model/channel-kind.ts";
import type { Clock } from "../model/clock.ts";
import type { IdMaker } from "../model/id.ts";
import type {
  ChannelId,
  Delivery as Attempt,
  KeptNotice,
  NewNotice,
  Notice,
  NoticeId,
} from "../model/notice.ts";
import type { Signal } from "../model/signal.ts";

export interface DeliveryStore {
  dueNotices(query: {
    readonly now: number;
    readonly claimUntil: number;
    readonly except: readonly ChannelId[];
    readonly limit: number;
  }): Promise<{ readonly notices: readonly KeptNotice[]; readonly nextAt: number | null }>;
  releaseNotices(ids: readonly NoticeId[] | "all"): Promise<void>;
  settleNotice(settled: {
    readonly id: NoticeId;
    readonly state: KeptNotice["state"];
    readonly attempts: number;
    readonly nextAt: number | null;
    readonly sentAt: number | null;
    readonly why: string | null;
    readonly delivery: Attempt | null;
    readonly instead: readonly NewNotice[];
    readonly signals: readonly Signal[];
  }): Promise<boolean>;
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
  readonly onAttempt: (attempt: Attempt, channelId: ChannelId) => void;
  readonly onError: (error: unknown) => void;
}

/** How long a provider may take, ms. */
const sendMs = 30_000;
/** Nobody else delivers what was handed out for so long, ms: longer than everything that is handed out at once takes. */
const claimMs = 120_000;
const mostAtOnce = 100;
const firstPauseMs = 1_000;
const longestPauseMs = 300_000;
const misconfiguredPauseMs = 60_000;
/** What could not be delivered for so long is given up, ms. */
export const giveUpMs = 86_400_000;
/** Looked at at least this often, ms: other hubs put notices in as well, and the wall clock may jump. */
const pollMs = 5_000;

interface OpenChannel {
  readonly settings: ChannelSettings;
  readonly channel: Channel;
}

interface ChannelState {
  open: OpenChannel | null;
  busy: boolean;
  /** Takes nothing before, monotonic ms. */
  restUntilMs: number;
  failures: number;
  /** When it was told, monotonic ms: for its limit. */
  sentMs: number[];
  trouble: ChannelTrouble | null;
  /** It took something since the start. */
  isKnownWell: boolean;
}

/** What is wrong with a channel, since when (epoch ms). */
export interface ChannelTrouble {
  readonly failure: "outage" | "throttled" | "misconfigured" | "refused" | "defect";
  readonly why: string;
  readonly since: number;
}

export class Delivery implements AsyncDisposable {
  readonly #parts: DeliveryParts;
  readonly #channels = new Map<ChannelId, ChannelState>();
  readonly #sending = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #again = false;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** There may be something to deliver; returns at once. */
  wake(): void {
    this.#again = true;
    if (this.#stop.signal.aborted || this.#looking !== null) return;
    this.#looking = this.#look().finally(() => {
      this.#looking = null;
    });
  }

  /** What is wrong with a channel; null while it takes what it is given. */
  trouble(id: ChannelId): ChannelTrouble | null {
    return this.#channels.get(id)?.trouble ?? null;
  }

  /** Sends a message through settings that need not be kept, and tells what came of it; nothing is written down. */
  async test(settings: ChannelSettings, notice: Notice): Promise<Sent> {
    await using channel = this.#create(settings);
    return await channel.send(notice, AbortSignal.timeout(sendMs));
  }

  /** Ends what is being sent; what was not answered is sent again after the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#looking;
    await Promise.all(this.#sending);
    for (const { open } of this.#channels.values()) await open?.channel[Symbol.asyncDispose]();
  }

  async #look(): Promise<void> {
    while (this.#again && !this.#stop.signal.aborted) {
      this.#again = false;
      try {
        this.#arm(await this.#handOut());
      } catch (error) {
        this.#parts.onError(error);
        this.#arm(this.#parts.clock.now() + firstPauseMs);
      }
    }
  }

  /** Begins to deliver what is due; answers when to look again, epoch ms. */
  async #handOut(): Promise<number | null> {
    const { clock, store } = this.#parts;
    const { channels } = await this.#parts.policy();
    const now = clock.now();
    const { notices, nextAt } = await store.dueNotices({
      now,
      claimUntil: now + claimMs,
      except: this.#restingChannels(),
      limit: mostAtOnce,
    });
    if (notices.length === mostAtOnce) this.#again = true;
    for (const [id, some] of Map.groupBy(notices, ({ channelId }) => channelId)) {
      const settings = channels.find((one) => one.id === id);
      const work = this.#deliver(id, settings, some).catch((error: unknown) => {
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

  #restingChannels(): readonly ChannelId[] {
    const nowMs = this.#parts.clock.monotonicMs();
    return [...this.#channels].flatMap(([id, { busy, restUntilMs }]) =>
      busy || restUntilMs > nowMs ? [id] : [],
    );
  }

  #arm(nextAt: number | null): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#stop.signal.aborted) return;
    const { clock } = this.#parts;
    const nowMs = clock.monotonicMs();
    const rests = [...this.#channels.values()].map(({ restUntilMs }) => restUntilMs - nowMs);
    const waits = rests.filter((ms) => ms > 0);
    if (nextAt !== null) waits.push(Math.max(1, nextAt - clock.now()));
    this.#timer = setTimeout(
      () => this.wake(),
      waits.reduce((a, b) => Math.min(a, b), pollMs),
    );
  }

  /** One channel, one notice after another; what is left when it needs a rest is given back. */
  async #deliver(
    id: ChannelId,
    settings: ChannelSettings | undefined,
    notices: readonly KeptNotice[],
  ): Promise<void> {
    const state = this.#stateOf(id);
    state.busy = true;
    let done = 0;
    try {
      for (const kept of notices) {
        if (this.#stop.signal.aborted || !this.#mayTake(state, settings)) break;
        done += 1;
        if (settings === undefined || !settings.enabled) await this.#drop(kept);
        else await this.#attempt(state, settings, kept);
        if (state.restUntilMs > this.#parts.clock.monotonicMs()) break;
      }
    } finally {
      state.busy = false;
      const left = notices.slice(done).map(({ notice }) => notice.id);
      if (left.length > 0) await this.#parts.store.releaseNotices(left);
    }
  }

  /** Whether the provider allows another notice now; where not, the channel rests until it does. */
  #mayTake(state: ChannelState, settings: ChannelSettings | undefined): boolean {
    const limit = settings === undefined ? undefined : this.#parts.kinds.get(settings.kind)?.limit;
    if (limit === undefined) return true;
    const nowMs = this.#parts.clock.monotonicMs();
    state.sentMs = state.sentMs.filter((at) => at > nowMs - limit.perMs);
    const [oldest] = state.sentMs;
    if (oldest === undefined || state.sentMs.length < limit.notices) return true;
    state.restUntilMs = Math.max(state.restUntilMs, oldest + limit.perMs);
    return false;
  }

  async #drop({ notice, attempts }: KeptNotice): Promise<void> {
    await this.#parts.store.settleNotice({
      id: notice.id,
      state: "dropped",
      attempts,
      nextAt: null,
      sentAt: null,
      why: "the channel is gone or switched off",
      delivery: null,
      instead: [],
      signals: [],
    });
  }

  async #attempt(state: ChannelState, settings: ChannelSettings, kept: KeptNotice): Promise<void> {
    const { clock } = this.#parts;
    const at = clock.now();
    const startedMs = clock.monotonicMs();
    const sent = await this.#send(state, settings, kept.notice);
    if (this.#stop.signal.aborted && sent.result.kind !== "sent") {
      await this.#parts.store.releaseNotices([kept.notice.id]);
      return;
    }
    const endedMs = clock.monotonicMs();
    state.sentMs.push(startedMs);
    const { result } = sent;
    const attempt: Attempt = {
      noticeId: kept.notice.id,
      at,
      attempt: kept.attempts + 1,
      result: result.kind,
      why: result.kind === "sent" ? null : result.why,
      request: sent.exchange.request,
      answer: sent.exchange.answer,
      durationMs: endedMs - startedMs,
    };
    const signals = this.#note(state, settings, sent, at);
    await this.#settle(state, settings, kept, attempt, signals);
    this.#parts.onAttempt(attempt, settings.id);
    if (signals.length > 0) this.#parts.onSignals();
  }

  async #send(state: ChannelState, settings: ChannelSettings, notice: Notice): Promise<Sent> {
    try {
      const channel = await this.#opened(state, settings);
      const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(sendMs)]);
      return await channel.send(notice, signal);
    } catch (error) {
      this.#parts.onError(error);
      const why =
        error instanceof ChannelSettingsError ? error.message : "the channel failed inside";
      const kind = error instanceof ChannelSettingsError ? "misconfigured" : "retry";
      return { result: { kind, why }, exchange: { request: "", answer: null } };
    }
  }

  /** Writes what became of an attempt. */
  async #settle(
    state: ChannelState,
    settings: ChannelSettings,
    kept: KeptNotice,
    attempt: Attempt,
    signals: readonly Signal[],
  ): Promise<void> {
    const { clock, store } = this.#parts;
    const now = clock.now();
    const isLate = now - kept.createdAt >= giveUpMs;
    const isOpen = attempt.result === "retry" || attempt.result === "misconfigured";
    const state_ = attempt.result === "sent" ? "sent" : isOpen ? "waiting" : "refused";
    const givenUp = isOpen && isLate;
    const waitMs = Math.max(0, state.restUntilMs - clock.monotonicMs());
    await store.settleNotice({
      id: kept.notice.id,
      state: givenUp ? "given_up" : state_,
      attempts: attempt.attempt,
      nextAt: isOpen && !givenUp ? now + Math.round(waitMs) : null,
      sentAt: attempt.result === "sent" ? now : null,
      why: attempt.why,
      delivery: attempt,
      instead: givenUp ? await this.#fallbackOf(settings, kept, now) : [],
      signals,
    });
  }

  /** The same notice for the fallback channels; none for what is a fallback already. */
  async #fallbackOf(
    { id: from, name }: ChannelSettings,
    { notice, isFallback }: KeptNotice,
    now: number,
  ): Promise<readonly NewNotice[]> {
    if (isFallback) return [];
    const { channels } = await this.#parts.policy();
    const fallbacks = channels.filter((one) => one.isFallback && one.enabled && one.id !== from);
    const text = [`${name} could not be told for a day.`, notice.text].join("\n").trim();
    return fallbacks.map(({ id }) => ({
      channelId: id,
      route: "fallback",
      isFallback: true,
      notice: { ...notice, id: this.#parts.createId(now), at: now, text },
    }));
  }

  /** Keeps how the channel is doing; answers signals where that changed. */
  #note(
    state: ChannelState,
    settings: ChannelSettings,
    { result }: Sent,
    now: number,
  ): readonly Signal[] {
    const nowMs = this.#parts.clock.monotonicMs();
    if (result.kind === "sent") {
      // The first after a start clears what the former process raised; where it raised nothing, this does nothing.
      const isNews = state.trouble !== null || !state.isKnownWell;
      const was = state.trouble ?? { failure: "outage", why: "", since: now };
      state.trouble = null;
      state.failures = 0;
      state.isKnownWell = true;
      return isNews ? [channelSignal(settings, "cleared", was, now)] : [];
    }
    const failure =
      result.kind === "retry"
        ? result.afterMs === undefined
          ? "outage"
          : "throttled"
        : result.kind;
    const former = state.trouble;
    state.trouble = { failure, why: result.why, since: former?.since ?? now };
    if (result.kind === "refused") return [channelSignal(settings, "raised", state.trouble, now)];
    state.failures += 1;
    state.restUntilMs = nowMs + this.#pauseMs(state, result);
    if (result.kind === "misconfigured") {
      return former?.failure === failure
        ? []
        : [channelSignal(settings, "raised", state.trouble, now)];
    }
    const isLong = now - state.trouble.since >= giveUpMs;
    return isLong ? [channelSignal(settings, "raised", state.trouble, now)] : [];
  }

  #pauseMs(state: ChannelState, result: Exclude<Sent["result"], { kind: "sent" }>): number {
    if (result.kind === "misconfigured") return misconfiguredPauseMs;
    if (result.kind === "retry" && result.afterMs !== undefined) return result.afterMs;
    const most = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(state.failures - 1, 20));
    return Math.max(firstPauseMs / 2, most * this.#parts.random());
  }

  async #opened(state: ChannelState, settings: ChannelSettings): Promise<Channel> {
    const { open } = state;
    if (open !== null && open.settings.version === settings.version) return open.channel;
    state.open = null;
    await open?.channel[Symbol.asyncDispose]();
    const channel = this.#create(settings);
    state.open = { settings, channel };
    return channel;
  }

  #create(settings: ChannelSettings): Channel {
    const { clock, refuseAddress, userAgent } = this.#parts;
    const kind = this.#parts.kinds.get(settings.kind);
    if (kind === undefined) throw new ChannelSettingsError(`there is no kind ${settings.kind}`);
    const parsed = kind.parseSettings(settings.settings);
    if (parsed.kind === "bad") {
      const [problem] = parsed.problems;
      throw new ChannelSettingsError(`${problem?.path ?? ""}: ${problem?.message ?? "not valid"}`);
    }
    return kind.create(parsed.value, { clock, refuseAddress, userAgent });
  }

  #stateOf(id: ChannelId): ChannelState {
    const known = this.#channels.get(id);
    if (known !== undefined) return known;
    const state: ChannelState = {
      open: null,
      busy: false,
      restUntilMs: 0,
      failures: 0,
      sentMs: [],
      trouble: null,
      isKnownWell: false,
    };
    this.#channels.set(id, state);
    return state;
  }
}

/** Settings that were kept are not right any more. */
class ChannelSettingsError extends Error {}

function channelSignal(
  { id, name, kind }: ChannelSettings,
  state: Signal["state"],
  trouble: ChannelTrouble,
  now: number,
): Signal {
  return {
    key: `channel_failing:belfry:channel:${id}`,
    state,
    rule: "channel_failing",
    subject: { kind: "belfry", id: `channel:${id}`, name },
    severity: "warning",
    at: state === "raised" ? trouble.since : now,
    decidedAt: now,
    message: `notices are not delivered: ${trouble.why}`,
    reason: null,
    evidence: { failure: trouble.failure, kind },
    labels: {},
  };
}
