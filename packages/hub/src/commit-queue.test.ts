import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CommitQueue, type CheckDecision } from "./commit-queue.ts";
import { initialState } from "./judge/judge.ts";
import type { Change } from "./model/change.ts";
import type { ProcessId } from "./model/fleet.ts";
import { createId } from "./model/id.ts";

const monitorId = createId<"monitor">(1);

function decision(n: number, over: Partial<CheckDecision> = {}): CheckDecision {
  return {
    monitorId,
    state: null,
    statusChange: null,
    failedCheck: null,
    transition: null,
    frame: {
      source: `monitor:${monitorId}`,
      series: [{ name: "probe_success", labels: {} }],
      times: Float64Array.of(n),
      values: Float64Array.of(1),
    },
    afterCommit: () => undefined,
    ...over,
  };
}

interface Trial {
  readonly queue: CommitQueue;
  readonly commits: Change[];
  readonly errors: unknown[];
  dropped: number;
  /** How many commits are still to fail. */
  failing: number;
  /** Whether the store takes this process for dead, and how many checks were refused for it. */
  fenced: boolean;
  refused: number;
  process: ProcessId | undefined;
}

function trial(maxChecks = 1000): Trial {
  const commits: Change[] = [];
  const errors: unknown[] = [];
  const self: Trial = {
    commits,
    errors,
    dropped: 0,
    failing: 0,
    fenced: false,
    refused: 0,
    process: undefined,
    queue: new CommitQueue(
      { tickMs: 1, maxChecks },
      {
        commit: async (change) => {
          if (self.failing > 0) {
            self.failing -= 1;
            throw new Error("disk full");
          }
          commits.push(change);
          return self.fenced ? "fenced" : "stored";
        },
        fence: () => self.process,
        onFenced: (count) => {
          self.refused += count;
        },
        onError: (error) => errors.push(error),
        onDropped: (count) => {
          self.dropped += count;
        },
        onCommitted: () => undefined,
      },
    ),
  };
  return self;
}

const timesOf = (commits: readonly Change[]): number[] =>
  commits.flatMap((change) => change.frames.map((frame) => frame.times[0] ?? -1));

describe("the commit queue", () => {
  test("gathers what was decided within a tick into one change", async () => {
    const t = trial();
    for (const n of [1, 2, 3]) t.queue.add(decision(n));
    await t.queue.flush();
    assert.equal(t.commits.length, 1);
    assert.deepEqual(timesOf(t.commits), [1, 2, 3]);
  });

  test("commits the newest state of a monitor once", async () => {
    const t = trial();
    t.queue.add(decision(1, { state: initialState(1) }));
    t.queue.add(decision(2, { state: initialState(2) }));
    await t.queue.flush();
    assert.deepEqual(
      t.commits[0]?.judged.map((one) => one.state.since),
      [2],
    );
  });

  test("tries a change that failed again, in order, and tells nobody before it is stored", async () => {
    const t = trial();
    t.failing = 2;
    const shown: number[] = [];
    t.queue.add(decision(1, { afterCommit: () => shown.push(1) }));
    while (t.errors.length === 0) await new Promise(setImmediate);
    assert.equal(shown.length, 0);
    assert.notEqual(t.queue.failingSince, null);
    t.queue.add(decision(2, { afterCommit: () => shown.push(2) }));
    await t.queue.flush();
    assert.deepEqual(timesOf(t.commits), [1, 2]);
    assert.deepEqual(shown, [1, 2]);
    assert.equal(t.queue.failingSince, null);
  });

  test("hands a change over again under its mark, and the next one under another", async () => {
    const tried: Change[] = [];
    const queue = new CommitQueue(
      { tickMs: 1, maxChecks: 9 },
      {
        commit: async (change) => {
          tried.push(change);
          if (tried.length === 1) {
            queue.add(decision(2));
            throw new Error("the answer got lost");
          }
          return "stored";
        },
        onError: () => undefined,
        onDropped: () => undefined,
        onCommitted: () => undefined,
      },
    );
    queue.add(decision(1));
    await queue.flush();
    assert.deepEqual(timesOf(tried), [1, 1, 2]);
    const [first, again, next] = tried.map(({ mark }) => mark);
    assert.equal(again?.number, first?.number);
    assert.equal(again?.writer, first?.writer);
    assert.ok((next?.number ?? 0) > (first?.number ?? 0));
  });

  test("when full, drops history of the oldest checks, counts them, and keeps every decision", async () => {
    const t = trial(8);
    t.failing = 1;
    t.queue.add(decision(0, { state: initialState(7) }));
    for (let n = 1; n < 12; n += 1) t.queue.add(decision(n));
    await t.queue.flush();
    const times = timesOf(t.commits);
    assert.equal(t.dropped, 12 - times.length);
    assert.ok(t.dropped > 0);
    assert.equal(times.at(-1), 11);
    assert.equal(t.commits.flatMap((change) => change.judged).length, 1);
  });

  test("stopping commits what waits, and gives up on a store that fails", async () => {
    const t = trial();
    t.queue.add(decision(1));
    await t.queue[Symbol.asyncDispose]();
    assert.deepEqual(timesOf(t.commits), [1]);
    const stuck = trial();
    stuck.failing = Number.POSITIVE_INFINITY;
    stuck.queue.add(decision(1));
    await stuck.queue[Symbol.asyncDispose]();
    assert.equal(stuck.errors.length, 1);
  });

  test("names the process that decided, and what others are to show, only in a fleet", async () => {
    const t = trial();
    const lastCheck = {
      checkedAt: 1,
      result: "up",
      reason: null,
      message: null,
      statusCode: 200,
      latencyMs: 1,
      location: "here",
      measurements: {},
    } as const;
    const { status, since, flapping, failuresInRow } = initialState(1);
    const shown = { monitorId, version: 1, status, since, flapping, failuresInRow, lastCheck };
    t.queue.add(decision(1, { shown }));
    await t.queue.flush();
    t.process = createId<"process">(1);
    t.queue.add(decision(2, { shown }));
    t.queue.add(decision(3, { shown: { ...shown, since: 3 } }));
    await t.queue.flush();
    assert.deepEqual(
      t.commits.map((change) => [change.fence, change.shown?.map((one) => one.since)]),
      [
        [undefined, undefined],
        [t.process, [3]],
      ],
    );
  });

  test("drops what the store refuses because others look after the monitors", async () => {
    const t = trial();
    const told: number[] = [];
    t.fenced = true;
    t.queue.add(decision(1, { afterCommit: () => told.push(1) }));
    await t.queue.flush();
    t.fenced = false;
    t.queue.add(decision(2, { afterCommit: () => told.push(2) }));
    await t.queue.flush();
    assert.deepEqual([t.refused, told], [1, [2]]);
  });

  test("discards what waits, also what failed before, and goes on with what comes after", async () => {
    const t = trial();
    t.failing = 1;
    t.queue.add(decision(1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(t.errors.length, 1);
    t.queue.discard();
    t.queue.add(decision(2));
    await t.queue.flush();
    assert.deepEqual([t.refused, timesOf(t.commits)], [1, [2]]);
  });
});
