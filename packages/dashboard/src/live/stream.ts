/**
 * The one event stream of a page. It promises: whoever listens is told `reset` whenever events may have been missed
 * (the page then asks for everything anew); a lost stream is tried again for ever, ever more slowly; watching other
 * monitors opens the new stream before the old one is closed.
 *
 *   connecting ─ open ─> open ─ error ─> lost ─ after a wait, or at once when asked ─> connecting
 *   any ─ stop ─> stopped ─ start ─> connecting
 */
import { signal, type ReadonlySignal } from "@preact/signals";
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
  start(): void;
  stop(): void;
  /** Tries a lost stream again at once. */
  retry(): void;
  /** Names the monitors whose every check is wanted; changes of status come for all. */
  watch(ids: readonly string[]): void;
  /** Listens until the returned function is called. */
  listen(listener: LiveListener): () => void;
}

const eventNames = ["counts", "checks", "monitors", "incidents", "reset"] as const;
const watchDelayMs = 250;
/** Ids fit into an address of half the length that servers accept. */
export const mostWatched = 200;

/** Makes the stream; nothing is opened before `start`. */
export function createLive(parts: LiveParts): Live {
  const state = signal<StreamState>({ kind: "stopped" });
  const heardAt = signal(0);
  const listeners = new Set<LiveListener>();
  let watched: readonly string[] = [];
  let asked: ReadonlySet<string> = new Set();
  let current: Source | undefined;
  let next: Source | undefined;
  let attempts = 0;
  let lostSince = 0;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let watchTimer: ReturnType<typeof setTimeout> | undefined;

  function tell<E extends keyof LiveEvents>(name: E, data: LiveEvents[E]): void {
    for (const listener of listeners) listener[name]?.(data);
  }

  function connect(): void {
    clearTimeout(retryTimer);
    clearTimeout(watchTimer);
    asked = new Set(watched);
    const source = parts.open(
      watched.length === 0 ? "/api/v1/live" : `/api/v1/live?monitors=${watched.join(",")}`,
    );
    next?.close();
    next = source;
    source.addEventListener("open", () => opened(source));
    source.addEventListener("error", () => failed(source));
    for (const name of eventNames) {
      source.addEventListener(name, ({ data }) => {
        if (source !== current) return;
        heardAt.value = parts.now();
        tell(name, readEvent(data));
      });
    }
  }

  function opened(source: Source): void {
    if (source !== next) return;
    const again = lostSince !== 0;
    current?.close();
    current = source;
    next = undefined;
    attempts = 0;
    lostSince = 0;
    heardAt.value = parts.now();
    state.value = { kind: "open" };
    if (again) tell("reset", {});
    followWatched();
  }

  function followWatched(): void {
    clearTimeout(watchTimer);
    if (state.value.kind !== "open" || watched.every((id) => asked.has(id))) return;
    watchTimer = setTimeout(connect, watchDelayMs);
  }

  function failed(source: Source): void {
    if (source !== current && source !== next) return;
    current?.close();
    next?.close();
    current = undefined;
    next = undefined;
    lostSince ||= parts.now();
    const wait = backoffMs(attempts, parts.random());
    attempts += 1;
    state.value = { kind: "lost", since: lostSince, retryAt: parts.now() + wait };
    retryTimer = setTimeout(connect, wait);
    parts.onLost();
  }

  return {
    state,
    heardAt,
    start() {
      if (state.value.kind !== "stopped") return;
      state.value = { kind: "connecting" };
      connect();
    },
    stop() {
      clearTimeout(retryTimer);
      clearTimeout(watchTimer);
      current?.close();
      next?.close();
      current = undefined;
      next = undefined;
      attempts = 0;
      state.value = { kind: "stopped" };
    },
    retry() {
      if (state.value.kind === "lost") connect();
    },
    watch(ids) {
      watched = ids.slice(0, mostWatched);
      followWatched();
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** Trusts that the data of a named event has that event's shape: both ends are of one build. */
function readEvent<T>(data: unknown): T {
  return (typeof data === "string" && data !== "" ? JSON.parse(data) : {}) as T;
}
