/**
 * The end of a file of CSV. A line end within quotes ends no row, so where the last row ends is only known by reading the
 * file from its beginning; that takes about a second for a gigabyte, once at start, in pieces that hold nothing up.
 */
import { setImmediate } from "node:timers/promises";
import type { AppendFile } from "../files/append-file.ts";
import { tailBytes, tornBytes, type ReadTail, type Tail } from "../files/tail.ts";
import { unguarded } from "./cell.ts";

export interface RowTailSettings {
  /** What our files begin with; empty: they begin with a row. */
  readonly head: Uint8Array;
  readonly delimiter: string;
  /** How many cells a row has. */
  readonly width: number;
}

/** Goes on with files of the same columns, written by us or by somebody else. */
export function createRowTail({ head, delimiter, width }: RowTailSettings): ReadTail {
  const headText = Buffer.from(head).toString();
  return async (file): Promise<Tail | undefined> => {
    const begin = await file.read(0, head.length);
    if (!Buffer.from(begin).equals(head.subarray(0, begin.length))) return undefined;
    const { end, middle } = await scanRows(file);
    if (file.size - end > tornBytes) return undefined;
    const text = Buffer.from(await file.read(middle, end - middle)).toString();
    const rows = rowsOf(middle === 0 ? text.slice(headText.length) : text);
    const first = rows[0];
    if (first !== undefined && cellsIn(first, delimiter).length !== width) return undefined;
    return { end, ids: rows.flatMap((row) => idOf(row, delimiter)) };
  };
}

const quote = 34;
const lineEnd = 10;
const chunkBytes = 1024 * 1024;

/** Behind the last whole row, and the beginning of a row not more than `tailBytes` before. */
async function scanRows(
  file: Pick<AppendFile, "size" | "read">,
): Promise<{ readonly end: number; readonly middle: number }> {
  let isQuoted = false;
  let end = 0;
  let middle = 0;
  const wanted = file.size - tailBytes;
  for (let position = 0; position < file.size; position += chunkBytes) {
    const chunk = await file.read(position, Math.min(chunkBytes, file.size - position));
    for (let i = 0; i < chunk.length; i += 1) {
      const byte = chunk[i];
      if (byte === quote) isQuoted = !isQuoted;
      else if (byte === lineEnd && !isQuoted) {
        end = position + i + 1;
        if (middle < wanted) middle = end;
      }
    }
    await setImmediate();
  }
  return { end, middle: Math.min(middle, end) };
}

/** Rows without their ends. */
function rowsOf(text: string): string[] {
  const rows: string[] = [];
  let begin = 0;
  let isQuoted = false;
  for (const { 0: found, index } of text.matchAll(/"|\r?\n/g)) {
    if (found === '"') isQuoted = !isQuoted;
    else if (!isQuoted) {
      rows.push(text.slice(begin, index));
      begin = index + found.length;
    }
  }
  return rows;
}

function idOf(row: string, delimiter: string): string[] {
  const id = cellsIn(row, delimiter, 2)[1];
  return id === undefined ? [] : [unguarded(id)];
}

/** The cells of a row, or its first ones. */
function cellsIn(row: string, delimiter: string, most = Number.POSITIVE_INFINITY): string[] {
  const cells: string[] = [];
  let at = 0;
  while (cells.length < most && at <= row.length) {
    let end = at;
    if (row.charAt(at) === '"') {
      end = at + 1;
      while (end < row.length && (row.charAt(end) !== '"' || row.charAt(end + 1) === '"')) {
        end += row.charAt(end) === '"' ? 2 : 1;
      }
      cells.push(row.slice(at + 1, end).replaceAll('""', '"'));
    }
    const next = row.indexOf(delimiter, end);
    const cellEnd = next < 0 ? row.length : next;
    if (end === at) cells.push(row.slice(at, cellEnd));
    at = cellEnd + 1;
  }
  return cells;
}
