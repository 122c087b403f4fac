/** The last runs of a job in words. */
import type { ShownRunStatus } from "@belfry/contract";

/** Says the strip in words: `Last runs: 9 succeeded, 1 failed; the newest failed`. */
export function describeRuns(recent: readonly ShownRunStatus[]): string {
  const [newest] = recent;
  if (newest === undefined) return "No run yet";
  const counts = new Map<ShownRunStatus, number>();
  for (const status of recent) counts.set(status, (counts.get(status) ?? 0) + 1);
  const all = [...counts].map(([status, count]) => `${count} ${status}`).join(", ");
  return `Last runs: ${all}; the newest ${newest}`;
}
