/**
 * A file of the kernel that is read again and again. It is opened once and read from its beginning each time, into one
 * buffer all such files share: no allocation, one system call. Files that cannot be kept open are opened anew.
 */
import { closeSync, openSync, readSync } from "node:fs";

let shared = Buffer.allocUnsafeSlow(64 * 1024);

export class KeptFile implements Disposable {
  readonly #path: string;
  readonly #hasLongRecords: boolean;
  #fd: number | null = null;

  /** `hasLongRecords`: a line of it may be longer than 1,000 bytes, as a mount with many layers is. */
  constructor(path: string, { hasLongRecords = false } = {}) {
    this.#path = path;
    this.#hasLongRecords = hasLongRecords;
  }

  /**
   * The whole file as bytes, valid until the next read of any kept file; undefined where there is no such file or it
   * may not be read. Other faults (a device that went away while it was read) throw.
   */
  read(): Buffer | undefined {
    const wasOpen = this.#fd !== null;
    try {
      this.#fd ??= openSync(this.#path, "r");
      return readAll(this.#fd, this.#hasLongRecords);
    } catch (error) {
      this[Symbol.dispose]();
      const code = codeOf(error);
      // A kept handle outlives its device: what is at the path now may be another one.
      if (wasOpen && (code === "ENODEV" || code === "ESTALE" || code === "EBADF"))
        return this.read();
      if (code === "ENOENT" || code === "EACCES" || code === "EPERM" || code === "ENODEV")
        return undefined;
      throw error;
    }
  }

  /** The whole file as text without the last line end. */
  readText(): string | undefined {
    return this.read()?.toString("utf8").trimEnd();
  }

  [Symbol.dispose](): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }
}

function readAll(fd: number, hasLongRecords: boolean): Buffer {
  let length = 0;
  for (;;) {
    const count = readSync(fd, shared, length, shared.length - length, length);
    length += count;
    // The kernel ends a read before a record that does not fit into a page with those before it: only an empty read is
    // surely the end.
    if (count === 0 || (!hasLongRecords && isSmallFile(length))) return shared.subarray(0, length);
    if (length < shared.length) continue;
    const larger = Buffer.allocUnsafeSlow(shared.length * 2);
    shared.copy(larger);
    shared = larger;
  }
}

/** One page or less comes in one read; asking again for the end would double the system calls. */
function isSmallFile(length: number): boolean {
  return length < 3_000;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}
