/** `belfry spool` as a process: its arguments, environment, streams and clock. */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { createDirectDisk } from "../spool/direct-disk.ts";
import { runSpool } from "./run-spool.ts";

/** Runs the command; the exit code. */
export async function runSpoolProcess(argv: readonly string[], version: string): Promise<number> {
  // Whoever reads our output may have seen enough (`belfry spool show | head`).
  process.stdout.on("error", () => process.exit(0));
  return runSpool(argv, {
    env: process.env,
    version,
    disk: createDirectDisk(),
    stdout: async (text) => {
      if (!process.stdout.write(text)) await once(process.stdout, "drain");
    },
    stderr: (text) => void process.stderr.write(text),
    clock: { now: Date.now, monotonicMs: () => performance.now() },
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
  });
}
