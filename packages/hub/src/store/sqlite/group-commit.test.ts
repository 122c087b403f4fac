import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import type { Answer } from "../thread/messages.ts";
import type { UnpackedCall } from "../thread/serve.ts";
import { GroupCommit } from "./group-commit.ts";

const callOf = (id: number, name: UnpackedCall["name"]): UnpackedCall => ({
  id,
  name,
  args: [],
  frames: [],
});

/** Runs calls on an empty database; gives the ids in the order they ran, and those that were answered together. */
async function runAll(
  calls: readonly UnpackedCall[],
  during: (call: UnpackedCall, commits: GroupCommit) => void = () => undefined,
) {
  using database = new DatabaseSync(":memory:");
  const ran: number[] = [];
  const answered: number[][] = [];
  const commits: GroupCommit = new GroupCommit({
    database,
    run: (call) => {
      ran.push(call.id);
      during(call, commits);
      return call.name === "ping" ? Promise.reject(new Error("no")) : Promise.resolve();
    },
    isUpkeep: ({ name }) => name === "maintainSeries",
    answer: (answers: readonly Answer[]) => answered.push(answers.map(({ id }) => id)),
    onRollback: () => undefined,
  });
  commits.take(calls);
  await commits.settled();
  return { ran, answered };
}

describe("group commit", () => {
  test("does what waits in one transaction, and upkeep alone after it", async () => {
    const { ran, answered } = await runAll([
      callOf(1, "maintainSeries"),
      callOf(2, "append"),
      callOf(3, "maintainSeries"),
      callOf(4, "append"),
    ]);
    assert.deepEqual(ran, [2, 4, 1, 3]);
    assert.deepEqual(answered, [[2, 4], [1], [3]]);
  });

  test("lets what comes during upkeep go before the next piece of it, and leaves neither out", async () => {
    const { ran, answered } = await runAll(
      [callOf(1, "maintainSeries"), callOf(2, "maintainSeries")],
      (call, commits) => {
        if (call.id < 3) commits.take([callOf(call.id + 2, "append")]);
      },
    );
    assert.deepEqual(ran, [1, 3, 2, 4]);
    assert.deepEqual(answered, [[1], [3], [2], [4]]);
  });

  test("answers a call that failed beside those that did not", async () => {
    const { answered } = await runAll([
      callOf(1, "append"),
      callOf(2, "ping"),
      callOf(3, "append"),
    ]);
    assert.deepEqual(answered, [[1, 2, 3]]);
  });
});
