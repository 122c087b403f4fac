/** Samples for tests: some series whose values tell at which time they were taken. */
import type { HostDetails } from "@belfry/contract";
import type { Sample, Series } from "../sample/series-table.ts";

export const details: HostDetails = { system: { hostname: "web-1" } };

/** A list of `count` series; each call makes another array, as the table does when the list changes. */
export function seriesOf(count: number): readonly Series[] {
  return Array.from({ length: count }, (_, i) => ({
    metric: { name: "node_test_total", type: "counter", help: "" },
    labels: { device: `d${i}` },
  }));
}

/** Series `s` has the value `at % 1e6 + s`. */
export function sampleAt(at: number, series: readonly Series[]): Sample {
  return { at, series, values: Float64Array.from(series, (_, s) => (at % 1_000_000) + s) };
}
