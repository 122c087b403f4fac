/** The check kinds there are: one line each. */
import type { CheckKind } from "../model/check-kind.ts";
import { createHttpKind } from "./http.ts";
import type { ProbeParts } from "./parts.ts";

/** Makes every kind, by its name, in the order they are offered. */
export function createCheckKinds(parts: ProbeParts): ReadonlyMap<string, CheckKind> {
  const kinds: readonly CheckKind[] = [createHttpKind(parts)];
  return new Map(kinds.map((kind) => [kind.kind, kind]));
}
