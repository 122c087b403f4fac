/** Reading the fields of an event: each gives a value that can be used, and takes note of what is wrong with it. */
import { describe, type Problem } from "@belfry/contract";

/** An object of which nothing is known but that it is one. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether a value is an object with keys, and not a list. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Collects what is wrong with one event. */
export class Problems {
  readonly found: Problem[] = [];

  add(path: string, message: string): void {
    // Thousands of wrong metrics say no more than ten.
    if (this.found.length < 10) this.found.push({ path, message });
  }

  expected(path: string, what: string, value: unknown): void {
    if (value === undefined) this.add(path, "is required");
    else this.add(path, `expected ${what}, found ${describe(value)}`);
  }
}

/** Text of so many characters. Empty text where there is none and none is needed, or where it is wrong. */
export function readText(
  problems: Problems,
  path: string,
  value: unknown,
  { min, max }: { readonly min: number; readonly max: number },
): string {
  if (typeof value === "string") {
    const wrong = textProblem(value, min, max);
    if (wrong === undefined) return value.isWellFormed() ? value : value.toWellFormed();
    problems.add(path, wrong);
  } else {
    problems.expected(path, "text", value);
  }
  return "";
}

/** Text, or null where there is none: left out, null, or of no characters. */
export function readOptionalText(
  problems: Problems,
  path: string,
  value: unknown,
  max: number,
): string | null {
  if (value === undefined || value === null || value === "") return null;
  return readText(problems, path, value, { min: 0, max });
}

function textProblem(value: string, min: number, max: number): string | undefined {
  if (value.length < min || value.length > max) {
    const range = min === 0 ? `at most ${max}` : `${min} to ${max}`;
    return `expected text of ${range} characters, found ${value.length}`;
  }
  if (value.includes("\u0000")) return "expected text without the character U+0000";
  return undefined;
}

/** An object, or an empty one where it is left out, null or an empty list (as a client in R sends it). */
export function readFields(problems: Problems, path: string, value: unknown): Fields {
  if (value === undefined || value === null) return {};
  if (Array.isArray(value) && value.length === 0) return {};
  if (isFields(value)) return value;
  problems.expected(path, "an object", value);
  return {};
}
