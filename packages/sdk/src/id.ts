import { randomUUID } from "node:crypto";

/** A UUIDv7: ids of later runs sort after those of earlier ones. */
export function newRunId(nowMs: number): string {
  const time = nowMs.toString(16).padStart(12, "0");
  // Of the random version 4 only the time and the digit of the version are replaced.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
