/**
 * Notices silence. A monitor of a passive kind is not checked: Belfry is told (`heard`), and when it was told nothing for
 * the monitor's interval, the monitor is down until it is heard again. The scheduler's counterpart, with the same ways in.
 *
 * - After a start, a change and a resume a monitor has a whole deadline to be heard.
 * - Time in which this process could not listen does not count, and after it whoever was waiting has a moment to be let in:
 *   a stalled event loop or a stopped process makes nobody silent. Spans are monotonic: a clock that jumps changes nothing.
 * - Being heard while up costs two stores into an entry: nothing is decided, queued or written.
 *
 * States of an entry: waiting (nothing was said since it was added) → up (heard) ⇄ silent. Only `heard` and `#look`
 * change them.
 */
import type { Clock } from "../model/clock.ts";
import type { MonitorId } from "../model/id.ts";
import type { Monitor } from "../model/monitor.ts";
import type { Outcome } from "../model/outcome.ts";
import { DueHeap, type Due } from "./due-heap.ts";

export interface DeadlinesParts {
  readonly clock: Clock;
  /** Told of what was noticed about a monitor. Must not throw. */
  readonly conclude: (monitor: Monitor, outcome: Outcome) => void;
  /** Granted beyond every deadline, ms; 0 unless set: other hubs are told of being heard so much later, at most. */
  readonly hearsayMs?: number;
}

interface Entry extends Due {
  readonly monitor: Monitor;
  state: "waiting" | "up" | "silent";
  /** Monotonic ms. */
  heardMs: number;
  /** Deaf time up to then. */
  deafMs: number;
}

const tickMs = 1_000;
/** A tick that is later than this was held up. */
const heldUpMs = 250;
/** At most this much is granted beyond the time that was lost, in ms: what waits is taken in first. */
const mostGrantedMs = 10_000;

export class Deadlines implements Disposable {
  readonly #parts: DeadlinesParts;
  readonly #entries = new Map<MonitorId, Entry>();
  readonly #heap = new DueHeap<Entry>();
  readonly #timer: NodeJS.Timeout;
  /** Time in which nobody could be heard, in ms. */
  #deafMs = 0;
  #lookedMs: number;

  constructor(parts: DeadlinesParts) {
    this.#parts = parts;
    this.#lookedMs = parts.clock.monotonicMs();
    this.#timer = setInterval(() => this.#look(), tickMs);
  }

  get size(): number {
    return this.#entries.size;
  }

  has(id: MonitorId): boolean {
    return this.#entries.has(id);
  }

  /** Takes a monitor in, or replaces it: from now on it has a whole deadline. */
  add(monitor: Monitor): void {
    this.remove(monitor.id);
    const heardMs = this.#parts.clock.monotonicMs();
    const entry: Entry = {
      monitor,
      state: "waiting",
      heardMs,
      deafMs: this.#deafMs,
      dueAt: heardMs + this.#spanOf(monitor),
      heapIndex: -1,
    };
    this.#entries.set(monitor.id, entry);
    this.#heap.put(entry);
  }

  remove(id: MonitorId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#heap.remove(entry);
  }

  /** A monitor was heard; one that is not in is passed over. */
  heard(id: MonitorId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.heardMs = this.#parts.clock.monotonicMs();
    entry.deafMs = this.#deafMs;
    if (entry.state === "up") return;
    if (entry.state === "silent") this.#schedule(entry);
    entry.state = "up";
    this.#parts.conclude(entry.monitor, up);
  }

  /** Nobody could be heard for so long, in ms: that time does not count. */
  deaf(ms: number): void {
    this.#deafMs += ms;
  }

  /** Looks at once whether a monitor is silent; false for one that is not in. */
  checkNow(id: MonitorId): Promise<boolean> {
    this.#look();
    return Promise.resolve(this.#entries.has(id));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const id of this.#entries.keys()) this.remove(id);
  }

  #look(): void {
    const now = this.#parts.clock.monotonicMs();
    const lateMs = now - this.#lookedMs - tickMs;
    this.#lookedMs = now;
    if (lateMs > heldUpMs) this.#deafMs += lateMs + Math.min(lateMs, mostGrantedMs);
    for (;;) {
      const entry = this.#heap.peek();
      if (entry === undefined || entry.dueAt > now) return;
      this.#fallDue(entry, now);
    }
  }

  #fallDue(entry: Entry, now: number): void {
    const silentMs = now - entry.heardMs - (this.#deafMs - entry.deafMs);
    const { monitor } = entry;
    if (silentMs < this.#spanOf(monitor)) return this.#schedule(entry);
    this.#heap.remove(entry);
    entry.state = "silent";
    this.#parts.conclude(monitor, silent(now - entry.heardMs));
  }

  /** Looks again when it may be silent. */
  #schedule(entry: Entry): void {
    const countsFrom = entry.heardMs + this.#deafMs - entry.deafMs;
    entry.dueAt = countsFrom + this.#spanOf(entry.monitor);
    this.#heap.put(entry);
  }

  #spanOf(monitor: Monitor): number {
    return monitor.intervalMs + (this.#parts.hearsayMs ?? 0);
  }
}

/** The schedule of all monitors. */
export interface Schedule {
  add(monitor: Monitor, delayMs: number): void;
  /** Takes in every monitor after a start. */
  addAll(monitors: Iterable<Monitor>): void;
  remove(id: MonitorId): void;
  /** Checks now; resolves when it ended, to false for a monitor that is not in. */
  checkNow(id: MonitorId): Promise<boolean>;
}

/** The schedule of one process: passive ones have deadlines, the others are checked. */
export function createSchedule(parts: {
  readonly isPassive: (monitor: Monitor) => boolean;
  readonly deadlines: Pick<Deadlines, "add" | "remove" | "has" | "checkNow">;
  readonly scheduler: {
    add(monitor: Monitor, delayMs: number): void;
    addSpread(monitors: Iterable<Monitor>): void;
    remove(id: MonitorId): void;
    checkNow(id: MonitorId): Promise<boolean>;
  };
}): Schedule {
  const { isPassive, deadlines, scheduler } = parts;
  return {
    add(monitor, delayMs) {
      if (isPassive(monitor)) deadlines.add(monitor);
      else scheduler.add(monitor, delayMs);
    },
    addAll(monitors) {
      const { passive = [], active = [] } = Object.groupBy(monitors, (monitor) =>
        isPassive(monitor) ? "passive" : "active",
      );
      for (const monitor of passive) deadlines.add(monitor);
      scheduler.addSpread(active);
    },
    remove(id) {
      deadlines.remove(id);
      scheduler.remove(id);
    },
    checkNow: (id) => (deadlines.has(id) ? deadlines.checkNow(id) : scheduler.checkNow(id)),
  };
}

const up: Outcome = {
  result: "up",
  durationMs: 0,
  measurements: {},
  statusCode: null,
  certificateDays: null,
};

function silent(ms: number): Outcome {
  const seconds = Math.round(ms / 1000);
  return {
    result: "down",
    reason: "silent",
    message: `nothing was heard for ${seconds} s`,
    evidence: { silent_seconds: seconds },
    durationMs: 0,
    measurements: {},
    statusCode: null,
  };
}
