/**
 * A process for tests that end it: opens the spool of the folder it is given, appends until it is told or killed, and
 * writes a line for every append that was stored: `stored <first> <count>`. A sink acknowledges half of what it reads.
 * `node victim.ts FOLDER [APPENDS] [PREFIX]`
 */
import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { openSpool } from "./spool.ts";
import { createThreadDisk } from "./thread-disk.ts";

const [folder = "", appends = "Infinity", prefix = String(process.pid)] = process.argv.slice(2);

await using disk = createThreadDisk();
await using spool = await openSpool(
  { folder, segmentBytes: 256 * 1024, quotaBytes: 1024 * 1024 * 1024, cursorSaveMs: 5 },
  {
    disk,
    log: { info: () => {}, warn: () => {} },
    clock: { now: () => Date.now(), monotonicMs: () => performance.now() },
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
  },
);
const fast = await spool.cursor("fast", { from: "beginning" });
await spool.cursor("dead", { from: "beginning" });
writeSync(1, "ready\n");
const padding = "x".repeat(500);

async function append(lane: number): Promise<void> {
  for (let i = 0; i < Number(appends); i += 1) {
    const count = 1 + ((i * 7 + lane) % 20);
    const records = Array.from({ length: count }, (_, k) => {
      const id = `${prefix}-${lane}-${i}-${k}`;
      return { id, bytes: Buffer.from(JSON.stringify({ id, padding })) };
    });
    const answer = await spool.append(records);
    if (answer.kind !== "stored") throw new Error(answer.message);
    writeSync(1, `stored ${prefix}-${lane}-${i} ${count} ${answer.firstSequence}\n`);
  }
}

async function drain(): Promise<void> {
  for (;;) {
    const records = await fast.read({ maxRecords: 100, maxBytes: 65_536 });
    if (records.length === 0) return;
    fast.acknowledge(records.map(({ sequence }) => sequence));
  }
}

const lanes = Number(appends) < Infinity ? [0] : [0, 1, 2, 3];
const draining = setInterval(() => void drain(), 3);
await Promise.all(lanes.map(append));
clearInterval(draining);
