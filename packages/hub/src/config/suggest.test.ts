import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { didYouMean } from "./suggest.ts";

describe("a wrong name", () => {
  const known = ["listen", "log", "location", "checks", "max_concurrent"];
  const rows: readonly (readonly [string, string])[] = [
    ["listne", " (did you mean listen?)"],
    ["lisen", " (did you mean listen?)"],
    ["Listen", " (did you mean listen?)"],
    ["max-concurrent", " (did you mean max_concurrent?)"],
    ["lgo", " (did you mean log?)"],
    ["colour", ""],
    ["", ""],
    ["x", ""],
  ];
  for (const [name, expected] of rows) {
    it(`${JSON.stringify(name)} gets ${JSON.stringify(expected)}`, () => {
      assert.equal(didYouMean(name, known), expected);
    });
  }
});
