/** Part of the fake Elasticsearch: what templates may say, and what documents fit a mapping. */

export type Flavour = "elasticsearch" | "opensearch";

export interface Misfit {
  readonly status: number;
  readonly type: string;
  readonly reason: string;
  readonly cause?: string;
}

const templateKeys = new Set([
  "index_patterns",
  "composed_of",
  "template",
  "priority",
  "version",
  "_meta",
  "data_stream",
  "allow_auto_create",
]);
const types = ["date", "keyword", "text", "long", "double", "boolean", "object"];
const flats = { elasticsearch: "flattened", opensearch: "flat_object" } as const;

type Json = Readonly<Record<string, unknown>>;

/** Why a template is refused. */
export function templateProblemOf(
  body: unknown,
  flavour: Flavour,
): Pick<Misfit, "type" | "reason"> | undefined {
  if (!isObject(body)) return { type: "parse_exception", reason: "request body is required" };
  for (const key of Object.keys(body)) {
    if (templateKeys.has(key)) continue;
    const reason = `[1:2] [index_template] unknown field [${key}]`;
    return { type: "x_content_parse_exception", reason };
  }
  const { index_patterns: patterns, template = {} } = body;
  if (!Array.isArray(patterns) || patterns.length === 0) {
    return { type: "illegal_argument_exception", reason: "Required [index_patterns]" };
  }
  if (!isObject(template)) return { type: "x_content_parse_exception", reason: "[template]" };
  for (const key of Object.keys(template)) {
    if (["settings", "mappings", "aliases", "lifecycle"].includes(key)) continue;
    return { type: "x_content_parse_exception", reason: `[template] unknown field [${key}]` };
  }
  if (JSON.stringify(template["settings"] ?? {}).includes("lifecycle")) {
    return { type: "illegal_argument_exception", reason: "policy does not exist" };
  }
  return mappingProblemOf(template["mappings"] ?? {}, flavour);
}

function mappingProblemOf(
  mapping: unknown,
  flavour: Flavour,
): Pick<Misfit, "type" | "reason"> | undefined {
  const properties = isObject(mapping) ? mapping["properties"] : undefined;
  if (!isObject(properties)) return undefined;
  for (const [name, field] of Object.entries(properties)) {
    if (!isObject(field)) return { type: "mapper_parsing_exception", reason: `[${name}]` };
    const { type = "object" } = field;
    if (type === "object" || field["properties"] !== undefined) {
      const inner = mappingProblemOf(field, flavour);
      if (inner !== undefined) return inner;
      continue;
    }
    if (type === "flat_object" && Object.keys(field).length > 1) {
      const reason = `unknown parameter on mapper [${name}] of type [flat_object]`;
      return { type: "mapper_parsing_exception", reason };
    }
    if (type !== flats[flavour] && !types.includes(String(type))) {
      const reason = `Failed to parse mapping: No handler for type [${String(type)}] declared on field [${name}]`;
      return { type: "mapper_parsing_exception", reason };
    }
  }
  return undefined;
}

/** Why a document is refused; undefined when it fits. Without a template everything fits that is an object. */
export function misfitOf(
  source: unknown,
  {
    template,
    isStream,
    flavour,
  }: { readonly template: Json | undefined; readonly isStream: boolean; readonly flavour: Flavour },
): Misfit | undefined {
  if (!isObject(source)) return parsing("failed to parse", "not_x_content_exception: no object");
  if (isStream && typeof source["@timestamp"] !== "string") {
    return parsing("failed to parse", "data stream timestamp field [@timestamp] is missing");
  }
  const mappings = isObject(template?.["template"]) ? template["template"]["mappings"] : undefined;
  const properties = isObject(mappings) ? mappings["properties"] : undefined;
  return isObject(properties) ? objectMisfit(source, properties, "", flavour) : undefined;
}

function objectMisfit(
  source: Json,
  properties: Json,
  path: string,
  flavour: Flavour,
): Misfit | undefined {
  for (const [name, value] of Object.entries(source)) {
    if (name.trim() === "" || name.split(".").some((part) => part.trim() === "")) {
      return parsing("failed to parse", "field name cannot contain only whitespace");
    }
    const [head = "", ...rest] = name.split(".");
    const field = properties[head];
    if (value === null || !isObject(field)) continue;
    const inner = field["properties"];
    const whole = rest.length === 0 ? value : { [rest.join(".")]: value };
    if (isObject(inner)) {
      if (!isObject(whole)) {
        return parsing(`object mapping for [${path}${head}] tried to parse field as object`, "");
      }
      const found = objectMisfit(whole, inner, `${path}${head}.`, flavour);
      if (found !== undefined) return found;
    } else {
      const found = leafMisfit(whole, field, `${path}${head}`, flavour);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function leafMisfit(
  value: unknown,
  field: Json,
  path: string,
  flavour: Flavour,
): Misfit | undefined {
  const type = String(field["type"]);
  if (type === flats[flavour]) return flatMisfit(value, path);
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  for (const one of values) {
    if (one === null) continue;
    const fits =
      type === "date"
        ? typeof one === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(one)
        : type === "long"
          ? Number.isSafeInteger(one)
          : type === "double"
            ? typeof one === "number"
            : typeof one !== "object";
    if (!fits) {
      return parsing(
        `failed to parse field [${path}] of type [${type}]`,
        `For input: ${JSON.stringify(one)}`,
      );
    }
    const isImmense = type === "keyword" && field["ignore_above"] === undefined;
    if (isImmense && typeof one === "string" && Buffer.byteLength(one) > 32_766) {
      const reason = `Document contains at least one immense term in field="${path}"`;
      return { status: 400, type: "illegal_argument_exception", reason };
    }
  }
  return undefined;
}

function flatMisfit(value: unknown, path: string): Misfit | undefined {
  if (!isObject(value)) {
    return parsing(`failed to parse field [${path}] of type [flattened]`, "Failed to parse object");
  }
  if (levelsOf(value) > 20) {
    return parsing(
      `failed to parse field [${path}] of type [flattened]`,
      "The provided [flattened] field [metadata] exceeds the maximum depth limit of [20].",
    );
  }
  if (hasNulInKeys(value)) {
    return parsing(`failed to parse field [${path}]`, "Do not include the null byte in keys");
  }
  return undefined;
}

function hasNulInKeys(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, item]) => key.includes("\0") || hasNulInKeys(item));
}

function levelsOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(levelsOf));
}

function parsing(reason: string, cause: string): Misfit {
  return { status: 400, type: "mapper_parsing_exception", reason, cause };
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
