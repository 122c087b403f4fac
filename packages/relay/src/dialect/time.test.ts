import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Problems } from "./field.ts";
import { readTime, readTimeText } from "./time.ts";

/** What `readTimeText` is to answer, by way of the number. */
function byNumber(value: unknown): string | undefined {
  const ms = readTime(new Problems(), "at", value);
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

describe("the text of a time", () => {
  const pair = fc.integer({ min: 0, max: 99 }).map((n) => String(n).padStart(2, "0"));
  const digit = fc.constantFrom(..."0123456789-TZ:.x".split(""));
  const shaped = fc
    .tuple(fc.constantFrom("19", "20", "99"), pair, pair, pair, pair, pair, pair, digit, pair)
    .map(
      ([century, year, month, day, hour, minute, second, tenth, rest]) =>
        `${century}${year}-${month}-${day}T${hour}:${minute}:${second}.${tenth}${rest}Z`,
    );
  const real = fc
    .integer({ min: 0, max: Date.UTC(2199, 0, 1) })
    .map((ms) => new Date(ms).toISOString());

  it("is that of its number, whether it is taken as it is or not", () => {
    fc.assert(
      fc.property(fc.oneof(shaped, real), (text) => {
        assert.equal(readTimeText(new Problems(), "at", text), byNumber(text), text);
      }),
      { numRuns: 2_000 },
    );
  });

  for (const text of [
    "2026-01-02T03:04:05.678Z",
    "2024-02-29T23:59:59.999Z",
    "2026-02-29T00:00:00.000Z",
    "2026-00-01T00:00:00.000Z",
    "2026-01-00T00:00:00.000Z",
    "2026-01-01T24:00:00.000Z",
    "2026-01-02t03:04:05.678Z",
    "2026-01-02T03:04:05,678Z",
    "2026/01/02T03:04:05.678Z",
    "2026-01-02T03:04:05.678z",
  ]) {
    it(`of ${text} is that of its number`, () => {
      const problems = new Problems();
      const expected = byNumber(text);
      assert.equal(readTimeText(problems, "at", text), expected);
      assert.equal(problems.found.length, expected === undefined ? 1 : 0);
    });
  }
});
