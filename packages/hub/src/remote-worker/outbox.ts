/**
 * Outcomes on their way from a worker to its hub: on disk first, then sent in their order, until the hub says that it has
 * them. While the hub is away they wait; when there is no room left the oldest go, counted. One that the hub refuses for
 * good is dropped, counted and told.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { mostWorkerOutcomes, type WorkerOutcome, type WorkerReceipt } from "@belfry/contract";
import {
  openSpool,
  type Cursor,
  type Spool,
  type SpoolParts,
  type StoredRecord,
} from "@belfry/relay";
import { HubRefusal } from "./hub-link.ts";

export interface OutboxSettings {
  /** Where outcomes wait. */
  readonly folder: string;
  /** Bytes that may wait. */
  readonly quotaBytes: number;
}

export interface OutboxParts extends SpoolParts {
  readonly send: (
    outcomes: readonly WorkerOutcome[],
    signal: AbortSignal,
  ) => Promise<WorkerReceipt>;
  readonly random: () => number;
  /** Told of what a person should know. */
  readonly onTrouble: (error: unknown, message: string) => void;
}

/** Since the worker was started. */
export interface OutboxStats {
  /** On disk, not sent yet. */
  readonly waiting: number;
  readonly bytes: number;
  /** Age of the oldest that waits, seconds. */
  readonly oldestSeconds: number;
  readonly sent: number;
  /** The hub had them before. */
  readonly duplicates: number;
  /** For want of room, because the disk failed, or refused for good. */
  readonly dropped: number;
}

/** What is found within so long is sent together, ms. */
const gatherMs = 200;
const leastPauseMs = 500;
const mostPauseMs = 10_000;
const sendBytes = 4 * 1024 * 1024;
const segmentBytes = 4 * 1024 * 1024;
/** Codes that say that this is no outcome the hub will ever take. */
const refusedForGood = new Set([400, 413, 422]);

/** Opens it, with what waited before. Rejects with `SpoolError`. */
export async function openOutbox(settings: OutboxSettings, parts: OutboxParts): Promise<Outbox> {
  const spool = await openSpool(
    {
      folder: settings.folder,
      segmentBytes,
      quotaBytes: Math.max(settings.quotaBytes, 4 * segmentBytes),
      whenFull: "drop_oldest",
    },
    parts,
  );
  try {
    return new Outbox(spool, await spool.cursor("hub", { from: "beginning" }), parts);
  } catch (error) {
    await spool[Symbol.asyncDispose]();
    throw error;
  }
}

export class Outbox implements AsyncDisposable {
  readonly #spool: Spool;
  readonly #cursor: Cursor;
  readonly #parts: OutboxParts;
  readonly #stop = new AbortController();
  #sending: Promise<void> | null = null;
  #sent = 0;
  #duplicates = 0;
  #refused = 0;

  constructor(spool: Spool, cursor: Cursor, parts: OutboxParts) {
    this.#spool = spool;
    this.#cursor = cursor;
    this.#parts = parts;
  }

  /** Begins to send. */
  start(): void {
    this.#sending ??= this.#run();
  }

  /** Puts an outcome on disk; never rejects. One that cannot be kept is dropped and counted. */
  async put(outcome: WorkerOutcome): Promise<void> {
    const id = `${outcome.monitor} ${outcome.slot}`;
    const result = await this.#spool.append([{ id, bytes: JSON.stringify(outcome) }]);
    if (result.kind === "stored") return;
    this.#refused += 1;
    this.#parts.onTrouble(null, `an outcome could not be kept: ${result.reason}`);
  }

  stats(): OutboxStats {
    const { depth, bytes, oldestSeconds, dropped } = this.#cursor.stats();
    return {
      waiting: depth,
      bytes,
      oldestSeconds,
      sent: this.#sent,
      duplicates: this.#duplicates,
      dropped: dropped + this.#refused,
    };
  }

  /** Tries once more at once: the hub was heard. */
  hurry(): void {
    this.#wake?.();
  }

  #wake: (() => void) | null = null;

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#sending;
    await this.#spool[Symbol.asyncDispose]();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let pauseMs = leastPauseMs;
    while (!signal.aborted) {
      try {
        await this.#cursor.wait(signal);
        await sleep(gatherMs, undefined, { signal });
        await this.#sendSome(signal);
        pauseMs = leastPauseMs;
      } catch (error) {
        if (signal.aborted) return;
        this.#cursor.rewind();
        this.#parts.onTrouble(error, "outcomes could not be sent; they wait on disk");
        const after = error instanceof HubRefusal ? (error.retryAfter ?? 0) * 1_000 : 0;
        await this.#pause(Math.max(after, pauseMs * (0.75 + this.#parts.random() / 2)));
        pauseMs = Math.min(pauseMs * 2, mostPauseMs);
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#stop.signal.addEventListener("abort", () => resolve(), { once: true });
    this.#wake = resolve;
    await promise;
    this.#wake = null;
    clearTimeout(timer);
  }

  async #sendSome(signal: AbortSignal): Promise<void> {
    const records = await this.#cursor.read({
      maxRecords: mostWorkerOutcomes,
      maxBytes: sendBytes,
    });
    if (records.length === 0) return;
    try {
      await this.#send(records, signal);
    } catch (error) {
      if (!isForGood(error)) throw error;
      // One of them is at fault: each is asked about alone.
      for (const record of records) await this.#sendOne(record, signal);
    }
  }

  async #sendOne(record: StoredRecord, signal: AbortSignal): Promise<void> {
    try {
      await this.#send([record], signal);
    } catch (error) {
      if (!isForGood(error)) throw error;
      this.#refused += 1;
      this.#parts.onTrouble(error, "the hub refused an outcome for good; it is dropped");
      this.#cursor.acknowledge([record.sequence]);
    }
  }

  async #send(records: readonly StoredRecord[], signal: AbortSignal): Promise<void> {
    const receipt = await this.#parts.send(records.map(outcomeOf), signal);
    this.#sent += receipt.taken;
    this.#duplicates += receipt.duplicates;
    this.#refused += receipt.refused;
    this.#cursor.acknowledge(records.map(({ sequence }) => sequence));
  }
}

function isForGood(error: unknown): boolean {
  return error instanceof HubRefusal && refusedForGood.has(error.status);
}

/** Guarantee: only `put` writes records of this spool. */
function outcomeOf({ bytes }: StoredRecord): WorkerOutcome {
  return JSON.parse(Buffer.from(bytes).toString("utf8")) as WorkerOutcome;
}
