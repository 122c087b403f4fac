/**
 * The disk as the spool needs it: a few whole steps, each synced as far as its sentence says. `thread-disk.ts` does them
 * in a thread of their own, so that neither the event loop nor the four threads that also resolve names ever wait for a
 * sync; `direct-disk.ts` does them in place, for tools and tests.
 */

/** A file in a folder. */
export interface DiskFile {
  readonly name: string;
  readonly sizeBytes: number;
}

/** Steps are done one after the other in the order they were asked for. Every one may reject with a `DiskError`. */
export interface SpoolDisk {
  /** Makes a folder and those above it (mode 0700); fine when it is there. Rejects where nothing may be put into it. */
  makeFolder(path: string): Promise<void>;
  /** Files and folders in a folder, folders with size −1, by name; nothing when it is not there. */
  list(folder: string): Promise<readonly DiskFile[]>;
  /** At most `length` bytes from an offset; fewer at the end of the file. */
  read(path: string, offset: number, length: number): Promise<Buffer>;
  /** The same into memory that is there already, shared between threads; how many bytes were read. */
  readInto(path: string, offset: number, target: Uint8Array): Promise<number>;
  /** Makes a new file with these bytes and leaves it open for `append`; file and name are synced. Its handle. */
  create(path: string, bytes: Uint8Array): Promise<number>;
  /** Writes all bytes at the end of a file and syncs it (`fdatasync`). When it rejects, any part may have been written. */
  append(handle: number, bytes: Uint8Array): Promise<void>;
  close(handle: number): Promise<void>;
  /**
   * Puts bytes in the place of a file, whole or not at all: temporary file, sync, rename, sync of the folder. When there is
   * no room, `giveUp` (a file kept for this) is deleted first and it is tried once more.
   */
  replace(path: string, bytes: Uint8Array, giveUp?: string): Promise<void>;
  /** Makes a file of zeros that really takes its room; fine when it is there with that size. */
  reserve(path: string, sizeBytes: number): Promise<void>;
  /** Cuts a file and syncs it. */
  truncate(path: string, sizeBytes: number): Promise<void>;
  /** Deletes a file; fine when it is not there. */
  remove(path: string): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A step of the disk failed. `code` is the operating system's (`ENOSPC`, `EIO` …). */
export class DiskError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = "DiskError";
    this.code = code;
  }
}

/** Whether there was no room left. */
export function isFull(error: unknown): boolean {
  return error instanceof DiskError && (error.code === "ENOSPC" || error.code === "EDQUOT");
}

/** Whether a file was not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof DiskError && error.code === "ENOENT";
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
