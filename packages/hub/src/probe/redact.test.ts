import assert from "node:assert/strict";
import { test } from "node:test";
import { seconds } from "./conclude.ts";
import { createRedactor, printable } from "./redact.ts";

const secrets: readonly (readonly [secrets: readonly string[], text: string, clean: string])[] = [
  [["geheim"], "a geheim b geheim", "a ••• b •••"],
  [["pass", "password"], "password pass", "••• •••"],
  [["a.*"], "a.* abc", "a.* abc"],
  [["$&$&"], "x$&$&x", "x•••x"],
  [["", "abc"], "abc", "abc"],
  [[], "abc", "abc"],
];

for (const [known, text, clean] of secrets) {
  test(`of ${JSON.stringify(known)}, ${text} leaves ${clean}`, () => {
    assert.equal(createRedactor(known)(text), clean);
  });
}

const texts: readonly (readonly [text: string, length: number, shown: string])[] = [
  ["a\tb\r\nc", 99, "a\tb\r\nc"],
  ["\0\u001b[31m\u007f\u0085", 99, "\ufffd\ufffd[31m\ufffd\ufffd"],
  ["äöü", 2, "äö"],
  ["a😀", 2, "a\ufffd"],
  ["\ud800x", 9, "\ufffdx"],
];

for (const [text, length, shown] of texts) {
  test(`${JSON.stringify(text)} is shown as ${JSON.stringify(shown)}`, () => {
    assert.equal(printable(text, length), shown);
  });
}

for (const [ms, expected] of [
  [0, 0],
  [1, 0.001],
  [1.2345, 0.001235],
  [1_234.567_8, 1.234568],
  [0.000_4, 0],
  [60_000, 60],
] as const) {
  test(`${ms} ms are ${expected} s, exactly`, () => assert.equal(seconds(ms), expected));
}
