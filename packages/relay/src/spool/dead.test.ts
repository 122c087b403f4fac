import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DeadLetters } from "./dead.ts";
import { folderOf, sinkOf } from "./dead.ts";
import { idsOf, kitParts, openSmall, readAll, recordsOf, temporaryFolder } from "./spool.kit.ts";

const reason = { why: "400: mapping failed", attempts: 1, at: 1_790_000_000_000 };

function put(letters: DeadLetters, ...ids: string[]): ReturnType<DeadLetters["put"]> {
  return letters.put(recordsOf(...ids).map((record) => ({ ...record, reason })));
}

describe("dead letters", () => {
  it("are kept with their reason, listed, shown and deleted, and survive", async () => {
    using folder = temporaryFolder();
    {
      await using spool = await openSmall(folder.path);
      const letters = await spool.dead("elk");
      assert.equal((await put(letters, "a", "b", "c")).kind, "stored");
      assert.equal(await letters.delete([2, 2, 9]), 1);
    }
    await using spool = await openSmall(folder.path);
    assert.deepEqual(Object.keys(spool.stats().dead), ["elk"]);
    const letters = await spool.dead("elk");
    const listed = await letters.list({ limit: 10 });
    assert.deepEqual(
      listed.map(({ sequence, id }) => [sequence, id]),
      [
        [1, "a"],
        [3, "c"],
      ],
    );
    assert.deepEqual(
      (await letters.list({ after: 1, limit: 1 })).map(({ id }) => id),
      ["c"],
    );
    const shown = await letters.show(3);
    assert.deepEqual(
      { ...shown, bytes: Buffer.from(shown?.bytes ?? []).toString() },
      {
        sequence: 3,
        id: "c",
        ...reason,
        bytes: '{"event":"c"}',
      },
    );
    assert.equal(await letters.show(2), undefined);
    const { letters: count, oldestAt } = letters.stats();
    assert.deepEqual([count, oldestAt], [2, 1_790_000_000_000]);
  });

  it("are replayed for their sink alone, and are gone then", async () => {
    using folder = temporaryFolder();
    await using spool = await openSmall(folder.path);
    const elk = await spool.cursor("elk", { from: "beginning" });
    const csv = await spool.cursor("csv", { from: "beginning" });
    await spool.append(recordsOf("a", "b", "c"));
    await readAll(csv);
    const letters = await spool.dead("elk");
    await letters.put((await readAll(elk)).map((record) => ({ ...record, reason })));
    elk.acknowledge([1, 2, 3]);
    csv.acknowledge([1, 2, 3]);
    assert.deepEqual(await spool.replay("elk", [2]), { replayed: 1 });
    assert.deepEqual(idsOf(await readAll(elk)), ["b"]);
    assert.deepEqual(await spool.replay("elk", "all"), { replayed: 2 });
    assert.deepEqual(idsOf(await readAll(elk)), ["a", "c"]);
    assert.deepEqual(await readAll(csv), []);
    assert.deepEqual([letters.stats().letters, csv.stats().depth, elk.stats().depth], [0, 0, 3]);
  });

  it("stay when the spool does not take them", async () => {
    using folder = temporaryFolder();
    await using spool = await openSmall(folder.path, kitParts(), { quotaBytes: 4096 });
    await spool.cursor("elk", { from: "beginning" });
    const letters = await spool.dead("elk");
    await put(letters, "a");
    for (let i = 0; spool.stats().refused.full === 0; i += 1)
      await spool.append(recordsOf(`fill-${i}`));
    const { replayed, refused } = await spool.replay("elk", "all");
    assert.deepEqual([replayed, refused?.reason, letters.stats().letters], [0, "full", 1]);
  });

  it("give up the oldest at their limit, counted", async () => {
    using folder = temporaryFolder();
    await using spool = await openSmall(folder.path, kitParts(), { deadBytes: 8192 });
    const letters = await spool.dead("elk");
    for (let i = 0; i < 200; i += 1) await put(letters, `id-${i}`);
    const listed = await letters.list({ limit: 1000 });
    const stats = letters.stats();
    assert.equal(listed.at(-1)?.id, "id-199");
    assert.deepEqual([stats.letters, stats.letters + stats.dropped], [listed.length, 200]);
    assert.ok(stats.dropped > 0 && stats.log.bytes <= 8192);
  });
});

describe("the folder of a sink", () => {
  for (const [name, folder] of [
    ["elk", "elk"],
    ["../../etc", "%2E%2E%2F%2E%2E%2Fetc"],
    [".", "%2E"],
    ["süd / 1", "s%C3%BCd%20%2F%201"],
  ] as const) {
    it(`of ${name} is ${folder}, and back`, () => {
      assert.equal(folderOf(name), folder);
      assert.equal(sinkOf(folder), name);
    });
  }

  it("is none of other names", () => {
    assert.deepEqual([sinkOf("%"), sinkOf(".."), sinkOf("a b")], [undefined, undefined, undefined]);
    assert.throws(() => folderOf(""), { code: "wrong_settings" });
  });
});
