import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createQueue, type Line } from "./queue.ts";

function line(text: string, isLasting = false, reports = 0): Line {
  return { text, bytes: 10, isLasting, reports };
}

const texts = (lines: readonly Line[]): string => lines.map(({ text }) => text).join("");

describe("the queue", () => {
  const rows: readonly {
    readonly name: string;
    /** Upper case: lasting. Room is for four. */
    readonly pushed: string;
    readonly kept: string;
  }[] = [
    { name: "keeps the order", pushed: "abcd", kept: "abcd" },
    { name: "drops the oldest first", pushed: "abcdef", kept: "cdef" },
    { name: "drops lasting lines last", pushed: "AbCdeF", kept: "ACeF" },
    { name: "drops the oldest lasting line when there is no other", pushed: "ABCDE", kept: "BCDE" },
    { name: "drops the new line when all others are lasting", pushed: "ABCDe", kept: "ABCD" },
  ];
  for (const { name, pushed, kept } of rows) {
    it(name, () => {
      const queue = createQueue(40);
      for (const text of pushed) queue.push(line(text, text === text.toUpperCase()));
      assert.equal(queue.dropped, pushed.length - kept.length);
      assert.equal(texts(queue.take(100, 1_000)), kept);
      assert.equal(queue.length, 0);
    });
  }

  it("takes within both limits, but always one", () => {
    const queue = createQueue(1_000);
    for (const text of "abcdef") queue.push(line(text));
    assert.equal(texts(queue.take(2, 1_000)), "ab");
    assert.equal(texts(queue.take(10, 25)), "cd");
    assert.equal(texts(queue.take(10, 1)), "e");
  });

  it("puts back before everything else", () => {
    const queue = createQueue(1_000);
    for (const text of "abc") queue.push(line(text));
    const taken = queue.take(2, 1_000);
    queue.push(line("d"));
    queue.putBack(taken);
    assert.equal(texts(queue.take(10, 1_000)), "abcd");
  });

  it("counts again what a dropped line was to report", () => {
    const queue = createQueue(20);
    for (const text of "abc") queue.push(line(text));
    queue.push(line("d", false, queue.dropped));
    assert.equal(queue.dropped, 1);
    for (const text of "ef") queue.push(line(text));
    assert.equal(queue.dropped, 4);
  });

  it("behaves like its model, whatever is done to it", () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant("push" as const), isLasting: fc.boolean() }),
      fc.record({ kind: fc.constant("take" as const), count: fc.integer({ min: 1, max: 30 }) }),
      fc.record({ kind: fc.constant("back" as const) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
        const queue = createQueue(100);
        let model: Line[] = [];
        let dropped = 0;
        let taken: readonly Line[] = [];
        const enforce = (): void => {
          while (model.length > 10) {
            const loose = model.findIndex(({ isLasting }) => !isLasting);
            model.splice(Math.max(loose, 0), 1);
            dropped += 1;
          }
        };
        for (const [index, one] of actions.entries()) {
          if (one.kind === "push") {
            const pushed = line(`${index} `, one.isLasting);
            queue.push(pushed);
            model.push(pushed);
          } else if (one.kind === "take") {
            taken = queue.take(one.count, 1_000);
            assert.equal(texts(taken), texts(model.splice(0, one.count)));
          } else {
            queue.putBack(taken);
            model = [...taken, ...model];
            taken = [];
          }
          enforce();
          assert.equal(queue.length, model.length);
          assert.equal(queue.dropped, dropped);
        }
        assert.equal(texts(queue.take(1_000, 10_000)), texts(model));
      }),
    );
  });

  it("stays small through a long outage", () => {
    const queue = createQueue(1_000);
    for (let index = 0; index < 200_000; index += 1) queue.push(line("x", index % 3 === 0));
    assert.equal(queue.length, 100);
    assert.equal(queue.dropped, 199_900);
  });
});
