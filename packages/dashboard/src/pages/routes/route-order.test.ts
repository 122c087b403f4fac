import assert from "node:assert/strict";
import { test } from "node:test";
import { inOrder, lastPosition, movesOf } from "./route-order.ts";

function placed(...positions: readonly number[]) {
  return positions.map((position, i) => ({ id: "abcdef"[i] ?? "", position }));
}

const moves: readonly (readonly [
  what: string,
  positions: readonly number[],
  id: string,
  by: number,
  expected: string,
])[] = [
  ["one place down", [0, 1, 2], "a", 1, "b0 a1"],
  ["one place up", [0, 1, 2], "c", -1, "c1 b2"],
  ["to the top", [0, 1, 2], "c", -2, "c0 a1 b2"],
  ["nowhere, from the top", [0, 1, 2], "a", -1, ""],
  ["nowhere, from the end", [0, 1, 2], "c", 1, ""],
  ["from among equal positions", [0, 0, 0], "a", 1, "a1 c2"],
  ["over gaps", [10, 20, 30], "b", -1, "b0 a1 c2"],
  ["a route that is gone", [0, 1], "x", 1, ""],
];
for (const [what, positions, id, by, expected] of moves) {
  test(`moves ${what}`, () => {
    const found = movesOf(placed(...positions), id, by);
    assert.equal(found.map(({ route, position }) => `${route.id}${position}`).join(" "), expected);
  });
}

test("routes are tried by position, those of the file before all others; a new one comes last", () => {
  const routes = placed(5, 0, 5);
  const order = (...inFile: readonly string[]): string =>
    inOrder(
      routes.map((one) => ({ ...one, managed_by: inFile.includes(one.id) ? "belfry.yaml" : null })),
    )
      .map(({ id }) => id)
      .join("");
  assert.equal(order(), "bac");
  assert.equal(order("c"), "cba");
  assert.equal(order("a", "b"), "bac");
  assert.equal(lastPosition(routes), 6);
  assert.equal(lastPosition([]), 0);
});
