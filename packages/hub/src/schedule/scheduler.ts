/**
 * Decides which monitor is checked when, and how many at once.
 *
 * Each monitor has slots `base + n × interval` on the monotonic clock, so checks do not drift. A check that is still
 * running when its next slot comes makes that slot a skip: checks of one monitor never overlap and never pile up. Slots
 * that passed while the process could not run (a stall) are skips too. A failed check may ask for a retry before its
 * next slot; a retry moves no slot.
 *
 * States of an entry: idle (in the heap) → waiting (due, but a bound on concurrency is reached) → running → idle.
 * Only `#start`, `#finish` and `remove` change them. One timer serves all monitors.
 */
import type { Clock } from "../model/clock.ts";
import type { MonitorId } from "../model/id.ts";
import type { Monitor } from "../model/monitor.ts";
import { DueHeap, type Due } from "./due-heap.ts";
import { spreadOf } from "./slots.ts";

export interface SchedulerSettings {
  /** How many checks may run at once. More sockets and memory, less lag. */
  readonly maxConcurrent: number;
  /** How many checks of one target machine may run at once. */
  readonly maxConcurrentPerHost: number;
}

export interface SchedulerParts {
  readonly clock: Clock;
  /**
   * Does one check, from probe to hand-over; must not reject. Resolves to the ms after which a retry is wanted, or null.
   */
  readonly run: (monitor: Monitor, signal: AbortSignal) => Promise<number | null>;
  /** Whether a monitor is checked here at all; left out: every one is. */
  readonly takes?: (monitor: Monitor) => boolean;
  /** The target machine's key; empty: there is none, and no bound per host. */
  readonly hostOf: (monitor: Monitor) => string;
  /** Told of each start with the time between due and started, in seconds. */
  readonly onStart: (lagSeconds: number) => void;
  /** Told of slots that were not used. `overrun`: the check before was still running or waiting; `stall`: Belfry was late. */
  readonly onSkip: (cause: "overrun" | "stall", count: number) => void;
}

interface Entry extends Due {
  monitor: Monitor;
  host: string;
  /** The next regular slot. */
  slotAt: number;
  /** When the check that waits or runs was due. */
  wantedAt: number;
  state: "idle" | "waiting" | "running";
  running: { readonly abort: AbortController; readonly done: Promise<void> } | null;
}

/** Longest sleep of the timer, so that a changed clock source cannot put it to sleep for ever. */
const longestSleepMs = 60_000;

export class Scheduler implements AsyncDisposable {
  readonly #settings: SchedulerSettings;
  readonly #parts: SchedulerParts;
  readonly #entries = new Map<MonitorId, Entry>();
  readonly #heap = new DueHeap<Entry>();
  /** Due entries that wait for room, first come first served. */
  readonly #waiting = new Set<Entry>();
  readonly #runningPerHost = new Map<string, number>();
  readonly #inFlight = new Set<Promise<void>>();
  #running = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #stopped = false;

  constructor(settings: SchedulerSettings, parts: SchedulerParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * Takes a monitor in; its first slot is after `delayMs`. A monitor that is in already is replaced. `soonerMs`: it is
   * also checked after so long, which moves no slot; for a slot that began before.
   */
  add(monitor: Monitor, delayMs: number, soonerMs?: number): void {
    if (this.#stopped) return;
    this.remove(monitor.id);
    if (this.#parts.takes?.(monitor) === false) return;
    const now = this.#parts.clock.monotonicMs();
    const slotAt = now + delayMs;
    const dueAt = soonerMs === undefined ? slotAt : Math.min(slotAt, now + soonerMs);
    const entry: Entry = {
      monitor,
      host: this.#parts.hostOf(monitor),
      dueAt,
      slotAt,
      wantedAt: dueAt,
      heapIndex: -1,
      state: "idle",
      running: null,
    };
    this.#entries.set(monitor.id, entry);
    this.#heap.put(entry);
    this.#arm();
  }

  /**
   * Takes in every monitor after a start: each is checked within min(its interval, 60 s), at a moment that follows from
   * its id, so that a restart does not check all at once.
   */
  addSpread(monitors: Iterable<Monitor>): void {
    for (const monitor of monitors) {
      this.add(monitor, spreadOf(monitor.id) * Math.min(monitor.intervalMs, 60_000));
    }
  }

  /** Forgets a monitor at once and aborts its running check. */
  remove(id: MonitorId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#heap.remove(entry);
    this.#waiting.delete(entry);
    entry.running?.abort.abort();
  }

  /** Forgets monitors at once; what runs of them goes on, is waited for, and aborted when it has not ended `withinMs`. */
  async retire(ids: Iterable<MonitorId>, withinMs: number): Promise<void> {
    const running = new Set<NonNullable<Entry["running"]>>();
    for (const id of ids) {
      const entry = this.#entries.get(id);
      if (entry?.running != null) running.add(entry.running);
      if (entry === undefined) continue;
      this.#entries.delete(id);
      this.#heap.remove(entry);
      this.#waiting.delete(entry);
    }
    const late = setTimeout(() => {
      for (const { abort } of running) abort.abort();
    }, withinMs);
    await Promise.all(
      [...running].map(async (one) => {
        await one.done;
        running.delete(one);
      }),
    );
    clearTimeout(late);
  }

  /** Checks now, or joins the check that runs; resolves when it ended. The slots stay where they are. */
  async checkNow(id: MonitorId): Promise<boolean> {
    const entry = this.#entries.get(id);
    if (entry === undefined || this.#stopped) return false;
    if (entry.running === null) {
      this.#waiting.delete(entry);
      this.#heap.remove(entry);
      entry.wantedAt = this.#parts.clock.monotonicMs();
      this.#start(entry);
    }
    await entry.running?.done;
    return true;
  }

  /** Starts nothing more, aborts what runs and waits until it has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const id of this.#entries.keys()) this.remove(id);
    await Promise.all(this.#inFlight);
  }

  #arm(): void {
    const next = this.#heap.peek();
    if (next === undefined || this.#stopped || next.dueAt >= this.#timerAt) return;
    clearTimeout(this.#timer);
    const now = this.#parts.clock.monotonicMs();
    this.#timerAt = Math.min(next.dueAt, now + longestSleepMs);
    this.#timer = setTimeout(() => this.#onTimer(), Math.max(0, this.#timerAt - now));
  }

  #onTimer(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#parts.clock.monotonicMs();
    for (;;) {
      const entry = this.#heap.peek();
      // Timers fire on whole milliseconds, up to one too early.
      if (entry === undefined || entry.dueAt > now + 0.5) break;
      this.#heap.remove(entry);
      this.#fallDue(entry, now);
    }
    this.#arm();
  }

  #fallDue(entry: Entry, now: number): void {
    const isSlot = entry.dueAt >= entry.slotAt;
    if (entry.state !== "idle") {
      this.#parts.onSkip("overrun", 1);
      this.#moveOn(entry, now, 1);
      return;
    }
    entry.wantedAt = entry.dueAt;
    if (isSlot) this.#moveOn(entry, now, 1);
    else this.#schedule(entry, entry.slotAt);
    entry.state = "waiting";
    if (this.#hasRoom(entry.host)) this.#start(entry);
    else this.#waiting.add(entry);
  }

  /** Moves to the next slot that lies ahead; those in between are skipped. `used` slots are not counted as skips. */
  #moveOn(entry: Entry, now: number, used: number): void {
    const interval = entry.monitor.intervalMs;
    const passed = Math.max(used, Math.floor((now - entry.slotAt) / interval) + 1);
    if (passed > used) this.#parts.onSkip("stall", passed - used);
    entry.slotAt += passed * interval;
    this.#schedule(entry, entry.slotAt);
  }

  #schedule(entry: Entry, dueAt: number): void {
    entry.dueAt = dueAt;
    this.#heap.put(entry);
  }

  #hasRoom(host: string): boolean {
    if (this.#running >= this.#settings.maxConcurrent) return false;
    return (
      host === "" || (this.#runningPerHost.get(host) ?? 0) < this.#settings.maxConcurrentPerHost
    );
  }

  #start(entry: Entry): void {
    entry.state = "running";
    this.#running += 1;
    this.#runningPerHost.set(entry.host, (this.#runningPerHost.get(entry.host) ?? 0) + 1);
    const startedAt = this.#parts.clock.monotonicMs();
    this.#parts.onStart(Math.max(0, startedAt - entry.wantedAt) / 1000);
    const abort = new AbortController();
    const { host, monitor } = entry;
    const done = this.#parts.run(monitor, abort.signal).then((retryMs) => {
      this.#inFlight.delete(done);
      this.#finish(entry, host, retryMs);
    });
    entry.running = { abort, done };
    this.#inFlight.add(done);
    if (entry.heapIndex === -1) this.#schedule(entry, entry.slotAt);
  }

  #finish(entry: Entry, host: string, retryMs: number | null): void {
    this.#running -= 1;
    const left = (this.#runningPerHost.get(host) ?? 1) - 1;
    if (left === 0) this.#runningPerHost.delete(host);
    else this.#runningPerHost.set(host, left);
    entry.state = "idle";
    entry.running = null;
    if (this.#entries.get(entry.monitor.id) === entry && retryMs !== null) {
      const retryAt = this.#parts.clock.monotonicMs() + retryMs;
      if (retryAt < entry.slotAt) this.#schedule(entry, retryAt);
    }
    this.#startWaiting();
    this.#arm();
  }

  #startWaiting(): void {
    for (const entry of this.#waiting) {
      if (this.#running >= this.#settings.maxConcurrent) return;
      if (!this.#hasRoom(entry.host)) continue;
      this.#waiting.delete(entry);
      this.#start(entry);
    }
  }
}
