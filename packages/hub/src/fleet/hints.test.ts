import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import type { HintTopic } from "../model/fleet.ts";
import { createHints, type HintCarrier } from "./hints.ts";

function open(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const sent: (readonly HintTopic[])[] = [];
  let tell: Parameters<HintCarrier["onHint"]>[0] = () => undefined;
  const hints = createHints({
    hint: async (topics) => void sent.push(topics),
    onHint(listener) {
      tell = listener;
    },
  });
  t.after(() => hints[Symbol.dispose]());
  return { hints, sent, tell: (topics: Parameters<typeof tell>[0]) => tell(topics) };
}

describe("hints", () => {
  test("are sent together, a moment after the first", (t) => {
    const { hints, sent } = open(t);
    hints.send(["monitors"]);
    hints.send(["monitors", "status"]);
    t.mock.timers.tick(39);
    assert.deepEqual(sent, []);
    t.mock.timers.tick(1);
    hints.send(["keys"]);
    t.mock.timers.tick(40);
    assert.deepEqual(sent, [["monitors", "status"], ["keys"]]);
  });

  test("are told to whoever listens for one of their topics", async (t) => {
    const { hints, tell } = open(t);
    const told: string[] = [];
    hints.on(["monitors"], () => void told.push("a"));
    hints.on(["status", "monitors"], () => void told.push("b"));
    for (const topics of [["status"], ["monitors", "status"], ["keys"]] as const) {
      tell(topics);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(told, ["b", "a", "b"]);
  });

  test("that come while a listener works are one more call", async (t) => {
    const { hints, tell } = open(t);
    const ends: (() => void)[] = [];
    hints.on(["keys"], () => new Promise<void>((resolve) => ends.push(resolve)));
    for (let i = 0; i < 3; i += 1) tell(["keys"]);
    assert.equal(ends.length, 1);
    ends[0]?.();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(ends.length, 2);
    ends[1]?.();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(ends.length, 2);
  });

  test("a listener that failed is told the next one", async (t) => {
    const { hints, tell } = open(t);
    let calls = 0;
    hints.on(["keys"], () => {
      calls += 1;
      throw new Error("away");
    });
    tell(["keys"]);
    await new Promise((resolve) => setImmediate(resolve));
    tell(["keys"]);
    assert.equal(calls, 2);
  });

  test("everybody looks by themselves: often while nobody is heard, else now and then", async (t) => {
    const { hints, tell } = open(t);
    let calls = 0;
    hints.on(["keys"], () => {
      calls += 1;
    });
    async function pass(ms: number): Promise<number> {
      const before = calls;
      for (let left = ms; left > 0; left -= 500) {
        t.mock.timers.tick(500);
        await new Promise((resolve) => setImmediate(resolve));
      }
      return calls - before;
    }
    assert.equal(await pass(10_000), 5);
    tell("heard");
    assert.deepEqual([calls, await pass(20_000)], [6, 2]);
    tell("lost");
    assert.deepEqual([calls, await pass(10_000)], [9, 5]);
  });
});
