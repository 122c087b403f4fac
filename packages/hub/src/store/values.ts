/** How values become columns and come back. */
import { createHash } from "node:crypto";
import { AppError } from "../model/error.ts";

/** JSON for a column. `JSON.stringify` escapes U+0000 and lone surrogates, so both engines keep it as it is. */
export function toJson(value: unknown): string {
  return JSON.stringify(value ?? null);
}

/** Reads a JSON column. Guarantee: only this store writes the column, always with `toJson` of a `T`. */
export function fromJson<T>(text: string): T {
  return JSON.parse(text) as T;
}

/**
 * Takes a text column for the type it was written from. Guarantee: only this store writes the column, always with a
 * `T` (an id that a parser made, a reason, a status).
 */
export function asWritten<T extends string>(text: string): T {
  return text as T;
}

/** 1 for true, 0 for false. */
export function toInteger(flag: boolean): number {
  return flag ? 1 : 0;
}

/** Text that a person or a client chose: U+0000 is refused with `invalid`, because PostgreSQL cannot keep it. */
export function plainText(text: string, what: string): string {
  if (!text.includes("\0")) return text;
  throw new AppError("invalid", `${what} holds the character U+0000, which cannot be stored`);
}

/** Text that a target sent: U+0000 becomes U+FFFD, because nobody is there who could be asked for another text. */
export function foreignText(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\uFFFD") : text;
}

/** PostgreSQL indexes at most 2,704 bytes; a character has up to 4, and a key may have several columns. */
const longestKey = 400;

/**
 * Text that others chose, as a column of a key: what is long is cut and told apart by its SHA-256. The column finds the
 * row; who needs the text itself keeps it in another one.
 */
export function keyText(text: string): string {
  const plain = foreignText(text).toWellFormed();
  if (plain === text && text.length <= longestKey) return text;
  const digest = createHash("sha256").update(toJson(text)).digest("base64url");
  return `${plain.slice(0, longestKey - 50).toWellFormed()}…${digest}`;
}

/** Cuts a list into pieces of at most `size`: statements have a limit on their parameters. */
export function* inChunks<T>(list: readonly T[], size: number): Generator<readonly T[]> {
  if (list.length <= size) {
    if (list.length > 0) yield list;
    return;
  }
  for (let start = 0; start < list.length; start += size) yield list.slice(start, start + size);
}

/** Rows of one statement; 20 columns at most, so below SQLite's 32,766 and PostgreSQL's 65,535 parameters. */
export const rowsPerStatement = 500;
