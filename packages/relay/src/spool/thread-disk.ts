/**
 * A `SpoolDisk` with a thread of its own. A sync takes as long as it takes; meanwhile the event loop runs, and so do name
 * look-ups. A thread that dies fails the steps under way; the next step starts another.
 */
import { Worker } from "node:worker_threads";
import { DiskError, messageOf, type DiskFile, type SpoolDisk } from "./disk.ts";
import type { DiskAnswer, DiskRequest } from "./disk-thread.ts";

interface Waiting {
  resolve(value: unknown): void;
  reject(error: DiskError): void;
}

/** Makes a disk; its thread starts with the first step and ends with `Symbol.asyncDispose`. */
export function createThreadDisk(start: () => Worker = startThread): SpoolDisk {
  const thread = new DiskThread(start);
  const nothing = async (request: Ask, moved?: ArrayBuffer): Promise<void> => {
    await thread.ask(request, moved);
  };
  return {
    makeFolder: (path) => nothing({ step: "makeFolder", args: [path] }),
    list: async (folder) => filesOf(await thread.ask({ step: "list", args: [folder] })),
    read: async (path, offset, length) =>
      bufferOf(await thread.ask({ step: "read", args: [path, offset, length] })),
    readInto: async (path, offset, target) =>
      numberOf(await thread.ask({ step: "readInto", args: [path, offset, target] })),
    create: async (path, bytes) =>
      numberOf(await thread.ask({ step: "create", args: [path, bytes] })),
    append(handle, bytes) {
      // Shared memory is sent as it is. Of other memory all that is behind the view would be, and the caller may need it.
      if (bytes.buffer instanceof SharedArrayBuffer) {
        return nothing({ step: "append", args: [handle, bytes] });
      }
      const own = new Uint8Array(bytes);
      return nothing({ step: "append", args: [handle, own] }, own.buffer);
    },
    close: (handle) => nothing({ step: "close", args: [handle] }),
    replace: (path, bytes, giveUp) =>
      nothing({
        step: "replace",
        args: giveUp === undefined ? [path, bytes] : [path, bytes, giveUp],
      }),
    reserve: (path, sizeBytes) => nothing({ step: "reserve", args: [path, sizeBytes] }),
    truncate: (path, sizeBytes) => nothing({ step: "truncate", args: [path, sizeBytes] }),
    remove: (path) => nothing({ step: "remove", args: [path] }),
    [Symbol.asyncDispose]: () => thread[Symbol.asyncDispose](),
  };
}

/** Starts the thread that takes the steps. */
export function startThread(): Worker {
  // The published build is JavaScript; in the workspace the same file is TypeScript.
  const entry = import.meta.url.endsWith(".ts") ? "./disk-thread.ts" : "./disk-thread.js";
  return new Worker(new URL(entry, import.meta.url), { name: "belfry-spool" });
}

type Ask = DiskRequest extends infer R ? (R extends DiskRequest ? Omit<R, "id"> : never) : never;

class DiskThread {
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  readonly #startThread: () => Worker;
  #last = 0;
  #isClosed = false;

  constructor(start: () => Worker) {
    this.#startThread = start;
  }

  ask(request: Ask, moved?: ArrayBuffer): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(new DiskError("EBADF", "the disk was closed"));
    this.#worker ??= this.#start();
    this.#last += 1;
    const id = this.#last;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    this.#worker.postMessage({ ...request, id }, moved === undefined ? [] : [moved]);
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  #start(): Worker {
    const worker = this.#startThread();
    worker.on("message", (answer: DiskAnswer) => this.#answered(answer));
    worker.on("error", (error) => this.#ended(worker, messageOf(error)));
    worker.on("exit", () => this.#ended(worker, "the thread of the disk ended"));
    return worker;
  }

  #answered(answer: DiskAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.kind === "done") waiting?.resolve(answer.value);
    else waiting?.reject(new DiskError(answer.code, answer.message));
  }

  #ended(worker: Worker, why: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const one of waiting) one.reject(new DiskError("EIO", why));
  }
}

function bufferOf(value: unknown): Buffer {
  if (!(value instanceof Uint8Array)) throw new DiskError("EIO", "the disk answered no bytes");
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function numberOf(value: unknown): number {
  if (typeof value !== "number") throw new DiskError("EIO", "the disk answered no number");
  return value;
}

function filesOf(value: unknown): readonly DiskFile[] {
  if (!Array.isArray(value)) throw new DiskError("EIO", "the disk answered no list");
  return value.filter(isFile);
}

function isFile(value: unknown): value is DiskFile {
  return (
    typeof value === "object" &&
    value !== null &&
    "name" in value &&
    typeof value.name === "string" &&
    "sizeBytes" in value &&
    typeof value.sizeBytes === "number"
  );
}
