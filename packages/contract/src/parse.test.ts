import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Type } from "typebox";
import { createParser, describe as inWords } from "./parse.ts";

const parse = createParser(
  Type.Object(
    {
      port: Type.Integer({ minimum: 1, maximum: 65_535 }),
      ratio: Type.Number({ default: 0.5, maximum: 1 }),
      mode: Type.Optional(Type.Enum(["fast", "safe"])),
      limit: Type.Optional(Type.Union([Type.Number({ minimum: 1 }), Type.Null()])),
      names: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { maxItems: 2 })),
      labels: Type.Optional(
        Type.Record(Type.String(), Type.String(), {
          propertyNames: Type.String({ pattern: "^[a-z]+$" }),
        }),
      ),
    },
    { additionalProperties: false },
  ),
);

describe("a parser", () => {
  test("fills in defaults on a copy and coerces nothing", () => {
    const given = { port: 80 };
    assert.deepEqual(parse(given), { kind: "ok", value: { port: 80, ratio: 0.5 } });
    assert.deepEqual(given, { port: 80 });
  });

  const table: { title: string; value: unknown; problems: string[] }[] = [
    { title: "what is missing", value: {}, problems: ["port: is required"] },
    {
      title: "what is unknown",
      value: { port: 1, prot: 2 },
      problems: ["prot: is not a known key"],
    },
    {
      title: "text where a number belongs",
      value: { port: "80" },
      problems: ['port: expected a whole number from 1 to 65535, found "80"'],
    },
    {
      title: "null where a number belongs",
      value: { port: null },
      problems: ["port: expected a whole number from 1 to 65535, found null"],
    },
    {
      title: "NaN and infinity",
      value: { port: 1, ratio: Number.NaN },
      problems: ["ratio: expected a number of at most 1, found NaN"],
    },
    {
      title: "every problem at once",
      value: { port: 0, mode: "slow" },
      problems: [
        "port: expected a whole number from 1 to 65535, found 0",
        'mode: expected one of "fast", "safe", found "slow"',
      ],
    },
    {
      title: "items of a list by their place",
      value: { port: 1, names: ["a", ""] },
      problems: ['names[1]: expected text of at least 1 characters, found ""'],
    },
    {
      title: "names of free keys",
      value: { port: 1, labels: { "A-b": "c" } },
      problems: ["labels.A-b: is not a name that can be used here"],
    },
    { title: "something else altogether", value: [1], problems: ["expected an object, found [1]"] },
  ];
  for (const row of table) {
    test(`reports ${row.title}`, () => {
      const parsed = parse(row.value);
      assert.ok(parsed.kind === "bad");
      assert.deepEqual(
        parsed.problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)),
        row.problems,
      );
    });
  }

  test("puts a place before every path", () => {
    const parsed = parse({ port: 0 }, "monitors[3]");
    assert.equal(parsed.kind === "bad" && parsed.problems[0]?.path, "monitors[3].port");
    const whole = parse(7, "monitors[3]");
    assert.equal(whole.kind === "bad" && whole.problems[0]?.path, "monitors[3]");
  });

  test("describes values shortly, whatever they are", () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    assert.deepEqual([undefined, 1n, "x".repeat(100), circle].map(inWords), [
      "nothing",
      "1",
      `"${"x".repeat(56)}...`,
      "object",
    ]);
  });
});
