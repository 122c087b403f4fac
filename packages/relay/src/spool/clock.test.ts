/** The clock of the wall jumps; the spool goes by the one that only grows, and by sequences. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DiskError, type SpoolDisk } from "./disk.ts";
import { createDirectDisk } from "./direct-disk.ts";
import { idsOf, kitParts, openSmall, readAll, recordsOf, temporaryFolder } from "./spool.kit.ts";

const year = 365 * 86_400_000;

describe("a clock that jumps", () => {
  it("changes neither what is there nor its order, back or forth, over a start as well", async () => {
    using folder = temporaryFolder();
    const ids = Array.from({ length: 60 }, (_, i) => `id-${i}`);
    const jumps = [-year, 3 * year, -5_000, 1, 0, -3 * year];
    for (const half of [ids.slice(0, 30), ids.slice(30)]) {
      const parts = kitParts();
      await using spool = await openSmall(folder.path, parts);
      const cursor = await spool.cursor("sink", { from: "beginning" });
      for (const [i, id] of half.entries()) {
        parts.time.at += jumps[i % jumps.length] ?? 0;
        assert.equal((await spool.append(recordsOf(id))).kind, "stored");
        const { depth, oldestSeconds } = cursor.stats();
        assert.ok(depth > 0 && oldestSeconds >= 0, `${depth} ${oldestSeconds}`);
      }
    }
    await using spool = await openSmall(folder.path, kitParts());
    const cursor = await spool.cursor("sink", { from: "beginning" });
    const records = await readAll(cursor);
    assert.deepEqual(idsOf(records), ids);
    cursor.acknowledge(records.map(({ sequence }) => sequence));
    await spool.flush();
    assert.deepEqual([cursor.stats().depth, spool.stats().missing], [0, 0]);
  });

  it("does not make the wait after a failure of the disk longer", async () => {
    using folder = temporaryFolder();
    const real = createDirectDisk();
    let isBroken = false;
    const disk: SpoolDisk = {
      ...real,
      append: (handle, bytes) =>
        isBroken ? Promise.reject(new DiskError("EIO", "broken")) : real.append(handle, bytes),
    };
    const parts = kitParts(disk);
    await using spool = await openSmall(folder.path, parts, { retryMs: 1_000 });
    isBroken = true;
    assert.equal((await spool.append(recordsOf("a"))).kind, "refused");
    isBroken = false;
    parts.time.at -= year;
    assert.equal((await spool.append(recordsOf("a"))).kind, "refused", "not tried yet");
    parts.time.monotonicMs += 1_000;
    assert.equal((await spool.append(recordsOf("a"))).kind, "stored");
  });
});
