import assert from "node:assert/strict";
import { test } from "node:test";
import { durationText, spanText } from "./span-text.ts";

for (const [seconds, text] of [
  [0, "0 s"],
  [45, "45 s"],
  [60, "1 min"],
  [5_400, "90 min"],
  [7_200, "2 h"],
  [86_400, "1 d"],
  [90_061, "90061 s"],
] as const) {
  test(`${seconds} s are ${text}`, () => assert.equal(spanText(seconds), text));
}

for (const [seconds, text] of [
  [-1, "0 s"],
  [0.4, "0 s"],
  [42, "42 s"],
  [3_600, "1 h"],
  [11_100, "3 h 5 min"],
  [86_700, "1 d"],
] as const) {
  test(`${seconds} s took ${text}`, () => assert.equal(durationText(seconds), text));
}
