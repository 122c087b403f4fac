/**
 * Query and path parameters are text; their schemas ask for numbers, booleans and lists. This is the one place where
 * text becomes something else, by rules that lose nothing: a number must be written as JSON writes it, a boolean is
 * `true` or `false`, a list is separated by commas or given by repeating the name. What does not fit stays text and is
 * then refused by the schema with what was found.
 */
import { createParser, type Parsed } from "@belfry/contract";
import type { Static, TObject } from "typebox";

/** Makes a parser of parameters. Names the schema does not know are refused. */
export function createQueryParser<S extends TObject>(
  schema: S,
): (query: unknown) => Parsed<Static<S>> {
  const parse = createParser(schema);
  return (query) => {
    const values: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(query ?? {})) {
      const own = Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
      values[name] = own === undefined ? value : coerce(own, value);
    }
    return parse(values);
  };
}

function coerce(schema: object, value: unknown): unknown {
  const type = "type" in schema ? schema.type : undefined;
  if (type === "array") {
    const items = "items" in schema && typeof schema.items === "object" ? schema.items : null;
    const parts = (Array.isArray(value) ? value : [value]).flatMap((part: unknown) =>
      typeof part === "string" ? part.split(",") : [part],
    );
    return parts.filter((part) => part !== "").map((part) => coerce(items ?? {}, part));
  }
  if (typeof value !== "string") return value;
  if (type === "number" || type === "integer") return numberOf(value);
  if (type === "boolean") return value === "true" ? true : value === "false" ? false : value;
  return value;
}

function numberOf(text: string): unknown {
  return /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(text) ? Number(text) : text;
}
