/** For tests: events as the SDK sends them. */
import type { Json } from "@belfry/contract";
import { startOfTime } from "../hub.kit.ts";

export interface SentEvent {
  readonly run?: string;
  readonly parent?: string;
  readonly type?: string;
  readonly job?: string | null;
  readonly sub?: string;
  readonly app?: string;
  readonly kind?: string;
  /** Seconds after the start of time. */
  readonly at?: number;
  readonly status?: string;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly metadata?: Readonly<Record<string, Json>>;
}

/** One event; what it says makes its key. */
export function sent(event: SentEvent = {}): { readonly [key: string]: Json } {
  const { run = "r1", kind = "started", at = 0 } = event;
  return {
    idempotency_key: JSON.stringify(event),
    site_id: "fab1",
    app: { app_id: "a1", name: event.app ?? "batch", version: "1.0" },
    entity: {
      type: event.type ?? (event.parent === undefined ? "job" : "subjob"),
      id: run,
      parent_id: event.parent ?? null,
      business_key: event.job === undefined ? "daily" : event.job,
      sub_key: event.sub ?? null,
    },
    event: {
      kind,
      at: new Date(startOfTime + at * 1000).toISOString(),
      status: event.status ?? null,
      metrics: { ...event.metrics },
      metadata: { ...event.metadata },
    },
  };
}
