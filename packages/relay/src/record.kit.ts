/** Records for tests. */
import type { OutputRecord } from "./record.ts";

/** A failed check, with some of it changed. */
export function recordOf(changes: Partial<OutputRecord> = {}): OutputRecord {
  return {
    monitorId: "0190a2b4-0000-7000-8000-000000000001",
    name: "api",
    kind: "http",
    target: "https://example.org/",
    at: Date.UTC(2026, 1, 3, 4, 5, 6, 789),
    result: "down",
    reason: "refused",
    status: "degraded",
    latencyMs: 12.3456,
    value: -1,
    location: "local",
    ...changes,
  };
}
