import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createHeldIds } from "./held.ts";

const rowsOf = (...ids: readonly string[]) => ids.map((id) => ({ id, text: `${id}\n` }));

describe("records that a file holds already", () => {
  it("are passed over once, as many as come one after the other", () => {
    const held = createHeldIds();
    held.learn(["a", "b", "d"]);
    assert.equal(held.skip(rowsOf("a", "b", "c", "d"), 0), 2);
    assert.equal(held.skip(rowsOf("a", "b", "c", "d"), 2), 0);
    assert.equal(held.skip(rowsOf("a", "b", "c", "d"), 3), 1);
    assert.equal(held.skip(rowsOf("a"), 0), 0);
  });

  it("are forgotten after a batch without one of them", () => {
    const held = createHeldIds();
    held.learn(["a", "b"]);
    held.skip(rowsOf("a"), 0);
    held.endBatch();
    assert.ok(held.has("b"));
    held.endBatch();
    assert.ok(!held.has("b"));
  });
});
