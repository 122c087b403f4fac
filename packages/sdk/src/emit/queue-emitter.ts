/**
 * Sends events in batches from a bounded queue to one destination. `send` writes the event as JSON, puts it into the
 * queue and returns; everything else happens later, on timers that keep no process alive.
 *
 * - An answer that may change (no server, 5xx, 429) is waited for with growing, random pauses, without end. Meanwhile
 *   the queue fills and drops as it says, or, with a spool file, the events go there.
 * - What the other side will never take is found by halving the batch, dropped and counted.
 * - While events wait, the process's end knows: it flushes, and at the very end gets `lastWords`.
 */
import type { Emitter, JobEvent } from "../event.ts";
import type { Lasting } from "../process/exit.ts";
import type { Watch } from "../process/watch.ts";
import { shared } from "../shared.ts";
import { lineOf, textOf } from "../text.ts";
import type { Delivery, Destination } from "./delivery.ts";
import { createQueue, eventsIn, type Line, type Queue } from "./queue.ts";
import { createSpool, type Spool } from "./spool.ts";

export interface QueueOptions {
  /** Events wait for company this long, in ms; 200 unless told otherwise. */
  readonly delayMs?: number;
  /** Most events in one request; 500 unless told otherwise. */
  readonly maxBatch?: number;
  /** Most bytes that wait in memory; 4 MiB unless told otherwise. One batch may be under way beside them. */
  readonly maxQueueBytes?: number;
  /** The first pause after a failure, in ms; 500 unless told otherwise. It doubles up to `maxPauseMs`. */
  readonly pauseMs?: number;
  /** The longest pause, in ms; 30,000 unless told otherwise. */
  readonly maxPauseMs?: number;
  /** Where events go while nobody answers; several processes may name the same file. None unless told otherwise. */
  readonly spoolFile?: string;
  /** Most bytes of the spool file; 64 MiB unless told otherwise. */
  readonly maxSpoolBytes?: number;
  /** Hears, once per kind, that events cannot be delivered or were refused; a line on standard error unless given. */
  readonly onProblem?: (message: string) => void;
}

const maxBatchBytes = 512 * 1024;

export class QueueEmitter implements Emitter, Lasting {
  readonly #destination: Destination;
  readonly #options: QueueOptions;
  readonly #watch: Watch = shared().watch;
  readonly #queue: Queue;
  readonly #spool: Spool | undefined;
  readonly #told = new Set<Delivery["kind"]>();
  /** What is being handed over. */
  #underWay: readonly Line[] = [];
  #limit: number;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #pumping: Promise<void> | undefined;
  /** Ends the pause in which the pump is. */
  #wake: (() => void) | undefined;
  #flushes = 0;
  /** Failed tries until a flush gives up. */
  #triesLeft = 0;
  #isClosed = false;

  constructor(destination: Destination, options: QueueOptions = {}) {
    this.#destination = destination;
    this.#options = options;
    this.#limit = options.maxBatch ?? 500;
    this.#queue = createQueue(options.maxQueueBytes ?? 4 * 1024 * 1024);
    this.#spool =
      options.spoolFile === undefined
        ? undefined
        : createSpool(options.spoolFile, options.maxSpoolBytes ?? 64 * 1024 * 1024);
  }

  /** Events that wait in memory. */
  get waiting(): number {
    return this.#queue.length + this.#underWay.length;
  }

  /** Events dropped that no event has told of yet (`sdk_dropped_events` in its metadata). */
  get dropped(): number {
    return this.#queue.dropped;
  }

  send(event: JobEvent): void {
    try {
      if (this.#isClosed) return;
      if (this.waiting === 0) this.#watch.hold(this);
      this.#queue.push(toLine(event, this.#queue.dropped));
      if (this.#pumping === undefined) this.#pumpIn(this.#options.delayMs ?? 200);
    } catch {
      // Out of memory for one more line: the job goes on without the event.
    }
  }

  /** Waits at most `timeoutMs`, 2 s unless told otherwise, or until two tries failed; keeps the process alive meanwhile. */
  async flush(timeoutMs = 2_000): Promise<boolean> {
    const isDraining = this.#pumping !== undefined && this.#failures === 0;
    if (this.#isIdle() && !isDraining) return true;
    let deadline: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      deadline = setTimeout(resolve, timeoutMs);
    });
    this.#flushes += 1;
    this.#triesLeft = 2;
    try {
      this.#wake?.();
      this.#pump();
      await Promise.race([late, this.#pumping]);
    } finally {
      this.#flushes -= 1;
      clearTimeout(deadline);
    }
    return this.#isIdle();
  }

  async close(): Promise<void> {
    await this.flush();
    this.#isClosed = true;
    this.#wake?.();
    await this.#pumping;
    this.lastWords(0);
    this.#destination.close();
  }

  /** Called at the end of the process. */
  lastWords(timeoutMs: number): void {
    const until = performance.now() + timeoutMs;
    let batch = this.#underWay;
    this.#underWay = [];
    this.#watch.release(this);
    this.#spool?.letGo();
    for (;;) {
      if (batch.length === 0) batch = this.#queue.take(this.#limit, maxBatchBytes);
      if (batch.length === 0) return;
      const leftMs = until - performance.now();
      // Who did not answer before is not asked again: the process shall not be held up for nothing.
      if (leftMs <= 0 || this.#failures > 0) break;
      if (!this.#destination.deliverNow(textsOf(batch), leftMs)) break;
      batch = [];
    }
    const left = [...batch, ...this.#queue.take(Infinity, Infinity)];
    if (this.#spool?.appendNow(textsOf(left)) !== true) this.#queue.countDropped(eventsIn(left));
  }

  #isIdle(): boolean {
    return this.waiting === 0;
  }

  #pumpIn(ms: number): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#pump(), ms);
    this.#timer.unref();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pumping ??= this.#deliverAll().finally(() => {
      this.#pumping = undefined;
      if (this.#isIdle()) this.#watch.release(this);
      else if (!this.#isClosed) this.#pumpIn(this.#pauseMs(undefined));
    });
  }

  async #deliverAll(): Promise<void> {
    while (!this.#isClosed) {
      this.#underWay = this.#queue.take(this.#limit, maxBatchBytes);
      if (this.#underWay.length === 0) {
        // What is on disk is safe: a flush waits for nothing but memory while nobody answers.
        if (this.#flushes > 0 && this.#failures > 0) return;
        if (this.#spool?.isOwed !== true || (await this.#drain())) return;
        this.#failures += 1;
        await this.#pause(this.#pauseMs(undefined));
      } else {
        const delivery = await this.#deliver(textsOf(this.#underWay));
        if (this.#underWay.length === 0) return; // its last words were said meanwhile
        await this.#settle(delivery);
        if (isTaken(delivery)) await this.#drain();
      }
      if (this.#flushes > 0 && this.#failures > 0) {
        this.#triesLeft -= 1;
        if (this.#triesLeft <= 0) return;
      }
    }
  }

  async #drain(): Promise<boolean> {
    return (await this.#spool?.drain((texts) => this.#deliver(texts))) ?? true;
  }

  /** A rejection here would be an unhandled one of the job's process. */
  async #deliver(texts: readonly string[]): Promise<Delivery> {
    try {
      return await this.#destination.deliver(texts);
    } catch (error) {
      // What cannot even be tried: a key with a line break in it, say.
      return { kind: "misconfigured", why: textOf(error, 200) };
    }
  }

  async #settle(delivery: Delivery): Promise<void> {
    const lines = this.#underWay;
    this.#tell(delivery);
    if (delivery.kind === "sent" || delivery.kind === "partly") {
      if (delivery.kind === "partly") this.#queue.countDropped(delivery.lost);
      this.#underWay = [];
      this.#failures = 0;
      this.#limit = Math.min(this.#limit * 2, this.#options.maxBatch ?? 500);
      return;
    }
    if (delivery.kind === "refused") {
      this.#underWay = [];
      if (lines.length === 1) return this.#queue.countDropped(eventsIn(lines));
      this.#limit = Math.ceil(lines.length / 2);
      return this.#queue.putBack(lines);
    }
    this.#failures += 1;
    if (this.#spool !== undefined) {
      // All of it at once: what waits behind this batch would find the same closed door.
      this.#underWay = [...lines, ...this.#queue.take(Infinity, Infinity)];
    }
    const kept = this.#underWay;
    const isSpooled = await this.#spool?.append(textsOf(kept));
    if (this.#underWay !== kept) return; // its last words were said meanwhile
    this.#underWay = [];
    if (isSpooled !== true) this.#queue.putBack(kept);
    await this.#pause(this.#pauseMs(delivery.kind === "retry" ? delivery.afterMs : undefined));
  }

  /** Somewhere between nothing and the longest pause for this many failures; as told, where the other side said. */
  #pauseMs(afterMs: number | undefined): number {
    const longest = this.#options.maxPauseMs ?? 30_000;
    if (afterMs !== undefined) return Math.min(afterMs, longest);
    const doubled = (this.#options.pauseMs ?? 500) * 2 ** Math.max(0, this.#failures - 1);
    const limit = Math.min(doubled, longest);
    return limit * (0.1 + 0.9 * Math.random());
  }

  async #pause(ms: number): Promise<void> {
    if (this.#isClosed) return;
    await new Promise<void>((resolve) => {
      // Somebody who waits for a flush shall not wait out a long pause.
      const timer = setTimeout(resolve, this.#flushes > 0 ? Math.min(ms, 100) : ms);
      timer.unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  #tell(delivery: Delivery): void {
    if (delivery.kind === "sent" || this.#told.has(delivery.kind)) return;
    this.#told.add(delivery.kind);
    const what = {
      retry: "events cannot be delivered and wait",
      misconfigured: "events cannot be delivered and wait; the settings look wrong",
      refused: "events were refused and dropped",
      partly: "events were refused and dropped",
    }[delivery.kind];
    try {
      const message = `belfry: ${what}: ${this.#destination.name}: ${delivery.why}`;
      if (this.#options.onProblem === undefined) printProblem(message);
      else this.#options.onProblem(message);
    } catch {
      // Telling of a problem must not become one.
    }
  }
}

/** `console` swallows a closed standard error; writing to the stream would throw later. */
function printProblem(message: string): void {
  // oxlint-disable-next-line no-console -- see above
  console.error(message);
}

function isTaken({ kind }: Delivery): boolean {
  return kind === "sent" || kind === "partly";
}

function textsOf(lines: readonly Line[]): readonly string[] {
  return lines.map(({ text }) => text);
}

function toLine(event: JobEvent, dropped: number): Line {
  const { kind } = event.event;
  const text = lineOf(dropped === 0 ? event : withDropped(event, dropped));
  return {
    text,
    bytes: Buffer.byteLength(text),
    isLasting: kind === "started" || kind === "finished" || kind === "canceled" || kind === "error",
    reports: dropped,
  };
}

function withDropped(event: JobEvent, dropped: number): JobEvent {
  const metadata = { ...event.event.metadata, sdk_dropped_events: dropped };
  return { ...event, event: { ...event.event, metadata } };
}
