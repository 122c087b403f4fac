/** Small files and folders that are read once in a while, not round after round. */
import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";

/** Whole text of a file; undefined where it is absent, may not be read or has no content just now. */
export function readSmallFile(path: string): string | undefined {
  return orNothing(() => readFileSync(path, "utf8"));
}

/** Whole file as bytes; undefined as above. */
export function readSmallBytes(path: string): Buffer | undefined {
  return orNothing(() => readFileSync(path));
}

/** Names in a folder, in order; none where there is no such folder. */
export function namesIn(folder: string): readonly string[] {
  return orNothing(() => readdirSync(folder).toSorted(byNumber)) ?? [];
}

/** Where a link leads to, as it is written; undefined where there is no link. */
export function linkTarget(path: string): string | undefined {
  return orNothing(() => readlinkSync(path));
}

/** The path without links in it; undefined where it leads nowhere. */
export function realPath(path: string): string | undefined {
  return orNothing(() => realpathSync(path));
}

/** The `code` of a failed system call. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}

/** `hwmon10` comes after `hwmon9`. */
function byNumber(a: string, b: string): number {
  const numbers = numberAtEnd(a) - numberAtEnd(b);
  if (numbers !== 0 && !Number.isNaN(numbers)) return numbers;
  return a < b ? -1 : 1;
}

function numberAtEnd(name: string): number {
  const digits = /\d+$/.exec(name);
  return digits === null ? Number.NaN : Number(digits[0]);
}

/** What cannot be read is absent; a fault that is no failed system call is passed on. */
function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return undefined;
  }
}
