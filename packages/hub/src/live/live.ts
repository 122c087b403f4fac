/**
 * Changes pushed to open pages. The hub publishes what happens; it is gathered and sent at most once a second, to each
 * reader only what it asked for. Nothing here ever waits for a reader: one that takes its events too slowly is
 * dropped, comes back by itself and is told to fetch everything anew (`reset`).
 *
 * Every event has an id one greater than the one before, starting from the clock, so that ids of a former process are
 * never mistaken for present ones. A reader that comes back with the latest id has missed nothing.
 */
import type { HostView, LiveCheck, LiveEvents, Status } from "@belfry/contract";
import type { BoardEntry } from "../model/board.ts";
import type { Clock } from "../model/clock.ts";
import { followsHost } from "../model/host.ts";
import type { HostId, IncidentId, MonitorId } from "../model/id.ts";
import type { ChangedRun, JobId, RunRowId } from "../model/job.ts";
import { createEventQueue, type EventQueue } from "./event-queue.ts";
import { EventTail, type TailOptions, type ToldEvent } from "./event-tail.ts";
import { RunFeed, wants, type ShownRun, type WantedRuns } from "./run-feed.ts";

export interface LiveParts {
  readonly clock: Clock;
  readonly board: {
    get(id: MonitorId): BoardEntry | undefined;
    entries(): Iterable<BoardEntry>;
    hostEntries(): Iterable<BoardEntry>;
  };
  /** Those of the runs that exist, as they are shown now. */
  readonly readRuns: (ids: readonly RunRowId[]) => Promise<readonly ShownRun[]>;
}

export interface LiveReaderOptions {
  /** Monitors whose every check is wanted; of all others come changes of status. */
  readonly monitors: readonly MonitorId[];
  /** Hosts whose latest figures are wanted. */
  readonly hosts: "all" | readonly HostId[];
  /** Runs that are wanted when they change: by their ids, those of runs above them, or of their jobs. */
  readonly runs: "all" | readonly string[];
  readonly lastEventId: string | undefined;
  readonly keyId: string | undefined;
  /** Called when the reader is dropped because it takes its events too slowly. */
  readonly onDropped: () => void;
}

export interface Live extends Disposable {
  /** Says how hosts are shown; `view` gives undefined for one that is gone. Until then none are. */
  watchHosts(view: (id: HostId) => HostView | undefined): void;
  checked(entry: BoardEntry): void;
  statusChanged(entry: BoardEntry): void;
  monitorsChanged(ids: {
    readonly changed: readonly MonitorId[];
    readonly deleted: readonly MonitorId[];
  }): void;
  /** What is shown of a host changed. */
  hostShown(id: HostId): void;
  hostStatusChanged(id: HostId): void;
  incidentsChanged(ids: readonly IncidentId[]): void;
  runsChanged(runs: readonly ChangedRun[]): void;
  /** Jobs were changed or deleted by somebody, or became late. */
  jobsChanged(ids: readonly JobId[]): void;
  /** Events of runs were stored. */
  eventsStored(events: readonly ToldEvent[]): void;
  /** Whether anybody reads what changes of runs, and each of their events. */
  readonly runReaders: { readonly pages: boolean; readonly tails: boolean };
  /** Opens a stream of every event of a run; undefined when as many are open as are allowed. */
  openTail(options: TailOptions): AsyncIterable<string> | undefined;
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
  readonly hosts: "all" | ReadonlySet<HostId>;
  readonly runs: WantedRuns;
  readonly keyId: string | undefined;
  readonly openedAt: number;
  readonly onDropped: () => void;
}

const flushEveryMs = 1_000;
const heartbeatEveryMs = 15_000;
/** A stream ends after this long, so that the access of whoever reads is checked again. */
const longestStreamMs = 30 * 60_000;
const mostReaders = 500;
/** Hosts in one event, and in one second: what is more waits for the next. About 700 characters each. */
const mostHostsPerEvent = 100;
const mostHostsPerFlush = 1_000;
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
  readonly #shownHosts = new Set<HostId>();
  readonly #changedMonitors = new Set<MonitorId>();
  readonly #deletedMonitors = new Set<MonitorId>();
  readonly #changedIncidents = new Set<IncidentId>();
  readonly #runs: RunFeed;
  readonly #tail: EventTail;
  /** The runs that changed are being read. */
  #readsRuns = false;
  #lastId: number;
  /** Something happened while nobody read: whoever comes back has missed it. */
  #missed = false;
  #hostStatusChanged = false;
  #hostView: (id: HostId) => HostView | undefined = () => undefined;
  #dropped = 0;
  #flushedAt: number;
  #flushTimer: NodeJS.Timeout | null = null;
  #heartbeatTimer: NodeJS.Timeout | null = null;

  constructor(parts: LiveParts) {
    this.#parts = parts;
    this.#runs = new RunFeed(parts.readRuns);
    this.#tail = new EventTail(parts.clock);
    this.#lastId = parts.clock.now();
    this.#flushedAt = Number.NEGATIVE_INFINITY;
  }

  get stats(): { readonly readers: number; readonly dropped: number } {
    const tail = this.#tail.stats;
    return { readers: this.#readers.size + tail.readers, dropped: this.#dropped + tail.dropped };
  }

  watchHosts(view: (id: HostId) => HostView | undefined): void {
    this.#hostView = view;
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

  hostShown(id: HostId): void {
    if (this.#readers.size === 0) this.#missed = true;
    else if (this.#wantsHost(id)) this.#note(this.#shownHosts, id);
  }

  hostStatusChanged(id: HostId): void {
    if (this.#readers.size > 0) this.#hostStatusChanged = true;
    this.#note(this.#shownHosts, id);
  }

  incidentsChanged(ids: readonly IncidentId[]): void {
    for (const id of ids) this.#note(this.#changedIncidents, id);
  }

  runsChanged(runs: readonly ChangedRun[]): void {
    const wanted = this.#wantedRuns();
    if (wanted.length === 0) return;
    this.#runs.note(runs, wanted);
    this.#arm();
  }

  jobsChanged(ids: readonly JobId[]): void {
    if (this.#wantedRuns().length === 0) return;
    this.#runs.noteJobs(ids);
    this.#arm();
  }

  eventsStored(events: readonly ToldEvent[]): void {
    this.#tail.push(events);
  }

  get runReaders(): { readonly pages: boolean; readonly tails: boolean } {
    const pages = [...this.#readers].some(({ runs }) => isAny(runs));
    return { pages, tails: this.#tail.stats.readers > 0 };
  }

  openTail(options: TailOptions): AsyncIterable<string> | undefined {
    return this.#tail.open(options);
  }

  open(options: LiveReaderOptions): AsyncIterable<string> | undefined {
    if (this.#readers.size >= mostReaders) return undefined;
    const reader: Reader = {
      queue: createEventQueue(() => this.#remove(reader)),
      monitors: new Set(options.monitors),
      hosts: options.hosts === "all" ? "all" : new Set(options.hosts),
      runs: options.runs === "all" ? "all" : new Set(options.runs),
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
    const { board } = this.#parts;
    reader.queue.push(eventText(this.#lastId, "counts", countsOf(board.entries())));
    reader.queue.push(eventText(this.#lastId, "host_counts", countsOf(board.hostEntries())));
    return reader.queue;
  }

  dropKey(keyId: string): void {
    for (const reader of this.#readers) if (reader.keyId === keyId) reader.queue.end();
    this.#tail.dropKey(keyId);
  }

  closeAll(): void {
    for (const reader of this.#readers) reader.queue.end();
    this.#tail[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.closeAll();
    if (this.#flushTimer !== null) clearTimeout(this.#flushTimer);
    this.#flushTimer = null;
    this.#runs.clear();
  }

  #note<T>(into: Set<T>, id: T): void {
    if (this.#readers.size === 0) {
      this.#missed = true;
      return;
    }
    into.add(id);
    this.#arm();
  }

  #arm(): void {
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
    this.#sendHosts();
    if (this.#runs.waits && !this.#readsRuns) void this.#sendRuns();
    const { board } = this.#parts;
    const ofHosts = changed.filter((id) => isHost(board.get(id))).length;
    const gone = deleted.length > 0;
    if (this.#changedStatus.size > 0 || changed.length > ofHosts || gone) {
      this.#sendAll("counts", countsOf(board.entries()));
    }
    if (this.#hostStatusChanged || ofHosts > 0 || gone) {
      this.#sendAll("host_counts", countsOf(board.hostEntries()));
    }
    this.#hostStatusChanged = false;
    const sets = [this.#checked, this.#changedStatus, this.#changedMonitors, this.#deletedMonitors];
    for (const set of sets) set.clear();
    this.#changedIncidents.clear();
    if (this.#shownHosts.size > 0) this.#arm();
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

  #wantsHost(id: HostId): boolean {
    for (const { hosts } of this.#readers) if (hosts === "all" || hosts.has(id)) return true;
    return false;
  }

  /** Every view becomes text once, however many read it. */
  #sendHosts(): void {
    const texts = new Map<HostId, string>();
    for (const id of this.#shownHosts) {
      if (texts.size >= mostHostsPerFlush) break;
      this.#shownHosts.delete(id);
      const view = this.#hostView(id);
      if (view !== undefined) texts.set(id, JSON.stringify(view));
    }
    if (texts.size === 0) return;
    const id = (this.#lastId += 1);
    const all = [...texts];
    for (const reader of this.#readers) {
      const { hosts } = reader;
      const own = hosts === "all" ? all : all.filter(([host]) => hosts.has(host));
      for (let from = 0; from < own.length; from += mostHostsPerEvent) {
        const some = own.slice(from, from + mostHostsPerEvent).map(([, text]) => text);
        this.#send(reader, `id: ${id}\nevent: hosts\ndata: [${some.join(",")}]\n\n`);
      }
    }
  }

  /** What each reader of runs asked for; a change nobody is told of is one that whoever comes back has missed. */
  #wantedRuns(): readonly WantedRuns[] {
    const wanted = [...this.#readers].map(({ runs }) => runs).filter(isAny);
    if (wanted.length === 0) this.#missed = true;
    return wanted;
  }

  /** Reads what changed, then sends it. Never rejects. */
  async #sendRuns(): Promise<void> {
    this.#readsRuns = true;
    const news = await this.#runs.take();
    this.#readsRuns = false;
    const readers = [...this.#readers].filter(({ runs }) => isAny(runs));
    if (readers.length === 0) {
      this.#runs.clear();
      this.#missed = true;
      return;
    }
    const sendEach = (text: (id: number, reader: Reader) => string | undefined): void => {
      const id = (this.#lastId += 1);
      for (const reader of readers) {
        const own = text(id, reader);
        if (own !== undefined) this.#send(reader, own);
      }
    };
    if (news === "reset") sendEach((id) => eventText(id, "reset", {}));
    else {
      const { jobs, runs } = news;
      if (runs.length > 0) {
        sendEach((id, reader) => {
          const own = runs.filter((run) => wants(reader.runs, run)).map(({ text }) => text);
          return own.length === 0
            ? undefined
            : `id: ${id}\nevent: runs\ndata: [${own.join(",")}]\n\n`;
        });
      }
      if (jobs.length > 0) sendEach((id) => eventText(id, "jobs", { changed: jobs }));
    }
    if (this.#runs.waits) this.#arm();
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
}

function isAny(runs: WantedRuns): boolean {
  return runs === "all" || runs.size > 0;
}

function isHost(entry: BoardEntry | undefined): boolean {
  return entry !== undefined && followsHost(entry.monitor);
}

function countsOf(entries: Iterable<BoardEntry>): Record<Status, number> {
  const counts: Record<Status, number> = {
    pending: 0,
    up: 0,
    degraded: 0,
    down: 0,
    unknown: 0,
    maintenance: 0,
    paused: 0,
  };
  for (const { status } of entries) counts[status] += 1;
  return counts;
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
