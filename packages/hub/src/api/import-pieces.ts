/**
 * Reads an import piece by piece. Tens of megabytes of text take seconds to read, and a check must not wait for them:
 * between two pieces everybody else has a turn.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ImportParser } from "./parts.ts";

/** Characters of a piece; it ends with the line. */
const pieceLength = 64 * 1024;

/** Reads all of it. Line numbers count from the start of the whole text. */
export async function readInPieces(
  text: string,
  nowMs: number,
  parse: ImportParser,
): Promise<ReturnType<ImportParser>> {
  const frames: ReturnType<ImportParser>["frames"][number][] = [];
  const bad: ReturnType<ImportParser>["bad"][number][] = [];
  let lines = 0;
  for (let from = 0; from < text.length;) {
    const lineEnd = text.indexOf("\n", from + pieceLength);
    const to = lineEnd === -1 ? text.length : lineEnd + 1;
    const piece = text.slice(from, to);
    const read = parse(piece, nowMs);
    for (const frame of read.frames) frames.push(frame);
    for (const { line, message } of read.bad) bad.push({ line: line + lines, message });
    lines += countLines(piece);
    from = to;
    if (from < text.length) await nextTurn();
  }
  return { frames, bad };
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}
