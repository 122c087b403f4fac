import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RecordDelivery } from "../../event-sink.ts";
import { jobRecord } from "../record.kit.ts";
import { createLateWrites } from "./late-writes.ts";

const never = new AbortController().signal;
const records = ["a", "b", "c"].map((id) => jobRecord(id));
const sent: RecordDelivery = { kind: "sent" };
const full: RecordDelivery = { kind: "retry", why: "full" };

/** A destination that is done when it is told to be, and knows what was handed to it. */
function createSlow() {
  const handed: string[][] = [];
  const open: PromiseWithResolvers<readonly RecordDelivery[]>[] = [];
  const deliver = createLateWrites((batch) => {
    handed.push(batch.map(({ id }) => id));
    const writing = Promise.withResolvers<readonly RecordDelivery[]>();
    open.push(writing);
    return writing.promise;
  });
  const last = (): PromiseWithResolvers<readonly RecordDelivery[]> =>
    open.at(-1) ?? Promise.withResolvers();
  return { handed, deliver, last };
}

const kinds = (answers: readonly RecordDelivery[]): readonly string[] =>
  answers.map(({ kind }) => kind);

describe("a write that outlasts its signal", () => {
  it("is answered with retry, and what then was written is not written again", async () => {
    const { handed, deliver, last } = createSlow();
    assert.deepEqual(kinds(await deliver(records, AbortSignal.abort())), [
      "retry",
      "retry",
      "retry",
    ]);
    last().resolve([sent, full, sent]);
    const again = deliver([...records, jobRecord("d")], never);
    while (handed.length < 2) await new Promise(setImmediate);
    last().resolve([sent, full]);
    assert.deepEqual(kinds(await again), ["sent", "sent", "sent", "retry"]);
    assert.deepEqual(handed, [
      ["a", "b", "c"],
      ["b", "d"],
    ]);
  });

  it("is waited for by the next batch, which is not handed over before", async () => {
    const { handed, deliver, last } = createSlow();
    await deliver(records, AbortSignal.abort());
    assert.deepEqual(kinds(await deliver(records, AbortSignal.abort())), [
      "retry",
      "retry",
      "retry",
    ]);
    assert.equal(handed.length, 1);
    last().resolve([sent, sent, sent]);
    assert.deepEqual(await deliver(records, never), [sent, sent, sent]);
    assert.equal(handed.length, 1);
  });

  it("that throws leaves everything to be written again", async () => {
    const { handed, deliver, last } = createSlow();
    await deliver(records, AbortSignal.abort());
    last().reject(new Error("a defect"));
    const again = deliver(records, never);
    while (handed.length < 2) await new Promise(setImmediate);
    last().resolve([sent, sent, sent]);
    assert.deepEqual(await again, [sent, sent, sent]);
  });
});

describe("a write that ends in time", () => {
  it("is answered as it says", async () => {
    const { deliver, last } = createSlow();
    const answering = deliver(records, never);
    last().resolve([sent, full, sent]);
    assert.deepEqual(await answering, [sent, full, sent]);
  });

  it("and throws, throws", async () => {
    const { deliver, last } = createSlow();
    const answering = deliver(records, never);
    last().reject(new Error("a defect"));
    await assert.rejects(answering, /a defect/);
  });
});
