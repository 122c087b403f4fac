/**
 * Follows the calls of heartbeats where several hubs are called. Whichever hub a call reaches stores it; the one that
 * looks after the monitor judges it, once and in the order of its number:
 *
 * - Calls are numbered for each heartbeat under a lock, so who reads one finds all before it. A call of this hub whose
 *   number is the next one is judged at once; any other first waits for those before it to be read.
 * - The number of the last call that was judged is stored together with the judgement. Whoever takes a monitor over, or
 *   takes it in again after it was changed, goes on behind it: what was decided and not stored any more is decided again.
 *
 * A monitor that was never judged (it is new, or was changed or paused meanwhile) begins with the calls since it was last
 * changed.
 */
import type { Clock } from "../model/clock.ts";
import type { LastCheck } from "../model/board.ts";
import {
  neverCalled,
  type HeartbeatState,
  type KeptHeartbeat,
  type KeptPing,
} from "../model/heartbeat.ts";
import type { Span } from "../model/heartbeat-outcome.ts";
import type { MonitorId } from "../model/id.ts";
import type { Monitor } from "../model/monitor.ts";

/** What all hubs took in, read just now. */
export interface FreshCalls {
  /** When no hub could be called last, epoch ms; null: it never was so. */
  readonly gap: Span | null;
  /** Those of which every call is judged; of others this hub cannot say that they were not called. */
  readonly known: ReadonlySet<MonitorId>;
}

export interface CallTailParts {
  readonly clock: Clock;
  readonly store: {
    noteListening(isListening: boolean): Promise<Span | null>;
    calledSince(since: number | null): Promise<{
      readonly next: number;
      readonly called: readonly KeptHeartbeat[];
    }>;
    callsOf(
      wanted: readonly { readonly id: MonitorId; readonly after: number | "judged" }[],
    ): Promise<
      readonly {
        readonly id: MonitorId;
        readonly state: HeartbeatState | undefined;
        readonly judged: LastCheck | null;
        readonly after: number;
        readonly calls: readonly KeptPing[];
      }[]
    >;
  };
  /** A monitor that this hub looks after and watches; undefined: another one does, or nobody. */
  readonly watched: (id: MonitorId) => Monitor | undefined;
  /** Whether anything was judged of a monitor since it was made, paused or changed. */
  readonly isJudged: (id: MonitorId) => boolean;
  /** Whether this hub can be called just now. */
  readonly isListening: () => boolean;
  /** Told how a heartbeat stands. */
  readonly onState: (id: MonitorId, state: HeartbeatState) => void;
  /** Judges a call at a time, epoch ms; false: it says nothing of the status. Must not throw. */
  readonly judge: (monitor: Monitor, call: Called, at: number) => boolean;
  /**
   * Told that everything was judged that others took in. `told`: deadlines up to then were judged; `isStated`: a call was
   * judged just now. Must not throw.
   */
  readonly onCaughtUp: (
    id: MonitorId,
    known: { readonly told: number; readonly isStated: boolean },
  ) => void;
  /** The store did not answer for so long, ms. */
  readonly onDeaf: (ms: number) => void;
  readonly onError: (error: unknown) => void;
}

/** What of a call is judged. */
export type Called = Omit<KeptPing, "method" | "userAgent" | "bodyBytes">;

/** How far judging is. */
interface Judged {
  readonly version: number;
  /** Calls up to this number are judged. */
  call: number;
  /** The latest time something was judged at, epoch ms. */
  at: number;
  /** Deadlines up to then were told by whoever looked after it before, epoch ms. */
  readonly told: number;
}

const everyMs = 1_000;
const listenEveryMs = 2_000;
/** Calls of this hub that wait for others to be read wait together for so long. */
const gatherMs = 50;

export class CallTail implements Disposable {
  readonly #parts: CallTailParts;
  readonly #judged = new Map<MonitorId, Judged>();
  /** Calls of these are to be read. */
  readonly #behind = new Set<MonitorId>();
  /** Nothing was stated of these since they were taken in. */
  readonly #unstated = new Set<MonitorId>();
  #since: number | null = null;
  #looking: Promise<void> | null = null;
  #isWanted = false;
  #timer: NodeJS.Timeout | null = null;
  #soonTimer: NodeJS.Timeout | null = null;
  #heardMs: number;
  #listenedMs = Number.NEGATIVE_INFINITY;
  #isOver = false;

  constructor(parts: CallTailParts) {
    this.#parts = parts;
    this.#heardMs = parts.clock.monotonicMs();
  }

  /** Begins to look once a second: calls can be taken in. */
  start(): void {
    this.#listenedMs = 0;
    this.#heardMs = this.#parts.clock.monotonicMs();
    void this.look();
    this.#timer = setInterval(() => void this.look(), everyMs);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#soonTimer !== null) clearTimeout(this.#soonTimer);
  }

  /** Reads how every heartbeat stands. */
  async load(): Promise<void> {
    const { next, called } = await this.#parts.store.calledSince(null);
    this.#since = next;
    for (const { id, state } of called) this.#parts.onState(id, state);
  }

  /** Another process may have judged these: how far it came is read again. */
  async takeUp(ids: readonly MonitorId[]): Promise<void> {
    for (const id of ids) this.#judged.delete(id);
    if (ids.length === 0) return;
    const found = await this.#parts.store.callsOf(ids.map((id) => ({ id, after: "judged" })));
    for (const { id, state } of found) if (state !== undefined) this.#parts.onState(id, state);
  }

  /** A monitor is watched from now on. Its calls that are not judged are, and then `onCaughtUp` is told. */
  added({ id, version }: Monitor): void {
    if (this.#judged.get(id)?.version !== version) this.#judged.delete(id);
    this.#unstated.add(id);
    this.#behind.add(id);
    void this.look();
  }

  /** This hub stored a call. */
  taken(id: MonitorId, call: Called): void {
    const monitor = this.#parts.watched(id);
    if (monitor === undefined) return;
    const judged = this.#judged.get(id);
    if (judged?.version === monitor.version && judged.call + 1 === call.n) {
      this.#judge(monitor, judged, call);
      this.#parts.onCaughtUp(id, { told: judged.told, isStated: true });
      return;
    }
    if (judged !== undefined && judged.call >= call.n) return;
    this.#behind.add(id);
    this.#soonTimer ??= setTimeout(() => {
      this.#soonTimer = null;
      void this.look();
    }, gatherMs);
  }

  /** Something was judged of a monitor at a time without a call; answers with the number of the last one that was. */
  judgedAt(id: MonitorId, at: number): number | undefined {
    const judged = this.#judged.get(id);
    if (judged === undefined) return undefined;
    judged.at = Math.max(judged.at, at);
    return judged.call;
  }

  /** See `SharedCalls.fresh`. */
  async fresh(ids: readonly MonitorId[]): Promise<FreshCalls> {
    try {
      const gap = await this.#parts.store.noteListening(this.#parts.isListening());
      return { gap, known: await this.#catchUp(ids) };
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }

  /** Looks now; what is wanted while a look is under way is one more afterwards. Never rejects. */
  look(): Promise<void> {
    this.#isWanted = true;
    this.#looking ??= this.#lookAgain().finally(() => (this.#looking = null));
    return this.#looking;
  }

  async #lookAgain(): Promise<void> {
    // What comes in this moment is one look.
    await Promise.resolve();
    while (this.#isWanted && !this.#isOver) {
      this.#isWanted = false;
      try {
        await this.#look();
        this.#heardMs = this.#parts.clock.monotonicMs();
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  async #look(): Promise<void> {
    const { clock, store, onState, isListening } = this.#parts;
    const now = clock.monotonicMs();
    if (this.#timer !== null && now - this.#listenedMs >= listenEveryMs) {
      await store.noteListening(isListening());
      this.#listenedMs = now;
    }
    const { next, called } = await store.calledSince(this.#since);
    this.#since = next;
    for (const { id, state } of called) {
      onState(id, state);
      if (state.pings > (this.#judged.get(id)?.call ?? 0)) this.#behind.add(id);
    }
    await this.#catchUp([...this.#behind]);
  }

  #failed(error: unknown): void {
    if (this.#isOver) return;
    this.#parts.onDeaf(this.#parts.clock.monotonicMs() - this.#heardMs);
    this.#parts.onError(error);
  }

  /** Reads and judges; answers of which monitors everything is known now. */
  async #catchUp(ids: readonly MonitorId[]): Promise<ReadonlySet<MonitorId>> {
    const known = new Set<MonitorId>();
    for (const id of ids) this.#behind.delete(id);
    const asked = ids.flatMap((id) => {
      const monitor = this.#parts.watched(id);
      return monitor === undefined ? [] : [{ monitor, judged: this.#judged.get(id) }];
    });
    if (asked.length === 0) return known;
    let found: Awaited<ReturnType<CallTailParts["store"]["callsOf"]>>;
    try {
      found = await this.#parts.store.callsOf(
        asked.map(({ monitor, judged }) => ({ id: monitor.id, after: judged?.call ?? "judged" })),
      );
    } catch (error) {
      for (const { monitor } of asked) this.#behind.add(monitor.id);
      throw error;
    }
    const answers = new Map(found.map((one) => [one.id, one]));
    for (const { monitor, judged } of asked) {
      const answer = answers.get(monitor.id);
      // It was changed, or taken over and back, while it was asked for: that asks anew.
      const isSame =
        this.#parts.watched(monitor.id) === monitor && this.#judged.get(monitor.id) === judged;
      if (answer === undefined || !isSame) continue;
      this.#apply(monitor, judged, answer);
      known.add(monitor.id);
    }
    return known;
  }

  #apply(
    monitor: Monitor,
    known: Judged | undefined,
    answer: Awaited<ReturnType<CallTailParts["store"]["callsOf"]>>[number],
  ): void {
    const { isJudged, onState, onCaughtUp } = this.#parts;
    const { id, version } = monitor;
    const state = answer.state ?? neverCalled;
    onState(id, state);
    const isFirst = this.#unstated.has(id);
    const wasJudged = isJudged(id);
    const judged = known ?? {
      version,
      // Judged before there were several hubs: whatever came was.
      call: answer.judged === null && wasJudged ? state.pings : answer.after,
      at: answer.judged?.checkedAt ?? 0,
      told: wasJudged ? toldUntil(answer.judged) : 0,
    };
    this.#judged.set(id, judged);
    let isStated = false;
    for (const call of answer.calls) {
      if (call.n <= judged.call) continue;
      const isOld = isFirst && !wasJudged && call.at < monitor.updatedAt;
      if (isOld) judged.call = call.n;
      else isStated = this.#judge(monitor, judged, call) || isStated;
    }
    judged.call = Math.max(judged.call, state.pings);
    // What was called meanwhile is read next, and may say how it stands.
    const isLast = !this.#behind.has(id);
    if (isFirst && isLast) this.#unstated.delete(id);
    onCaughtUp(id, { told: judged.told, isStated: isStated || !isFirst || !isLast });
  }

  /** Clocks of hubs differ: what comes later is never judged at an earlier time. */
  #judge(monitor: Monitor, judged: Judged, call: Called): boolean {
    judged.call = call.n;
    const at = Math.max(call.at, judged.at);
    const isStated = this.#parts.judge(monitor, call, at);
    if (isStated) judged.at = at;
    return isStated;
  }
}

/** Up to when deadlines were told, by what was judged last. */
function toldUntil(last: LastCheck | null): number {
  return last?.reason === "late" || last?.reason === "timeout" ? last.checkedAt : 0;
}
