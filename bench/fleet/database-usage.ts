/** What the processes of a PostgreSQL server have used, from `/proc` (Linux); connections that ended count as well. */
import { readFileSync } from "node:fs";

/** CPU of a process and of its children, those that ended included, in µs. The first is the parent of the others. */
export function cpuWithChildren([parent, ...children]: readonly number[]): number {
  if (parent === undefined) return 0;
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = ticksOf(parent);
  const running = children.map((pid) => {
    const [ownUser = 0, ownSystem = 0] = ticksOf(pid);
    return ownUser + ownSystem;
  });
  const ticks = running.reduce((a, b) => a + b, user + system + childUser + childSystem);
  return ticks * 10_000;
}

/** User, system, and the same of children that ended, in steps of 10 ms; nothing of a process that is gone. */
function ticksOf(pid: number): readonly number[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields.slice(11, 15).map(Number);
  } catch {
    return [];
  }
}
