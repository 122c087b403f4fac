/** A monitor as every stage sees it. */
import type { JsonObject } from "@belfry/contract";
import type { MonitorId } from "./id.ts";
import type { Placement } from "./location.ts";

/** How outcomes of a monitor become its status. Durations in ms. */
export interface Judging {
  readonly downAfter: number;
  readonly upAfter: number;
  /** null: min(interval, 5 s) */
  readonly retryIntervalMs: number | null;
  readonly degradedAfterMs: number | null;
  readonly degradedCertificateDays: number | null;
}

export interface Monitor {
  readonly id: MonitorId;
  readonly name: string;
  /** A key of the registry of check kinds. */
  readonly kind: string;
  /** Checked by the kind's own schema, with its defaults filled in. */
  readonly settings: JsonObject;
  readonly labels: Readonly<Record<string, string>>;
  readonly dependsOn: readonly MonitorId[];
  readonly enabled: boolean;
  readonly intervalMs: number;
  /** May exceed the interval: the checks in between are then skipped and counted, never stacked. */
  readonly timeoutMs: number;
  readonly judging: Judging;
  /** Where it is checked from; left out: the hub and its workers check it. */
  readonly placement?: Placement;
  /** Starts at 1, grows by one with every change. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}
