import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Appended } from "../spool/log.ts";
import type { NewRecord } from "../spool/pending.ts";
import { RecordQueue, type RecordQueueBounds } from "./record-queue.ts";

const stored: Appended = { kind: "stored", firstSequence: 1, repeated: [] };
const full: Appended = { kind: "refused", reason: "disk_full", message: "no space left" };

/** A queue before a spool that answers as it is told; what was stored, in groups, and what was said. */
function queueTo(
  answer: (group: number) => Appended | Promise<Appended>,
  bounds: Partial<RecordQueueBounds> = {},
) {
  const groups: string[][] = [];
  const said: string[] = [];
  let calls = 0;
  const note = (_fields: object, message: string): number => said.push(message);
  const queue = new RecordQueue(
    {
      async append(records) {
        calls += 1;
        const given = await answer(calls);
        if (given.kind === "stored") groups.push(records.map(({ id }) => id));
        return given;
      },
      clock: { now: Date.now, monotonicMs: () => performance.now() },
      sleep: (ms, signal) => sleep(ms, undefined, { signal }),
      log: { info: note, warn: note },
    },
    { capacity: 5, gatherMs: 1, group: 3, retryMs: 1, ...bounds },
  );
  return { queue, groups, said };
}

function record(id: string): NewRecord {
  return { id, bytes: Buffer.from("{}") };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("not within 5 s");
    await sleep(2);
  }
}

describe("the queue before the spool", () => {
  it("writes records in groups, in order", async () => {
    const { queue, groups } = queueTo(() => stored);
    for (const id of ["a", "b", "c", "d"]) queue.add(record(id));
    await until(() => queue.stats().depth === 0);
    assert.deepEqual(groups, [["a", "b", "c"], ["d"]]);
    queue.add(record("e"));
    await until(() => groups.length === 3);
    await queue[Symbol.asyncDispose]();
    assert.equal(queue.stats().dropped, 0);
  });

  it("keeps the newest while the disk is full, counts the rest, and says so once", async () => {
    let isFull = true;
    const { queue, groups, said } = queueTo(() => (isFull ? full : stored));
    for (const id of "abcdefgh") queue.add(record(id));
    await until(() => said.length === 1);
    assert.deepEqual([queue.stats().depth, queue.stats().dropped], [5, 3]);
    isFull = false;
    await until(() => queue.stats().depth === 0);
    assert.deepEqual(groups.flat(), ["d", "e", "f", "g", "h"]);
    assert.equal(said.length, 2);
    await queue[Symbol.asyncDispose]();
  });

  it("counts every record once when a full queue pushes out what is being written", async () => {
    const gate = Promise.withResolvers<Appended>();
    const { queue, groups } = queueTo((call) => (call === 1 ? gate.promise : stored), { group: 5 });
    for (const id of "abcde") queue.add(record(id));
    await sleep(20);
    for (const id of "fg") queue.add(record(id));
    gate.resolve(stored);
    await until(() => queue.stats().depth === 0);
    await queue[Symbol.asyncDispose]();
    assert.deepEqual(groups.flat(), ["a", "b", "c", "d", "e", "f", "g"]);
    assert.equal(queue.stats().dropped, 0);
  });

  it("drops what is too large for the spool, counted, and goes on", async () => {
    const large: Appended = { kind: "refused", reason: "too_large", message: "too large" };
    const { queue, groups } = queueTo((call) => (call === 1 ? large : stored), { group: 1 });
    for (const id of "ab") queue.add(record(id));
    await until(() => queue.stats().depth === 0);
    assert.deepEqual([groups, queue.stats().dropped], [[["b"]], 1]);
    await queue[Symbol.asyncDispose]();
  });

  it("writes what is left when it ends, and counts what cannot be written", async () => {
    const good = queueTo(() => stored, { gatherMs: 60_000 });
    for (const id of "abcd") good.queue.add(record(id));
    await good.queue[Symbol.asyncDispose]();
    assert.deepEqual(good.groups.flat(), ["a", "b", "c", "d"]);
    good.queue.add(record("late"));
    assert.equal(good.queue.stats().dropped, 1);
    const broken = queueTo(() => full, { gatherMs: 60_000 });
    for (const id of "abcd") broken.queue.add(record(id));
    await broken.queue[Symbol.asyncDispose]();
    assert.equal(broken.queue.stats().dropped, 4);
  });
});
