/** Paging, faults and the out-of-memory killer: `/proc/vmstat`, the fields node_exporter takes unless told otherwise. */
import type { Slot } from "../sample/series-table.ts";
import type { CollectorSpec } from "./collector.ts";
import { KeptFile } from "./kept-file.ts";
import { counter } from "./metric.ts";
import { Named } from "./named.ts";
import { Scan } from "./scan.ts";

const wanted = /^(oom_kill|pgpg|pswp|pg.*fault)/;
const metricOf = (field: string) =>
  counter(`node_vmstat_${field}`, `/proc/vmstat information field ${field}.`);

export const vmstat: CollectorSpec = {
  name: "vmstat",
  pace: "core",
  metrics: ["oom_kill", "pgfault", "pgmajfault", "pgpgin", "pgpgout", "pswpin", "pswpout"].map(
    metricOf,
  ),
  create({ roots }, { section }) {
    const file = new KeptFile(`${roots.proc}/vmstat`);
    const scan = new Scan();
    const slots = new Named<Slot | null>(section, (field) =>
      wanted.test(field) ? section.slot(metricOf(field)) : null,
    );
    return {
      collect() {
        if (!scan.load(file.read())) return;
        slots.begin();
        for (; scan.hasMore; scan.nextLine()) {
          if (!scan.word()) continue;
          const slot = slots.find(scan);
          if (slot !== null) section.set(slot, scan.number());
        }
      },
      [Symbol.dispose]: () => file[Symbol.dispose](),
    };
  },
};
