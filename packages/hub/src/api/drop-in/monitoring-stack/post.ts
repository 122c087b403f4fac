/**
 * Reads the body of `POST /metrics` as leniently as the original (Flask, then Python's `str()`, `float()` and `int()`) and
 * with its words where it refuses. What made the original fail (NaN, infinities, lists) is refused with those words too.
 */
import type { StackPost } from "../../../model/host-entry.ts";
import { refused } from "./error.ts";

type Fields = Readonly<Record<string, unknown>>;

const required = ["hostname", "cpu", "ram", "disk", "timestamp"] as const;
const longestHostname = 253;
/** Levels of objects and lists within details; a snapshot has four. */
const deepestDetails = 32;
const mebibyte = 1_048_576;

/** A post, and whether its details were left out because they cannot be kept. */
export interface ReadPost {
  readonly post: StackPost;
  readonly droppedDetails: boolean;
}

/** Reads a post; throws what `refused` makes. */
export function readPost(
  contentType: string | undefined,
  body: Uint8Array,
  maxDetailsBytes: number,
): ReadPost {
  const fields = readFields(contentType, body);
  const missing = required.filter((name) => !Object.hasOwn(fields, name)).toSorted();
  if (missing.length > 0) throw refused(`Missing fields: ${missing.join(", ")}`);
  const details = readDetails(fields["details"], maxDetailsBytes);
  return {
    post: {
      hostname: readHostname(fields["hostname"]),
      timestamp: readInteger(fields["timestamp"]),
      cpu: readNumber(fields["cpu"]),
      ram: readNumber(fields["ram"]),
      disk: readNumber(fields["disk"]),
      diskRead: given(fields, "disk_read", readThroughput) ?? 0,
      diskWrite: given(fields, "disk_write", readThroughput) ?? 0,
      netRead: given(fields, "net_read", readThroughput),
      netWrite: given(fields, "net_write", readThroughput),
      swapPercent: given(fields, "swap_percent", readNumber),
      load1: given(fields, "load1", readNullable),
      load5: given(fields, "load5", readNullable),
      load15: given(fields, "load15", readNullable),
      details: details === "cannot be kept" ? null : details,
    },
    droppedDetails: details === "cannot be kept",
  };
}

function readFields(contentType: string | undefined, body: Uint8Array): Fields {
  const isJson = /^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(contentType ?? "");
  const value = isJson ? parseJson(body) : undefined;
  const isFields = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isFields || Object.keys(value).length === 0) throw refused("Invalid JSON payload");
  return { ...value };
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(body)) as unknown;
  } catch {
    return undefined;
  }
}

/** Numbers and booleans become text, as `str()` has them. */
function readHostname(value: unknown): string {
  const text = typeof value === "boolean" ? (value ? "True" : "False") : value;
  const name = typeof text === "number" ? String(text) : text;
  const fits = typeof name === "string" && name.length > 0 && name.length <= longestHostname;
  if (!fits || name.includes("\0") || !name.isWellFormed()) {
    throw refused(`Invalid hostname (max ${longestHostname} chars)`);
  }
  return name;
}

/** null for a field that was not given. */
function given<T>(fields: Fields, name: string, read: (value: unknown) => T): T | null {
  return Object.hasOwn(fields, name) ? read(fields[name]) : null;
}

function readNullable(value: unknown): number | null {
  return value === null ? null : readNumber(value);
}

/** MiB per second; as bytes it must be a number still. */
function readThroughput(value: unknown): number {
  const number = readNumber(value);
  if (!Number.isFinite(number * mebibyte)) throw refused("Invalid field types");
  return number;
}

const floatText =
  /^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+(?:_\d+)*)?$/;

/** As `float()`, without NaN and infinities. */
function readNumber(value: unknown): number {
  if (typeof value === "boolean") return value ? 1 : 0;
  const text = typeof value === "string" ? value.trim() : "";
  const number = floatText.test(text) ? Number(text.replaceAll("_", "")) : value;
  if (typeof number === "number" && Number.isFinite(number)) return number;
  throw refused("Invalid field types");
}

/** As `int()`: text must be whole, fractions of numbers are cut off. */
function readInteger(value: unknown): number {
  if (typeof value === "string" && !/^\s*[+-]?\d+(?:_\d+)*\s*$/.test(value)) {
    throw refused("Invalid field types");
  }
  return Math.trunc(readNumber(value)) + 0;
}

/** What is no object is ignored. */
function readDetails(value: unknown, maxBytes: number): StackPost["details"] | "cannot be kept" {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  if (!isKept(value, deepestDetails)) return "cannot be kept";
  const bytes = Buffer.byteLength(JSON.stringify(value));
  return bytes > maxBytes ? "cannot be kept" : { ...value };
}

/** Whether a value is not too deep and holds no U+0000, which PostgreSQL cannot keep. */
function isKept(value: unknown, depth: number): boolean {
  if (typeof value === "string") return !value.includes("\0");
  if (typeof value !== "object" || value === null) return true;
  if (depth === 0) return false;
  return Object.entries(value).every(
    ([key, inner]) => !key.includes("\0") && isKept(inner, depth - 1),
  );
}
