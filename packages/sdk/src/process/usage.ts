/**
 * What the process used. Node can tell neither CPU nor memory of one job from that of another in the same process, so
 * runs that overlap say so (`resource_scope`, `overlapping_runs`).
 */

export interface Usage {
  readonly cpuUserS: number;
  readonly cpuSystemS: number;
  /** The most the process ever had resident. */
  readonly peakKb: number;
}

/** CPU time since the process started and its high-water mark; one system call, half a microsecond. */
export function readUsage(): Usage {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return { cpuUserS: userCPUTime / 1e6, cpuSystemS: systemCPUTime / 1e6, peakKb: maxRSS };
}

/** The memory of the process, read at most ten times a second: reading it costs more than everything else of a run. */
export function createMemoryReader(): (nowMs: number) => number {
  let readAt = -Infinity;
  let kb = 0;
  return (nowMs) => {
    if (nowMs - readAt >= 100) {
      kb = process.memoryUsage.rss() / 1024;
      readAt = nowMs;
    }
    return kb;
  };
}

/** What a run used up to now. */
export interface RunUsage {
  readonly cpu_user_s: number;
  readonly cpu_system_s: number;
  readonly mem_max_mb: number;
}

/**
 * Usage of the span since `start`. The peak is exact when the process reached a new high in the span; otherwise it is
 * the most that was seen in it.
 */
export function usageSince(start: Usage, seenKb: number): RunUsage {
  const now = readUsage();
  const peakKb = now.peakKb > start.peakKb ? now.peakKb : seenKb;
  return {
    cpu_user_s: rounded(now.cpuUserS - start.cpuUserS),
    cpu_system_s: rounded(now.cpuSystemS - start.cpuSystemS),
    mem_max_mb: megabytes(peakKb),
  };
}

/** To a microsecond. */
export function rounded(seconds: number): number {
  return Math.round(Math.max(0, seconds) * 1e6) / 1e6;
}

/** As the Python SDK counts them: 1024 × 1024 bytes. */
export function megabytes(kb: number): number {
  return Math.round((kb / 1024) * 1e3) / 1e3;
}
