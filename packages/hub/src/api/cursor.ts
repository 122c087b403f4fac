/** Cursors of paged lists: opaque to callers, a small JSON value to us. */
import { AppError } from "../model/error.ts";

/** Makes a cursor. */
export function writeCursor(position: readonly (string | number | null)[]): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/** Reads a cursor made by `writeCursor` with as many parts; throws `invalid` for anything else. */
export function readCursor(cursor: string, parts: number): readonly (string | number | null)[] {
  const position = parse(cursor);
  const isWhole =
    Array.isArray(position) && position.length === parts && position.every((one) => isPart(one));
  if (!isWhole) {
    throw new AppError("invalid", "The cursor is not one that was handed out here", {
      problems: [{ path: "cursor", message: "expected the next_cursor of a former page" }],
    });
  }
  return position as readonly (string | number | null)[];
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString()) as unknown;
  } catch {
    return undefined;
  }
}

function isPart(value: unknown): boolean {
  return value === null || typeof value === "string" || typeof value === "number";
}
