/**
 * `/proc/<pid>/stat`: `1 (systemd) S 0 1 …`, one line of 52 fields (`man proc_pid_stat`). The name stands in brackets and
 * may hold brackets and blanks itself, so fields are counted from the last bracket. Read as bytes: there are hundreds.
 */
import { Scan } from "./scan.ts";

export interface ProcessStat {
  /** One letter: R, S, D, Z, T, t, I, X … */
  readonly state: string;
  /** Hundredths of a second it has run, in user and kernel mode. */
  readonly cpuTicks: number;
  readonly threads: number;
  /** Hundredths of a second from boot to its start; tells processes with the same id apart. */
  readonly startTicks: number;
  readonly residentPages: number;
  /** The name, at most 15 bytes; the bytes must be as they were. */
  name(): string;
}

const scan = new Scan();

/** Parses the first `length` bytes; undefined where they are no such line. */
export function parseProcessStat(bytes: Buffer, length: number): ProcessStat | undefined {
  const line = bytes.subarray(0, length);
  const open = line.indexOf(40);
  const close = line.lastIndexOf(41);
  if (open === -1 || close < open || close + 3 >= length) return undefined;
  const state = String.fromCharCode(line[close + 2] ?? 0);
  scan.load(line);
  scan.at = close + 3;
  scan.skipWords(10);
  const cpuTicks = scan.number() + scan.number();
  scan.skipWords(4);
  const threads = scan.number();
  scan.skipWords(1);
  const startTicks = scan.number();
  scan.skipWords(1);
  const residentPages = scan.number();
  if (Number.isNaN(residentPages + cpuTicks + threads + startTicks)) return undefined;
  return {
    state,
    cpuTicks,
    threads,
    startTicks,
    residentPages,
    name: () => line.toString("utf8", open + 1, close),
  };
}
