/** Disks that fail, through a port where chosen steps reject; every other step is the real one. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { createDirectDisk } from "./direct-disk.ts";
import { DiskError, type SpoolDisk } from "./disk.ts";
import { idsOf, kitParts, openSmall, readAll, recordsOf, temporaryFolder } from "./spool.kit.ts";
import { segmentNumber } from "./segment.ts";

type Step = keyof SpoolDisk & string;

/** A disk whose steps fail while `failing` says so. An append that fails has written half of its bytes, unsynced or not. */
function createFaultyDisk() {
  const real = createDirectDisk();
  const state = { failing: (_step: Step): string | undefined => undefined, steps: [] as Step[] };
  const check = (step: Step): void => {
    state.steps.push(step);
    const code = state.failing(step);
    if (code !== undefined) throw new DiskError(code, `${code}: ${step}`);
  };
  const disk: SpoolDisk = {
    ...real,
    async create(path, bytes) {
      check("create");
      return real.create(path, bytes);
    },
    async append(handle, bytes) {
      try {
        check("append");
      } catch (error) {
        await real.append(handle, bytes.subarray(0, bytes.length / 2));
        throw error;
      }
      return real.append(handle, bytes);
    },
    async close(handle) {
      await real.close(handle);
      check("close");
    },
    async truncate(path, sizeBytes) {
      check("truncate");
      return real.truncate(path, sizeBytes);
    },
    async replace(path, bytes, giveUp) {
      check("replace");
      return real.replace(path, bytes, giveUp);
    },
    async read(path, offset, length) {
      check("read");
      return real.read(path, offset, length);
    },
    async remove(path) {
      check("remove");
      return real.remove(path);
    },
  };
  return { disk, state };
}

/** Fails a step so many times. */
function times(step: Step, count: number, code = "EIO"): (step: Step) => string | undefined {
  let left = count;
  return (one) => {
    if (one !== step || left === 0) return undefined;
    left -= 1;
    return code;
  };
}

describe("a sync that fails", () => {
  it("once, costs nobody anything: the group is written to another segment, and the old one never synced again", async () => {
    using folder = temporaryFolder();
    const { disk, state } = createFaultyDisk();
    const parts = kitParts(disk);
    {
      await using spool = await openSmall(folder.path, parts);
      await spool.cursor("sink", { from: "beginning" });
      await spool.append(recordsOf("a"));
      state.failing = times("append", 1);
      state.steps.length = 0;
      assert.deepEqual(await spool.append(recordsOf("b", "c")), {
        kind: "stored",
        firstSequence: 2,
        repeated: [],
      });
      assert.deepEqual(state.steps, ["append", "close", "truncate", "create", "append"]);
      assert.deepEqual([spool.stats().suspect, spool.stats().failure], [1, null]);
      assert.deepEqual(idsOf(await readAll(await spool.cursor("sink", { from: "end" }))), [
        "a",
        "b",
        "c",
      ]);
    }
    await using spool = await openSmall(folder.path);
    assert.deepEqual(idsOf(await readAll(await spool.cursor("sink", { from: "end" }))), [
      "a",
      "b",
      "c",
    ]);
    assert.deepEqual([spool.stats().damage.pieces, spool.stats().missing], [0, 0]);
  });

  it("whose segment cannot be cut either leaves nothing twice", async () => {
    using folder = temporaryFolder();
    const { disk, state } = createFaultyDisk();
    {
      await using spool = await openSmall(folder.path, kitParts(disk));
      await spool.cursor("sink", { from: "beginning" });
      await spool.append(recordsOf("a"));
      // Whole records are in the old segment, and again in the new one.
      const failing = times("append", 1);
      state.failing = (step) => (step === "truncate" ? "EIO" : failing(step));
      const group = [
        spool.append(recordsOf("b")),
        spool.append(recordsOf("c")),
        spool.append(recordsOf("d", "e")),
      ];
      for (const answer of await Promise.all(group)) assert.equal(answer.kind, "stored");
    }
    const parts = kitParts();
    await using spool = await openSmall(folder.path, parts);
    assert.deepEqual(idsOf(await readAll(await spool.cursor("sink", { from: "end" }))), [
      "a",
      "b",
      "c",
      "d",
      "e",
    ]);
    assert.deepEqual([parts.told, spool.stats().damage.pieces], [[], 0]);
    assert.ok(spool.stats().damage.tornBytes > 0);
  });

  it("for good, is answered at once to everybody who waits, and tried again after a while", async () => {
    using folder = temporaryFolder();
    const { disk, state } = createFaultyDisk();
    const parts = kitParts(disk);
    await using spool = await openSmall(folder.path, parts);
    const cursor = await spool.cursor("sink", { from: "beginning" });
    await spool.append(recordsOf("a"));
    state.failing = (step) => (step === "append" ? "EIO" : undefined);
    const answers = await Promise.all([spool.append(recordsOf("b")), spool.append(recordsOf("c"))]);
    for (const answer of answers) {
      assert.deepEqual(answer, { kind: "refused", reason: "disk_failed", message: "EIO: append" });
    }
    state.steps.length = 0;
    assert.equal((await spool.append(recordsOf("d"))).kind, "refused");
    assert.deepEqual(state.steps, [], "not tried within the second");
    state.failing = () => undefined;
    parts.time.monotonicMs += 1_000;
    // What was refused is not known as stored: sent again it is.
    assert.deepEqual(await spool.append(recordsOf("b")), {
      kind: "stored",
      firstSequence: 2,
      repeated: [],
    });
    assert.deepEqual(idsOf(await readAll(cursor)), ["a", "b"]);
    assert.deepEqual(parts.told, [
      "warn the spool cannot store events",
      "info the spool stores events again",
    ]);
    assert.equal(spool.stats().refused.disk_failed, 3);
    const segments = readdirSync(folder.path).filter((name) => segmentNumber(name) !== undefined);
    assert.equal(segments.length, 2, "attempts leave no empty segments");
  });
});

describe("a disk on which nothing works", () => {
  it("ends nothing: everything is refused, and goes on when it works", async () => {
    using folder = temporaryFolder();
    const { disk, state } = createFaultyDisk();
    const parts = kitParts(disk);
    await using spool = await openSmall(folder.path, parts, { cursorSaveMs: 1 });
    const cursor = await spool.cursor("sink", { from: "beginning" });
    const dead = await spool.dead("sink");
    await spool.append(recordsOf("a", "b"));
    state.failing = () => "EROFS";
    assert.equal((await spool.append(recordsOf("c"))).kind, "refused");
    await assert.rejects(cursor.read({ maxRecords: 10, maxBytes: 1000 }), { code: "EROFS" });
    cursor.acknowledge([1]);
    await spool.flush();
    const letter = { id: "x", bytes: Buffer.from("{}"), reason: { why: "no", attempts: 1, at: 0 } };
    assert.equal((await dead.put([letter])).kind, "refused");
    state.failing = () => undefined;
    parts.time.monotonicMs += 1_000;
    assert.equal((await spool.append(recordsOf("d"))).kind, "stored");
    assert.deepEqual(idsOf(await readAll(cursor)), ["b", "d"]);
    assert.equal((await dead.put([letter])).kind, "stored");
    await spool.flush();
    assert.deepEqual(
      parts.told.filter((line) => line.includes("acknowledgements")),
      [
        "warn acknowledgements cannot be written: after a crash events come again",
        "info acknowledgements are on disk again",
      ],
    );
  });

  it("cannot be opened, in one line, and leaves its lock", async () => {
    using folder = temporaryFolder();
    const { disk, state } = createFaultyDisk();
    const spool = await openSmall(folder.path, kitParts(disk));
    await spool.append(recordsOf("a"));
    await spool[Symbol.asyncDispose]();
    state.failing = () => "EIO";
    await assert.rejects(openSmall(folder.path, kitParts(disk)), {
      code: "disk_failed",
      message: `${folder.path}: EIO: read`,
    });
    state.failing = () => undefined;
    await (await openSmall(folder.path, kitParts(disk)))[Symbol.asyncDispose]();
  });
});

describe("the order of things", () => {
  it("is: places on disk, then segments deleted", async () => {
    using folder = temporaryFolder();
    const { disk, state } = createFaultyDisk();
    await using spool = await openSmall(folder.path, kitParts(disk));
    const cursor = await spool.cursor("sink", { from: "beginning" });
    for (let i = 0; i < 60; i += 1) await spool.append(recordsOf(`id-${i}`));
    cursor.acknowledge((await readAll(cursor)).map(({ sequence }) => sequence));
    state.failing = (step) => (step === "replace" ? "EIO" : undefined);
    state.steps.length = 0;
    await spool.flush();
    assert.ok(!state.steps.includes("remove"));
    state.failing = () => undefined;
    state.steps.length = 0;
    await spool.flush();
    assert.equal(state.steps[0], "replace");
    assert.ok(state.steps.slice(1).every((step) => step === "remove") && state.steps.length > 2);
  });

  it("is kept when the spool is full of damage that cannot be repaired: nothing is skipped, nothing ends", async () => {
    using folder = temporaryFolder();
    const { readFileSync, writeFileSync } = await import("node:fs");
    {
      await using spool = await openSmall(folder.path);
      await spool.cursor("sink", { from: "beginning" });
      await spool.append(recordsOf("a", "b", "c"));
    }
    const file = join(folder.path, "000000000001.seg");
    const bytes = readFileSync(file);
    bytes[bytes.indexOf('"b"')] = 0;
    writeFileSync(file, bytes);
    const { disk, state } = createFaultyDisk();
    state.failing = (step) => (step === "replace" ? "ENOSPC" : undefined);
    const parts = kitParts(disk);
    await using spool = await openSmall(folder.path, parts);
    const cursor = await spool.cursor("sink", { from: "end" });
    assert.deepEqual(idsOf(await cursor.read({ maxRecords: 10, maxBytes: 1000 })), ["a"]);
    await assert.rejects(cursor.read({ maxRecords: 10, maxBytes: 1000 }), { code: "ENOSPC" });
    state.failing = () => undefined;
    assert.deepEqual(idsOf(await readAll(cursor)), ["c"]);
    assert.equal(spool.stats().missing, 1);
  });
});
