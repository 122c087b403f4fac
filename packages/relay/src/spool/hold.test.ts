import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { describe, it } from "node:test";
import { holdFolder, type HeldFolder } from "./hold.ts";
import { openSmall, readAll, recordsOf, temporaryFolder } from "./spool.kit.ts";

const reason = { why: "400", attempts: 1, at: 1_790_000_000_000 };

/** Writes what is held to another folder, whatever became of the files meanwhile. */
async function copyTo(folder: string, held: HeldFolder): Promise<void> {
  for (const { path, handle, sizeBytes } of held.files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(sizeBytes), 0, sizeBytes, 0);
    assert.equal(bytesRead, sizeBytes);
    await writeFile(join(folder, path), buffer);
  }
}

/** What a spool still has for a sink: events that wait, and dead letters. */
async function leftIn(
  folder: string,
  sink: string,
): Promise<{ waiting: string[]; dead: string[] }> {
  await using spool = await openSmall(folder);
  const cursor = await spool.cursor(sink, { from: "beginning" });
  const waiting = (await readAll(cursor)).map(({ id }) => id);
  const letters = await (await spool.dead(sink)).list({ limit: 100_000 });
  return { waiting, dead: letters.map(({ id }) => id) };
}

describe("a folder that is held", () => {
  it("is copied as it was, though everything was deleted meanwhile", async () => {
    using folder = temporaryFolder();
    using copy = temporaryFolder();
    const ids = Array.from({ length: 60 }, (_, n) => `event-${n}`);
    await using spool = await openSmall(folder.path);
    const cursor = await spool.cursor("elk", { from: "beginning" });
    for (const id of ids) await spool.append(recordsOf(id));
    const read = await readAll(cursor);
    await (await spool.dead("elk")).put([{ id: "dead-1", bytes: Buffer.from("{}"), reason }]);
    cursor.acknowledge(read.slice(0, 20).map(({ sequence }) => sequence));
    await spool.flush();
    {
      await using held = await holdFolder(folder.path);
      assert.ok(held.files.filter(({ path }) => path.endsWith(".seg")).length > 2);
      cursor.acknowledge(read.map(({ sequence }) => sequence));
      await spool.replay("elk", "all");
      await spool.flush();
      await copyTo(copy.path, held);
    }
    assert.deepEqual(await leftIn(copy.path, "elk"), { waiting: ids.slice(20), dead: ["dead-1"] });
  });

  it("leaves out what only a running process needs", async () => {
    using folder = temporaryFolder();
    await using spool = await openSmall(folder.path);
    await spool.append(recordsOf("a"));
    await spool.flush();
    await using held = await holdFolder(folder.path);
    assert.deepEqual(
      held.files.map(({ path }) => path),
      ["cursors", "000000000001.seg"],
    );
  });

  it("is empty when there is none", async () => {
    await using held = await holdFolder("/nowhere/at/all");
    assert.deepEqual(held.files, []);
  });

  it("loses nothing while events come, are delivered, die and are replayed", async () => {
    using folder = temporaryFolder();
    await using spool = await openSmall(folder.path);
    const cursor = await spool.cursor("elk", { from: "beginning" });
    const letters = await spool.dead("elk");
    const stored = new Set<string>();
    const delivered = new Set<string>();
    let isOver = false;
    const write = async (): Promise<void> => {
      for (let n = 0; !isOver; n += 1) {
        while (!isOver && cursor.stats().depth > 200) await turn();
        const ids = Array.from({ length: 5 }, (_, i) => `event-${n}-${i}`);
        await spool.append(recordsOf(...ids));
        for (const id of ids) stored.add(id);
        await turn();
      }
    };
    const deliver = async (): Promise<void> => {
      for (let n = 0; !isOver; n += 1) {
        const records = await cursor.read({ maxRecords: 20, maxBytes: 4000 });
        const [first, ...others] = records;
        if (first !== undefined) {
          await letters.put([{ id: first.id, bytes: first.bytes, reason }]);
          for (const { id } of others) delivered.add(id);
          cursor.acknowledge(records.map(({ sequence }) => sequence));
        }
        if (n % 17 === 0) await spool.replay("elk", "all");
        if (n % 50 === 0) await spool.flush();
        await turn();
      }
    };
    const working = Promise.all([write(), deliver()]);
    try {
      for (let round = 0; round < 12; round += 1) {
        for (let i = 0; i < 20; i += 1) await turn();
        const before = [...stored];
        using copy = temporaryFolder();
        {
          await using held = await holdFolder(folder.path);
          // What was handed over once is delivered, even when it is handed over again.
          const gone = new Set(delivered);
          await copyTo(copy.path, held);
          const { waiting, dead } = await leftIn(copy.path, "elk");
          const kept = new Set([...waiting, ...dead]);
          const lost = before.filter((id) => !kept.has(id) && !gone.has(id));
          assert.deepEqual(lost, [], `round ${round}`);
        }
      }
    } finally {
      isOver = true;
      await working;
    }
  });
});
