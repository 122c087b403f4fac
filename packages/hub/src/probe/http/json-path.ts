/**
 * Paths into JSON values, a small part of RFC 9535: `$`, `.name`, `['any name']`, `[0]`, `[-1]` from the end, and the
 * wildcards `.*` and `[*]`. A path selects zero, one or more values.
 */
import type { Json } from "@belfry/contract";

type Step =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "all" };

/** A parsed path. */
export type JsonPath = readonly Step[];

const mostSteps = 50;
/** A wildcard selects no more than this many values. */
const mostSelected = 10_000;

const stepPattern =
  /\.(?<all>\*)|\.(?<name>[^.[\]'"*\s]+)|\[(?<index>-?\d{1,9})\]|\[(?<any>\*)\]|\['(?<single>(?:[^'\\]|\\.)*)'\]|\["(?<double>(?:[^"\\]|\\.)*)"\]/y;

/** Parses a path; undefined with the offset where it stops being one. */
export function parseJsonPath(text: string): JsonPath | { readonly wrongAt: number } {
  if (!text.startsWith("$")) return { wrongAt: 0 };
  const steps: Step[] = [];
  stepPattern.lastIndex = 1;
  while (stepPattern.lastIndex < text.length) {
    const at = stepPattern.lastIndex;
    const groups = stepPattern.exec(text)?.groups;
    if (groups === undefined || steps.length >= mostSteps) return { wrongAt: at };
    steps.push(stepOf(groups));
  }
  return steps;
}

function stepOf(groups: Record<string, string | undefined>): Step {
  if (groups["index"] !== undefined) return { kind: "index", index: Number(groups["index"]) };
  const quotedName = groups["single"] ?? groups["double"];
  if (quotedName !== undefined) return { kind: "name", name: quotedName.replace(/\\(.)/gs, "$1") };
  if (groups["name"] !== undefined) return { kind: "name", name: groups["name"] };
  return { kind: "all" };
}

/** The values a path selects, in document order. */
export function selectJson(root: Json, path: JsonPath): readonly Json[] {
  let values: readonly Json[] = [root];
  for (const step of path) {
    values = values.flatMap((value) => stepInto(value, step)).slice(0, mostSelected);
  }
  return values;
}

function stepInto(value: Json, step: Step): readonly Json[] {
  if (typeof value !== "object" || value === null) return [];
  switch (step.kind) {
    case "all":
      return isList(value) ? value : Object.values(value);
    case "index":
      return isList(value) ? asList(value.at(step.index)) : [];
    case "name":
      return !isList(value) && Object.hasOwn(value, step.name) ? asList(value[step.name]) : [];
  }
}

function asList(value: Json | undefined): readonly Json[] {
  return value === undefined ? [] : [value];
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
