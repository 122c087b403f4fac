/** The settings as a flat list: one leaf per value that can be set, with the names it goes by. */
import type { TSchema } from "typebox";

export interface Leaf {
  /** Dotted, as in messages: `checks.max_concurrent`. */
  readonly path: string;
  readonly keys: readonly string[];
  /** `BELFRY_CHECKS_MAX_CONCURRENT`. */
  readonly variable: string;
  readonly schema: TSchema;
  /** Its value is never shown, and it can be read from the file that `<variable>_FILE` names. */
  readonly secret: boolean;
  /** Variables of other systems that mean the same. */
  readonly aliases: readonly string[];
}

/** The properties of a schema that only groups other settings; undefined for a setting itself. */
export function branchOf(schema: unknown): Readonly<Record<string, TSchema>> | undefined {
  if (!isRecord(schema) || !isRecord(schema["properties"])) return undefined;
  return schema["properties"] as Readonly<Record<string, TSchema>>;
}

/** Every setting below a schema, in its order. */
export function leavesOf(schema: TSchema, above: readonly string[] = []): readonly Leaf[] {
  const branch = branchOf(schema);
  if (branch === undefined) return [leafOf(schema, above)];
  return Object.entries(branch).flatMap(([key, inner]) => leavesOf(inner, [...above, key]));
}

function leafOf(schema: TSchema, keys: readonly string[]): Leaf {
  const notes: Readonly<Record<string, unknown>> = { ...schema };
  const aliases = notes["aliases"];
  return {
    path: keys.join("."),
    keys,
    variable: `BELFRY_${keys.join("_").toUpperCase()}`,
    schema,
    secret: notes["secret"] === true,
    aliases: Array.isArray(aliases) ? aliases.map(String) : [],
  };
}

/** Whether a value is an object with names. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
