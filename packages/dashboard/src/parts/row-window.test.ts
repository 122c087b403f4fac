import assert from "node:assert/strict";
import { test } from "node:test";
import { isNearEnd, windowOf, type RowWindow, type Scrolled } from "./row-window.ts";

const list: Scrolled = { listTop: 200, viewport: 800, rowHeight: 60, count: 1000 };

const cases: readonly (readonly [what: string, change: Partial<Scrolled>, window: RowWindow])[] = [
  ["at the top, the first screen and a margin", {}, { first: 0, end: 16 }],
  ["in the middle, a margin on both sides", { listTop: -6000 }, { first: 94, end: 120 }],
  ["at the end, no row behind the last", { listTop: -59_400 }, { first: 984, end: 1000 }],
  ["scrolled beyond a list that became short", { listTop: -9000, count: 3 }, { first: 2, end: 3 }],
  ["a short list, all of it", { count: 4 }, { first: 0, end: 4 }],
  ["an empty list, nothing", { count: 0 }, { first: 0, end: 0 }],
  ["a list far below the viewport, nothing", { listTop: 5000 }, { first: 0, end: 0 }],
];
for (const [what, change, expected] of cases) {
  test(`draws ${what}`, () => assert.deepEqual(windowOf({ ...list, ...change }), expected));
}

test("more is fetched before the end is reached", () => {
  assert.equal(isNearEnd({ first: 60, end: 85 }, 100), true);
  assert.equal(isNearEnd({ first: 0, end: 16 }, 100), false);
});
