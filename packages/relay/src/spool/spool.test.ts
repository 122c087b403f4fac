import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  idsOf,
  kitParts,
  openSmall,
  readAll,
  recordsOf,
  small,
  temporaryFolder,
} from "./spool.kit.ts";
import { segmentNumber } from "./segment.ts";
import type { Worker } from "node:worker_threads";
import { createThreadDisk, startThread } from "./thread-disk.ts";

const names = (count: number, prefix = "e"): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(4, "0")}`);

function segmentsIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => segmentNumber(name) !== undefined);
}

describe("a spool", () => {
  it("gives every cursor everything in order, with what was put in", async () => {
    using folder = temporaryFolder();
    const parts = kitParts();
    await using spool = await openSmall(folder.path, parts);
    const one = await spool.cursor("one", { from: "beginning" });
    const ids = names(100);
    assert.deepEqual(await spool.append(recordsOf(...ids.slice(0, 3))), {
      kind: "stored",
      firstSequence: 1,
      repeated: [],
    });
    for (const id of ids.slice(3)) await spool.append(recordsOf(id));
    const two = await spool.cursor("two", { from: "beginning" });
    const end = await spool.cursor("end", { from: "end" });
    for (const cursor of [one, two]) {
      const records = await readAll(cursor);
      assert.deepEqual(idsOf(records), ids);
      assert.deepEqual(
        records.map(({ sequence }) => sequence),
        ids.map((_, i) => i + 1),
      );
      assert.equal(records[5]?.at, parts.time.at);
      assert.equal(Buffer.from(records[5]?.bytes ?? []).toString(), '{"event":"e0005"}');
    }
    assert.deepEqual(await readAll(end), []);
    await spool.append(recordsOf("last"));
    assert.deepEqual(idsOf(await readAll(end)), ["last"]);
  });

  it("goes on where it was after it was opened again, with a thread for its disk", async () => {
    using folder = temporaryFolder();
    await using disk = createThreadDisk();
    const parts = kitParts(disk);
    {
      await using spool = await openSmall(folder.path, parts);
      const cursor = await spool.cursor("sink", { from: "beginning" });
      await spool.append(recordsOf("a", "b", "c", "d", "e"));
      const records = await readAll(cursor);
      cursor.acknowledge([1, 2, 4]);
      assert.equal(records.length, 5);
    }
    await using spool = await openSmall(folder.path, parts);
    const cursor = await spool.cursor("sink", { from: "end" });
    assert.deepEqual(idsOf(await readAll(cursor)), ["c", "e"]);
    await spool.append(recordsOf("f"));
    const [last] = await readAll(cursor);
    assert.deepEqual([last?.id, last?.sequence], ["f", 6]);
    assert.equal(cursor.stats().lost, 0);
  });

  it("stores a repeated id once, says which, and knows ids again after it was opened", async () => {
    using folder = temporaryFolder();
    {
      await using spool = await openSmall(folder.path);
      await spool.cursor("sink", { from: "beginning" });
      const first = spool.append(recordsOf("a", "b", "a"));
      const second = spool.append(recordsOf("b"));
      assert.deepEqual(await first, { kind: "stored", firstSequence: 1, repeated: [2] });
      assert.deepEqual(await second, { kind: "stored", firstSequence: 3, repeated: [0] });
    }
    await using spool = await openSmall(folder.path);
    const answer = await spool.append(recordsOf("a", "c", "b"));
    assert.deepEqual(answer, { kind: "stored", firstSequence: 3, repeated: [0, 2] });
    assert.equal(spool.stats().repeated, 2);
    assert.deepEqual(idsOf(await readAll(await spool.cursor("sink", { from: "end" }))), [
      "a",
      "b",
      "c",
    ]);
  });

  it("knows ids within its window only", async () => {
    using folder = temporaryFolder();
    await using spool = await openSmall(folder.path, kitParts(), { knownIds: 4 });
    for (const id of ["a", "b", "c", "d", "e"]) await spool.append(recordsOf(id));
    const old = await spool.append(recordsOf("a"));
    const recent = await spool.append(recordsOf("e"));
    assert.deepEqual(
      [old.kind === "stored" && old.repeated, recent.kind === "stored" && recent.repeated],
      [[], [0]],
    );
  });

  it("deletes a segment once every cursor is past it and that is on disk", async () => {
    using folder = temporaryFolder();
    await using spool = await openSmall(folder.path);
    const fast = await spool.cursor("fast", { from: "beginning" });
    const slow = await spool.cursor("slow", { from: "beginning" });
    for (const id of names(200)) await spool.append(recordsOf(id));
    const before = segmentsIn(folder.path).length;
    assert.ok(before > 5);
    const all = (await readAll(fast)).map(({ sequence }) => sequence);
    fast.acknowledge(all);
    await spool.flush();
    assert.equal(segmentsIn(folder.path).length, before);
    slow.acknowledge(all.slice(1));
    await spool.flush();
    assert.equal(segmentsIn(folder.path).length, before);
    slow.acknowledge([1]);
    await spool.flush();
    assert.equal(segmentsIn(folder.path).length, 1);
    assert.deepEqual(
      [slow.stats().depth, slow.stats().bytes, slow.stats().oldestSeconds],
      [0, 0, 0],
    );
  });

  it("tells depth, bytes and the age of the oldest for each cursor", async () => {
    using folder = temporaryFolder();
    const parts = kitParts();
    await using spool = await openSmall(folder.path, parts);
    const cursor = await spool.cursor("sink", { from: "beginning" });
    await spool.append(recordsOf(...names(10, "a")));
    parts.time.at += 60_000;
    await spool.append(recordsOf(...names(10, "b")));
    parts.time.at += 5_000;
    assert.deepEqual([cursor.stats().depth, cursor.stats().oldestSeconds], [20, 65]);
    assert.ok(cursor.stats().bytes >= 20 * 50);
    cursor.acknowledge(Array.from({ length: 10 }, (_, i) => i + 1));
    assert.deepEqual([cursor.stats().depth, cursor.stats().oldestSeconds], [10, 5]);
    parts.time.at -= 3_600_000;
    assert.equal(cursor.stats().oldestSeconds, 0);
  });

  it("reads again from the first that was not acknowledged", async () => {
    using folder = temporaryFolder();
    await using spool = await openSmall(folder.path);
    const cursor = await spool.cursor("sink", { from: "beginning" });
    await spool.append(recordsOf("a", "b", "c"));
    await readAll(cursor);
    cursor.acknowledge([2]);
    cursor.rewind();
    assert.deepEqual(idsOf(await readAll(cursor)), ["a", "c"]);
  });

  it("wakes who waits when there is something, and ends the waiting with its signal", async () => {
    using folder = temporaryFolder();
    await using spool = await openSmall(folder.path);
    const cursor = await spool.cursor("sink", { from: "beginning" });
    const stop = new AbortController();
    const woken = cursor.wait(stop.signal);
    await spool.append(recordsOf("a"));
    await woken;
    assert.equal((await readAll(cursor)).length, 1);
    const waiting = cursor.wait(stop.signal);
    stop.abort(new Error("enough"));
    await assert.rejects(waiting, /enough/);
  });

  it("keeps nothing for a sink that was forgotten", async () => {
    using folder = temporaryFolder();
    await using spool = await openSmall(folder.path);
    const stays = await spool.cursor("stays", { from: "beginning" });
    await spool.cursor("goes", { from: "beginning" });
    for (const id of names(100)) await spool.append(recordsOf(id));
    stays.acknowledge((await readAll(stays)).map(({ sequence }) => sequence));
    await spool.flush();
    assert.ok(segmentsIn(folder.path).length > 1);
    await spool.forgetCursor("goes");
    assert.deepEqual([segmentsIn(folder.path).length, spool.cursorNames()], [1, ["stays"]]);
  });

  it("refuses what is too large, and everything after it was closed", async () => {
    using folder = temporaryFolder();
    const spool = await openSmall(folder.path);
    const large = await spool.append([{ id: "x", bytes: new Uint8Array(5000) }]);
    assert.deepEqual(large, {
      kind: "refused",
      reason: "too_large",
      message: "record 0: 5034 bytes, at most 4096 are taken",
    });
    await spool[Symbol.asyncDispose]();
    const late = await spool.append(recordsOf("late"));
    assert.equal(late.kind === "refused" && late.reason, "closed");
    await assert.rejects(spool.cursor("late", { from: "end" }), { code: "closed" });
  });

  it("is used by one process at a time", async () => {
    using folder = temporaryFolder();
    const spool = await openSmall(folder.path);
    await assert.rejects(openSmall(folder.path), {
      code: "in_use",
      message: `${folder.path} is in use by process ${process.pid}`,
    });
    await spool[Symbol.asyncDispose]();
    await (await openSmall(folder.path))[Symbol.asyncDispose]();
  });

  it("refuses settings that cannot work", async () => {
    using folder = temporaryFolder();
    await assert.rejects(openSmall(folder.path, kitParts(), { quotaBytes: 2048 }), {
      code: "wrong_settings",
      message: "quotaBytes: expected at least four segments (4096), found 2048",
    });
  });

  it("touches nothing a newer version wrote", async () => {
    using folder = temporaryFolder();
    const spool = await openSmall(folder.path);
    await spool.append(recordsOf("a"));
    await spool[Symbol.asyncDispose]();
    const file = join(folder.path, segmentsIn(folder.path)[0] ?? "");
    const bytes = readFileSync(file);
    bytes[8] = 2;
    const { crc32 } = await import("node:zlib");
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28);
    writeFileSync(file, bytes);
    await assert.rejects(openSmall(folder.path), { code: "newer_format" });
    assert.deepEqual(readFileSync(file), bytes);
  });
});

describe("a quota", () => {
  it("refuses what does not fit, and takes more once there is room", async () => {
    using folder = temporaryFolder();
    await using spool = await openSmall(folder.path, kitParts(), { quotaBytes: 4096 });
    const cursor = await spool.cursor("sink", { from: "beginning" });
    const stored: string[] = [];
    for (const id of names(200)) {
      const answer = await spool.append(recordsOf(id));
      if (answer.kind === "stored") stored.push(id);
      else assert.equal(answer.reason, "full");
    }
    const { bytes, refused } = spool.stats();
    assert.ok(bytes <= 4096 && stored.length + refused.full === 200 && refused.full > 0);
    const records = await readAll(cursor);
    assert.deepEqual(idsOf(records), stored);
    cursor.acknowledge(records.map(({ sequence }) => sequence));
    await spool.flush();
    assert.equal((await spool.append(recordsOf("again"))).kind, "stored");
  });

  it("drops the oldest, counted for each cursor, and gives the rest", async () => {
    using folder = temporaryFolder();
    const settings = { quotaBytes: 4096, whenFull: "drop_oldest" } as const;
    await using spool = await openSmall(folder.path, kitParts(), settings);
    const slow = await spool.cursor("slow", { from: "beginning" });
    const fast = await spool.cursor("fast", { from: "beginning" });
    const ids = names(200);
    for (const id of ids) {
      assert.equal((await spool.append(recordsOf(id))).kind, "stored");
      fast.acknowledge((await readAll(fast)).map(({ sequence }) => sequence));
    }
    const records = await readAll(slow);
    assert.ok(spool.stats().bytes <= 4096 + small.segmentBytes);
    assert.deepEqual(idsOf(records), ids.slice(200 - records.length));
    assert.equal(slow.stats().dropped, 200 - records.length);
    assert.equal(slow.stats().depth, records.length);
    assert.equal(fast.stats().dropped, 0);
  });
});

describe("places of sinks", () => {
  for (const [what, spoil] of [
    ["gone", (file: string) => unlinkSync(file)],
    [
      "damaged",
      (file: string) => writeFileSync(file, readFileSync(file, "utf8").replace("3", "9")),
    ],
    ["empty", (file: string) => writeFileSync(file, "")],
  ] as const) {
    it(`that are ${what} begin again at the oldest, told and counted`, async () => {
      using folder = temporaryFolder();
      {
        await using spool = await openSmall(folder.path);
        const cursor = await spool.cursor("sink", { from: "beginning" });
        await spool.append(recordsOf("a", "b", "c"));
        cursor.acknowledge([1, 3]);
      }
      spoil(join(folder.path, "cursors"));
      const parts = kitParts();
      await using spool = await openSmall(folder.path, parts);
      const cursor = await spool.cursor("sink", { from: "end" });
      assert.deepEqual(idsOf(await readAll(cursor)), ["a", "b", "c"]);
      assert.equal(cursor.stats().lost, 1);
      assert.match(parts.told.join("\n"), /everything is delivered again/);
    });
  }

  it("that are gone stay unknown over a crash, until what they were places in is gone", async () => {
    using folder = temporaryFolder();
    {
      await using spool = await openSmall(folder.path);
      await spool.append(recordsOf("a", "b"));
    }
    unlinkSync(join(folder.path, "cursors"));
    // Opened and closed again before any sink asked for its place.
    await (await openSmall(folder.path))[Symbol.asyncDispose]();
    await using spool = await openSmall(folder.path);
    const one = await spool.cursor("one", { from: "end" });
    assert.deepEqual(idsOf(await readAll(one)), ["a", "b"]);
    for (const id of names(60)) await spool.append(recordsOf(id));
    one.acknowledge((await readAll(one)).map(({ sequence }) => sequence));
    one.acknowledge([1, 2]);
    await spool.flush();
    one.acknowledge(
      (await spool.append(recordsOf("z")), await readAll(one)).map(({ sequence }) => sequence),
    );
    await spool.flush();
    const late = await spool.cursor("late", { from: "end" });
    assert.deepEqual([(await readAll(late)).length, late.stats().lost], [0, 0]);
  });

  it("never go back below what was given out, even when the log is gone", async () => {
    using folder = temporaryFolder();
    {
      await using spool = await openSmall(folder.path);
      const cursor = await spool.cursor("sink", { from: "beginning" });
      await spool.append(recordsOf("a", "b", "c"));
      cursor.acknowledge([1, 2, 3]);
    }
    for (const name of segmentsIn(folder.path)) unlinkSync(join(folder.path, name));
    await using spool = await openSmall(folder.path);
    const cursor = await spool.cursor("sink", { from: "end" });
    await spool.append(recordsOf("d"));
    assert.deepEqual(
      (await readAll(cursor)).map(({ id, sequence }) => [id, sequence]),
      [["d", 4]],
    );
  });
});

describe("the reserve", () => {
  it("takes its room, and is made anew", async () => {
    using folder = temporaryFolder();
    await using spool = await openSmall(folder.path);
    const file = join(folder.path, "reserve");
    assert.equal(statSync(file).size, small.reserveBytes);
    assert.ok(statSync(file).blocks * 512 >= small.reserveBytes);
    unlinkSync(file);
    await spool.flush();
    assert.equal(statSync(file).size, small.reserveBytes);
  });
});

describe("what happens to files while a spool is open", () => {
  it("passes over a segment that is gone, counted and told", async () => {
    using folder = temporaryFolder();
    const parts = kitParts();
    await using spool = await openSmall(folder.path, parts);
    const cursor = await spool.cursor("sink", { from: "beginning" });
    const ids = names(60);
    for (const id of ids) await spool.append(recordsOf(id));
    unlinkSync(join(folder.path, segmentsIn(folder.path)[0] ?? ""));
    const records = await readAll(cursor);
    assert.deepEqual(idsOf(records), ids.slice(60 - records.length));
    assert.ok(records.length < 60);
    assert.deepEqual(parts.told, ["warn a segment of the spool is gone"]);
    cursor.acknowledge(records.map(({ sequence }) => sequence));
    assert.equal(cursor.stats().depth, 0);
  });

  it("stores and reads on after the thread of its disk ended", async () => {
    using folder = temporaryFolder();
    const threads: Worker[] = [];
    await using disk = createThreadDisk(() => {
      const thread = startThread();
      threads.push(thread);
      return thread;
    });
    await using spool = await openSmall(folder.path, kitParts(disk));
    const cursor = await spool.cursor("sink", { from: "beginning" });
    await spool.append(recordsOf("a"));
    await threads[0]?.terminate();
    assert.equal((await spool.append(recordsOf("b"))).kind, "stored");
    assert.deepEqual(idsOf(await readAll(cursor)), ["a", "b"]);
    assert.equal(threads.length, 2);
  });

  it("refuses more at once than may wait", async () => {
    using folder = temporaryFolder();
    await using spool = await openSmall(folder.path);
    const large = names(30).map((id) => ({ id, bytes: new Uint8Array(3000) }));
    const answer = await spool.append(large);
    assert.equal(answer.kind === "refused" && answer.reason, "too_large");
    const waiting = large.map((record) => spool.append([record]));
    const reasons = (await Promise.all(waiting)).map((one) =>
      one.kind === "refused" ? one.reason : "stored",
    );
    assert.deepEqual([...new Set(reasons)], ["stored", "busy"]);
  });
});
