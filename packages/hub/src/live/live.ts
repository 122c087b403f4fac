/**
 * Changes pushed to open pages. The hub publishes what happens; it is gathered and sent at most once a second, to each
 * reader only what it asked for. Nothing here ever waits for a reader: one that takes its events too slowly is
 * dropped, comes back by itself and is told to fetch everything anew (`reset`).
 *
 * Every event has an id one greater than the one before, starting from the clock, so that ids of a former process are
 * never mistaken for present ones. A reader that comes back with the latest id has missed nothing.
 */
import type { LiveCheck, LiveEvents, Status } from "@belfry/contract";
import type { BoardEntry } from "../model/board.ts";
import type { Clock } from "../model/clock.ts";
import type { IncidentId, MonitorId } from "../model/id.ts";
import { createEventQueue, type EventQueue } from "./event-queue.ts";

export interface LiveParts {
  readonly clock: Clock;
  readonly board: {
    get(id: MonitorId): BoardEntry | undefined;
    entries(): Iterable<BoardEntry>;
  };
}

export interface LiveReaderOptions {
  /** Monitors whose every check is wanted; of all others come changes of status. */
  readonly monitors: readonly MonitorId[];
  readonly lastEventId: string | undefined;
  readonly keyId: string | undefined;
  /** Called when the reader is dropped because it takes its events too slowly. */
  readonly onDropped: () => void;
}

export interface Live extends Disposable {
  checked(entry: BoardEntry): void;
  statusChanged(entry: BoardEntry): void;
  monitorsChanged(ids: {
    readonly changed: readonly MonitorId[];
    readonly deleted: readonly MonitorId[];
  }): void;
  incidentsChanged(ids: readonly IncidentId[]): void;
  /** Opens a stream; undefined when as many are open as are allowed. */
  open(options: LiveReaderOptions): AsyncIterable<string> | undefined;
  /** Ends the streams opened with a key that was revoked. */
  dropKey(keyId: string): void;
  closeAll(): void;
  /** For metrics: streams that are open, and readers dropped so far. */
  readonly stats: { readonly readers: number; readonly dropped: number };
}

interface Reader {
  readonly queue: EventQueue;
  readonly monitors: ReadonlySet<MonitorId>;
  readonly keyId: string | undefined;
  readonly openedAt: number;
  readonly onDropped: () => void;
}

const flushEveryMs = 1_000;
const heartbeatEveryMs = 15_000;
/** A stream ends after this long, so that the access of whoever reads is checked again. */
const longestStreamMs = 30 * 60_000;
const mostReaders = 500;
/** What a reader may be behind, in characters. */
const mostBuffered = 1024 * 1024;

/** Makes the live events. */
export function createLive(parts: LiveParts): Live {
  return new LiveEventSource(parts);
}

class LiveEventSource implements Live {
  readonly #parts: LiveParts;
  readonly #readers = new Set<Reader>();
  /** How many readers want every check of a monitor. */
  readonly #watched = new Map<MonitorId, number>();
  readonly #checked = new Set<MonitorId>();
  readonly #changedStatus = new Set<MonitorId>();
  readonly #changedMonitors = new Set<MonitorId>();
  readonly #deletedMonitors = new Set<MonitorId>();
  readonly #changedIncidents = new Set<IncidentId>();
  #lastId: number;
  /** Something happened while nobody read: whoever comes back has missed it. */
  #missed = false;
  #dropped = 0;
  #flushedAt: number;
  #flushTimer: NodeJS.Timeout | null = null;
  #heartbeatTimer: NodeJS.Timeout | null = null;

  constructor(parts: LiveParts) {
    this.#parts = parts;
    this.#lastId = parts.clock.now();
    this.#flushedAt = Number.NEGATIVE_INFINITY;
  }

  get stats(): { readonly readers: number; readonly dropped: number } {
    return { readers: this.#readers.size, dropped: this.#dropped };
  }

  checked({ monitor }: BoardEntry): void {
    if (this.#readers.size === 0) this.#missed = true;
    else if (this.#watched.has(monitor.id)) this.#note(this.#checked, monitor.id);
  }

  statusChanged({ monitor }: BoardEntry): void {
    this.#note(this.#changedStatus, monitor.id);
  }

  monitorsChanged(ids: {
    readonly changed: readonly MonitorId[];
    readonly deleted: readonly MonitorId[];
  }): void {
    for (const id of ids.changed) this.#note(this.#changedMonitors, id);
    for (const id of ids.deleted) this.#note(this.#deletedMonitors, id);
  }

  incidentsChanged(ids: readonly IncidentId[]): void {
    for (const id of ids) this.#note(this.#changedIncidents, id);
  }

  open(options: LiveReaderOptions): AsyncIterable<string> | undefined {
    if (this.#readers.size >= mostReaders) return undefined;
    const reader: Reader = {
      queue: createEventQueue(() => this.#remove(reader)),
      monitors: new Set(options.monitors),
      keyId: options.keyId,
      openedAt: this.#parts.clock.monotonicMs(),
      onDropped: options.onDropped,
    };
    if (this.#missed) {
      this.#lastId += 1;
      this.#missed = false;
    }
    this.#readers.add(reader);
    for (const id of reader.monitors) this.#watched.set(id, (this.#watched.get(id) ?? 0) + 1);
    this.#heartbeatTimer ??= setInterval(() => this.#heartbeat(), heartbeatEveryMs);
    reader.queue.push("retry: 2000\n\n");
    const knows = options.lastEventId;
    if (knows !== undefined && knows !== String(this.#lastId)) {
      reader.queue.push(eventText(this.#lastId, "reset", {}));
    }
    reader.queue.push(eventText(this.#lastId, "counts", this.#counts()));
    return reader.queue;
  }

  dropKey(keyId: string): void {
    for (const reader of this.#readers) if (reader.keyId === keyId) reader.queue.end();
  }

  closeAll(): void {
    for (const reader of this.#readers) reader.queue.end();
  }

  [Symbol.dispose](): void {
    this.closeAll();
    if (this.#flushTimer !== null) clearTimeout(this.#flushTimer);
    this.#flushTimer = null;
  }

  #note<T>(into: Set<T>, id: T): void {
    if (this.#readers.size === 0) {
      this.#missed = true;
      return;
    }
    into.add(id);
    if (this.#flushTimer !== null) return;
    const waitMs = this.#flushedAt + flushEveryMs - this.#parts.clock.monotonicMs();
    this.#flushTimer = setTimeout(() => this.#flush(), Math.max(20, waitMs));
  }

  #flush(): void {
    this.#flushTimer = null;
    this.#flushedAt = this.#parts.clock.monotonicMs();
    const changed = [...this.#changedMonitors].filter((id) => !this.#deletedMonitors.has(id));
    const deleted = [...this.#deletedMonitors];
    if (changed.length + deleted.length > 0) this.#sendAll("monitors", { changed, deleted });
    const incidents = [...this.#changedIncidents];
    if (incidents.length > 0) this.#sendAll("incidents", { changed: incidents });
    this.#sendChecks();
    if (this.#changedStatus.size + changed.length + deleted.length > 0) {
      this.#sendAll("counts", this.#counts());
    }
    const sets = [this.#checked, this.#changedStatus, this.#changedMonitors, this.#deletedMonitors];
    for (const set of sets) set.clear();
    this.#changedIncidents.clear();
  }

  #sendChecks(): void {
    const views = new Map<MonitorId, LiveCheck>();
    for (const id of [...this.#checked, ...this.#changedStatus]) {
      const entry = this.#parts.board.get(id);
      if (entry !== undefined) views.set(id, checkView(entry));
    }
    if (views.size === 0) return;
    const id = (this.#lastId += 1);
    for (const reader of this.#readers) {
      const own = [...views]
        .filter(([one]) => this.#changedStatus.has(one) || reader.monitors.has(one))
        .map(([, view]) => view);
      if (own.length > 0) this.#send(reader, eventText(id, "checks", own));
    }
  }

  #sendAll<E extends keyof LiveEvents>(event: E, data: LiveEvents[E]): void {
    this.#lastId += 1;
    const text = eventText(this.#lastId, event, data);
    for (const reader of this.#readers) this.#send(reader, text);
  }

  #send(reader: Reader, text: string): void {
    if (reader.queue.length + text.length <= mostBuffered) {
      reader.queue.push(text);
      return;
    }
    this.#dropped += 1;
    reader.queue.end();
    reader.onDropped();
  }

  #heartbeat(): void {
    const now = this.#parts.clock.monotonicMs();
    for (const reader of this.#readers) {
      if (now - reader.openedAt > longestStreamMs) reader.queue.end();
      else this.#send(reader, ": still here\n\n");
    }
  }

  #remove(reader: Reader): void {
    if (!this.#readers.delete(reader)) return;
    for (const id of reader.monitors) {
      const others = (this.#watched.get(id) ?? 1) - 1;
      if (others === 0) this.#watched.delete(id);
      else this.#watched.set(id, others);
    }
    if (this.#readers.size > 0) return;
    if (this.#heartbeatTimer !== null) clearInterval(this.#heartbeatTimer);
    this.#heartbeatTimer = null;
  }

  #counts(): Record<Status, number> {
    const counts: Record<Status, number> = {
      pending: 0,
      up: 0,
      degraded: 0,
      down: 0,
      unknown: 0,
      maintenance: 0,
      paused: 0,
    };
    for (const { status } of this.#parts.board.entries()) counts[status] += 1;
    return counts;
  }
}

function eventText<E extends keyof LiveEvents>(id: number, event: E, data: LiveEvents[E]): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

function checkView(entry: BoardEntry): LiveCheck {
  const check = entry.lastCheck;
  return {
    id: entry.monitor.id,
    status: entry.status,
    status_since: new Date(entry.since).toISOString(),
    flapping: entry.flapping,
    last_check:
      check === null
        ? null
        : {
            checked_at: new Date(check.checkedAt).toISOString(),
            result: check.result,
            reason: check.reason,
            message: check.message,
            status_code: check.statusCode,
            latency_ms: check.latencyMs,
            location: check.location,
          },
  };
}
