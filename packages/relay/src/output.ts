/**
 * What stands between a check and a sink. `push` only puts a record into a bounded queue, so a check never waits and never
 * fails for an output; one loop hands the records over in batches. When the queue is full the oldest records are dropped
 * and counted. A failed hand-over closes the sink, waits (0.1 s, doubling up to 30 s) and opens it anew; nothing of it is
 * handed over twice or lost meanwhile.
 *
 * Stopping hands over what waits, within a limit; what is left then is dropped and counted.
 */
import { BoundedQueue } from "./outputs/queue.ts";
import type { Format } from "./format.ts";
import type { OutputRecord } from "./record.ts";
import { SinkFailure, type Sink } from "./sink.ts";

export interface OutputLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface OutputParts {
  readonly label: string;
  readonly format: Format;
  readonly open: () => Promise<Sink>;
  readonly log: OutputLog;
  readonly clock: { monotonicMs(): number };
  /** Waits, at most until the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Bounds of an output. */
export interface OutputBounds {
  /** Records that may wait; about 1 KB of memory each. */
  readonly capacity: number;
  /** How long records are gathered for one hand-over, in ms. */
  readonly gatherMs: number;
  /** Records of one hand-over. */
  readonly batch: number;
  /** How long stopping may take, in ms. */
  readonly flushMs: number;
}

export const defaultBounds: OutputBounds = {
  capacity: 10_000,
  gatherMs: 100,
  batch: 500,
  flushMs: 2_000,
};

const firstBackOffMs = 100;
const longestBackOffMs = 30_000;
/** How long a hand-over that was told to give up may take to do so, in ms. */
const graceMs = 250;

/** How an output is doing. Counters only grow. */
export interface OutputStats {
  readonly label: string;
  /** Records waiting. */
  readonly depth: number;
  /** How long the oldest of them has waited, in seconds; 0 when none waits. */
  readonly ageSeconds: number;
  /** Records dropped because the queue was full, or at the end. */
  readonly dropped: number;
  /** Records the destination took. */
  readonly written: number;
  /** Hand-overs (and openings) that failed. */
  readonly failed: number;
}

interface Waiting {
  readonly record: OutputRecord;
  readonly since: number;
}

export class Output implements AsyncDisposable {
  readonly #parts: OutputParts;
  readonly #bounds: OutputBounds;
  readonly #queue: BoundedQueue<Waiting>;
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;
  /** Ends the pause before the next hand-over. */
  #wake: () => void = () => undefined;
  #stopping = false;
  #dropped = 0;
  #written = 0;
  #failed = 0;
  /** Records of the hand-over that is going on, which a full queue pushed out meanwhile. */
  #pushedOut = 0;
  #handingOver = 0;

  constructor(parts: OutputParts, bounds: OutputBounds = defaultBounds) {
    this.#parts = parts;
    this.#bounds = bounds;
    this.#queue = new BoundedQueue(bounds.capacity);
    this.#loop = this.#run();
  }

  /** Takes a record; never waits and never throws. */
  push(record: OutputRecord): void {
    if (this.#stopping) {
      this.#dropped += 1;
      return;
    }
    const wasEmpty = this.#queue.length === 0;
    if (this.#queue.add({ record, since: this.#parts.clock.monotonicMs() })) {
      if (this.#pushedOut < this.#handingOver) this.#pushedOut += 1;
      else this.#dropped += 1;
    }
    if (wasEmpty) this.#wake();
  }

  stats(): OutputStats {
    const { oldest } = this.#queue;
    const ageMs = oldest === undefined ? 0 : this.#parts.clock.monotonicMs() - oldest.since;
    return {
      label: this.#parts.label,
      depth: this.#queue.length,
      ageSeconds: ageMs / 1000,
      dropped: this.#dropped,
      written: this.#written,
      failed: this.#failed,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    this.#wake();
    const timer = setTimeout(() => this.#stop.abort(), this.#bounds.flushMs);
    // A destination that does not even give up when told (a dead network file system) is left behind.
    await Promise.race([this.#loop, this.#givenUp()]);
    clearTimeout(timer);
    const left = this.#queue.remove(this.#queue.length);
    this.#dropped += left;
    if (left > 0) {
      this.#parts.log.warn(
        { output: this.#parts.label, records: left },
        "an output did not take what was left for it",
      );
    }
  }

  #givenUp(): Promise<void> {
    const { signal } = this.#stop;
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => setTimeout(resolve, graceMs).unref(), { once: true });
    });
  }

  async #run(): Promise<void> {
    let sink: Sink | undefined;
    let backOffMs = 0;
    while (!this.#isDone()) {
      if (!(await this.#nextBatch(backOffMs))) break;
      try {
        sink ??= await this.#parts.open();
        await this.#handOver(sink);
        if (backOffMs > 0) this.#parts.log.info(this.#fields(), "an output works again");
        backOffMs = 0;
      } catch (error) {
        const isGivenUp = this.#stop.signal.aborted;
        if (!isGivenUp) this.#failed += 1;
        const broken = sink;
        sink = undefined;
        await broken?.close().catch(() => undefined);
        if (backOffMs === 0 && !isGivenUp) {
          this.#parts.log.warn({ ...this.#fields(), err: error }, "an output cannot be written");
        }
        backOffMs = Math.min(Math.max(backOffMs * 2, firstBackOffMs), longestBackOffMs);
      }
    }
    await sink?.close().catch((error: unknown) => {
      this.#parts.log.warn({ ...this.#fields(), err: error }, "an output could not be closed");
    });
  }

  #isDone(): boolean {
    return this.#stop.signal.aborted || (this.#stopping && this.#queue.length === 0);
  }

  /** Waits until a hand-over is due; false when there is nothing more to do. */
  async #nextBatch(backOffMs: number): Promise<boolean> {
    if (this.#queue.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (this.#stopping || this.#queue.length > 0) resolve();
      });
    }
    const pauseMs = backOffMs > 0 ? backOffMs : this.#bounds.gatherMs;
    if (!this.#stopping && this.#queue.length < this.#bounds.batch) await this.#pause(pauseMs);
    else if (backOffMs > 0) await this.#pause(Math.min(backOffMs, firstBackOffMs));
    return !this.#isDone();
  }

  /** A pause that stopping cuts short. */
  async #pause(ms: number): Promise<void> {
    const cut = new AbortController();
    const stopped = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const signal = AbortSignal.any([cut.signal, this.#stop.signal]);
    await Promise.race([stopped, this.#parts.sleep(ms, signal).catch(() => undefined)]);
    cut.abort();
  }

  async #handOver(sink: Sink): Promise<void> {
    const batch = this.#queue.peek(this.#bounds.batch);
    this.#handingOver = batch.length;
    this.#pushedOut = 0;
    let taken = 0;
    try {
      const lines = batch.map(({ record }) => `${this.#parts.format(record)}\n`);
      await sink.write(lines, this.#stop.signal);
      taken = batch.length;
    } catch (error) {
      if (error instanceof SinkFailure) taken = error.taken;
      throw error;
    } finally {
      this.#settle(taken);
    }
  }

  /** What was taken leaves the queue, unless newer records pushed it out already. */
  #settle(taken: number): void {
    this.#written += taken;
    this.#queue.remove(Math.max(0, taken - this.#pushedOut));
    this.#dropped += Math.max(0, this.#pushedOut - taken);
    this.#handingOver = 0;
    this.#pushedOut = 0;
  }

  #fields(): object {
    return { output: this.#parts.label };
  }
}
