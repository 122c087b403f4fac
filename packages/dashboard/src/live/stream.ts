/**
 * The one event stream of a page. It promises: whoever listens is told `reset` whenever events may have been missed
 * (the page then asks for everything anew); a lost stream is tried again for ever, ever more slowly; watching other
 * monitors opens the new stream before the old one is closed.
 *
 *   connecting ─ open ─> open ─ error ─> lost ─ after a wait, or at once when asked ─> connecting
 *   any ─ stop ─> stopped ─ start ─> connecting
 */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { LiveEvents } from "@belfry/contract";
import { backoffMs } from "./backoff.ts";

/** How the stream is. `since`, `retryAt`: epoch ms. */
export type StreamState =
  | { readonly kind: "stopped" }
  | { readonly kind: "connecting" }
  | { readonly kind: "open" }
  | { readonly kind: "lost"; readonly since: number; readonly retryAt: number };

/** What a page wants to hear. */
export type LiveListener = { readonly [E in keyof LiveEvents]?: (data: LiveEvents[E]) => void };

/** The part of an `EventSource` that is used. */
export interface Source {
  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void;
  close(): void;
}

export interface LiveParts {
  /** Opens an event stream. */
  open(url: string): Source;
  /** Epoch ms. */
  now(): number;
  /** From 0 to 1. */
  random(): number;
  /** Told of every failed attempt: the page finds out whether a key is needed. */
  onLost(): void;
}

export interface Live {
  readonly state: ReadonlySignal<StreamState>;
  /** When the last event or opening was, epoch ms; 0 before the first. */
  readonly heardAt: ReadonlySignal<number>;
  /** Counts the streams that were opened: another one tells of other things. */
  readonly opened: ReadonlySignal<number>;
  start(): void;
  stop(): void;
  /** Tries a lost stream again at once. */
  retry(): void;
  /** Names the monitors whose every check is wanted; changes of status come for all. */
  watch(ids: readonly string[]): void;
  /** Names the hosts whose figures are wanted; their counts come always. */
  watchHosts(hosts: "all" | readonly string[]): void;
  /** Names the runs that are wanted, by their ids, those of runs above them, or those of their jobs. */
  watchRuns(ids: readonly string[]): void;
  /** Listens until the returned function is called. */
  listen(listener: LiveListener): () => void;
}

const eventNames = [
  "counts",
  "host_counts",
  "hosts",
  "checks",
  "monitors",
  "incidents",
  "runs",
  "jobs",
  "reset",
] as const;
const watchDelayMs = 250;
/** Ids fit into an address of half the length that servers accept. */
export const mostWatched = 200;

/** Makes the stream; nothing is opened before `start`. */
export function createLive(parts: LiveParts): Live {
  return new Stream(parts);
}

class Stream implements Live {
  readonly state: Signal<StreamState> = signal({ kind: "stopped" });
  readonly heardAt: Signal<number> = signal(0);
  readonly opened: Signal<number> = signal(0);
  readonly #parts: LiveParts;
  readonly #listeners = new Set<LiveListener>();
  #watched: readonly string[] = [];
  #hosts: "all" | readonly string[] = [];
  #runs: readonly string[] = [];
  /** What the stream that is open or being opened was asked for. */
  #asked: ReadonlySet<string> = new Set();
  #askedHosts: "all" | readonly string[] = [];
  #askedRuns: readonly string[] = [];
  #current: Source | undefined;
  #next: Source | undefined;
  #attempts = 0;
  /** 0: not lost. */
  #lostSince = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #watchTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: LiveParts) {
    this.#parts = parts;
  }

  start(): void {
    if (this.state.value.kind !== "stopped") return;
    this.state.value = { kind: "connecting" };
    this.#connect();
  }

  stop(): void {
    this.#close();
    this.#attempts = 0;
    this.state.value = { kind: "stopped" };
  }

  retry(): void {
    if (this.state.value.kind === "lost") this.#connect();
  }

  watch(ids: readonly string[]): void {
    this.#watched = ids.slice(0, mostWatched);
    this.#followWatched();
  }

  watchHosts(hosts: "all" | readonly string[]): void {
    this.#hosts = hosts === "all" ? hosts : hosts.slice(0, mostWatched);
    this.#followWatched();
  }

  watchRuns(ids: readonly string[]): void {
    this.#runs = ids.slice(0, mostWatched);
    this.#followWatched();
  }

  listen(listener: LiveListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #connect(): void {
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#watchTimer);
    const watched = this.#watched;
    this.#asked = new Set(watched);
    this.#askedHosts = this.#hosts;
    this.#askedRuns = this.#runs;
    const query = queryOf(watched, this.#hosts, this.#runs);
    const source = this.#parts.open(`/api/v1/live${query}`);
    this.#next?.close();
    this.#next = source;
    source.addEventListener("open", () => this.#opened(source));
    source.addEventListener("error", () => this.#failed(source));
    for (const name of eventNames) {
      source.addEventListener(name, ({ data }) => {
        if (source !== this.#current) return;
        this.heardAt.value = this.#parts.now();
        this.#tell(name, readEvent(data));
      });
    }
  }

  #opened(source: Source): void {
    if (source !== this.#next) return;
    const again = this.#lostSince !== 0;
    this.#current?.close();
    this.#current = source;
    this.#next = undefined;
    this.#attempts = 0;
    this.#lostSince = 0;
    this.heardAt.value = this.#parts.now();
    this.state.value = { kind: "open" };
    this.opened.value += 1;
    if (again) this.#tell("reset", {});
    this.#followWatched();
  }

  #failed(source: Source): void {
    if (source !== this.#current && source !== this.#next) return;
    this.#close();
    const now = this.#parts.now();
    this.#lostSince ||= now;
    const wait = backoffMs(this.#attempts, this.#parts.random());
    this.#attempts += 1;
    this.state.value = { kind: "lost", since: this.#lostSince, retryAt: now + wait };
    this.#retryTimer = setTimeout(() => this.#connect(), wait);
    this.#parts.onLost();
  }

  #followWatched(): void {
    clearTimeout(this.#watchTimer);
    if (this.state.value.kind !== "open") return;
    const known = this.#watched.every((id) => this.#asked.has(id));
    const areRuns = isWithin(this.#runs, this.#askedRuns);
    if (known && areRuns && isWithin(this.#hosts, this.#askedHosts)) return;
    this.#watchTimer = setTimeout(() => this.#connect(), watchDelayMs);
  }

  #close(): void {
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#watchTimer);
    this.#current?.close();
    this.#next?.close();
    this.#current = undefined;
    this.#next = undefined;
  }

  #tell<E extends keyof LiveEvents>(name: E, data: LiveEvents[E]): void {
    for (const listener of this.#listeners) listener[name]?.(data);
  }
}

function queryOf(
  monitors: readonly string[],
  hosts: "all" | readonly string[],
  runs: readonly string[],
): string {
  const parts = [
    ...(monitors.length === 0 ? [] : [`monitors=${monitors.join(",")}`]),
    ...(hosts.length === 0 ? [] : [`hosts=${hosts === "all" ? hosts : hosts.join(",")}`]),
    ...(runs.length === 0 ? [] : [`runs=${runs.join(",")}`]),
  ];
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}

/** Whether a stream asked for `asked` brings what is wanted. All hosts are not watched longer than somebody looks. */
function isWithin(wanted: "all" | readonly string[], asked: "all" | readonly string[]): boolean {
  if (wanted === "all" || asked === "all") return wanted === asked;
  return wanted.every((id) => asked.includes(id));
}

/** Trusts that the data of a named event has that event's shape: both ends are of one build. */
function readEvent<T>(data: unknown): T {
  return (typeof data === "string" && data !== "" ? JSON.parse(data) : {}) as T;
}
