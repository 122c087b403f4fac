/** Values that are written as text, in the environment: read as what the setting's schema asks for. */
import type { TSchema } from "typebox";

/**
 * A number, `true`/`false`, a list (separated by commas, or JSON) or JSON, by the type of the schema. Text that is none
 * of it stays text, and is refused by the schema with what was expected.
 */
export function valueOfText(schema: TSchema, text: string): unknown {
  const trimmed = text.trim();
  switch ("type" in schema ? schema.type : undefined) {
    case "integer":
    case "number":
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) ? Number(trimmed) : text;
    case "boolean":
      return booleans.get(trimmed.toLowerCase()) ?? text;
    case "array":
      if (trimmed.startsWith("[")) return jsonOf(trimmed) ?? text;
      return trimmed.split(",").flatMap((item) => (item.trim() === "" ? [] : [item.trim()]));
    default:
      return text;
  }
}

const booleans = new Map([
  ["true", true],
  ["1", true],
  ["yes", true],
  ["on", true],
  ["false", false],
  ["0", false],
  ["no", false],
  ["off", false],
]);

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
