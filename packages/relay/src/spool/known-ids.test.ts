import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KnownIds } from "./known-ids.ts";

const idOf = (n: number): string => `0190a2b4-0000-7000-8000-${String(n).padStart(12, "0")}`;

describe("known ids", () => {
  it("are those that were added last, at least half of the stated number", () => {
    const known = new KnownIds(1_000);
    for (let n = 0; n < 100_000; n += 1) {
      assert.equal(known.has(idOf(n)), false, idOf(n));
      known.add(idOf(n));
      assert.equal(known.has(idOf(n)), true);
      if (n >= 499) assert.equal(known.has(idOf(n - 499)), true);
      if (n >= 1_000) assert.equal(known.has(idOf(n - 1_000)), false);
    }
  });

  it("differ where texts differ, whatever they are made of", () => {
    const texts = new Set<string>();
    for (let n = 0; n < 20_000; n += 1) {
      texts.add(String(n));
      texts.add(`run-${n}`);
      texts.add(`${n}-run`);
      texts.add(String.fromCodePoint(0x1f300 + (n % 512), 0x61 + (n % 26)) + String(n));
      texts.add("a".repeat(n % 200) + "b".repeat(n % 7));
    }
    const known = new KnownIds(texts.size * 2);
    for (const text of texts) {
      assert.equal(known.has(text), false, JSON.stringify(text));
      known.add(text);
    }
  });

  it("agree with a set when ids are taken back", () => {
    const known = new KnownIds(10_000);
    const model = new Set<string>();
    for (let n = 0; n < 20_000; n += 1) {
      const id = idOf((n * 7_919) % 400);
      if (n % 3 === 0) {
        known.delete(id);
        model.delete(id);
      } else if (model.size < 390) {
        known.add(id);
        model.add(id);
      }
      // A table that was dropped knows nothing of what it had: the model is as large as one table.
      if (n % 4_000 === 0) for (const one of model) known.add(one);
      assert.equal(known.has(id), model.has(id), `step ${n}`);
    }
  });

  it("of none are none", () => {
    const known = new KnownIds(0);
    known.add("a");
    known.delete("a");
    assert.equal(known.has("a"), false);
  });
});
