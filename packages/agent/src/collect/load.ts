/** Load averages: `/proc/loadavg`. */
import type { CollectorSpec } from "./collector.ts";
import { KeptFile } from "./kept-file.ts";
import { gauge } from "./metric.ts";
import { OneSeries } from "./one-series.ts";
import { Scan } from "./scan.ts";

const metrics = [
  gauge("node_load1", "1m load average."),
  gauge("node_load5", "5m load average."),
  gauge("node_load15", "15m load average."),
] as const;

export const load: CollectorSpec = {
  name: "load",
  pace: "core",
  metrics,
  create({ roots }, { section }) {
    const file = new KeptFile(`${roots.proc}/loadavg`);
    const scan = new Scan();
    const averages = metrics.map((metric) => new OneSeries(section, metric));
    return {
      collect() {
        if (!scan.load(file.read())) return;
        for (const average of averages) average.set(scan.number());
      },
      [Symbol.dispose]: () => file[Symbol.dispose](),
    };
  },
};
