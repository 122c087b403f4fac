/**
 * Kernel files whose drivers talk to hardware: a sensor or a battery may take seconds to answer, or never does. They are
 * read one after the other beside the event loop, each within a time limit, and a file whose read has not come back is
 * not asked again until it has. A read that hangs keeps one of the few threads Node reads files with, so at most two may
 * hang before nothing is read at all.
 */
import { close, open, read } from "node:fs";
import { performance } from "node:perf_hooks";

const mostHanging = 2;
/** A file of sysfs is one page at most. */
const largestBytes = 4096;

interface Kept {
  fd: number | null;
  /** Waits for a read that is overdue. */
  isHanging: boolean;
  usedAtMs: number;
}

export class TimedFiles implements Disposable {
  readonly #limitMs: number;
  readonly #files = new Map<string, Kept>();
  #buffer = Buffer.allocUnsafeSlow(largestBytes);
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  /** `limitMs`: how long one read may take. */
  constructor(limitMs = 2_000) {
    this.#limitMs = limitMs;
  }

  /** Files whose reads have not come back. */
  get hanging(): number {
    let count = 0;
    for (const file of this.#files.values()) if (file.isHanging) count += 1;
    return count;
  }

  /** Text of a file without the line end; undefined where it is absent, says an error, or does not answer in time. */
  async read(path: string): Promise<string | undefined> {
    const turn = this.#last.then(() => this.#readNow(path));
    this.#last = turn.catch(() => undefined);
    return await turn;
  }

  /** The same as a number; undefined too where it holds none. */
  async readNumber(path: string): Promise<number | undefined> {
    const text = await this.read(path);
    const value = text === undefined || text === "" ? Number.NaN : Number(text);
    return Number.isFinite(value) ? value : undefined;
  }

  /** Closes what was not read for `ageMs`. */
  forget(ageMs: number): void {
    const now = performance.now();
    for (const [path, file] of this.#files)
      if (!file.isHanging && now - file.usedAtMs > ageMs) this.#drop(path, file);
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    for (const [path, file] of this.#files) if (!file.isHanging) this.#drop(path, file);
  }

  async #readNow(path: string): Promise<string | undefined> {
    let file = this.#files.get(path);
    if (this.#isClosed || file?.isHanging === true || this.hanging >= mostHanging) return undefined;
    if (file === undefined)
      this.#files.set(path, (file = { fd: null, isHanging: false, usedAtMs: 0 }));
    file.usedAtMs = performance.now();
    return await this.#withinLimit(path, file);
  }

  #withinLimit(path: string, file: Kept): Promise<string | undefined> {
    const buffer = this.#buffer;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        file.isHanging = true;
        // The read that hangs may still write into it.
        this.#buffer = Buffer.allocUnsafeSlow(largestBytes);
        resolve(undefined);
      }, this.#limitMs);
      readKept(path, file, buffer, (length) => {
        clearTimeout(timer);
        const wasHanging = file.isHanging;
        file.isHanging = false;
        if (length === undefined || this.#isClosed) this.#drop(path, file);
        if (wasHanging || length === undefined) resolve(undefined);
        else resolve(buffer.toString("utf8", 0, length).trimEnd());
      });
    });
  }

  #drop(path: string, file: Kept): void {
    this.#files.delete(path);
    // Nothing was written through it: an error at closing loses nothing.
    if (file.fd !== null) close(file.fd, () => undefined);
    file.fd = null;
  }
}

/** Opens the file where it is not open and reads it from its beginning; `done(undefined)`: it cannot be read. */
function readKept(
  path: string,
  file: Kept,
  buffer: Buffer,
  done: (length: number | undefined) => void,
): void {
  const readFrom = (fd: number): void =>
    read(fd, buffer, 0, buffer.length, 0, (error, length) =>
      done(error === null ? length : undefined),
    );
  if (file.fd !== null) {
    readFrom(file.fd);
    return;
  }
  open(path, "r", (error, fd) => {
    if (error !== null) {
      done(undefined);
      return;
    }
    file.fd = fd;
    readFrom(fd);
  });
}
