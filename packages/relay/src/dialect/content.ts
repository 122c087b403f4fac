/**
 * Metrics and metadata: what a client adds of its own, so that every store can hold it. What is fine is taken as it is; only
 * where something has to be said or changed a copy is made.
 */
import { isFields, readFields, type Fields, type Problems } from "./field.ts";

/** How much one event may hold. */
export interface EventLimits {
  /** Bytes of the whole event as JSON. Default 256 KB. */
  readonly maxEventBytes: number;
  /** Objects and lists within each other in `metadata`. Default 16. */
  readonly maxDepth: number;
  /** Metrics of one event. Default 500. */
  readonly maxMetrics: number;
}

const maxName = 200;

/** Numbers by name; those that are null are left out. */
export function readMetrics(
  problems: Problems,
  path: string,
  value: unknown,
  { maxMetrics }: EventLimits,
): Record<string, number> {
  if (isFields(value) && areFineMetrics(value, maxMetrics)) return value;
  const entries = Object.entries(readFields(problems, path, value));
  if (entries.length > maxMetrics) {
    problems.add(path, `expected at most ${maxMetrics} metrics, found ${entries.length}`);
    return {};
  }
  const metrics: [string, number][] = [];
  for (const [name, metric] of entries) {
    if (metric === null) continue;
    if (!isName(problems, path, name)) continue;
    if (typeof metric === "number" && Number.isFinite(metric)) metrics.push([name, metric]);
    else problems.expected(`${path}.${name}`, "a finite number", metric ?? typeof metric);
  }
  return Object.fromEntries(metrics);
}

/** Any JSON by name. */
export function readMetadata(
  problems: Problems,
  path: string,
  value: unknown,
  limits: EventLimits,
): Record<string, unknown> {
  if (isFields(value) && isFine(value, 1, limits.maxDepth)) return value;
  return copyFields(readFields(problems, path, value), path, 1, { problems, limits });
}

function areFineMetrics(
  metrics: Fields,
  maxMetrics: number,
): metrics is Readonly<Record<string, number>> {
  if (Object.getPrototypeOf(metrics) !== Object.prototype) return false;
  const names = Object.keys(metrics);
  if (names.length > maxMetrics) return false;
  for (const name of names) {
    const metric = metrics[name];
    if (typeof metric !== "number" || !Number.isFinite(metric) || !isFineName(name)) return false;
  }
  return true;
}

/** Whether an object or list holds nothing but what JSON has, within the limits, and stays the same when it is written. */
function isFine(value: object, depth: number, maxDepth: number): boolean {
  if (Array.isArray(value)) {
    // Not `every`: it passes over holes.
    for (let i = 0; i < value.length; i += 1) {
      if (!isFineValue(value[i], depth, maxDepth)) return false;
    }
    return true;
  }
  if (!isFields(value) || Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const name of Object.keys(value)) {
    if (!isFineName(name) || !isFineValue(value[name], depth, maxDepth)) return false;
  }
  return true;
}

function isFineValue(value: unknown, depth: number, maxDepth: number): boolean {
  switch (typeof value) {
    case "string":
      return isFineText(value);
    case "number":
      return Number.isFinite(value);
    case "boolean":
      return true;
    case "object":
      return value === null || (depth < maxDepth && isFine(value, depth + 1, maxDepth));
    default:
      return false;
  }
}

function isFineName(name: string): boolean {
  return name.length <= maxName && isFineText(name);
}

function isFineText(text: string): boolean {
  return !text.includes("\u0000") && text.isWellFormed();
}

interface Copying {
  readonly problems: Problems;
  readonly limits: EventLimits;
}

function copyFields(
  fields: Fields,
  path: string,
  depth: number,
  copying: Copying,
): Record<string, unknown> {
  const entries: [string, unknown][] = [];
  for (const [name, value] of Object.entries(fields)) {
    // As JSON.stringify would.
    if (value === undefined || !isName(copying.problems, path, name)) continue;
    entries.push([name.toWellFormed(), copyValue(value, `${path}.${name}`, depth, copying)]);
  }
  // Unlike an assignment this also keeps a key called __proto__ a key.
  return Object.fromEntries(entries);
}

function copyValue(value: unknown, path: string, depth: number, copying: Copying): unknown {
  const { problems, limits } = copying;
  switch (typeof value) {
    case "string":
      if (value.includes("\u0000"))
        problems.add(path, "expected text without the character U+0000");
      return value.toWellFormed();
    case "number":
      if (!Number.isFinite(value)) problems.expected(path, "a finite number", value);
      return value;
    case "boolean":
      return value;
    case "object":
      if (value === null) return null;
      if (depth >= limits.maxDepth) {
        problems.add(path, `expected at most ${limits.maxDepth} levels of objects and lists`);
        return null;
      }
      return Array.isArray(value)
        ? value.map((item: unknown, i) =>
            copyValue(item ?? null, `${path}[${i}]`, depth + 1, copying),
          )
        : copyFields(Object.fromEntries(Object.entries(value)), path, depth + 1, copying);
    default:
      problems.add(path, `expected a value JSON has, found a ${typeof value}`);
      return null;
  }
}

function isName(problems: Problems, path: string, name: string): boolean {
  if (name.length > maxName) {
    problems.add(
      path,
      `expected names of at most ${maxName} characters, found one of ${name.length}`,
    );
    return false;
  }
  if (name.includes("\u0000")) {
    problems.add(path, "expected names without the character U+0000");
    return false;
  }
  return true;
}
