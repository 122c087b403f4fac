import assert from "node:assert/strict";
import { test } from "node:test";
import { stepped, type ZoomStep } from "./zoom.ts";

const minute = 60_000;
const now = 1000 * minute;

const cases: readonly (readonly [
  what: string,
  span: readonly [number, number],
  step: ZoomStep,
  result: readonly [number, number] | null,
])[] = [
  ["in halves the span around its middle", [400, 440], "in", [410, 430]],
  ["out doubles it", [400, 440], "out", [380, 460]],
  ["out ends now at the latest", [980, 1000], "out", [960, 1000]],
  ["earlier moves it by half", [400, 440], "earlier", [380, 420]],
  ["later moves it by half", [400, 440], "later", [420, 460]],
  ["later ends now", [970, 990], "later", [980, 1000]],
  ["later than now is nothing", [960, 1000], "later", null],
  ["in from the shortest is nothing", [400, 400 + 1 / 6], "in", null],
];
for (const [what, [from, to], step, result] of cases) {
  test(what, () => {
    const found = stepped({ from: from * minute, to: to * minute }, step, now);
    assert.deepEqual(
      found === null ? null : [found.from / minute, found.to / minute],
      result === null ? null : [...result],
    );
  });
}
