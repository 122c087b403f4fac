/**
 * A process that appends under load is killed, again and again on the same spool: what it was told to be stored is there.
 * `SPOOL_KILLS=200` for a long run; ten rounds otherwise. A kill shows that nothing waits in the process; that bytes are on
 * the disk when an append is answered is seen in the system calls (`sync.test.ts`).
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { kitParts, readAll, temporaryFolder } from "./spool.kit.ts";
import { openSpool } from "./spool.ts";

const rounds = Number(process.env["SPOOL_KILLS"] ?? 10);
const victim = fileURLToPath(new URL("./victim.ts", import.meta.url));

/** Runs a victim, kills it some time after it began, and gives the lines it wrote. A pipe could make it wait; a file does not. */
async function killedAfter(folder: string, prefix: string, ms: number): Promise<string[]> {
  const file = join(folder, "..", `${basename(folder)}-${prefix}.txt`);
  const output = openSync(file, "w");
  try {
    const args = [victim, folder, "Infinity", prefix];
    const child = spawn(process.execPath, args, { stdio: ["ignore", output, "inherit"] });
    const ended = once(child, "close");
    while (child.exitCode === null && readFileSync(file).length === 0) await sleep(5);
    await sleep(ms);
    child.kill("SIGKILL");
    await ended;
    assert.equal(child.signalCode, "SIGKILL");
    // The last line may have been cut by the kill.
    const text = readFileSync(file, "utf8");
    const lines = text.slice(0, text.lastIndexOf("\n")).split("\n");
    return lines.filter((line) => line.startsWith("stored "));
  } finally {
    closeSync(output);
    rmSync(file);
  }
}

test(`loses nothing that was stored in ${rounds} kills`, async () => {
  using folder = temporaryFolder();
  const stored: { name: string; count: number; first: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const line of await killedAfter(folder.path, `r${round}`, (round * 37) % 130)) {
      const [, name = "", count, first] = line.split(" ");
      stored.push({ name, count: Number(count), first: Number(first) });
    }
  }
  assert.ok(stored.length > rounds);
  const parts = kitParts();
  await using spool = await openSpool({ folder: folder.path, segmentBytes: 256 * 1024 }, parts);
  const cursor = await spool.cursor("dead", { from: "end" });
  const records = await readAll(cursor, { maxRecords: 1000, maxBytes: 1024 * 1024 });
  const ids = new Map(records.map(({ id, sequence }) => [id, sequence]));
  assert.equal(ids.size, records.length, "nothing is there twice");
  const missing = stored.flatMap(({ name, count, first }) =>
    Array.from({ length: count }, (_, k) => [`${name}-${k}`, first + k] as const).filter(
      ([id, sequence]) => ids.get(id) !== sequence,
    ),
  );
  assert.deepEqual(missing, []);
  assert.deepEqual(
    [spool.stats().damage.pieces, spool.stats().missing, cursor.stats().lost],
    [0, 0, 0],
  );
});
