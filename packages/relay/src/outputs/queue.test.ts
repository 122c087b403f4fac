import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { BoundedQueue } from "./queue.ts";

it("behaves like a list that drops its first item when it is full", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("add" as const), value: fc.nat() }),
    fc.record({ do: fc.constant("remove" as const), value: fc.nat(12) }),
    fc.record({ do: fc.constant("peek" as const), value: fc.nat(12) }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step), (capacity, steps) => {
      const queue = new BoundedQueue<number>(capacity);
      const model: number[] = [];
      for (const { do: what, value } of steps) {
        switch (what) {
          case "add":
            assert.equal(queue.add(value), model.length === capacity);
            if (model.length === capacity) model.shift();
            model.push(value);
            break;
          case "remove":
            assert.equal(queue.remove(value), model.splice(0, value).length);
            break;
          case "peek":
            assert.deepEqual(queue.peek(value), model.slice(0, value));
            break;
        }
        assert.equal(queue.length, model.length);
        assert.equal(queue.oldest, model[0]);
      }
    }),
  );
});
