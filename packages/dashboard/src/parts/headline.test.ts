import assert from "node:assert/strict";
import { test } from "node:test";
import { headlineOf } from "./headline.ts";

const cases: readonly (readonly [counts: Record<string, number>, sentence: string])[] = [
  [{ up: 12, paused: 1 }, "All is quiet"],
  [{ up: 12, pending: 3 }, "All is quiet"],
  [{ pending: 2 }, "Taking a first look"],
  [{ paused: 2 }, "2 monitors, all paused"],
  [{ up: 1230, down: 4 }, "4 down of 1,234 monitors"],
  [{ unknown: 1, degraded: 2, down: 3 }, "3 down, 2 degraded, 1 unknown of 6 monitors"],
];
for (const [counts, sentence] of cases) {
  test(`${JSON.stringify(counts)} reads “${sentence}”`, () => {
    const { troubles, calm } = headlineOf(counts, "monitor");
    const said = troubles.map((trouble) => trouble.text).join(", ");
    assert.equal(`${said} ${calm}`.trim(), sentence);
  });
}
