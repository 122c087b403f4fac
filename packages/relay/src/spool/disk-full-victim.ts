/** Fills the disk its folder is on, acknowledges on it, opens the spool on it again, and tells how that went, as JSON. */
import { existsSync, statSync, writeFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openSpool, type Spool } from "./spool.ts";
import { createThreadDisk } from "./thread-disk.ts";

const [folder = ""] = process.argv.slice(2);
const settings = {
  folder: join(folder, "spool"),
  segmentBytes: 64 * 1024,
  quotaBytes: 1024 * 1024 * 1024,
  reserveBytes: 64 * 1024,
  retryMs: 0,
  cursorSaveMs: 1,
};
await using disk = createThreadDisk();

function open(): Promise<Spool> {
  return openSpool(settings, {
    disk,
    log: { info: () => {}, warn: () => {} },
    clock: { now: () => Date.now(), monotonicMs: () => performance.now() },
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
  });
}

async function readAll(spool: Spool): Promise<{ id: string; sequence: number }[]> {
  const cursor = await spool.cursor("sink", { from: "beginning" });
  const all: { id: string; sequence: number }[] = [];
  for (;;) {
    const records = await cursor.read({ maxRecords: 100, maxBytes: 256 * 1024 });
    if (records.length === 0) return all;
    all.push(...records.map(({ id, sequence }) => ({ id, sequence })));
  }
}

const bytes = Buffer.alloc(10_000, "x");
const ids: string[] = [];
let refused = "";
let spool = await open();
await spool.cursor("sink", { from: "beginning" });
for (let i = 0; refused === ""; i += 1) {
  const answer = await spool.append([{ id: `id-${i}`, bytes }]);
  if (answer.kind === "stored") ids.push(`id-${i}`);
  else refused = answer.reason;
}
// The last of the room goes to somebody else.
for (let i = 0, size = 4096; size >= 1; i += 1) {
  try {
    writeFileSync(join(folder, `other-${i}`), Buffer.alloc(size));
  } catch {
    size = Math.floor(size / 2);
  }
}
const first = await readAll(spool);
await spool[Symbol.asyncDispose]();
spool = await open();
const again = await readAll(spool);
const cursor = await spool.cursor("sink", { from: "beginning" });
// Gives up the reserve, and with it deletes what was acknowledged.
const saved = statSync(join(settings.folder, "cursors")).mtimeMs;
await sleep(5);
cursor.acknowledge(again.slice(0, -3).map(({ sequence }) => sequence));
const reserve = join(settings.folder, "reserve");
const deadline = Date.now() + 10_000;
while ((spool.stats().segments > 2 || !existsSync(reserve)) && Date.now() < deadline)
  await sleep(5);
const savedWhileFull = statSync(join(settings.folder, "cursors")).mtimeMs > saved;
const late = await spool.append([{ id: "late", bytes }]);
const reserveIsBack = existsSync(reserve);
for (let i = 0; existsSync(join(folder, `other-${i}`)); i += 1) rmSync(join(folder, `other-${i}`));
await spool.flush();
cursor.rewind();
const left = (await readAll(spool)).map(({ id }) => id);
await spool[Symbol.asyncDispose]();
const seen = new Set(first.map(({ id }) => id));
process.stdout.write(
  JSON.stringify({
    stored: ids.length,
    refused,
    readWhileFull: first.length === ids.length,
    savedWhileFull,
    reopenedWhileFull: again.length === ids.length,
    storedAfterwards: late.kind === "stored" && left.includes("late"),
    missing: [
      ...ids.filter((id) => !seen.has(id)),
      ...ids.slice(-3).filter((id) => !left.includes(id)),
    ],
    reserveIsBack,
  }),
);
