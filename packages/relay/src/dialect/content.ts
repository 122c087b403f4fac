/** Metrics and metadata: what a client adds of its own, checked and copied so that every store can hold it. */
import { readFields, type Fields, type Problems } from "./field.ts";

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
  const copy = copyFields(readFields(problems, path, value), path, 1, { problems, limits });
  return copy;
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
