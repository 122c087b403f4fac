/**
 * One channel as delivery sees it: open with the newest settings, no faster than its provider allows, resting after a
 * failure, and in trouble or not. It keeps nothing that must survive the process.
 *
 * A line is `busy` from when notices were taken for it until what became of them is stored.
 */
import type { ChannelSettings } from "../model/alert-policy.ts";
import type {
  Channel,
  ChannelKind,
  ChannelParts,
  Sent,
  SendResult,
} from "../model/channel-kind.ts";
import type { Notice } from "../model/notice.ts";

/** How long a provider may take, ms. */
export const sendMs = 30_000;
/** How long a channel may take to end after that, ms; then it is left to itself. */
export const graceMs = 2_000;
const firstPauseMs = 1_000;
const longestPauseMs = 300_000;
const misconfiguredPauseMs = 60_000;
const failedInside = "the channel failed inside";

export interface LineParts extends ChannelParts {
  readonly kinds: ReadonlyMap<string, ChannelKind>;
  readonly random: () => number;
  readonly onError: (error: unknown) => void;
}

/** What is wrong with a channel, since when (epoch ms). */
export interface ChannelTrouble {
  readonly failure: "outage" | "throttled" | "misconfigured" | "refused" | "defect";
  readonly why: string;
  readonly since: number;
}

/** What of its trouble is new: it has to be told, it is over, or neither. */
export type TroubleNews = "raised" | "cleared" | null;

interface OpenChannel {
  readonly version: number;
  readonly channel: Channel;
}

export class Line implements AsyncDisposable {
  /** Notices were taken for it, and not all that became of them is stored. */
  isBusy = false;
  /** The settings as they were when notices were last asked for. */
  settings: ChannelSettings;
  readonly #parts: LineParts;
  #open: OpenChannel | null = null;
  #restUntilMs = 0;
  #failures = 0;
  /** When it was told, monotonic ms: for its limit. */
  #sentMs: readonly number[] = [];
  #trouble: ChannelTrouble | null = null;
  /** It took something since the start. */
  #isKnownWell = false;

  constructor(settings: ChannelSettings, parts: LineParts) {
    this.settings = settings;
    this.#parts = parts;
  }

  get trouble(): ChannelTrouble | null {
    return this.#trouble;
  }

  /** How long it takes nothing, ms; 0: it may be told. */
  get restMs(): number {
    return Math.max(0, this.#restUntilMs - this.#parts.clock.monotonicMs());
  }

  /** Forgets the rest it takes: its settings are others now, or it was seen to work. */
  wakeUp(): void {
    this.#restUntilMs = 0;
    this.#failures = 0;
  }

  /** Takes nothing for so long, ms. */
  rest(ms: number): void {
    this.#restUntilMs = Math.max(this.#restUntilMs, this.#parts.clock.monotonicMs() + ms);
  }

  /** How long its provider's limit keeps it from being told, ms. */
  limitedMs({ kind }: ChannelSettings): number {
    const limit = this.#parts.kinds.get(kind)?.limit;
    if (limit === undefined) return 0;
    const nowMs = this.#parts.clock.monotonicMs();
    this.#sentMs = this.#sentMs.filter((at) => at > nowMs - limit.perMs);
    const [oldest] = this.#sentMs;
    if (oldest === undefined || this.#sentMs.length < limit.notices) return 0;
    return oldest + limit.perMs - nowMs;
  }

  /** Tells a notice; resolves within `sendMs` and `graceMs`, or soon after the signal. Never rejects. */
  async send(settings: ChannelSettings, notice: Notice, stop: AbortSignal): Promise<Sent> {
    this.#sentMs = [...this.#sentMs, this.#parts.clock.monotonicMs()];
    try {
      const channel = await this.#opened(settings);
      const sent = await sendWithin(channel, notice, stop);
      if (sent !== null) return sent;
      this.#leave(channel);
      return failed("retry", "the channel did not end in time");
    } catch (error) {
      return failureOf(error, this.#parts.onError);
    }
  }

  /** Sends past everything that waits, through a channel of its own that is closed afterwards. Never rejects. */
  async test(settings: ChannelSettings, notice: Notice): Promise<Sent> {
    try {
      const channel = createChannel(settings, this.#parts);
      const sent = await sendWithin(channel, notice, new AbortController().signal);
      void this.#close(channel);
      return sent ?? failed("retry", "the channel did not end in time");
    } catch (error) {
      return failureOf(error, this.#parts.onError);
    }
  }

  /** Keeps how it is doing after an attempt at `at` (epoch ms); it rests until `latest` (epoch ms) at most. */
  note(result: SendResult, at: number, latest: number): TroubleNews {
    if (result.kind === "sent") return this.clear();
    const former = this.#trouble;
    const failure = failureKind(result);
    this.#trouble = { failure, why: result.why, since: former?.since ?? at };
    if (result.kind === "refused") return "raised";
    this.#failures += 1;
    const mostMs = Math.max(firstPauseMs, latest - this.#parts.clock.now());
    this.rest(Math.min(mostMs, this.#pauseMs(result)));
    return failure === "misconfigured" && former?.failure !== failure ? "raised" : null;
  }

  /**
   * It works. The first success after a start clears what the former process raised; where it raised nothing, that does
   * nothing.
   */
  clear(): TroubleNews {
    const isNews = this.#trouble !== null || !this.#isKnownWell;
    this.#trouble = null;
    this.#failures = 0;
    this.#isKnownWell = true;
    return isNews ? "cleared" : null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = this.#open;
    this.#open = null;
    if (open !== null) await this.#close(open.channel);
  }

  #pauseMs(result: Exclude<SendResult, { readonly kind: "sent" }>): number {
    if (result.kind === "misconfigured") return misconfiguredPauseMs;
    if (result.kind === "retry" && result.afterMs !== undefined) return result.afterMs;
    const most = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(this.#failures - 1, 20));
    return Math.max(firstPauseMs / 2, most * this.#parts.random());
  }

  async #opened(settings: ChannelSettings): Promise<Channel> {
    if (this.#open?.version === settings.version) return this.#open.channel;
    await this[Symbol.asyncDispose]();
    const channel = createChannel(settings, this.#parts);
    this.#open = { version: settings.version, channel };
    return channel;
  }

  /** A channel that does not end is not asked again: its calls must not overlap. */
  #leave(channel: Channel): void {
    this.#open = null;
    void this.#close(channel);
  }

  async #close(channel: Channel): Promise<void> {
    try {
      await channel[Symbol.asyncDispose]();
    } catch (error) {
      this.#parts.onError(error);
    }
  }
}

/** null: the channel did not end although it was told to. */
async function sendWithin(
  channel: Channel,
  notice: Notice,
  stop: AbortSignal,
): Promise<Sent | null> {
  const limit = new AbortController();
  const late = Promise.withResolvers<null>();
  let graceTimer: NodeJS.Timeout | undefined;
  const grace = (): void => {
    graceTimer ??= setTimeout(() => late.resolve(null), graceMs);
  };
  const timer = setTimeout(() => {
    limit.abort(new Error(`no answer within ${sendMs} ms`));
    grace();
  }, sendMs);
  stop.addEventListener("abort", grace);
  if (stop.aborted) grace();
  try {
    const sending = channel.send(notice, AbortSignal.any([stop, limit.signal]));
    const sent = await Promise.race([sending, late.promise]);
    if (sent === null || sent.result.kind !== "retry" || !limit.signal.aborted) return sent;
    return { ...sent, result: { kind: "retry", why: `no answer within ${sendMs} ms` } };
  } finally {
    clearTimeout(timer);
    clearTimeout(graceTimer);
    stop.removeEventListener("abort", grace);
  }
}

/** Settings that were kept are not right any more. */
class ChannelSettingsError extends Error {}

function createChannel(settings: ChannelSettings, parts: LineParts): Channel {
  const { clock, refuseAddress, userAgent } = parts;
  const kind = parts.kinds.get(settings.kind);
  if (kind === undefined) throw new ChannelSettingsError(`there is no kind ${settings.kind}`);
  const parsed = kind.parseSettings(settings.settings);
  if (parsed.kind === "bad") {
    const [problem] = parsed.problems;
    throw new ChannelSettingsError(`${problem?.path ?? ""}: ${problem?.message ?? "not valid"}`);
  }
  return kind.create(parsed.value, { clock, refuseAddress, userAgent });
}

function failureOf(error: unknown, onError: (error: unknown) => void): Sent {
  if (error instanceof ChannelSettingsError) return failed("misconfigured", error.message);
  onError(error);
  return failed("retry", failedInside);
}

function failed(kind: "retry" | "misconfigured", why: string): Sent {
  return { result: { kind, why }, exchange: { request: "", answer: null } };
}

function failureKind(
  result: Exclude<SendResult, { readonly kind: "sent" }>,
): ChannelTrouble["failure"] {
  if (result.kind !== "retry") return result.kind;
  if (result.why === failedInside) return "defect";
  return result.afterMs === undefined ? "outage" : "throttled";
}
