/** What a process has used, from `/proc` (Linux). All threads count. */
import { readFileSync } from "node:fs";

export interface ProcessUsage {
  /** User and system time since its start, in µs; the kernel counts in steps of 10 ms. */
  readonly cpuMicroseconds: number;
  readonly residentBytes: number;
}

/** Reads the usage of a process; throws where there is no `/proc`. */
export function usageOf(pid: number): ProcessUsage {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { cpuMicroseconds: ticks * 10_000, residentBytes: Number(resident ?? 0) * 1024 };
}
