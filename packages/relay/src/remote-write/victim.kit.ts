/**
 * A process for tests that kill it: hands samples to remote write from a time on, and writes a line for every batch that
 * is on disk: `stored <time>`. Batches differ in size, and some series have several samples in one.
 * `node victim.kit.ts FOLDER URL TOKEN FROM`
 */
import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Gather } from "./gather.ts";
import { destinationOf, frameOf } from "./remote-write.kit.ts";
import { openRemoteWriteStore } from "./store.ts";

const [folder = "", url = "", token = "", from = "1"] = process.argv.slice(2);

const destination = destinationOf({
  url,
  authorization: { credentials: token },
  queue_config: {
    batch_send_deadline: "5ms",
    max_samples_per_send: 50,
    max_shards: 3,
    max_backoff: "50ms",
  },
});
await using store = await openRemoteWriteStore(
  { destinations: [destination], folder, quotaBytes: 64 * 1024 * 1024 },
  {
    log: { info: () => undefined, warn: () => undefined },
    clock: { now: Date.now, monotonicMs: () => performance.now() },
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    random: Math.random,
  },
);
const gather = new Gather();
for (let time = Number(from); ; time += 3) {
  const names = Array.from({ length: 1 + ((time * 7) % 90) }, (_, i) => `metric_${i}`);
  gather.take([frameOf("victim", names, [time, time + 1, time + 2])]);
  const batch = gather.flush();
  if (batch !== undefined) await store.put(batch);
  writeSync(1, `stored ${time}\n`);
}
