/** A process that opens a backlog, reads it once and acknowledges it; its figures as JSON. `node opener.ts FOLDER RECORDS` */
import { setTimeout as sleep } from "node:timers/promises";
import { openSpool } from "../../packages/relay/src/spool/spool.ts";
import { createThreadDisk } from "../../packages/relay/src/spool/thread-disk.ts";
import { usageOf } from "../process-usage.ts";

const [folder = "", records = "0"] = process.argv.slice(2);

await using disk = createThreadDisk();
const bare = usageOf(process.pid).residentBytes;
const begin = performance.now();
await using spool = await openSpool(
  { folder },
  {
    disk,
    log: { info: () => {}, warn: (fields, message) => console.error(message, fields) },
    clock: { now: () => Date.now(), monotonicMs: () => performance.now() },
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
  },
);
const openMs = performance.now() - begin;
const opened = usageOf(process.pid).residentBytes;
const size = spool.stats().bytes;
const sink = await spool.cursor("sink", { from: "beginning" });
const from = performance.now();
let read = 0;
let highest = opened;
while (read < Number(records)) {
  const some = await sink.read({ maxRecords: 500, maxBytes: 1024 * 1024 });
  if (some.length === 0) throw new Error(`the backlog ended after ${read} of ${records}`);
  sink.acknowledge(some.map(({ sequence }) => sequence));
  read += some.length;
  if (read % 50_000 < 500) highest = Math.max(highest, usageOf(process.pid).residentBytes);
}
const readMs = performance.now() - from;
process.stdout.write(JSON.stringify({ openMs, readMs, size, bare, opened, highest }));
