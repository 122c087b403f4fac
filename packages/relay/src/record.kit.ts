/** Records for tests. */
import type { CheckRecord } from "./sink-record.ts";

type Changes = Partial<Omit<CheckRecord, "monitor">> & {
  readonly name?: string;
  readonly target?: string;
};

/** A failed check, with some of it changed. */
export function recordOf({
  name = "api",
  target = "https://example.org/",
  ...changes
}: Changes = {}): CheckRecord {
  const id = "0190a2b4-0000-7000-8000-000000000001";
  return {
    kind: "check",
    id: `${id}:1`,
    at: "2026-02-03T04:05:06.789Z",
    monitor: { id, name, kind: "http", target, labels: {} },
    result: "down",
    reason: "refused",
    status: "degraded",
    latency_ms: 12.3456,
    value: -1,
    location: "local",
    ...changes,
  };
}
