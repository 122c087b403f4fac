/**
 * A file that is only appended to. What `append` resolved for is on the disk; what it rejected for is not in the file:
 * a part that a full disk took is cut off again. Others may append, move the file away or cut it meanwhile (logrotate):
 * every write goes to its end, and its size is looked up before.
 *
 * Devices (`/dev/null`) are written and neither synced nor cut; pipes are refused, because opening one waits for its
 * reader.
 */
import { constants } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { NotAFile } from "./failure.ts";

export interface AppendFile extends AsyncDisposable {
  readonly path: string;
  /** False for a device. */
  readonly isRegular: boolean;
  /** Bytes in it, as far as is known; exact after `isInPlace`. */
  readonly size: number;
  /** False when an append failed and its part could not be cut off again: close it, and mend it when it is opened. */
  readonly isWhole: boolean;
  /** When it was last written to before it was opened, epoch ms. */
  readonly writtenAt: number;
  /** Whether the path still leads to this file. Learns its size. */
  isInPlace(): Promise<boolean>;
  /** Appends all of it, on disk when it resolves. Rejects with the system's error; then nothing of it stays. */
  append(bytes: Uint8Array): Promise<void>;
  /** Cuts it at a size, on disk when it resolves. */
  cut(size: number): Promise<void>;
  /** Reads up to `length` bytes from `position`; fewer only at the end. */
  read(position: number, length: number): Promise<Uint8Array>;
}

/** Opens a file for appending, and makes it where it is not there; the folder has to be. */
export async function openAppendFile(path: string): Promise<AppendFile> {
  const { O_RDWR, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
  const handle = await open(path, O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK, 0o644);
  try {
    const found = await handle.stat();
    if (!found.isFile() && !found.isCharacterDevice()) {
      throw new NotAFile(`${path} is not a regular file`);
    }
    return new OpenFile(path, handle, found);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

interface Found {
  readonly size: number;
  readonly dev: number;
  readonly ino: number;
  readonly mtimeMs: number;
  isFile(): boolean;
}

class OpenFile implements AppendFile {
  readonly path: string;
  readonly isRegular: boolean;
  readonly writtenAt: number;
  readonly #handle: FileHandle;
  readonly #device: number;
  readonly #inode: number;
  #size: number;
  #isWhole = true;

  constructor(path: string, handle: FileHandle, found: Found) {
    this.path = path;
    this.isRegular = found.isFile();
    this.writtenAt = found.mtimeMs;
    this.#handle = handle;
    this.#device = found.dev;
    this.#inode = found.ino;
    this.#size = found.size;
  }

  get size(): number {
    return this.#size;
  }

  get isWhole(): boolean {
    return this.#isWhole;
  }

  async isInPlace(): Promise<boolean> {
    const found = await stat(this.path).catch(() => undefined);
    if (found === undefined) return false;
    if (found.dev !== this.#device || found.ino !== this.#inode) return false;
    this.#size = found.size;
    return true;
  }

  async append(bytes: Uint8Array): Promise<void> {
    const before = this.#size;
    let written = 0;
    try {
      while (written < bytes.length) {
        const { bytesWritten } = await this.#handle.write(bytes, written);
        written += bytesWritten;
      }
      if (this.isRegular) await this.#handle.datasync();
    } catch (error) {
      if (this.isRegular && written > 0) await this.#takeBack(before, written);
      throw error;
    }
    this.#size = before + bytes.length;
  }

  /** Cuts off a part, unless somebody else has written behind it. */
  async #takeBack(before: number, written: number): Promise<void> {
    this.#isWhole = false;
    try {
      if ((await this.#handle.stat()).size !== before + written) return;
      await this.cut(before);
      this.#isWhole = true;
    } catch {
      // The part stays until the file is mended: the caller sees `isWhole`, and the error of the write counts.
    }
  }

  async cut(size: number): Promise<void> {
    await this.#handle.truncate(size);
    this.#size = size;
    await this.#handle.datasync();
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let read = 0;
    while (read < length) {
      const { bytesRead } = await this.#handle.read(bytes, read, length - read, position + read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    return bytes.subarray(0, read);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handle.close();
  }
}
