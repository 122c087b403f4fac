import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createHold, restMs } from "./hold.ts";

test.beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
test.afterEach(() => mock.timers.reset());

test("holds back while somebody points, and lets only the last one through after", () => {
  const done: string[] = [];
  using hold = createHold();
  hold.run(() => done.push("before"));
  hold.set(true);
  hold.run(() => done.push("first"));
  hold.run(() => done.push("last"));
  assert.deepEqual(done, ["before"]);
  hold.set(false);
  assert.deepEqual(done, ["before", "last"]);
  hold.run(() => done.push("after"));
  assert.deepEqual(done, ["before", "last", "after"]);
});

test("a pointer that rests holds nothing back for long; one that moves does", () => {
  let runs = 0;
  using hold = createHold();
  hold.set(true);
  hold.run(() => (runs += 1));
  mock.timers.tick(restMs - 1);
  hold.set(true);
  mock.timers.tick(restMs - 1);
  assert.equal(runs, 0);
  mock.timers.tick(1);
  assert.equal(runs, 1);
});

test("what was held back is forgotten when it is over", () => {
  let runs = 0;
  const hold = createHold();
  hold.set(true);
  hold.run(() => (runs += 1));
  hold[Symbol.dispose]();
  mock.timers.tick(restMs);
  assert.equal(runs, 0);
});
