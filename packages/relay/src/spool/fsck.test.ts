import assert from "node:assert/strict";
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fsck } from "./fsck.ts";
import { kitParts, openSmall, recordsOf, small, temporaryFolder } from "./spool.kit.ts";

async function filled(folder: string): Promise<void> {
  await using spool = await openSmall(folder);
  const cursor = await spool.cursor("sink", { from: "beginning" });
  for (let i = 0; i < 30; i += 1) await spool.append(recordsOf(`id-${i}`));
  cursor.acknowledge([1, 3]);
  const letters = await spool.dead("elk/1");
  const reason = { why: "no", attempts: 1, at: 1 };
  await letters.put([{ id: "x", bytes: Buffer.from("{}"), reason }]);
}

/** Every file of a folder with its bytes. */
function contentOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(files.map((file) => [file, readFileSync(file, "hex")]));
}

describe("fsck", () => {
  it("finds a whole spool whole, and says what is in it", async () => {
    using folder = temporaryFolder();
    await filled(folder.path);
    const before = contentOf(folder.path);
    const report = await fsck({ folder: folder.path, ...small }, kitParts(), { repair: false });
    const [spool, dead] = report.logs;
    assert.deepEqual([report.isWhole, report.isRepaired, report.logs.length], [true, false, 2]);
    assert.deepEqual([spool?.sink, spool?.records, spool?.missing], [null, 30, 0]);
    assert.deepEqual(spool?.cursors, { sink: { watermark: 1, beyond: [[3, 3]] } });
    assert.deepEqual(
      [spool?.segments[0]?.firstSequence, spool?.segments.at(-1)?.lastSequence],
      [1, 30],
    );
    assert.deepEqual([dead?.sink, dead?.records], ["elk/1", 1]);
    assert.deepEqual(contentOf(folder.path), before);
  });

  it("finds damage, torn tails and lost places, changes nothing, and repairs when told to", async () => {
    using folder = temporaryFolder();
    await filled(folder.path);
    const segments = readdirSync(folder.path).filter((name) => name.endsWith(".seg"));
    const first = join(folder.path, segments[0] ?? "");
    const bytes = readFileSync(first);
    bytes[bytes.indexOf("id-1")] = 0;
    writeFileSync(first, bytes);
    appendFileSync(join(folder.path, segments.at(-1) ?? ""), "half a rec");
    writeFileSync(join(folder.path, "cursors"), "nonsense");
    const before = contentOf(folder.path);
    const settings = { folder: folder.path, ...small };
    const report = await fsck(settings, kitParts(), { repair: false });
    const [spool] = report.logs;
    assert.equal(report.isWhole, false);
    assert.deepEqual([spool?.records, spool?.missing, spool?.cursors], [29, 1, null]);
    assert.equal(spool?.segments[0]?.damage.length, 1);
    assert.equal(spool?.segments.at(-1)?.tailBytes, 10);
    assert.deepEqual(contentOf(folder.path), before);

    const parts = kitParts();
    assert.equal((await fsck(settings, parts, { repair: true })).isRepaired, true);
    assert.equal(parts.told.length, 2);
    const [after] = (await fsck(settings, kitParts(), { repair: false })).logs;
    assert.deepEqual([after?.records, after?.missing, after?.cursors], [29, 1, {}]);
    assert.deepEqual(
      after?.segments.flatMap(({ damage, tailBytes }) => [...damage, tailBytes]),
      after?.segments.map(() => 0),
    );
  });

  it("repairs nothing that is in use", async () => {
    using folder = temporaryFolder();
    await using _used = await openSmall(folder.path);
    await assert.rejects(fsck({ folder: folder.path }, kitParts(), { repair: true }), {
      code: "in_use",
    });
  });
});
