/**
 * The end of a file that somebody else, or we before a crash, wrote to. Only what was never acknowledged can be torn, so
 * that much is cut off; and records that the file already holds are known by their ids, so that they are not written a
 * second time when they come again after the crash.
 */
import type { AppendFile } from "./append-file.ts";

/** What reading the end of a file told. */
export interface Tail {
  /** Up to here everything in it is whole. */
  readonly end: number;
  /** Ids of the last records in it. */
  readonly ids: readonly string[];
}

/** Reads the end of a file; undefined: it is somebody else's, with which we cannot go on. */
export type ReadTail = (file: Pick<AppendFile, "size" | "read">) => Promise<Tail | undefined>;

/** How much of the end of a file is read for ids, bytes: more than arrives between two times that a place is saved. */
export const tailBytes = 8 * 1024 * 1024;

/** The most that is cut off, bytes: what a batch can be as text. More than that was not left by a crash of ours. */
export const tornBytes = 8 * 1024 * 1024;

const chunkBytes = 64 * 1024;
const lineEnd = 10;

/** The tail of a file of lines; `idOf` names the record of a line, where it can. */
export function createLineTail(idOf: (line: string) => string | undefined): ReadTail {
  return async (file) => {
    const end = await lastLineEnd(file);
    if (file.size - end > tornBytes) return undefined;
    const begin = Math.max(0, end - tailBytes);
    const text = Buffer.from(await file.read(begin, end - begin)).toString();
    const lines = text.split("\n");
    // Where reading began within a line, its first part is missing.
    if (begin > 0) lines.shift();
    return { end, ids: lines.flatMap((line) => idOf(line) ?? []) };
  };
}

/** Behind the last line end of a file; 0 when there is none. */
async function lastLineEnd(file: Pick<AppendFile, "size" | "read">): Promise<number> {
  let until = file.size;
  while (until > 0) {
    const begin = Math.max(0, until - chunkBytes);
    const found = (await file.read(begin, until - begin)).lastIndexOf(lineEnd);
    if (found >= 0) return begin + found + 1;
    until = begin;
  }
  return 0;
}

/** The id of a record in JSON; undefined for text that is none. */
export function idOfJson(text: string): string | undefined {
  if (!text.startsWith("{")) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  if ("idempotency_key" in value) return textOrNone(value.idempotency_key);
  return "kind" in value && "id" in value ? textOrNone(value.id) : undefined;
}

function textOrNone(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
