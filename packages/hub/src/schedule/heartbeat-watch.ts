/**
 * Notices that heartbeats are not called. Deadlines follow from what the store has, so a restart forgets nothing; they
 * are times of the wall clock, as people mean them.
 *
 * Nobody is late for the time in which Belfry could not listen (it did not run, was held up, its clock jumped, its store
 * took no calls):
 * - An expected time whose whole grace passed meanwhile says nothing, and the next one counts.
 * - Where a part of it passed, another grace is given from when Belfry listens again; who is late then is told with a
 *   note of what could not be known.
 *
 * After a start the state of each heartbeat is stated again: from its calls, which may be newer than what was judged, and
 * else as it was judged.
 *
 * Where several hubs are called (`shared`), nobody is late before what all of them took in was read, and time counts in
 * which none of them could be called; what this one noticed of itself counts only while it is short, since beyond that
 * others had taken its monitors over. The state is stated again where nothing is known since somebody looked after it last.
 */
import type { Clock } from "../model/clock.ts";
import {
  heartbeatSettingsOf,
  type HeartbeatSettings,
  type HeartbeatState,
} from "../model/heartbeat.ts";
import { nextDeadline, timezoneOf, type Deadline } from "../model/heartbeat-schedule.ts";
import { calledOutcome, missedOutcome, type Span } from "../model/heartbeat-outcome.ts";
import type { MonitorId } from "../model/id.ts";
import type { JudgeState } from "../model/judgement.ts";
import type { Monitor } from "../model/monitor.ts";
import type { DownOutcome, Outcome } from "../model/outcome.ts";
import type { FreshCalls } from "./call-tail.ts";
import { DueHeap, type Due } from "./due-heap.ts";

export interface HeartbeatWatchParts {
  readonly clock: Clock;
  readonly state: (id: MonitorId) => HeartbeatState;
  readonly judged: (id: MonitorId) => JudgeState | undefined;
  /** Told of what was noticed at a time, epoch ms. Must not throw. */
  readonly conclude: (monitor: Monitor, outcome: Outcome, at: number) => void;
  /** Told that up to a time nobody knows whether it was called. Must not throw. */
  readonly onExcused: (id: MonitorId, until: number) => void;
  /** Left out: nobody else is called. */
  readonly shared?: SharedCalls;
}

/** What is known of calls that other hubs took in. */
export interface SharedCalls {
  /** Told of a monitor that was taken in; `caughtUp` is called once its calls are known and judged. Must not throw. */
  readonly added: (monitor: Monitor) => void;
  /** Judges what all hubs took in of these until now; rejects while the store is away. */
  readonly fresh: (ids: readonly MonitorId[]) => Promise<FreshCalls>;
  /** Whether nothing is known of a monitor since somebody looked after it last. */
  readonly reopens: (id: MonitorId) => boolean;
}

interface Entry extends Due {
  readonly monitor: Monitor;
  readonly settings: HeartbeatSettings;
  /** Deadlines up to then were told. */
  told: number;
  deadline: Deadline | null;
}

const everyMs = 1_000;
/** A look that is later than this, or a wall clock that is off by more, was a time without listening. */
const toleranceMs = 2_000;
/** Among several hubs a deadline is looked at so much later: what came in time is stored by then. */
const settleMs = 2_000;
/** What a hub notices of itself counts up to here among several: longer, and the others had its monitors. */
const longestOwnGapMs = 15_000;

export class HeartbeatWatch implements Disposable {
  readonly #parts: HeartbeatWatchParts;
  readonly #entries = new Map<MonitorId, Entry>();
  readonly #heap = new DueHeap<Entry>();
  #timer: NodeJS.Timeout | null = null;
  #looked: { readonly wallMs: number; readonly monotonicMs: number };
  /** When Belfry could not listen last. */
  #gap: Span | null = null;
  #isStarting = true;
  /** Never rejects. */
  #asking: Promise<unknown> = Promise.resolve();

  constructor(parts: HeartbeatWatchParts) {
    this.#parts = parts;
    this.#looked = this.#read();
  }

  /** Begins to look once a second. `aliveAt` (epoch ms) is the last sign of life of the former process, if there was one. */
  start(aliveAt: number | undefined): void {
    this.#looked = this.#read();
    if (aliveAt !== undefined) this.#gap = { from: aliveAt, to: this.#looked.wallMs };
    for (const entry of this.#entries.values()) this.#take(entry);
    this.#isStarting = false;
    this.#timer = setInterval(() => this.look(), everyMs);
  }

  /** Takes a monitor in, or replaces it. */
  add(monitor: Monitor): void {
    this.remove(monitor.id);
    const settings = heartbeatSettingsOf(monitor);
    const entry: Entry = {
      monitor,
      settings,
      told: 0,
      deadline: null,
      dueAt: 0,
      heapIndex: -1,
    };
    this.#entries.set(monitor.id, entry);
    if (!this.#isStarting) this.#take(entry);
  }

  remove(id: MonitorId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    if (entry.deadline !== null) this.#heap.remove(entry);
  }

  has(id: MonitorId): boolean {
    return this.#entries.has(id);
  }

  /** A monitor was called, and its state is newer. */
  called(id: MonitorId): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) this.#schedule(entry);
  }

  /** Everything that others took in of a monitor is judged; `told`: deadlines up to then were told by whoever. */
  caughtUp(
    id: MonitorId,
    { told, isStated }: { readonly told: number; readonly isStated: boolean },
  ): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.told = Math.max(entry.told, told);
    if (!isStated) this.#state(entry);
    this.#schedule(entry);
  }

  /** Calls could not be taken in just now, for so long (ms). */
  deaf(ms = everyMs): void {
    const now = this.#parts.clock.now();
    const from = now - ms;
    const isSame = this.#gap !== null && from - this.#gap.to < toleranceMs;
    this.#gap = { from: isSame && this.#gap !== null ? this.#gap.from : from, to: now };
  }

  /** Whether calls could not be taken in until just now. */
  get isDeaf(): boolean {
    return this.#gap !== null && this.#parts.clock.now() - this.#gap.to < everyMs + toleranceMs;
  }

  /** Looks at once, and waits for what has to be asked of others; false for a monitor that is not in. */
  async checkNow(id: MonitorId): Promise<boolean> {
    this.look();
    await this.#asking;
    return this.#entries.has(id);
  }

  /** Looks whose deadline has passed. */
  look(): void {
    const now = this.#read();
    const passedMs = now.monotonicMs - this.#looked.monotonicMs;
    const jumpedMs = now.wallMs - this.#looked.wallMs - passedMs;
    if (passedMs > everyMs + toleranceMs || Math.abs(jumpedMs) > toleranceMs) {
      this.#gap = { from: Math.min(this.#looked.wallMs, now.wallMs), to: now.wallMs };
    }
    this.#looked = now;
    const { shared } = this.#parts;
    if (shared === undefined) {
      for (const entry of this.#due(now.wallMs)) this.#fallDue(entry, now.wallMs, this.#gap);
      return;
    }
    const due: Entry[] = [];
    for (const entry of this.#due(now.wallMs - settleMs)) {
      this.#heap.remove(entry);
      entry.deadline = null;
      due.push(entry);
    }
    if (due.length === 0) return;
    const asking = this.#askOthers(due, shared);
    this.#asking = Promise.all([this.#asking, asking]);
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const id of this.#entries.keys()) this.remove(id);
  }

  #take(entry: Entry): void {
    const { shared } = this.#parts;
    if (shared === undefined) this.#state(entry);
    this.#schedule(entry);
    shared?.added(entry.monitor);
  }

  /** States how a heartbeat stands, where nobody knows. */
  #state(entry: Entry): void {
    const { clock, judged, state, conclude, shared } = this.#parts;
    const { monitor } = entry;
    const now = clock.now();
    const before = judged(monitor.id);
    const isKnown = before !== undefined && before.lastKnown !== "pending";
    const isOpen = shared === undefined ? this.#isStarting : shared.reopens(monitor.id);
    // After a miss that is not down yet its calls would say that all is well.
    const isMissed = entry.told > 0 && before?.lastKnown !== "down";
    if (!isKnown || (isOpen && !isMissed)) {
      const outcome = standing(state(monitor.id), isKnown ? before : undefined);
      if (outcome !== null) conclude(monitor, outcome, now);
    }
    if (before?.lastKnown === "down") entry.told = now;
  }

  /** Those whose deadline was over at a time, one after another: each has to leave the heap, or to be put later. */
  *#due(at: number): Iterable<Entry> {
    for (;;) {
      const entry = this.#heap.peek();
      if (entry === undefined || entry.dueAt > at) return;
      yield entry;
    }
  }

  /** Those that are due once everything is known that other hubs took in. */
  async #askOthers(due: readonly Entry[], shared: SharedCalls): Promise<void> {
    const isHere = (entry: Entry): boolean => this.#entries.get(entry.monitor.id) === entry;
    let fresh: FreshCalls;
    try {
      fresh = await shared.fresh(due.map(({ monitor }) => monitor.id));
    } catch {
      for (const entry of due) if (isHere(entry)) this.#schedule(entry);
      return;
    }
    const { gap, known } = fresh;
    const own = this.#gap;
    const isShort = own !== null && own.to - own.from <= longestOwnGapMs;
    const now = this.#parts.clock.now();
    for (const entry of due.filter(isHere)) {
      this.#schedule(entry);
      const { deadline, monitor } = entry;
      if (deadline === null || !known.has(monitor.id) || entry.dueAt > now - settleMs) continue;
      const isOfAll = gap !== null && isTouched(deadline, gap);
      this.#fallDue(entry, now, isOfAll || !isShort ? gap : own);
    }
  }

  #fallDue(entry: Entry, now: number, gap: Span | null): void {
    const { deadline, settings, monitor } = entry;
    this.#heap.remove(entry);
    entry.deadline = null;
    if (deadline === null) return;
    const graceMs = settings.grace_seconds * 1000;
    const since = sinceOf(deadline);
    const touched = gap !== null && isTouched(deadline, gap) ? gap : null;
    if (touched !== null && touched.from <= since && touched.to >= deadline.at) {
      entry.told = touched.to;
      this.#schedule(entry);
      if (deadline.kind === "late") this.#parts.onExcused(monitor.id, excusedUntil(entry, touched));
      return;
    }
    if (touched !== null && touched.to + graceMs > now) {
      this.#put(entry, deadline, touched.to + graceMs);
      return;
    }
    // Several that passed at once are one failure.
    entry.told = Math.max(deadline.at, now);
    const missed = missedOutcome(deadline, {
      graceSeconds: settings.grace_seconds,
      timezone: timezoneOf(settings.schedule),
      lastCallAt: this.#parts.state(monitor.id).lastPingAt,
      gap: touched,
    });
    this.#parts.conclude(monitor, missed, now);
    this.#schedule(entry);
  }

  #schedule(entry: Entry): void {
    if (entry.deadline !== null) this.#heap.remove(entry);
    const { monitor, settings, told } = entry;
    const state = this.#parts.state(monitor.id);
    const deadline = nextDeadline(settings, state, monitor.updatedAt, told);
    entry.deadline = null;
    if (deadline !== null) this.#put(entry, deadline, deadline.at);
  }

  #put(entry: Entry, deadline: Deadline, at: number): void {
    entry.deadline = deadline;
    entry.dueAt = at;
    this.#heap.put(entry);
  }

  #read(): { readonly wallMs: number; readonly monotonicMs: number } {
    const { clock } = this.#parts;
    return { wallMs: clock.now(), monotonicMs: clock.monotonicMs() };
  }
}

/** From when on a deadline was waited for. */
function sinceOf(deadline: Deadline): number {
  return deadline.kind === "late" ? deadline.dueAt : deadline.startedAt;
}

/** Whether nobody could be called while a deadline was waited for. */
function isTouched(deadline: Deadline, gap: Span): boolean {
  return gap.from <= deadline.at && gap.to >= sinceOf(deadline);
}

/** The last expected time that says nothing; a period goes on from there in its steps. */
function excusedUntil({ settings, deadline }: Entry, gap: Span): number {
  const { schedule } = settings;
  if (schedule.kind === "period" && deadline?.kind === "late") {
    return deadline.dueAt - schedule.seconds * 1000;
  }
  return gap.to - settings.grace_seconds * 1000;
}

/** How a heartbeat stands by its calls and by what was judged of it; null: nothing is known. */
function standing(state: HeartbeatState, judged: JudgeState | undefined): Outcome | null {
  if (state.verdict === "fail") return calledOutcome(state);
  const answeredAt = state.lastSuccessAt ?? 0;
  if (judged?.lastKnown === "down" && judged.firstFailure !== null && answeredAt <= judged.since) {
    return {
      result: "down",
      reason: downReasonOf(judged.firstFailure.reason),
      message: judged.firstFailure.message,
      evidence: judged.firstFailure.evidence,
      durationMs: 0,
      measurements: {},
      statusCode: null,
    };
  }
  return state.verdict === null ? null : calledOutcome(state);
}

/** Guarantee: heartbeats go down for these reasons only, see `heartbeat-outcome.ts`. */
function downReasonOf(reason: string): DownOutcome["reason"] {
  return reason === "reported" || reason === "timeout" ? reason : "late";
}
