/**
 * Samples out by remote write: what the hub stores is sent on to any engine that takes Prometheus's remote_write 1.0.
 * Samples are handed over with `take`, which copies them and neither waits nor fails. They are gathered for a moment and
 * handed to a thread of their own, which writes them to a spool and sends them from there (`store.ts`), so neither a slow
 * destination nor catching up with hours of samples takes time of the hub's thread. What is in the spool survives the
 * process; the last moment does not.
 */
import { getCompileCacheDir } from "node:module";
import { dirname } from "node:path";
import { Worker } from "node:worker_threads";
import { SpoolError, type SpoolErrorCode, type SpoolLog } from "../spool/settings.ts";
import { Gather } from "./gather.ts";
import type { FromThread, ThreadData, ToThread } from "./messages.ts";
import type { SampleFrame } from "./series-refs.ts";
import type { RemoteWriteStatus } from "./status.ts";
import type { StoreSettings } from "./store.ts";

export type RemoteWriteSetup = StoreSettings;

export interface RemoteWrite extends AsyncDisposable {
  /** Hands over samples that were stored. The frames may be changed afterwards. */
  take(frames: readonly SampleFrame[]): void;
  /** How it is doing; at most a second old. */
  status(): RemoteWriteStatus;
}

export interface RemoteWriteParts {
  readonly log: SpoolLog;
  /** Starts the thread; for tests that end it. */
  readonly startThread?: (data: ThreadData) => Worker;
}

/** How long samples are gathered, ms; so much may be lost when the process is killed. */
const gatherMs = 100;
const restartMs = 1000;
const stopMs = 5000;

/** Opens the spool and begins to send. Rejects with `SpoolError` when the spool cannot be opened. */
export async function openRemoteWrite(
  setup: RemoteWriteSetup,
  parts: RemoteWriteParts,
): Promise<RemoteWrite> {
  if (setup.destinations.length === 0) return nowhere;
  const out = new ThreadedRemoteWrite(setup, parts);
  await out.open();
  return out;
}

const nowhere: RemoteWrite = {
  take: () => undefined,
  status: () => ({
    destinations: [],
    spool: null,
    intake: { waiting: 0, taken: 0, dropped: 0 },
  }),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

class ThreadedRemoteWrite implements RemoteWrite {
  readonly #setup: RemoteWriteSetup;
  readonly #log: SpoolLog;
  readonly #startThread: (data: ThreadData) => Worker;
  readonly #gather = new Gather();
  #worker: Worker | undefined;
  #status: Pick<RemoteWriteStatus, "destinations" | "spool"> = { destinations: [], spool: null };
  /** Samples of the batch the thread has and has not stored. */
  #inHand = 0;
  #taken = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #isEnding = false;
  #onStored: (() => void) | undefined;

  constructor(setup: RemoteWriteSetup, { log, startThread = startRealThread }: RemoteWriteParts) {
    this.#setup = setup;
    this.#log = log;
    this.#startThread = startThread;
  }

  async open(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#start(resolve, (error) => {
      // It is not tried again: whoever opens it is told why.
      this.#isEnding = true;
      reject(error);
    });
    await promise;
  }

  #start(opened: () => void, failed: (error: Error) => void): void {
    const cache = getCompileCacheDir();
    const workerData: ThreadData = {
      settings: this.#setup,
      compileCache: cache === undefined ? null : dirname(cache),
    };
    const worker = this.#startThread(workerData);
    this.#worker = worker;
    worker.on("message", (message: FromThread) => {
      if (message.kind === "opened") opened();
      else if (message.kind === "failed") {
        failed(new SpoolError(codeOf(message.code), message.message));
      } else this.#hear(message);
    });
    worker.on("error", (error) => {
      this.#log.warn({ err: error }, "the thread of remote write failed");
      failed(error instanceof Error ? error : new Error(String(error)));
    });
    worker.on("exit", () => this.#ended(worker));
  }

  #hear(message: FromThread): void {
    if (message.kind === "status") this.#status = message.status;
    else if (message.kind === "log") this.#log[message.level](message.fields, message.message);
    else if (message.kind === "stored") {
      this.#inHand = 0;
      this.#onStored?.();
      if (this.#gather.stats.waiting > 0) this.#wake();
    }
  }

  /** A thread that ended by itself is started again; what it had in hand may be lost, and every series is described anew. */
  #ended(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#dropped += this.#inHand;
    this.#inHand = 0;
    this.#onStored?.();
    if (this.#isEnding) return;
    const again = setTimeout(() => {
      if (this.#isEnding) return;
      this.#dropped += this.#gather.flush()?.refs.length ?? 0;
      this.#gather.renew();
      this.#start(
        () => this.#log.info({}, "the thread of remote write works again"),
        (error) => this.#log.warn({ err: error }, "remote write could not be taken up again"),
      );
    }, restartMs);
    again.unref();
  }

  take(frames: readonly SampleFrame[]): void {
    if (this.#isEnding) return;
    this.#gather.take(frames);
    this.#wake();
  }

  #wake(): void {
    if (this.#timer !== undefined || this.#inHand > 0 || this.#isEnding) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#hand();
    }, gatherMs);
  }

  #hand(): void {
    if (this.#worker === undefined || this.#inHand > 0) return;
    const batch = this.#gather.flush();
    if (batch === undefined) return;
    this.#inHand = batch.refs.length;
    this.#taken += this.#inHand;
    const message: ToThread = { kind: "put", batch };
    const { refs, times, values } = batch;
    this.#worker.postMessage(message, [refs.buffer, times.buffer, values.buffer]);
  }

  status(): RemoteWriteStatus {
    const { waiting, dropped } = this.#gather.stats;
    return {
      ...this.#status,
      intake: {
        waiting: waiting + this.#inHand,
        taken: this.#taken,
        dropped: dropped + this.#dropped,
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    clearTimeout(this.#timer);
    const limit = AbortSignal.timeout(stopMs);
    // First what the thread has, then what came meanwhile.
    while (this.#worker !== undefined && !limit.aborted) {
      if (this.#inHand === 0) this.#hand();
      if (this.#inHand === 0) break;
      await this.#stored(limit);
    }
    const worker = this.#worker;
    if (worker === undefined) return;
    const exited = Promise.withResolvers<void>();
    worker.once("exit", () => exited.resolve());
    const stop: ToThread = { kind: "stop" };
    worker.postMessage(stop);
    const late = AbortSignal.timeout(stopMs);
    late.addEventListener("abort", () => exited.resolve());
    await exited.promise;
    await worker.terminate();
  }

  #stored(limit: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onStored = resolve;
    limit.addEventListener("abort", () => resolve(), { once: true });
    return promise;
  }
}

/** Starts the thread of remote write. */
export function startRealThread(workerData: ThreadData): Worker {
  // The published build is JavaScript; in the workspace the same file is TypeScript.
  const entry = import.meta.url.endsWith(".ts") ? "./thread.ts" : "./thread.js";
  return new Worker(new URL(entry, import.meta.url), {
    name: "belfry-remote-write",
    workerData,
    // What lives longer than a window is small: more would only let its memory grow.
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  });
}

const codes = ["in_use", "disk_failed", "wrong_settings", "newer_format", "closed"] as const;

function codeOf(text: string): SpoolErrorCode {
  return codes.find((code) => code === text) ?? "disk_failed";
}
