/**
 * From a JSON Schema to the fields a form is drawn of. Reads the keywords TypeBox writes, and of our own `advanced`
 * (folded away), `unit` and `multiline`. A schema it does not understand becomes a field for any JSON value: nothing
 * that can be set is left out.
 */
import { isRecord } from "./path.ts";

interface Common {
  /** Name within the object around it; empty for an item of a list. */
  readonly key: string;
  readonly title: string;
  readonly description: string;
  /** false: may be left out. */
  readonly required: boolean;
  readonly advanced: boolean;
  /** null is a value of its own: nothing, never, no limit. */
  readonly nullable: boolean;
  /** What is meant when it is left out; undefined: nothing is. */
  readonly fallback: unknown;
}

export interface TextField extends Common {
  readonly kind: "text";
  readonly multiline: boolean;
  readonly maxLength: number | undefined;
  /** An instant, RFC 3339: chosen on the clock of whoever looks. */
  readonly isInstant: boolean;
}
export interface NumberField extends Common {
  readonly kind: "number";
  readonly integer: boolean;
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  /** What stands behind it; `duration`: seconds, said in the unit that fits. */
  readonly unit: string;
}
export interface SwitchField extends Common {
  readonly kind: "switch";
}
export interface ChoiceField extends Common {
  readonly kind: "choice";
  readonly options: readonly { readonly value: unknown; readonly title: string }[];
}
export interface ListField extends Common {
  readonly kind: "list";
  readonly item: Field;
  /** No item twice: a few choices are then ticked. */
  readonly isSet: boolean;
}
/** Free names, each with a text. */
export interface MapField extends Common {
  readonly kind: "map";
}
export interface ObjectField extends Common {
  readonly kind: "object";
  readonly fields: readonly Field[];
}
/** One of several objects, told apart by `tag`. */
export interface UnionField extends Common {
  readonly kind: "union";
  readonly tag: string;
  readonly variants: readonly Variant[];
}
export interface Variant {
  readonly tagValue: unknown;
  readonly title: string;
  readonly fields: readonly Field[];
}
/** Any JSON value. */
export interface JsonField extends Common {
  readonly kind: "json";
}

export type Field =
  | TextField
  | NumberField
  | SwitchField
  | ChoiceField
  | ListField
  | MapField
  | ObjectField
  | UnionField
  | JsonField;

type Schema = Readonly<Record<string, unknown>>;

/** The fields of an object's schema, in its order. */
export function fieldsOf(schema: unknown): readonly Field[] {
  const properties = isRecord(schema) ? schema["properties"] : undefined;
  if (!isRecord(schema) || !isRecord(properties)) return [];
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  return Object.entries(properties).map(([key, property]) =>
    fieldOf(property, key, required.includes(key)),
  );
}

/** The field of one schema. */
export function fieldOf(schema: unknown, key: string, required: boolean): Field {
  const given: Schema = isRecord(schema) ? schema : {};
  const { inner, nullable } = withoutNull(given);
  const common: Common = {
    key,
    title: textOf(given["title"]) || textOf(inner["title"]) || wordsOf(key),
    description: textOf(given["description"]) || textOf(inner["description"]),
    required,
    advanced: given["advanced"] === true,
    nullable,
    fallback: given["default"],
  };
  const options = optionsOf(inner);
  if (options !== undefined) return { ...common, kind: "choice", options };
  const union = unionOf(inner);
  if (union !== undefined) return { ...common, kind: "union", ...union };
  switch (inner["type"]) {
    case "string":
      return {
        ...common,
        kind: "text",
        multiline: inner["multiline"] === true,
        maxLength: numberOf(inner["maxLength"]),
        isInstant: inner["format"] === "date-time",
      };
    case "number":
    case "integer":
      return {
        ...common,
        kind: "number",
        integer: inner["type"] === "integer",
        minimum: numberOf(inner["minimum"]),
        maximum: numberOf(inner["maximum"]),
        unit: textOf(inner["unit"]) || textOf(given["unit"]),
      };
    case "boolean":
      return { ...common, kind: "switch" };
    case "array":
      return {
        ...common,
        kind: "list",
        item: fieldOf(inner["items"], "", true),
        isSet: inner["uniqueItems"] === true,
      };
    case "object":
      return objectOf(inner, common);
    default:
      return { ...common, kind: "json" };
  }
}

/** The variant a value is of; the first one where it fits none. */
export function variantOf(field: UnionField, value: unknown): Variant | undefined {
  const tagged = isRecord(value) ? value[field.tag] : undefined;
  return field.variants.find((variant) => variant.tagValue === tagged) ?? field.variants[0];
}

/** What a field holds before anybody has filled it in; undefined: left out. */
export function initialOf(field: Field): unknown {
  if (field.kind === "object" && (field.required || field.fallback !== undefined)) {
    return { ...initialOfAll(field.fields), ...(isRecord(field.fallback) ? field.fallback : {}) };
  }
  if (field.fallback !== undefined) return structuredClone(field.fallback);
  if (!field.required) return undefined;
  if (field.nullable) return null;
  return blankOf(field);
}

/** What a field holds when it is added on purpose. */
export function blankOf(field: Field): unknown {
  switch (field.kind) {
    case "text":
      return "";
    case "number":
    case "json":
      return undefined;
    case "switch":
      return false;
    case "choice":
      return field.options[0]?.value;
    case "list":
      return [];
    case "map":
      return {};
    case "object":
      return initialOfAll(field.fields);
    case "union": {
      const first = field.variants[0];
      return first === undefined ? {} : initialOfVariant(field, first);
    }
  }
}

/** A fresh value of a variant. */
export function initialOfVariant(field: UnionField, variant: Variant): Record<string, unknown> {
  return { [field.tag]: variant.tagValue, ...initialOfAll(variant.fields) };
}

/** The initial values of several fields, as one object. */
export function initialOfAll(fields: readonly Field[]): Record<string, unknown> {
  return Object.fromEntries(
    fields.map((field) => [field.key, initialOf(field)]).filter(([, value]) => value !== undefined),
  );
}

function withoutNull(schema: Schema): { inner: Schema; nullable: boolean } {
  const variants = schema["anyOf"];
  if (!Array.isArray(variants)) return { inner: schema, nullable: false };
  const rest = variants.filter((one: unknown) => !(isRecord(one) && one["type"] === "null"));
  const [only] = rest;
  if (rest.length === variants.length) return { inner: schema, nullable: false };
  if (rest.length === 1 && isRecord(only)) return { inner: only, nullable: true };
  return { inner: { ...schema, anyOf: rest }, nullable: true };
}

function optionsOf(schema: Schema): ChoiceField["options"] | undefined {
  const values = Array.isArray(schema["enum"]) ? schema["enum"] : constantsOf(schema["anyOf"]);
  return values?.map((value: unknown) => ({ value, title: String(value) }));
}

function constantsOf(variants: unknown): unknown[] | undefined {
  if (!Array.isArray(variants)) return undefined;
  const values = variants.map((one: unknown) => (isRecord(one) ? one["const"] : undefined));
  return values.every((value) => value !== undefined) ? values : undefined;
}

function unionOf(schema: Schema): Pick<UnionField, "tag" | "variants"> | undefined {
  const variants = schema["anyOf"];
  if (!Array.isArray(variants) || variants.length === 0) return undefined;
  const tag = Object.keys(propertiesOf(variants[0])).find((key) =>
    variants.every((one: unknown) => constantOf(one, key) !== undefined),
  );
  if (tag === undefined) return undefined;
  return {
    tag,
    variants: variants.map((one: unknown) => {
      const tagValue = constantOf(one, tag);
      return {
        tagValue,
        title: (isRecord(one) && textOf(one["title"])) || wordsOf(String(tagValue)),
        fields: fieldsOf(one).filter((field) => field.key !== tag),
      };
    }),
  };
}

function constantOf(schema: unknown, key: string): unknown {
  const property = propertiesOf(schema)[key];
  return isRecord(property) ? property["const"] : undefined;
}

function propertiesOf(schema: unknown): Record<string, unknown> {
  const properties = isRecord(schema) ? schema["properties"] : undefined;
  return isRecord(properties) ? properties : {};
}

function objectOf(schema: Schema, common: Common): Field {
  if (isRecord(schema["properties"]))
    return { ...common, kind: "object", fields: fieldsOf(schema) };
  const values = [
    schema["additionalProperties"],
    ...Object.values(isRecord(schema["patternProperties"]) ? schema["patternProperties"] : {}),
  ];
  const ofText = values.some((one) => isRecord(one) && one["type"] === "string");
  return { ...common, kind: ofText ? "map" : "json" };
}

function wordsOf(key: string): string {
  return key.charAt(0).toUpperCase() + key.slice(1).replaceAll("_", " ");
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
