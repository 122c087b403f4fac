/** Any JSON value, as it is typed: text that looks like nothing else is taken for text, so that `ok` needs no quotes. */

export type JsonText =
  | { readonly kind: "nothing" }
  | { readonly kind: "value"; readonly value: unknown; readonly readAs: string }
  | { readonly kind: "broken" };

/** Reads what was typed. Text that begins like JSON has to be JSON to its end. */
export function readJsonText(text: string): JsonText {
  const trimmed = text.trim();
  if (trimmed === "") return { kind: "nothing" };
  try {
    const value: unknown = JSON.parse(trimmed);
    return { kind: "value", value, readAs: nameOf(value) };
  } catch {
    if (/^[[{"]/.test(trimmed)) return { kind: "broken" };
    return { kind: "value", value: text, readAs: "text" };
  }
}

/** As it would be typed. */
export function writeJsonText(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "string") {
    const read = readJsonText(value);
    return read.kind === "value" && read.value === value ? value : JSON.stringify(value);
  }
  return JSON.stringify(value, null, 2);
}

function nameOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  switch (typeof value) {
    case "object":
      return "an object";
    case "string":
      return "text";
    case "boolean":
      return "true or false";
    default:
      return "a number";
  }
}
