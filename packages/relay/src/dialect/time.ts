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

/** The same as RFC 3339 in UTC with ms. Text that is so already is given back as it is. */
export function readTimeText(problems: Problems, path: string, value: unknown): string | undefined {
  if (typeof value === "string" && isPlainUtc(value)) return value;
  const ms = readTime(problems, path, value);
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

/** Where the digits of `2026-01-02T03:04:05.678Z` are. */
const digitsAt = [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, 20, 21, 22] as const;

/** Whether a text is a time of this century in exactly this form; other times are looked at more closely. */
function isPlainUtc(text: string): boolean {
  if (text.length !== 24 || !text.startsWith("20") || text.charCodeAt(23) !== 0x5a) return false;
  for (const at of digitsAt) {
    const code = text.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return false;
  }
  const isMarked =
    text.charCodeAt(4) === 0x2d &&
    text.charCodeAt(7) === 0x2d &&
    text.charCodeAt(10) === 0x54 &&
    text.charCodeAt(13) === 0x3a &&
    text.charCodeAt(16) === 0x3a &&
    text.charCodeAt(19) === 0x2e;
  const month = pairAt(text, 5);
  const day = pairAt(text, 8);
  // The last days of a month are for the calendar.
  const isDay = month >= 1 && month <= 12 && day >= 1 && day <= 28;
  return (
    isMarked && isDay && pairAt(text, 11) <= 23 && pairAt(text, 14) <= 59 && pairAt(text, 17) <= 59
  );
}

function pairAt(text: string, at: number): number {
  return (text.charCodeAt(at) - 0x30) * 10 + text.charCodeAt(at + 1) - 0x30;
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
