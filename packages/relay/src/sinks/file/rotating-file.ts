/**
 * Lines appended to a file that is rotated by size. Rotation renames `monitor.log` to `monitor.log.1`, `.1` to `.2` and so
 * on, and drops what is beyond the count. A line is never cut in two and never makes the file larger than it may be, unless
 * it alone is larger. A file that somebody moved away or deleted is begun anew; one that ends in half a line (a crash, a
 * full disk) is mended first.
 */
import { rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { EventSinkParts } from "../../event-sink.ts";
import { openAppendFile, type AppendFile } from "../files/append-file.ts";
import { appendAll, fitting, type Row, type TakenRows } from "../files/fitting.ts";
import { codeOf, NotAFile } from "../files/failure.ts";
import { makeFolder, syncFolder } from "../files/folder.ts";
import { idsInFormer } from "../files/former.ts";
import { createHeldIds } from "../files/held.ts";
import { createLineTail, idOfJson } from "../files/tail.ts";

export interface RotatingSettings {
  readonly path: string;
  readonly maxBytes: number;
  /** How many former files are kept; 0: a full file is begun anew. */
  readonly backupCount: number;
}

export interface RotatingFile extends AsyncDisposable {
  /**
   * Appends lines, on disk when it resolves; tells how many of them are, and why not all. Those that the file already held
   * when it was opened are not written again. Never rejects for what the system does. Looks at the signal between writes.
   */
  append(lines: readonly Row[], signal: AbortSignal): Promise<TakenRows>;
}

const readTail = createLineTail(idOfJson);

/** The file is opened, and its folder made, at the first append. */
export function createRotatingFile(
  { path, maxBytes, backupCount }: RotatingSettings,
  { log }: Pick<EventSinkParts, "log">,
): RotatingFile {
  let file: AppendFile | undefined;
  const held = createHeldIds();
  let isFirst = true;

  async function close(): Promise<void> {
    const closing = file;
    file = undefined;
    await closing?.[Symbol.asyncDispose]();
  }

  async function opened(): Promise<AppendFile> {
    if (file !== undefined && file.isWhole && (await file.isInPlace())) return file;
    await close();
    const folder = dirname(path);
    await makeFolder(folder);
    file = await openAppendFile(path);
    if (!file.isRegular) return file;
    if (file.size === 0) await syncFolder(folder);
    const former = isFirst ? await idsInFormer(file, `${path}.1`, { readTail, log }) : [];
    isFirst = false;
    const tail = await readTail(file);
    if (tail === undefined) throw new NotAFile(`${path} is not a file of lines`);
    const { end, ids } = tail;
    if (end < file.size) {
      log.warn({ path, bytes: file.size - end }, "half a line at the end of a file was cut off");
      await file.cut(end);
    }
    held.learn(former);
    held.learn(ids);
    return file;
  }

  async function rotate(): Promise<void> {
    await close();
    await shift(path, backupCount);
    await syncFolder(dirname(path));
  }

  /** Writes what fits of the lines from `first` on; answers how many these were. */
  async function appendSome(lines: readonly Row[], first: number): Promise<number> {
    const open = await opened();
    const skipped = held.skip(lines, first);
    if (skipped > 0) return skipped;
    const room = open.isRegular ? maxBytes - open.size : Number.POSITIVE_INFINITY;
    const count = fitting(lines, first, { room, held });
    if (count === 0 && open.size > 0) {
      await rotate();
      return 0;
    }
    const piece = lines.slice(first, first + Math.max(count, 1));
    await open.append(Buffer.from(piece.map(({ text }) => text).join("")));
    return piece.length;
  }

  return {
    append: (lines, signal) => appendAll(lines, { appendSome, held }, signal),
    [Symbol.asyncDispose]: close,
  };
}

async function shift(path: string, backupCount: number): Promise<void> {
  if (backupCount === 0) return rm(path, { force: true });
  for (let n = backupCount - 1; n >= 0; n -= 1) {
    const from = n === 0 ? path : `${path}.${n}`;
    await rename(from, `${path}.${n + 1}`).catch((error: unknown) => {
      if (codeOf(error) !== "ENOENT") throw error;
    });
  }
}
