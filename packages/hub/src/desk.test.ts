/** What the desk does with monitors that another hub looks after; the API's tests are about all else. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Desk } from "./desk.ts";
import { createJudgingTable } from "./judge/judging.ts";
import { createBoard } from "./live/board.ts";
import type { MonitorId } from "./model/id.ts";
import type { Monitor } from "./model/monitor.ts";
import { exampleMonitor } from "./model/monitor.kit.ts";

const check = {
  checkedAt: 1000,
  result: "down",
  reason: "late",
  message: "no call came",
  statusCode: null,
  latencyMs: 0,
  location: "local",
  measurements: {},
} as const;

/** A desk of a hub that shows one monitor as another hub said it; it is judged here only where `isHeld` says so. */
function setUp({ isHeld }: { readonly isHeld: boolean }) {
  const monitor = exampleMonitor();
  const board = createBoard();
  const judging = createJudgingTable();
  board.put(monitor, undefined, 0);
  if (isHeld) judging.add(monitor.id, undefined, { intervalIsOpen: true, at: 0 });
  board.shown(monitor.id, { status: "down", since: 900, flapping: false }, check);
  const scheduled: Monitor[] = [];
  const changed: MonitorId[] = [];
  const desk = new Desk({
    clock: { now: () => 2000, monotonicMs: () => 0 },
    store: {
      createMonitor: () => assert.fail(),
      provisionHeartbeat: () => assert.fail(),
      createHost: () => assert.fail(),
      deleteMonitor: () => assert.fail(),
      updateMonitor: async () => "updated",
    },
    board,
    judging,
    schedule: {
      add: (one) => void scheduled.push(one),
      remove: () => undefined,
      checkNow: () => assert.fail(),
    },
    forget: () => undefined,
    flush: async () => undefined,
    check: () => assert.fail(),
    closeIncident: async () => undefined,
    onChanged: (ids) => void changed.push(...ids.changed),
  });
  return { desk, monitor, board, scheduled, changed };
}

describe("the desk", () => {
  const next = (monitor: Monitor): Monitor => ({ ...monitor, name: "other", version: 2 });

  test("shows a monitor that is changed here as the hub said that looks after it", async () => {
    const { desk, monitor, board, changed } = setUp({ isHeld: false });
    assert.equal(await desk.update(next(monitor), false, "ada"), "updated");
    const entry = board.get(monitor.id);
    assert.deepEqual([entry?.monitor.name, entry?.status, entry?.since], ["other", "down", 900]);
    assert.equal(entry?.lastCheck, check);
    assert.deepEqual(changed, [monitor.id]);
  });

  test("forgets how a monitor stood whose settings changed", async () => {
    const { desk, monitor, board } = setUp({ isHeld: false });
    assert.equal(await desk.update(next(monitor), true, "ada"), "updated");
    const entry = board.get(monitor.id);
    assert.deepEqual([entry?.status, entry?.lastCheck], ["pending", null]);
  });

  for (const isHeld of [true, false]) {
    const where = isHeld ? "here" : "elsewhere";
    test(`goes on with the version that a note made, looked after ${where}`, async () => {
      const { desk, monitor, board, scheduled, changed } = setUp({ isHeld });
      assert.equal(await desk.note(monitor.id, "clean", "ada"), "updated");
      assert.equal(board.get(monitor.id)?.monitor.version, 2);
      assert.deepEqual(
        scheduled.map(({ version }) => version),
        [2],
      );
      assert.deepEqual(changed, [monitor.id]);
    });
  }
});
