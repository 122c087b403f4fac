import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createBoard } from "../live/board.ts";
import type { Shown } from "../model/fleet.ts";
import { createId } from "../model/id.ts";
import { exampleMonitor } from "../model/monitor.kit.ts";
import { FollowedBoard } from "./followed-board.ts";

function open() {
  const board = createBoard();
  const [own, others] = [createId<"monitor">(1), createId<"monitor">(2)];
  for (const id of [own, others]) board.put(exampleMonitor({ id }), undefined, 1);
  const asked: (number | null)[] = [];
  const told: [string, boolean][] = [];
  const errors: unknown[] = [];
  const store: { shown: Shown[]; isAway: boolean } = { shown: [], isAway: false };
  const followed = new FollowedBoard({
    store: {
      async shownSince(since) {
        asked.push(since);
        if (store.isAway) throw new Error("away");
        return { now: 100 + asked.length, shown: store.shown };
      },
    },
    board,
    holds: ({ id }) => id === own,
    onShown: ({ monitor }, statusChanged) => void told.push([monitor.id, statusChanged]),
    onError: (error) => void errors.push(error),
  });
  return { board, own, others, asked, told, errors, store, followed };
}

function shown(monitorId: Shown["monitorId"], checkedAt: number, over: Partial<Shown> = {}): Shown {
  return {
    monitorId,
    version: 1,
    status: "up",
    since: 5,
    flapping: false,
    failuresInRow: 0,
    lastCheck: {
      checkedAt,
      result: "up",
      reason: null,
      message: null,
      statusCode: 200,
      latencyMs: 1,
      location: "here",
      measurements: {},
    },
    ...over,
  };
}

describe("the board of a hub in a fleet", () => {
  test("shows what others check, and tells of it once", async () => {
    const { board, others, told, store, followed } = open();
    store.shown = [shown(others, 10)];
    await followed.look();
    await followed.look();
    store.shown = [shown(others, 9), shown(others, 20)];
    await followed.look();
    assert.deepEqual(told, [
      [others, true],
      [others, false],
    ]);
    const entry = board.get(others);
    assert.deepEqual([entry?.status, entry?.since, entry?.lastCheck?.checkedAt], ["up", 5, 20]);
    assert.deepEqual(entry?.totals, { checks: 0, errors: 0 }, "whoever checks counts");
  });

  test("leaves what this process looks after, and what is not there", async () => {
    const { own, told, store, followed } = open();
    store.shown = [shown(own, 10), shown(createId<"monitor">(3), 10)];
    await followed.look();
    assert.deepEqual(told, []);
  });

  test("asks from where the last answer ended, also after one that failed", async () => {
    const { asked, errors, store, followed } = open();
    await followed.look();
    store.isAway = true;
    await followed.look();
    store.isAway = false;
    await followed.look();
    assert.deepEqual([asked, errors.length], [[null, 101, 101], 1]);
  });

  test("knows how often others failed", async () => {
    const { others, store, followed } = open();
    assert.equal(followed.failuresInRow(others), undefined);
    store.shown = [shown(others, 10, { failuresInRow: 2 })];
    await followed.look();
    assert.equal(followed.failuresInRow(others), 2);
    store.shown = [shown(others, 11)];
    await followed.look();
    assert.equal(followed.failuresInRow(others), undefined);
  });
});
