/**
 * Typed comparisons. A comparison that makes no sense for the types found does not hold, and says so; nothing is
 * coerced, so text that looks like a number is not one.
 */
import { describe, type Json } from "@belfry/contract";

/** Comparisons with a value. */
export const comparisons = ["==", "!=", "<", "<=", ">", ">=", "contains", "not_contains"] as const;
export type Comparison = (typeof comparisons)[number];

/** Whether a value stands in a relation to an expected one; if not, why: `is 3, expected > 5`. */
export function compare(found: Json, comparison: Comparison, expected: Json): string | null {
  const wrong = `is ${describe(found)}, expected ${comparison} ${describe(expected)}`;
  switch (comparison) {
    case "==":
      return isEqual(found, expected) ? null : wrong;
    case "!=":
      return isEqual(found, expected) ? wrong : null;
    case "contains":
    case "not_contains": {
      const inside = containsValue(found, expected);
      if (inside === undefined) return `${wrong}: neither text nor a list`;
      return inside === (comparison === "contains") ? null : wrong;
    }
    default: {
      const order = orderOf(found, expected);
      if (order === undefined) return `${wrong}: two numbers or two texts are needed`;
      return isOrdered(order, comparison) ? null : wrong;
    }
  }
}

function isOrdered(order: number, comparison: "<" | "<=" | ">" | ">="): boolean {
  switch (comparison) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
  }
}

/** Numbers by value, texts by code unit (so ISO 8601 times in one zone compare as times). */
function orderOf(a: Json, b: Json): number | undefined {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  return undefined;
}

function containsValue(found: Json, expected: Json): boolean | undefined {
  if (typeof found === "string" && typeof expected === "string") return found.includes(expected);
  if (isList(found)) return found.some((item) => isEqual(item, expected));
  return undefined;
}

function isEqual(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (isList(a) || isList(b)) {
    return (
      isList(a) &&
      isList(b) &&
      a.length === b.length &&
      a.every((item, i) => isEqual(item, b[i] ?? null))
    );
  }
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key] ?? null, b[key] ?? null));
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
