import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "@belfry/contract";
import { compare, type Comparison } from "./compare.ts";
import { parseJsonPath, selectJson } from "./json-path.ts";

const document: Json = {
  status: "ok",
  "a.b": 1,
  "it's": 2,
  empty: null,
  list: [1, [2, 3], { name: "x" }],
  items: [{ id: 1, up: true }, { id: 2, up: false }, "odd"],
  deep: { er: { est: [] } },
};

const paths: readonly (readonly [path: string, values: readonly Json[]])[] = [
  ["$", [document]],
  ["$.status", ["ok"]],
  ["$['status']", ["ok"]],
  ['$["a.b"]', [1]],
  ["$['it\\'s']", [2]],
  ["$.empty", [null]],
  ["$.list[0]", [1]],
  ["$.list[1][1]", [3]],
  ["$.list[-1].name", ["x"]],
  ["$.list[9]", []],
  ["$.list[-9]", []],
  ["$.items[*].id", [1, 2]],
  ["$.items.*.up", [true, false]],
  ["$.deep.er.est", [[]]],
  ["$.deep.*", [{ est: [] }]],
  ["$.deep.er.est[*]", []],
  ["$.status.length", []],
  ["$.status[0]", []],
  ["$.list.length", []],
  ["$.items.0", []],
  ["$.toString", []],
  ["$.__proto__", []],
  ["$.constructor", []],
];

for (const [text, values] of paths) {
  test(`${text} selects ${JSON.stringify(values).slice(0, 40)}`, () => {
    const path = parseJsonPath(text);
    assert.ok(!("wrongAt" in path));
    assert.deepEqual(selectJson(document, path), values);
  });
}

const wrong: readonly (readonly [path: string, wrongAt: number])[] = [
  ["", 0],
  ["status", 0],
  ["$status", 1],
  ["$.", 1],
  ["$..a", 1],
  ["$.a[", 3],
  ["$.a[x]", 3],
  ["$.a[1.5]", 3],
  ["$.a['b]", 3],
  ["$.a b", 3],
  ["$.a[?(@.b)]", 3],
  [`$${".a".repeat(51)}`, 101],
];

for (const [text, wrongAt] of wrong) {
  test(`${text.slice(0, 20) || "an empty path"} is wrong at ${wrongAt}`, () => {
    assert.deepEqual(parseJsonPath(text), { wrongAt });
  });
}

const comparisons: readonly (readonly [
  found: Json,
  comparison: Comparison,
  expected: Json,
  holds: boolean,
])[] = [
  [1, "==", 1, true],
  [1, "==", 1.0, true],
  ["1", "==", 1, false],
  [true, "==", "true", false],
  [null, "==", null, true],
  [null, "==", 0, false],
  ["", "==", null, false],
  [[1, { a: 2 }], "==", [1, { a: 2 }], true],
  [[1], "==", [1, 2], false],
  [{ a: 1, b: 2 }, "==", { b: 2, a: 1 }, true],
  [{ a: 1 }, "==", { a: 1, b: 2 }, false],
  [{ a: null }, "==", { b: null }, false],
  [[], "==", {}, false],
  [1, "!=", 2, true],
  [1, "!=", "1", true],
  [1, "!=", 1, false],
  [2, ">", 1, true],
  [2, ">", 2, false],
  [2, ">=", 2, true],
  [1, "<", 2, true],
  [2, "<=", 1, false],
  ["b", ">", "a", true],
  ["2026-11-21", ">=", "2026-01-01", true],
  ["10", ">", 9, false],
  ["10", "<", 9, false],
  ["n/a", "<", 5, false],
  [null, "<", 5, false],
  [null, ">=", 0, false],
  [true, ">", false, false],
  ["abc", "contains", "b", true],
  ["abc", "contains", "d", false],
  ["123", "contains", 2, false],
  [[1, "b"], "contains", "b", true],
  [[1, { a: 1 }], "contains", { a: 1 }, true],
  [[1], "contains", "1", false],
  [5, "contains", 5, false],
  [5, "not_contains", 6, false],
  [{ a: 1 }, "contains", "a", false],
  ["abc", "not_contains", "d", true],
  [[1], "not_contains", 1, false],
];

for (const [found, comparison, expected, holds] of comparisons) {
  const says = `${JSON.stringify(found)} ${comparison} ${JSON.stringify(expected)}`;
  test(`${says} ${holds ? "holds" : "does not hold"}`, () => {
    assert.equal(compare(found, comparison, expected) === null, holds);
  });
}

test("a comparison that makes no sense says so", () => {
  assert.equal(
    compare("n/a", "<", 5),
    'is "n/a", expected < 5: two numbers or two texts are needed',
  );
  assert.equal(compare(5, "contains", 5), "is 5, expected contains 5: neither text nor a list");
  assert.equal(compare(3, ">", 5), "is 3, expected > 5");
});
