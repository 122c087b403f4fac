/**
 * Where every reader of a log is, in one small text file that is always replaced as a whole:
 *
 *     belfry-cursors 1 <CRC-32 of the second line, 8 hexadecimal digits>
 *     {"elk":{"watermark":120,"beyond":[[122,125],[130,130]]}}
 *
 * All sequences up to the watermark are acknowledged, and those of the pairs beyond it.
 */
import { crc32 } from "node:zlib";

/** What a reader has acknowledged. */
export interface CursorState {
  readonly watermark: number;
  /** First and last of every run of acknowledged sequences beyond the watermark, rising. */
  readonly beyond: readonly (readonly [number, number])[];
}

const title = "belfry-cursors 1";

/** The bytes of the file. */
export function cursorBytes(cursors: ReadonlyMap<string, CursorState>): Buffer {
  const line = JSON.stringify(Object.fromEntries(cursors));
  return Buffer.from(`${title} ${sumOf(line)}\n${line}\n`);
}

/** What the bytes of the file say; undefined when they are damaged. */
export function parseCursors(bytes: Buffer): Map<string, CursorState> | undefined {
  const [head = "", line = ""] = bytes.toString("utf8").split("\n");
  if (head !== `${title} ${sumOf(line)}`) return undefined;
  const cursors = new Map<string, CursorState>();
  const parsed: unknown = JSON.parse(line);
  if (typeof parsed !== "object" || parsed === null) return undefined;
  for (const [name, value] of Object.entries(parsed)) {
    if (!isState(value)) return undefined;
    cursors.set(name, value);
  }
  return cursors;
}

function sumOf(line: string): string {
  return crc32(line).toString(16).padStart(8, "0");
}

function isState(value: unknown): value is CursorState {
  if (typeof value !== "object" || value === null) return false;
  if (!("watermark" in value) || !Number.isSafeInteger(value.watermark)) return false;
  return (
    "beyond" in value &&
    Array.isArray(value.beyond) &&
    value.beyond.every(
      (run) =>
        Array.isArray(run) && run.length === 2 && run.every((end) => Number.isSafeInteger(end)),
    )
  );
}
