/** Name and version of the kernel: `/proc/sys/kernel`. */
import { machine } from "node:os";
import type { CollectorSpec } from "./collector.ts";
import { KeptFile } from "./kept-file.ts";
import { gauge } from "./metric.ts";

const info = gauge(
  "node_uname_info",
  "Labeled system information as provided by the uname system call.",
);

const fields = {
  sysname: "ostype",
  release: "osrelease",
  version: "version",
  nodename: "hostname",
  domainname: "domainname",
} as const;

export const uname: CollectorSpec = {
  name: "uname",
  pace: 60,
  metrics: [info],
  create({ roots }, { section }) {
    const files = Object.entries(fields).map(([label, name]) => ({
      label,
      file: new KeptFile(`${roots.proc}/sys/kernel/${name}`),
    }));
    return {
      collect() {
        const labels = files.flatMap(({ label, file }) => {
          const text = file.readText();
          return text === undefined ? [] : [[label, text] as const];
        });
        // Without the name of the kernel there are no such files here.
        if (labels.length < files.length) return;
        section.put(info, { ...Object.fromEntries(labels), machine: machine() }, 1);
      },
      [Symbol.dispose]() {
        for (const { file } of files) file[Symbol.dispose]();
      },
    };
  },
};
