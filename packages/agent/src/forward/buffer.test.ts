import assert from "node:assert/strict";
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { bodyOf, ForwardBuffer, type BufferSettings } from "./buffer.ts";

let folder = "";
let warnings: string[] = [];
let now = 0;
const open: ForwardBuffer[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "belfry-buffer-"));
  warnings = [];
  now = 1000;
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((buffer) => buffer[Symbol.asyncDispose]()));
  await rm(folder, { recursive: true, force: true });
});

async function buffer(more: Partial<BufferSettings> = {}): Promise<ForwardBuffer> {
  const made = new ForwardBuffer(
    { folder, maxAgeMs: 100_000, maxBytes: 1e6, ...more },
    { now: () => now, warn: (_, message) => warnings.push(message) },
  );
  open.push(made);
  await made.ready();
  return made;
}

async function drain(from: ForwardBuffer): Promise<string[]> {
  const bodies: string[] = [];
  for (let kept = from.oldest(); kept !== undefined; kept = from.oldest()) {
    bodies.push(bodyOf(kept));
    await from.remove(kept);
  }
  return bodies;
}

describe("what a server has not taken yet", () => {
  it("is given oldest first, once", async () => {
    const kept = await buffer();
    for (const body of ["a", "b", "c"]) await kept.add(now, body);
    assert.deepEqual(await drain(kept), ["a", "b", "c"]);
    assert.equal(kept.size, 0);
  });

  it("is there for the next process, but for what was taken", async () => {
    const first = await buffer();
    for (const body of ["a", "b", "c"]) await first.add(now, body);
    const oldest = first.oldest();
    assert.ok(oldest);
    await first.remove(oldest);
    // It ended without warning, in the middle of a record.
    await appendFile(join(folder, "pending.journal"), "+ 4 1000 S0ssSUo");
    const second = await buffer();
    await second.add(now, "d");
    assert.deepEqual(await drain(second), ["b", "c", "d"]);
  });

  it("is dropped, oldest first and counted, when it is too old or too much", async () => {
    const kept = await buffer({ maxAgeMs: 5000, folder: null });
    await kept.add(1000, "a");
    await kept.add(4000, "b");
    now = 7000;
    await kept.add(7000, "c");
    assert.deepEqual([kept.dropped, kept.size], [1, 2]);
    const small = await buffer({ maxBytes: 8, folder: null });
    for (const body of ["a", "b", "c", "d"]) await small.add(now, body);
    assert.ok(small.dropped > 0);
    assert.deepEqual((await drain(small)).at(-1), "d");
    assert.deepEqual(
      warnings,
      Array(2).fill("there is no room for more samples; the oldest are dropped"),
    );
  });

  it("has a journal that does not grow with history", async () => {
    const kept = await buffer();
    for (let number = 0; number < 400; number += 1) {
      await kept.add(now, `body ${number}`);
      const oldest = kept.oldest();
      if (oldest !== undefined) await kept.remove(oldest);
    }
    const lines = (await readFile(join(folder, "pending.journal"), "utf8")).split("\n");
    assert.ok(lines.length < 150, String(lines.length));
    assert.equal((await stat(join(folder, "pending.journal"))).mode & 0o777, 0o600);
  });

  it("is in memory where the disk fails, which is said once", async () => {
    await writeFile(join(folder, "file"), "");
    const kept = await buffer({ folder: join(folder, "file", "below") });
    for (const body of ["a", "b"]) await kept.add(now, body);
    assert.deepEqual(await drain(kept), ["a", "b"]);
    assert.deepEqual(warnings, ["samples cannot be kept on disk; they are kept in memory"]);
  });
});
