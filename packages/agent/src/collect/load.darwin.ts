/** Load averages of a Mac, through the runtime (`getloadavg`). */
import { loadavg } from "node:os";
import { hostMetrics } from "@belfry/contract/host-metrics";
import type { CollectorSpec } from "./collector.ts";
import { gauge } from "./metric.ts";

const metrics = [hostMetrics.load1, hostMetrics.load5, hostMetrics.load15].map(({ name, help }) =>
  gauge(name, help),
);

/** `read` gives the means of 1, 5 and 15 minutes. */
export function createDarwinLoad(read: () => readonly number[]): CollectorSpec {
  return {
    name: "load",
    pace: "core",
    metrics,
    create: (_settings, { section }) => ({
      collect() {
        const loads = read();
        metrics.forEach((metric, index) => {
          const load = loads[index];
          if (load !== undefined) section.put(metric, {}, load);
        });
      },
      [Symbol.dispose]: () => undefined,
    }),
  };
}

export const darwinLoad: CollectorSpec = createDarwinLoad(loadavg);
