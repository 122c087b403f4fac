/**
 * Times in every form a client sends: RFC 3339 with up to nine fraction digits (without an offset it is UTC), seconds since
 * 1970 as a number or as text, with fractions. A number of 10^11 or more cannot be seconds (that is the year 5138): it is
 * read as ms, from 10^14 on as µs, from 10^17 on as ns. Fractions of a ms are cut off.
 */
import type { Problems } from "./field.ts";

const isoPattern =
  /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:[.,](\d{1,9}))?\s?([Zz]|[+-]\d{2}(?::?\d{2})?)?$/;
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
  const [, day = "", clock = "", fraction = "", zone = "Z"] = match;
  const seconds = Date.parse(`${day}T${clock}${offsetOf(zone)}`);
  // Date.parse takes 30 February for 2 March.
  if (Number.isNaN(seconds) || !isDay(day)) return undefined;
  return seconds + Number(fraction.padEnd(3, "0").slice(0, 3));
}

function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}

/** `Z`, `+02`, `+0200` and `+02:00`, as `Date.parse` wants it. */
function offsetOf(zone: string): string {
  if (/^[Zz]$/.test(zone)) return "Z";
  return `${zone.slice(0, 3)}:${zone.slice(3).replace(":", "") || "00"}`;
}

function timeOfNumber(value: unknown): number | undefined {
  if (typeof value !== "number") return undefined;
  if (value < 1e11) return Math.floor(value * 1000 + 1e-4);
  if (value < 1e14) return Math.floor(value);
  return Math.floor(value / (value < 1e17 ? 1e3 : 1e6));
}
