import assert from "node:assert/strict";
import { test } from "node:test";
import { barPaths, describeBar, sparkPath } from "./day-bar.ts";

test("slots of one status are one path; what rings stands taller than what is quiet", () => {
  const paths = barPaths(["up", "down", null, "up"], { slotWidth: 5, gap: 1, height: 20 });
  assert.deepEqual(paths, [
    { status: "up", d: "M0 12h4v8h-4zM15 12h4v8h-4z" },
    { status: "down", d: "M5 0h4v20h-4z" },
    { status: "nothing", d: "M10 19h4v1h-4z" },
  ]);
});

test("a bar is said in words", () => {
  assert.equal(
    describeBar(["up", "down", "up", null], 1800),
    "up 1 h, down 30 min, nothing known 30 min",
  );
});

test("the line breaks where nothing is known, and a lone value is a dot", () => {
  const { line, dots } = sparkPath([10, 20, null, 5, null], { width: 40, height: 12 });
  assert.equal(line, "M0 6L10 1M30 8.5");
  assert.deepEqual(dots, [[30, 8.5]]);
});

test("without values there is no line", () => {
  assert.deepEqual(sparkPath([null, null], { width: 10, height: 10 }), { line: "", dots: [] });
  assert.deepEqual(sparkPath([], { width: 10, height: 10 }), { line: "", dots: [] });
});
