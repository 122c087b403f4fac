/** Kinds of monitors that Belfry does not check: it is told, and notices silence. */
const passive = new Set(["heartbeat", "host"]);

/** Whether there is nothing to check now: no interval, no time limit, no answer to wait for. */
export function isPassive(kind: unknown): boolean {
  return typeof kind === "string" && passive.has(kind);
}
