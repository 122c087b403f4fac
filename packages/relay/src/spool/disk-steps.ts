/** The steps of a `SpoolDisk`, done at once by this thread. */
import {
  accessSync,
  closeSync,
  constants,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { DiskFile } from "./disk.ts";

/** Every step by name; what `SpoolDisk` says of each holds. */
export const diskSteps = {
  makeFolder(path: string): void {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    // Said here it names the cause; the first file that cannot be made would not.
    accessSync(path, constants.W_OK | constants.X_OK);
  },

  list(folder: string): DiskFile[] {
    try {
      return readdirSync(folder, { withFileTypes: true })
        .map((entry) => ({
          name: entry.name,
          sizeBytes: entry.isDirectory() ? -1 : statSync(join(folder, entry.name)).size,
        }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      if (codeOf(error) === "ENOENT") return [];
      throw error;
    }
  },

  read(path: string, offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(length);
    return bytes.subarray(0, diskSteps.readInto(path, offset, bytes));
  },

  readInto(path: string, offset: number, target: Uint8Array): number {
    const handle = openSync(path, "r");
    try {
      let read = 0;
      while (read < target.length) {
        const count = readSync(handle, target, read, target.length - read, offset + read);
        if (count === 0) break;
        read += count;
      }
      return read;
    } finally {
      closeSync(handle);
    }
  },

  create(path: string, bytes: Uint8Array): number {
    const handle = openSync(path, "ax", 0o600);
    try {
      writeAll(handle, bytes);
      fsyncSync(handle);
      syncFolder(dirname(path));
      return handle;
    } catch (error) {
      closeSync(handle);
      rmSync(path, { force: true });
      throw error;
    }
  },

  append(handle: number, bytes: Uint8Array): void {
    writeAll(handle, bytes);
    fdatasyncSync(handle);
  },

  close(handle: number): void {
    closeSync(handle);
  },

  replace(path: string, bytes: Uint8Array, giveUp?: string): void {
    try {
      replaceFile(path, bytes);
    } catch (error) {
      const code = codeOf(error);
      if (giveUp === undefined || (code !== "ENOSPC" && code !== "EDQUOT")) throw error;
      rmSync(giveUp, { force: true });
      replaceFile(path, bytes);
    }
  },

  reserve(path: string, sizeBytes: number): void {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.size === sizeBytes) return;
    replaceFile(path, new Uint8Array(sizeBytes));
  },

  truncate(path: string, sizeBytes: number): void {
    const handle = openSync(path, "r+");
    try {
      ftruncateSync(handle, sizeBytes);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  },

  remove(path: string): void {
    rmSync(path, { force: true });
  },
} as const;

/** The code of an error of the operating system; `EIO` where there is none. */
export function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string")
    return error.code;
  return "EIO";
}

function replaceFile(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.tmp`;
  try {
    const handle = openSync(temporary, "w", 0o600);
    try {
      writeAll(handle, bytes);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, path);
  } catch (error) {
    // What was written of it takes room that is short now.
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

function writeAll(handle: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(handle, bytes, written);
}

/** A new name is only certain once its folder is synced. Windows has no such call, and needs none. */
function syncFolder(path: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
