/** `GET /snapshot`: everything that was measured at one instant, as JSON. `docs/AGENT.md` describes it. */
import type { BatchHost, HostDetails } from "@belfry/contract";
import type { Sample } from "../sample/series-table.ts";

export interface SnapshotView {
  /** RFC 3339, UTC, ms. */
  readonly at: string;
  readonly host: SnapshotHost;
  readonly details: HostDetails;
  /** What has no value at this instant is left out. */
  readonly series: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    /** What JSON has no number for is a text: `NaN`, `+Inf`, `-Inf`. */
    readonly value: number | string;
  }[];
}

/** Who this host is; `interval` in seconds. */
export type SnapshotHost = Pick<
  BatchHost,
  "machine_id" | "boot_id" | "name" | "version" | "interval" | "labels"
>;

export function snapshotView(
  { at, series, values, present }: Sample,
  details: HostDetails,
  host: SnapshotHost,
): SnapshotView {
  return {
    at: new Date(at).toISOString(),
    host,
    details,
    series: series.flatMap(({ metric, labels }, place) => {
      const value = values[place];
      if (value === undefined || present?.[place] === 0) return [];
      return [{ name: metric.name, labels, value: jsonValue(value) }];
    }),
  };
}

function jsonValue(value: number): number | string {
  if (Number.isNaN(value)) return "NaN";
  if (Number.isFinite(value)) return value;
  return value > 0 ? "+Inf" : "-Inf";
}
