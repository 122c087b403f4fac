import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CommitQueue, type CheckDecision } from "./commit-queue.ts";
import { initialState } from "./judge/judge.ts";
import type { Change } from "./model/change.ts";
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
}

function trial(maxChecks = 1000): Trial {
  const commits: Change[] = [];
  const errors: unknown[] = [];
  const self: Trial = {
    commits,
    errors,
    dropped: 0,
    failing: 0,
    queue: new CommitQueue(
      { tickMs: 1, maxChecks },
      {
        commit: async (change) => {
          if (self.failing > 0) {
            self.failing -= 1;
            throw new Error("disk full");
          }
          commits.push(change);
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
});
