/** Tables of the kernel that can be full: open files, and connections the firewall follows. `/proc/sys`. */
import type { CollectorSpec } from "./collector.ts";
import { KeptFile } from "./kept-file.ts";
import { gauge } from "./metric.ts";
import { OneSeries } from "./one-series.ts";
import { Scan } from "./scan.ts";

const filesOpen = gauge("node_filefd_allocated", "File descriptor statistics: allocated.");
const filesMost = gauge("node_filefd_maximum", "File descriptor statistics: maximum.");
const tracked = gauge(
  "node_nf_conntrack_entries",
  "Number of currently allocated flow entries for connection tracking.",
);
const trackedMost = gauge(
  "node_nf_conntrack_entries_limit",
  "Maximum size of connection tracking table.",
);

export const kernelTables: CollectorSpec = {
  name: "kernel-tables",
  pace: 15,
  metrics: [filesOpen, filesMost, tracked, trackedMost],
  create({ roots }, { section }) {
    const scan = new Scan();
    const folder = `${roots.proc}/sys`;
    const handles = new KeptFile(`${folder}/fs/file-nr`);
    const open = new OneSeries(section, filesOpen);
    const most = new OneSeries(section, filesMost);
    const counts = [
      { file: "nf_conntrack_count", metric: tracked },
      { file: "nf_conntrack_max", metric: trackedMost },
    ].map(({ file, metric }) => ({
      file: new KeptFile(`${folder}/net/netfilter/${file}`),
      series: new OneSeries(section, metric),
    }));
    return {
      collect() {
        // Allocated, allocated and not in use, most.
        if (scan.load(handles.read())) {
          open.set(scan.number());
          scan.word();
          most.set(scan.number());
        }
        for (const { file, series } of counts) {
          if (scan.load(file.read())) series.set(scan.number());
        }
      },
      [Symbol.dispose]() {
        handles[Symbol.dispose]();
        for (const { file } of counts) file[Symbol.dispose]();
      },
    };
  },
};
