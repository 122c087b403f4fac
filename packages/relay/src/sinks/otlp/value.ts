/** Values as OTLP/JSON writes them: 64-bit integers as text, times in nanoseconds, and no field that is empty. */

export type AnyValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number };

export interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

/** A span or log record keeps no more attributes than that in most receivers. */
const mostAttributes = 128;
const longestText = 32_768;

/** Attributes; what is null, undefined or empty text is left out, and lists and objects become JSON. */
export function attributesOf(values: Readonly<Record<string, unknown>>): readonly KeyValue[] {
  const found: KeyValue[] = [];
  for (const [key, one] of Object.entries(values)) {
    const value = valueOf(one);
    if (value !== undefined && found.length < mostAttributes) found.push({ key, value });
  }
  return found;
}

function valueOf(value: unknown): AnyValue | undefined {
  switch (typeof value) {
    case "string":
      return value === "" ? undefined : { stringValue: textOf(value) };
    case "boolean":
      return { boolValue: value };
    case "number":
      if (!Number.isFinite(value)) return undefined;
      return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
    case "object":
      return value === null ? undefined : { stringValue: textOf(JSON.stringify(value)) };
    default:
      return undefined;
  }
}

/** Text of bounded length that is UTF-16 throughout, as a strict receiver wants it. */
export function textOf(text: string): string {
  const short = text.length > longestText ? `${text.slice(0, longestText)}…` : text;
  return short.toWellFormed();
}

/** Every name with a prefix. */
export function prefixed(
  prefix: string,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [prefix + key, value]));
}

/** Nanoseconds since 1970 of a time in RFC 3339; undefined when it is none, or before 1970. */
export function nanosOf(time: string): bigint | undefined {
  const ms = Date.parse(time);
  if (!Number.isFinite(ms) || ms < 0) return undefined;
  const digits = /\.(\d+)/.exec(time)?.[1] ?? "";
  return BigInt(Math.floor(ms / 1000)) * 1_000_000_000n + BigInt(digits.padEnd(9, "0").slice(0, 9));
}
