import assert from "node:assert/strict";
import { test } from "node:test";
import { readJsonText, writeJsonText } from "./json-text.ts";

const cases: readonly (readonly [text: string, value: unknown, readAs: string])[] = [
  ["ok", "ok", "text"],
  ['"7"', "7", "text"],
  ["7", 7, "a number"],
  ["true", true, "true or false"],
  ["null", null, "null"],
  ['{"a": [1]}', { a: [1] }, "an object"],
  ["[1, 2]", [1, 2], "a list"],
  ["01", "01", "text"],
];
for (const [text, value, readAs] of cases) {
  test(`${text} is read as ${readAs}`, () => {
    assert.deepEqual(readJsonText(text), { kind: "value", value, readAs });
    const again = readJsonText(writeJsonText(value));
    assert.deepEqual(again.kind === "value" && again.value, value);
  });
}

test("what begins like JSON has to be JSON to its end", () => {
  assert.deepEqual(
    ["{a: 1}", "[1,", '"open'].map((text) => readJsonText(text).kind),
    ["broken", "broken", "broken"],
  );
});

test("nothing typed is nothing", () => {
  assert.deepEqual(readJsonText("  "), { kind: "nothing" });
  assert.equal(writeJsonText(undefined), "");
});
