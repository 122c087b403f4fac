/**
 * Sink `file`: lines appended to a file that is rotated by size. Everything is asynchronous, and a hand-over is one
 * write of many lines, cut only where a rotation falls between two of them.
 *
 * Rotation renames `monitor.log` to `monitor.log.1`, `.1` to `.2` and so on, and drops what is beyond `backup_count`.
 * A line is never cut in two and never makes the file larger than `max_bytes`, unless it alone is larger. A file that
 * somebody moved away or deleted is begun anew at the next hand-over. Devices (`/dev/null`) are written and not rotated;
 * pipes are refused, because opening one waits for its reader.
 */
import { constants } from "node:fs";
import { mkdir, open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { SinkFailure, type Sink } from "../../sink.ts";
import type { FileSettings } from "./settings.ts";

/** Opens the file for appending; creates it and the folders above it. */
export async function openFile(settings: FileSettings): Promise<Sink> {
  await makeFolder(dirname(settings.path));
  let file = await openAppending(settings.path);

  async function rotate(): Promise<void> {
    await file.handle.close();
    await shift(settings.path, settings.backupCount);
    file = await openAppending(settings.path);
  }

  return {
    async write(lines, signal) {
      let taken = 0;
      try {
        if (!(await isSameFile(settings.path, file))) {
          await file.handle.close();
          file = await openAppending(settings.path);
        }
        while (taken < lines.length) {
          signal.throwIfAborted();
          const room = file.rotates ? settings.maxBytes - file.size : Number.POSITIVE_INFINITY;
          const count = fitting(lines, taken, room);
          if (count === 0 && file.size > 0) {
            await rotate();
            continue;
          }
          const piece = lines.slice(taken, taken + Math.max(count, 1));
          await append(file, Buffer.from(piece.join("")));
          taken += piece.length;
        }
      } catch (error) {
        throw new SinkFailure(taken, error);
      }
    },
    close: () => file.handle.close(),
  };
}

/**
 * Makes a folder and those above it. Node's own `recursive` never ends where a folder exists in which none can be made
 * (below `/proc`).
 */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (isCoded(error, "EEXIST")) return;
    if (!isCoded(error, "ENOENT") || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path).catch((again: unknown) => {
      if (!isCoded(again, "EEXIST")) throw again;
    });
  }
}

interface AppendedFile {
  readonly handle: FileHandle;
  readonly device: number;
  readonly inode: number;
  readonly rotates: boolean;
  size: number;
}

async function openAppending(path: string): Promise<AppendedFile> {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
  const handle = await open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK);
  try {
    const found = await handle.stat();
    if (!found.isFile() && !found.isCharacterDevice()) {
      throw new Error(`${path} is not a regular file`);
    }
    const { size, dev, ino } = found;
    return { handle, size, device: dev, inode: ino, rotates: found.isFile() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function isSameFile(path: string, file: AppendedFile): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && found.dev === file.device && found.ino === file.inode;
}

/** How many of the lines from `first` on fit into `room` bytes. */
function fitting(lines: readonly string[], first: number, room: number): number {
  let used = 0;
  for (let i = first; i < lines.length; i += 1) {
    used += Buffer.byteLength(lines[i] ?? "");
    if (used > room) return i - first;
  }
  return lines.length - first;
}

/** Appends all of it. What a full disk took only a part of is cut off again, so that no half line stays. */
async function append(file: AppendedFile, bytes: Uint8Array): Promise<void> {
  let written = 0;
  try {
    while (written < bytes.length) {
      const { bytesWritten } = await file.handle.write(bytes, written, bytes.length - written);
      written += bytesWritten;
    }
  } catch (error) {
    if (written > 0) await file.handle.truncate(file.size).catch(() => undefined);
    throw error;
  }
  file.size += bytes.length;
}

async function shift(path: string, backupCount: number): Promise<void> {
  if (backupCount === 0) return rm(path, { force: true });
  for (let n = backupCount - 1; n >= 0; n -= 1) {
    const from = n === 0 ? path : `${path}.${n}`;
    await rename(from, `${path}.${n + 1}`).catch((error: unknown) => {
      if (!isCoded(error, "ENOENT")) throw error;
    });
  }
}

function isCoded(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
