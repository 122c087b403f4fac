/** How fast sinks drain a spool: records as they are stored are read and handed over, a thousand at a time. */
import type { BenchReport } from "../report.ts";
import { drainBatch, recordBytes } from "./drain.ts";
import { measureFiles } from "./files.ts";

export async function run({ short }: { short: boolean }): Promise<BenchReport> {
  const records = short ? 20_000 : 200_000;
  return {
    name: "sinks",
    rows: [...(await measureFiles(records))],
    notes: [
      `records are events of ${recordBytes(0).length} bytes of JSON, ${drainBatch} in a batch; reading them is counted`,
      "files: each batch is synced (fdatasync) before the next",
    ],
  };
}
