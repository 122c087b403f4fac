/**
 * A process for tests of sudden death: pushes samples as fast as the disk takes them, and prints the time of each once it
 * is on disk. Arguments: folder, address of the hub, time of the first sample.
 */
import { writeSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { details, sampleAt, seriesOf } from "./sample.kit.ts";
import { createSender } from "./sender.ts";

const [stateDir = "", url = "", first = "0"] = process.argv.slice(2);
const quiet = { info: () => {}, warn: () => {} };
const sender = createSender(
  {
    hubs: [{ url, key: "secret" }],
    intervalMs: 1_000,
    stateDir,
    labels: {},
    host: { machine_id: "m1", boot_id: "b1", name: "web-1", version: "0.1.0" },
    caFile: null,
  },
  { clock: { now: Date.now, monotonicMs: () => performance.now() }, log: quiet },
);
const series = seriesOf(300);
for (let at = Number(first); ; at += 1_000) {
  sender.push(sampleAt(at, series), details);
  for (;;) {
    const [hub] = sender.stats();
    if (hub?.diskFault !== null) throw new Error(hub?.diskFault ?? "there is no hub");
    if (hub.fresh === 0 && !hub.isSending && hub.spooled > 0 && hub.spooledInMemory === 0) break;
    await setImmediate();
  }
  writeSync(1, `${at}\n`);
}
