/**
 * Times in every form a client sends: RFC 3339 with up to nine fraction digits (without an offset it is UTC), seconds since
 * 1970 as a number or as text, with fractions. A number of 10^11 or more cannot be seconds (that is the year 5138): it is
 * read as ms, from 10^14 on as µs, from 10^17 on as ns. Fractions of a ms are cut off.
 */
import type { Problems } from "./field.ts";

const isoPattern =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?\s?(?:[Zz]|([+-])(\d{2}):?(\d{2})?)?$/;
const numberPattern = /^\d{1,19}(?:\.\d{1,9})?$/;
const lastMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Epoch ms of a time; undefined where it is none, and then a problem says so. */
export function readTime(problems: Problems, path: string, value: unknown): number | undefined {
  const ms = typeof value === "string" ? timeOfText(value) : timeOfNumber(value);
  if (ms !== undefined && Number.isFinite(ms) && ms >= 0 && ms <= lastMs) return ms;
  problems.expected(path, "a time (RFC 3339, or seconds since 1970)", value);
  return undefined;
}

function timeOfText(text: string): number | undefined {
  if (numberPattern.test(text)) return timeOfNumber(Number(text));
  const match = isoPattern.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map(Number);
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(Date.UTC(year, month - 1, day));
  // 30 February would be 2 March, and the year 99 would be 1999.
  if (date.getUTCFullYear() !== year) return undefined;
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const offset = offsetOf(match[8], match[9], match[10]);
  const fraction = Number((match[7] ?? "").padEnd(3, "0").slice(0, 3));
  if (offset === undefined) return undefined;
  return date.getTime() + ((hour * 60 + minute - offset) * 60 + second) * 1000 + fraction;
}

/** Minutes east of UTC; undefined where there is no such offset. */
function offsetOf(sign = "+", hours = "0", minutes = "0"): number | undefined {
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined;
  return (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -1 : 1);
}

function timeOfNumber(value: unknown): number | undefined {
  if (typeof value !== "number") return undefined;
  if (value < 1e11) return Math.floor(value * 1000 + 1e-4);
  if (value < 1e14) return Math.floor(value);
  return Math.floor(value / (value < 1e17 ? 1e3 : 1e6));
}
