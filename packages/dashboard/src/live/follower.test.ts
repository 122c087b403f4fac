import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { restMs } from "./hold.ts";
import { createFollower, type Follower } from "./follower.ts";

interface World extends Disposable {
  readonly follower: Follower;
  /** What was loaded, in order. */
  readonly loads: { readonly followed: boolean; readonly aborted: AbortSignal }[];
}

function begin(): World {
  mock.timers.enable({ apis: ["setTimeout"] });
  const loads: World["loads"] = [];
  const follower = createFollower(async (followed, aborted) => {
    loads.push({ followed, aborted });
  });
  return {
    follower,
    loads,
    [Symbol.dispose]() {
      follower[Symbol.dispose]();
      mock.timers.reset();
    },
  };
}

test("what is new is loaded once for all that was heard meanwhile", () => {
  using world = begin();
  for (let i = 0; i < 3; i += 1) world.follower.follow(1000);
  mock.timers.tick(999);
  assert.equal(world.loads.length, 0);
  mock.timers.tick(1001);
  assert.deepEqual(
    world.loads.map((load) => load.followed),
    [true],
  );
});

test("the whole is loaded at once, ends the request under way and stands for what is new", () => {
  using world = begin();
  world.follower.reload();
  world.follower.follow(1000);
  world.follower.reload();
  mock.timers.tick(2000);
  assert.deepEqual(
    world.loads.map(({ followed, aborted }) => [followed, aborted.aborted]),
    [
      [false, true],
      [false, false],
    ],
  );
});

for (const { title, end } of [
  { title: "they have left", end: (follower: Follower) => follower.hold(false) },
  { title: "their pointer only rests", end: () => mock.timers.tick(restMs) },
]) {
  test(`nothing new is loaded while somebody looks closely, until ${title}`, () => {
    using world = begin();
    world.follower.hold(true);
    world.follower.follow(1000);
    mock.timers.tick(5000);
    assert.equal(world.loads.length, 0);
    end(world.follower);
    mock.timers.tick(1000);
    assert.equal(world.loads.length, 1);
  });
}

test("what was heard just before somebody looks closely waits as well", () => {
  using world = begin();
  world.follower.follow(1000);
  mock.timers.tick(500);
  world.follower.hold(true);
  mock.timers.tick(5000);
  assert.equal(world.loads.length, 0);
  world.follower.hold(false);
  assert.equal(world.loads.length, 1);
});

test("nothing is loaded any more once it is over", () => {
  const world = begin();
  world.follower.reload();
  world.follower.follow(1000);
  world.follower[Symbol.dispose]();
  mock.timers.tick(5000);
  assert.deepEqual(
    world.loads.map(({ aborted }) => aborted.aborted),
    [true],
  );
  world[Symbol.dispose]();
});
