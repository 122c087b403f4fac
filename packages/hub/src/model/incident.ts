/** A span in which something was wrong. */
import type { Reason } from "@belfry/contract";
import type { IncidentId, MonitorId } from "./id.ts";
import type { Evidence } from "./outcome.ts";

/** What an incident is about. The name is kept as it was, so that a deleted subject can still be read. */
export interface Subject {
  readonly kind: "monitor" | "host";
  readonly id: MonitorId;
  readonly name: string;
}

/** Times are epoch ms. `openedAt` is the first failure, `decidedAt` the check that made it certain. */
export interface Incident {
  readonly id: IncidentId;
  readonly subjects: readonly Subject[];
  readonly openedAt: number;
  readonly decidedAt: number;
  readonly acknowledgedAt: number | null;
  readonly resolvedAt: number | null;
  readonly reason: Reason;
  readonly message: string;
  readonly evidence: Evidence;
  readonly flapping: boolean;
}
