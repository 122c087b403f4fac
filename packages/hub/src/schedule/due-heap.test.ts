import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DueHeap, type Due } from "./due-heap.ts";

type Action =
  | { kind: "put"; item: number; dueAt: number }
  | { kind: "remove"; item: number }
  | { kind: "pop" };

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant("put" as const), item: fc.nat(30), dueAt: fc.nat(100) }),
  fc.record({ kind: fc.constant("remove" as const), item: fc.nat(30) }),
  fc.record({ kind: fc.constant("pop" as const) }),
);

test("holds the smallest first, like a sorted list, whatever is put, moved and removed", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      const heap = new DueHeap<Due>();
      const items = Array.from({ length: 31 }, (): Due => ({ dueAt: 0, heapIndex: -1 }));
      const model = new Set<Due>();
      const pick = (index: number): Due => items[index] ?? assert.fail("no such item");
      for (const one of actions) {
        if (one.kind === "put") {
          const item = pick(one.item);
          item.dueAt = one.dueAt;
          heap.put(item);
          model.add(item);
        } else if (one.kind === "remove") {
          heap.remove(pick(one.item));
          model.delete(pick(one.item));
        } else {
          const first = heap.peek();
          if (first !== undefined) {
            heap.remove(first);
            model.delete(first);
          }
        }
        assert.equal(heap.size, model.size);
        const smallest = Math.min(...[...model].map((item) => item.dueAt));
        assert.equal(heap.peek()?.dueAt ?? Number.POSITIVE_INFINITY, smallest);
        assert.ok(items.every((item) => (item.heapIndex !== -1) === model.has(item)));
      }
    }),
  );
});
