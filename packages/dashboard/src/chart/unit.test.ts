import assert from "node:assert/strict";
import { test } from "node:test";
import { markOf, roof, units } from "./unit.ts";

const roofs: readonly (readonly [max: number | null, roof: number])[] = [
  [null, 0.1],
  [0, 0.1],
  [Number.NaN, 0.1],
  [0.0034, 0.004],
  [0.099, 0.12],
  [1, 1.2],
  [7.5, 8],
];
for (const [max, expected] of roofs) {
  test(`values up to ${max} s are drawn below ${expected} s`, () =>
    assert.ok(Math.abs(roof(max, 0.1) - expected) < 1e-9));
}

const ranges: readonly (readonly [
  unit: keyof typeof units,
  min: number | null,
  max: number | null,
  range: readonly [number, number],
])[] = [
  ["share", 0, 0.2, [0, 1]],
  ["smallShare", 0, 0.2, [0, 0.25]],
  ["smallShare", 0, 0, [0, 0.05]],
  ["rate", 0, 4_000_000, [0, 5_000_000]],
  ["rate", -2_000_000, 4_000_000, [-2_500_000, 5_000_000]],
  ["rate", null, null, [0, 10_000]],
  ["bytes", 0, 100, [0, 102]],
  ["celsius", 41, 63, [30, 80]],
];
for (const [unit, min, max, range] of ranges) {
  test(`${unit} from ${min} to ${max} are drawn from ${range.join(" to ")}`, () =>
    assert.deepEqual(units[unit].range(min, max), range));
}

test("the marks of an axis are short, and have no sign where it says a direction", () => {
  assert.equal(markOf(units.bytes, 2 * 1024 ** 3), "2 GiB");
  assert.equal(markOf(units.rate, -1_500_000), "1.5 MB/s");
  assert.equal(markOf(units.share, 0), "0");
  assert.deepEqual(
    [7.5, 2, 0.25, 10].map((load) => markOf(units.load, load)),
    ["7.5", "2", "0.25", "10"],
  );
  assert.equal(markOf(units.perSecond, 0.5), "0.5/s");
  assert.equal(markOf(units.share, 0.1), "10 %");
});
