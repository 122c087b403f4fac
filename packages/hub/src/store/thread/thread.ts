/**
 * The main thread's side of a store thread: typed calls, a bound on what waits, and what happens when the thread ends.
 * Calls made in one turn of the event loop travel as one message.
 */
import { getCompileCacheDir } from "node:module";
import { dirname, extname } from "node:path";
import { Worker } from "node:worker_threads";
import { AppError } from "../../model/error.ts";
import type { Frame } from "../../model/series.ts";
import { fromFailureMessage, toFailureMessage } from "../failure.ts";
import type { Arguments, OperationName, Result } from "../operations/table.ts";
import type { StoreQueue, StoreSettings } from "../port.ts";
import { FramePacker, sizeOf, transferablesOf } from "./frames.ts";
import type { Answer, Call, FromThread, ThreadData, ThreadRole, ToThread } from "./messages.ts";

/** Bounds on what may wait in one thread. Beyond them a call is refused at once with `unavailable`. */
export interface QueueBounds {
  readonly maxCalls: number;
  /** Bytes of samples; the rest of a call is not counted. */
  readonly maxBytes: number;
}

/** The entry of a thread, TypeScript or built as this module is. */
const entry = new URL(`./entry${extname(import.meta.url)}`, import.meta.url);

/** What lives longer than a call is small: the default of 48 MB would only let each thread's memory grow. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 };

/** How long a thread may take to finish its calls after `close`, in ms. */
const closeWithinMs = 10_000;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: AppError) => void;
  readonly bytes: number;
  readonly since: number;
}

export class StoreThread implements AsyncDisposable {
  readonly #name: string;
  readonly #bounds: QueueBounds;
  readonly #worker: Worker;
  readonly #packer = new FramePacker();
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<void>;
  #unsent: Call[] = [];
  #bytes = 0;
  #nextId = 0;
  #refused = 0;
  #state: "new" | "open" | "closing" | "ended" = "new";
  #opened: PromiseWithResolvers<readonly string[]> = Promise.withResolvers();

  constructor(role: ThreadRole, bounds: QueueBounds) {
    this.#name = role;
    this.#bounds = bounds;
    const cache = getCompileCacheDir();
    const workerData: ThreadData = {
      role,
      compileCache: cache === undefined ? null : dirname(cache),
    };
    this.#worker = new Worker(entry, { name: `belfry-${role}`, workerData, resourceLimits });
    this.#worker.on("message", (message: FromThread) => this.#hear(message));
    this.#worker.on("error", (error: unknown) => this.#fail(error));
    this.#ended = new Promise((resolve) => {
      this.#worker.once("exit", () => {
        this.#fail(new Error("the thread ended"));
        resolve();
      });
    });
    this.#opened.promise.catch(() => undefined);
  }

  /** Opens the engine; gives lines for the log. Rejects with the reason when it cannot be opened. */
  open(settings: StoreSettings): Promise<readonly string[]> {
    this.#say({ kind: "open", settings });
    return this.#opened.promise;
  }

  /** Calls an operation. Calls are taken in order; `frames` are copied before this returns. */
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

  get queue(): StoreQueue {
    const [oldest] = this.#waiting.values();
    return {
      thread: this.#name,
      depth: this.#waiting.size,
      bytes: this.#bytes,
      oldestMs: oldest === undefined ? 0 : performance.now() - oldest.since,
      refused: this.#refused,
    };
  }

  /** Lets the thread finish what it has, then ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "open") {
      this.#flush();
      this.#say({ kind: "close" });
    } else if (this.#state === "new") {
      void this.#worker.terminate();
    }
    if (this.#state !== "ended") this.#state = "closing";
    const timer = setTimeout(() => void this.#worker.terminate(), closeWithinMs);
    await this.#ended;
    clearTimeout(timer);
  }

  #call(name: Call["name"], args: readonly unknown[], frames?: readonly Frame[]): Promise<unknown> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
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

  #refusal(): AppError | undefined {
    if (this.#state !== "open") {
      return new AppError("unavailable", `the store's ${this.#name} is closed`);
    }
    if (this.#waiting.size < this.#bounds.maxCalls && this.#bytes <= this.#bounds.maxBytes) {
      return undefined;
    }
    this.#refused += 1;
    return new AppError(
      "unavailable",
      `${this.#waiting.size} calls already wait for the store's ${this.#name}`,
    );
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

  #hear(message: FromThread): void {
    switch (message.kind) {
      case "opened":
        this.#state = "open";
        this.#opened.resolve(message.notes);
        return;
      case "failed":
        this.#state = "closing";
        this.#opened.reject(fromFailureMessage(message.failure));
        return;
      case "answers":
        for (const answer of message.answers) this.#settle(answer);
        return;
      case "closed":
        this.#state = "closing";
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

  #fail(cause: unknown): void {
    this.#state = "ended";
    const error = new AppError("unavailable", `the store's ${this.#name} has ended`, { cause });
    this.#opened.reject(error);
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
    this.#bytes = 0;
  }
}
