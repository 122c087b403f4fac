/** Times in query parameters. */
import { AppError } from "../model/error.ts";
import type { TimeRange } from "../model/series.ts";

const rfc3339 = /^\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d))?$/;
const latestMs = 8.64e15;

/** Reads RFC 3339 (a date alone is midnight UTC) or Unix seconds into epoch ms; throws `invalid`. */
export function readTime(text: string, path: string): number {
  const value = rfc3339.test(text)
    ? Date.parse(text.replace(" ", "T"))
    : /^-?\d+(\.\d+)?$/.test(text)
      ? Math.round(Number(text) * 1000)
      : Number.NaN;
  if (Math.abs(value) <= latestMs) return value;
  throw invalidAt(
    path,
    `expected a time in RFC 3339 or Unix seconds, found ${JSON.stringify(text)}`,
  );
}

/** Reads a range: `to` is now where it is left out, `from` is `spanMs` before it. Throws `invalid` if it is empty. */
export function readRange(
  query: { readonly from?: string; readonly to?: string },
  nowMs: number,
  spanMs: number,
): TimeRange {
  const to = query.to === undefined ? nowMs : readTime(query.to, "to");
  const from = query.from === undefined ? to - spanMs : readTime(query.from, "from");
  if (from >= to) throw invalidAt("from", "is not before `to`");
  return { from, to };
}

/** One thing wrong with the query. */
export function invalidAt(path: string, message: string): AppError {
  return new AppError("invalid", "The query does not fit", { problems: [{ path, message }] });
}
