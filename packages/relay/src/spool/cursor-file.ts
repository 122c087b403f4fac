/**
 * Where every reader of a log is, in one small text file that is always replaced as a whole:
 *
 *     belfry-cursors 1 <CRC-32 of the second line, 8 hexadecimal digits>
 *     {"lost":null,"cursors":{"elk":{"watermark":120,"beyond":[[122,125],[130,130]]}}}
 *
 * All sequences up to the watermark are acknowledged, and those of the pairs beyond it. Where `lost` is a sequence, all
 * places were lost when that was the last: a sink that is not named may have had one before it.
 */
import { crc32 } from "node:zlib";

/** What a reader has acknowledged. */
export interface CursorState {
  readonly watermark: number;
  /** First and last of every run of acknowledged sequences beyond the watermark, rising. */
  readonly beyond: readonly (readonly [number, number])[];
}

/** What the file says. */
export interface Places {
  readonly cursors: ReadonlyMap<string, CursorState>;
  /** The last sequence when all places were lost; null when they were not. */
  readonly lost: number | null;
}

const title = "belfry-cursors 1";

/** The bytes of the file. */
export function cursorBytes({ lost, cursors }: Places): Buffer {
  const line = JSON.stringify({ lost, cursors: Object.fromEntries(cursors) });
  return Buffer.from(`${title} ${sumOf(line)}\n${line}\n`);
}

/** What the bytes of the file say; undefined when they are damaged. */
export function parseCursors(bytes: Buffer): Places | undefined {
  const [head = "", line = ""] = bytes.toString("utf8").split("\n");
  if (head !== `${title} ${sumOf(line)}`) return undefined;
  const cursors = new Map<string, CursorState>();
  const parsed: unknown = JSON.parse(line);
  if (typeof parsed !== "object" || parsed === null) return undefined;
  if (!("cursors" in parsed) || typeof parsed.cursors !== "object") return undefined;
  for (const [name, value] of Object.entries(parsed.cursors ?? {})) {
    if (!isState(value)) return undefined;
    cursors.set(name, value);
  }
  return {
    cursors,
    lost: "lost" in parsed && typeof parsed.lost === "number" ? parsed.lost : null,
  };
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
