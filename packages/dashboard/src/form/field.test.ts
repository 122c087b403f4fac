import assert from "node:assert/strict";
import { test } from "node:test";
import { Type, type TSchema } from "typebox";
import {
  blankOf,
  fieldOf,
  fieldsOf,
  initialOf,
  initialOfAll,
  variantOf,
  type Field,
} from "./field.ts";

function field(schema: TSchema, required = true): Field {
  return fieldOf(schema, "some_key", required);
}

const kinds: readonly (readonly [what: string, schema: TSchema, expected: Partial<Field>])[] = [
  ["text", Type.String({ maxLength: 5 }), { kind: "text", multiline: false, maxLength: 5 }],
  ["text of many lines", Type.String({ multiline: true }), { kind: "text", multiline: true }],
  [
    "a number",
    Type.Number({ minimum: 1, unit: "seconds" }),
    { kind: "number", integer: false, minimum: 1, unit: "seconds" },
  ],
  ["a whole number", Type.Integer(), { kind: "number", integer: true }],
  ["yes or no", Type.Boolean(), { kind: "switch" }],
  [
    "one of a list",
    Type.Enum(["a", "b"]),
    {
      kind: "choice",
      options: [
        { value: "a", title: "a" },
        { value: "b", title: "b" },
      ],
    },
  ],
  [
    "one of some constants",
    Type.Union([Type.Literal("a"), Type.Literal(4)]),
    {
      kind: "choice",
      options: [
        { value: "a", title: "a" },
        { value: 4, title: "4" },
      ],
    },
  ],
  ["free names", Type.Record(Type.String(), Type.String()), { kind: "map" }],
  ["anything", Type.Unknown(), { kind: "json" }],
  ["what no form can draw", Type.Record(Type.String(), Type.Number()), { kind: "json" }],
  [
    "something or nothing",
    Type.Union([Type.Integer({ minimum: 2 }), Type.Null()]),
    { kind: "number", nullable: true, minimum: 2 },
  ],
];
for (const [what, schema, expected] of kinds) {
  test(`${what} becomes a field of its kind`, () => {
    const found: Record<string, unknown> = { ...field(schema) };
    for (const [name, value] of Object.entries(expected))
      assert.deepEqual(found[name], value, name);
  });
}

const assertion = Type.Union([
  Type.Object(
    { kind: Type.Literal("status"), value: Type.Integer({ default: 200 }) },
    { title: "Status" },
  ),
  Type.Object({
    kind: Type.Literal("json_path"),
    path: Type.String(),
    value: Type.Optional(Type.Unknown()),
  }),
]);

test("objects told apart by a constant become variants, without the constant among their fields", () => {
  const union = field(assertion);
  assert.ok(union.kind === "union");
  assert.equal(union.tag, "kind");
  assert.deepEqual(
    union.variants.map(({ title, fields }) => [title, fields.map(({ key }) => key)]),
    [
      ["Status", ["value"]],
      ["Json path", ["path", "value"]],
    ],
  );
  assert.equal(variantOf(union, { kind: "json_path" })?.title, "Json path");
  assert.equal(variantOf(union, {})?.title, "Status");
  assert.deepEqual(blankOf(union), { kind: "status", value: 200 });
});

test("a title that is missing is made of the key; descriptions of what may be null are kept", () => {
  assert.equal(field(Type.String()).title, "Some key");
  assert.equal(field(Type.String({ title: "Host" })).title, "Host");
  const nullable = Type.Union([Type.Number({ title: "In" }), Type.Null()], { description: "Out" });
  assert.deepEqual([field(nullable).title, field(nullable).description], ["In", "Out"]);
});

test("what is required and what is folded away is told", () => {
  const fields = fieldsOf(
    Type.Object({ a: Type.String(), b: Type.Optional(Type.String({ advanced: true })) }),
  );
  assert.deepEqual(
    fields.map(({ key, required, advanced }) => [key, required, advanced]),
    [
      ["a", true, false],
      ["b", false, true],
    ],
  );
});

test("a form begins with the defaults, of nested objects too, and leaves out what is optional", () => {
  const fields = fieldsOf(
    Type.Object({
      url: Type.String(),
      port: Type.Integer(),
      codes: Type.Array(Type.String(), { default: ["200-299"] }),
      redirects: Type.Object(
        { mode: Type.Enum(["follow", "keep"], { default: "follow" }) },
        { default: {} },
      ),
      auth: Type.Optional(assertion),
      never: Type.Union([Type.Number(), Type.Null()]),
    }),
  );
  assert.deepEqual(initialOfAll(fields), {
    url: "",
    codes: ["200-299"],
    redirects: { mode: "follow" },
    never: null,
  });
});

test("a default is copied, never shared", () => {
  const codes = field(Type.Array(Type.String(), { default: ["200"] }));
  assert.notEqual(initialOf(codes), codes.fallback);
});
