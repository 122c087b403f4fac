/** Events as the clients of each dialect send them, from the reference of the Monitoring Component. */
import type { JobEvent } from "@belfry/contract";
import type { ReadContext } from "./read-events.ts";

/** When the requests of the tests come. */
export const now = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
/** The same, as it is written. */
export const receivedAt = "2026-01-02T03:04:05.678Z";

/** What reading needs; its random keys are `random-1`, `random-2` … */
export function context(changes: Partial<ReadContext> = {}): ReadContext {
  let last = 0;
  return { now, random: () => `random-${(last += 1)}`, ...changes };
}

/** As the Python SDK sends it. */
export const dialectA = {
  idempotency_key: "7f3c1f86-6f1e-4a53-9b55-0d1c3f5b7a10",
  site_id: "fab1",
  app: { app_id: "0b6f1f0e-4c9a-4b57-8a7e-0a3f1c2d4e5f", name: "nightly", version: "1.2.0" },
  entity: {
    type: "subjob",
    id: "5d0f9a52-8e8a-4b6c-9d2f-3a4b5c6d7e8f",
    parent_id: "11111111-2222-4333-8444-555555555555",
    business_key: "batch-42",
    sub_key: "part-1",
  },
  event: {
    kind: "finished",
    at: "2026-01-02T03:04:05.123456+00:00",
    metrics: { cpu_user_s: 1.5, cpu_system_s: 0.25, mem_max_mb: 120.5, duration_s: 12.75 },
    status: "failed",
    metadata: { error: "no such file", error_type: "FileNotFoundError" },
  },
};

/** What it is read into. */
export const normalA: JobEvent = {
  ...dialectA,
  event: { ...dialectA.event, kind: "finished", status: "failed", at: "2026-01-02T03:04:05.123Z" },
  received_at: receivedAt,
};

/** As the demo programs send them: no key, the parent in the metadata. */
export const dialectB = {
  site_id: "fab1",
  app: { app_id: "a0000000-0000-4000-8000-00000000000abcde", name: "java-demo", version: "1.0" },
  entity: { type: "subjob", id: "b0000000-0000-4000-8000-000000000001", business_key: "s-1" },
  event: {
    kind: "started",
    at: "2026-01-02T03:04:05.123456789Z",
    status: "running",
    metrics: { subjobs_total: 3 },
    metadata: { parent_job_id: "c0000000-0000-4000-8000-000000000001" },
  },
};

/** As the client in C sends it. */
export const flatC = {
  idempotency_key: "run-7-progress-1767323045",
  site_id: "fab1",
  app_name: "c-demo",
  app_version: "0.3.0",
  entity_type: 1,
  entity_id: "run-7",
  event_kind: 1,
  timestamp: 1767323045,
  status: "half of the wafers done",
  metrics: { progress: 50 },
  metadata: {},
};
