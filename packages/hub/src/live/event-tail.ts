/**
 * Every event of a run as it is stored, for clients of the Monitoring Component: server-sent events without ids, one for
 * each event, in the order they were stored. An event that comes late is told when it comes. A reader that takes them too
 * slowly is dropped: nobody waits for it.
 */
import type { Clock } from "../model/clock.ts";
import type { RunEvent } from "../model/run.ts";
import { createEventQueue, type EventQueue } from "./event-queue.ts";

/** What of an event is told. */
export type ToldEvent = Pick<
  RunEvent,
  "siteId" | "type" | "runId" | "kind" | "at" | "status" | "metrics" | "metadata"
>;

export interface TailOptions {
  readonly keyId: string | undefined;
  /** Called when the reader is dropped because it takes its events too slowly. */
  readonly onDropped: () => void;
}

interface Reader {
  readonly queue: EventQueue;
  readonly keyId: string | undefined;
  readonly openedAt: number;
  readonly onDropped: () => void;
}

const heartbeatEveryMs = 15_000;
/** A stream ends after this long, so that the access of whoever reads is checked again. */
const longestStreamMs = 30 * 60_000;
const mostReaders = 100;
/** What a reader may be behind, in characters. */
const mostBuffered = 1024 * 1024;

export class EventTail implements Disposable {
  readonly #clock: Clock;
  readonly #readers = new Set<Reader>();
  #timer: NodeJS.Timeout | null = null;
  #dropped = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get stats(): { readonly readers: number; readonly dropped: number } {
    return { readers: this.#readers.size, dropped: this.#dropped };
  }

  /** Tells of events that were stored. */
  push(events: readonly ToldEvent[]): void {
    if (this.#readers.size === 0) return;
    const text = events.map(textOf).join("");
    for (const reader of this.#readers) this.#send(reader, text);
  }

  /** Opens a stream; undefined when as many are open as are allowed. */
  open({ keyId, onDropped }: TailOptions): AsyncIterable<string> | undefined {
    if (this.#readers.size >= mostReaders) return undefined;
    const openedAt = this.#clock.monotonicMs();
    const queue = createEventQueue(() => this.#remove(reader));
    const reader: Reader = { queue, keyId, openedAt, onDropped };
    this.#readers.add(reader);
    this.#timer ??= setInterval(() => this.#heartbeat(), heartbeatEveryMs);
    queue.push("retry: 2000\n\n");
    return queue;
  }

  dropKey(keyId: string): void {
    for (const reader of this.#readers) if (reader.keyId === keyId) reader.queue.end();
  }

  [Symbol.dispose](): void {
    for (const reader of this.#readers) reader.queue.end();
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
    const now = this.#clock.monotonicMs();
    for (const reader of this.#readers) {
      if (now - reader.openedAt > longestStreamMs) reader.queue.end();
      else this.#send(reader, ": still here\n\n");
    }
  }

  #remove(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}

function textOf(event: ToldEvent): string {
  const { kind, status, metrics, metadata } = event;
  const at = new Date(event.at).toISOString();
  const data = {
    at,
    entity_type: event.type,
    entity_id: event.runId,
    site_id: event.siteId,
    kind,
    payload: { kind, at, status, metrics, metadata },
  };
  return `data: ${JSON.stringify(data)}\n\n`;
}
