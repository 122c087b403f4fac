/**
 * The main thread's side of a store thread: typed calls, a bound on what waits, and another worker when one ends.
 * Calls made in one turn of the event loop travel as one message.
 *
 * States: new → open (the engine is open) → closing → ended. A worker that ends by itself while open fails its calls
 * with `unavailable`, and the thread is `restarting`, refusing calls, until another worker has opened the engine.
 */
import type { Worker } from "node:worker_threads";
import { AppError } from "../../model/error.ts";
import type { Frame } from "../../model/series.ts";
import { fromFailureMessage, toFailureMessage } from "../failure.ts";
import type { Arguments, OperationName, Result } from "../operations/table.ts";
import type { StoreQueue, StoreSettings } from "../port.ts";
import { FramePacker, sizeOf, transferablesOf } from "./frames.ts";
import type { Answer, Call, FromThread, HintListener, ThreadRole, ToThread } from "./messages.ts";
import { startWorker } from "./start.ts";

/** Bounds on what may wait in one thread. Beyond them a call is refused at once with `unavailable`. */
export interface QueueBounds {
  readonly maxCalls: number;
  /** Bytes of samples; the rest of a call is not counted. */
  readonly maxBytes: number;
}

/** What a thread says about itself; a pino logger fits. */
export interface StoreLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface StoreThreadParts {
  readonly bounds: QueueBounds;
  readonly log: StoreLog;
  /** Starts a worker; default: the real one. */
  readonly start?: (role: ThreadRole) => Worker;
}

/** How long a thread may take to finish its calls after `close`, in ms. */
const closeWithinMs = 10_000;

const firstPauseMs = 100;
const longestPauseMs = 5_000;

/** Calls that keep a process in its fleet: they are few, and refusing them would end what the process looks after. */
const neverRefused: ReadonlySet<Call["name"]> = new Set<OperationName>([
  "joinFleet",
  "renewLease",
  "releaseShares",
  "leaveFleet",
]);

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: AppError) => void;
  readonly bytes: number;
  readonly since: number;
}

export class StoreThread implements AsyncDisposable {
  readonly #role: ThreadRole;
  readonly #settings: StoreSettings;
  readonly #parts: StoreThreadParts;
  readonly #waiting = new Map<number, Waiting>();
  readonly #hintListeners: HintListener[] = [];
  readonly #opened = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #state: "new" | "open" | "restarting" | "closing" | "ended" = "new";
  #worker: Worker;
  #packer = new FramePacker();
  #unsent: Call[] = [];
  #bytes = 0;
  #nextId = 0;
  #refused = 0;
  #pauseMs = firstPauseMs;
  #restart: NodeJS.Timeout | undefined;

  /** Begins to start a worker that will open the database of the settings. */
  constructor(role: ThreadRole, settings: StoreSettings, parts: StoreThreadParts) {
    this.#role = role;
    this.#settings = settings;
    this.#parts = parts;
    this.#worker = this.#startWorker();
    this.#opened.promise.catch(() => undefined);
  }

  /** Opens the engine. Rejects with the reason when it cannot be opened. */
  open(): Promise<void> {
    this.#say({ kind: "open", settings: this.#settings });
    return this.#opened.promise;
  }

  /**
   * Calls an operation. Calls are taken in order; `frames` are copied before this returns. Guarantee of the cast: the
   * thread answers a call with what the operation of that name in the same table resolved to.
   */
  call<N extends OperationName>(
    name: N,
    args: Arguments<N>,
    frames?: readonly Frame[],
  ): Promise<Result<N>> {
    return this.#call(name, args, frames) as Promise<Result<N>>;
  }

  /** Resolves when the engine can serve. */
  async ping(): Promise<void> {
    await this.#call("ping", [], undefined);
  }

  /**
   * Has the thread listen to other processes, and tells what they say: `lost` also when the thread ends by itself, and
   * `heard` when the one in its place hears them.
   */
  onHint(listener: HintListener): void {
    this.#hintListeners.push(listener);
    if (this.#state === "open" && this.#hintListeners.length === 1) this.#say({ kind: "listen" });
  }

  get queue(): StoreQueue {
    const [oldest] = this.#waiting.values();
    return {
      thread: this.#role,
      depth: this.#waiting.size,
      bytes: this.#bytes,
      oldestMs: oldest === undefined ? 0 : performance.now() - oldest.since,
      refused: this.#refused,
    };
  }

  /** Lets the thread finish what it has, then ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const before = this.#state;
    if (before === "ended" || before === "closing") return this.#ended.promise;
    this.#state = "closing";
    clearTimeout(this.#restart);
    if (before === "open") {
      this.#flush();
      this.#say({ kind: "close" });
    } else {
      void this.#worker.terminate();
    }
    if (this.#restart !== undefined) this.#end();
    const timer = setTimeout(() => void this.#worker.terminate(), closeWithinMs);
    await this.#ended.promise;
    clearTimeout(timer);
  }

  async #call(
    name: Call["name"],
    args: readonly unknown[],
    frames: readonly Frame[] | undefined,
  ): Promise<unknown> {
    this.#refuseWhenFull(name);
    const packed = frames === undefined ? null : this.#packer.pack(frames);
    const bytes = packed === null ? 0 : sizeOf(packed);
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject, bytes, since: performance.now() });
    this.#bytes += bytes;
    if (this.#unsent.length === 0) queueMicrotask(() => this.#flush());
    this.#unsent.push({ id, name, args, frames: packed });
    return promise;
  }

  #refuseWhenFull(name: Call["name"]): void {
    if (this.#state !== "open") {
      const why = this.#state === "restarting" ? "is starting again" : "is closed";
      throw new AppError("unavailable", `the store's ${this.#role} ${why}`);
    }
    const { maxCalls, maxBytes } = this.#parts.bounds;
    if (this.#waiting.size < maxCalls && this.#bytes <= maxBytes) return;
    if (neverRefused.has(name)) return;
    this.#refused += 1;
    const depth = this.#waiting.size;
    throw new AppError("unavailable", `${depth} calls already wait for the store's ${this.#role}`);
  }

  #flush(): void {
    const calls = this.#unsent;
    this.#unsent = [];
    if (calls.length === 0) return;
    try {
      this.#post(calls);
    } catch (error) {
      // One of them holds something that cannot be cloned: only that one fails.
      if (calls.length > 1) for (const call of calls) this.#postAlone(call);
      else for (const call of calls) this.#refuse(call, error);
    }
  }

  #postAlone(call: Call): void {
    try {
      this.#post([call]);
    } catch (error) {
      this.#refuse(call, error);
    }
  }

  #refuse({ id, frames }: Call, error: unknown): void {
    // Streams that this call should have named are named again.
    if (frames !== null) this.#packer.forgetAll();
    this.#settle({ id, ok: false, failure: toFailureMessage(error) });
  }

  #post(calls: readonly Call[]): void {
    const message: ToThread = { kind: "calls", calls };
    const transfer = calls.flatMap(({ frames }) =>
      frames === null ? [] : transferablesOf(frames),
    );
    this.#worker.postMessage(message, transfer);
  }

  #say(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  #startWorker(): Worker {
    const worker = (this.#parts.start ?? startWorker)(this.#role);
    let cause: unknown = new Error("the thread ended by itself");
    worker.on("message", (message: FromThread) => this.#hear(message));
    worker.on("error", (error: unknown) => {
      cause = error;
    });
    worker.once("exit", () => this.#lose(cause));
    return worker;
  }

  #hear(message: FromThread): void {
    switch (message.kind) {
      case "opened":
        for (const note of message.notes) this.#parts.log.info({}, note);
        if (this.#state === "closing") return;
        this.#state = "open";
        this.#pauseMs = firstPauseMs;
        if (this.#hintListeners.length > 0) this.#say({ kind: "listen" });
        this.#opened.resolve();
        return;
      case "failed": {
        const error = fromFailureMessage(message.failure);
        if (this.#state === "new") this.#state = "closing";
        else this.#parts.log.error({ err: error }, `the store's ${this.#role} cannot be opened`);
        this.#opened.reject(error);
        return;
      }
      case "answers":
        for (const answer of message.answers) this.#settle(answer);
        return;
      case "hint":
        for (const listener of this.#hintListeners) listener(message.hint);
        return;
      case "closed":
    }
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    this.#waiting.delete(answer.id);
    this.#bytes -= waiting.bytes;
    if (answer.ok) waiting.resolve(answer.value);
    else waiting.reject(fromFailureMessage(answer.failure));
  }

  /** The worker is gone: what it had is not answered any more, and another one takes its place. */
  #lose(cause: unknown): void {
    const error = new AppError("unavailable", `the store's ${this.#role} has ended`, { cause });
    this.#opened.reject(error);
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
    this.#unsent = [];
    this.#bytes = 0;
    if (this.#state !== "open" && this.#state !== "restarting") return this.#end();
    if (this.#state === "open") for (const listener of this.#hintListeners) listener("lost");
    this.#state = "restarting";
    this.#parts.log.error(
      { err: error },
      `the store's ${this.#role} has ended; another is started`,
    );
    this.#restart = setTimeout(() => {
      this.#restart = undefined;
      this.#packer = new FramePacker();
      this.#worker = this.#startWorker();
      this.#say({ kind: "open", settings: this.#settings });
    }, this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
  }

  #end(): void {
    this.#state = "ended";
    this.#ended.resolve();
  }
}
