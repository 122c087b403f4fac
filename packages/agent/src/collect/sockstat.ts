/** Sockets by protocol and state: `/proc/net/{sockstat,sockstat6}`. `mem` there counts pages. */
import { readFileSync } from "node:fs";
import type { Metric, Slot } from "../sample/series-table.ts";
import type { CollectorSpec } from "./collector.ts";
import { KeptFile } from "./kept-file.ts";
import { gauge } from "./metric.ts";
import { Named } from "./named.ts";
import { netFolder } from "./network.ts";
import { Scan } from "./scan.ts";

function metricOf(protocol: string, state: string): Metric {
  return gauge(
    `node_sockstat_${protocol}_${state}`,
    `Number of ${protocol} sockets in state ${state}.`,
  );
}

/** Those of today's kernels. */
const known = [
  metricOf("sockets", "used"),
  ...["alloc", "inuse", "mem", "mem_bytes", "orphan", "tw"].map((state) => metricOf("TCP", state)),
  ...["inuse", "mem", "mem_bytes"].map((state) => metricOf("UDP", state)),
  ...["UDPLITE", "RAW", "TCP6", "UDP6", "UDPLITE6", "RAW6"].map((one) => metricOf(one, "inuse")),
  ...["FRAG", "FRAG6"].flatMap((one) => [metricOf(one, "inuse"), metricOf(one, "memory")]),
];

interface State {
  readonly slot: Slot;
  /** Of the same in bytes. */
  readonly bytesSlot: Slot | null;
}

const colon = 58;

export const sockstat: CollectorSpec = {
  name: "sockstat",
  pace: "core",
  metrics: known,
  create({ roots }, { section }) {
    const folder = netFolder(roots);
    const files = ["sockstat", "sockstat6"].map((name) => ({
      file: new KeptFile(`${folder}/${name}`),
      protocols: new Named<Named<State>>(
        section,
        (protocol) =>
          new Named<State>(section, (state) => ({
            slot: section.slot(metricOf(protocol, state)),
            bytesSlot: state === "mem" ? section.slot(metricOf(protocol, "mem_bytes")) : null,
          })),
      ),
    }));
    const pageBytes = pageSize(roots.proc);
    const scan = new Scan();
    return {
      collect() {
        for (const { file, protocols } of files) {
          if (!scan.load(file.read())) continue;
          protocols.begin();
          for (; scan.hasMore; scan.nextLine()) {
            if (!scan.word(colon)) continue;
            const states = protocols.find(scan);
            states.begin();
            while (scan.word()) {
              const { slot, bytesSlot } = states.find(scan);
              const value = scan.number();
              if (Number.isNaN(value)) break;
              section.set(slot, value);
              if (bytesSlot !== null) section.set(bytesSlot, value * pageBytes);
            }
          }
        }
      },
      [Symbol.dispose]() {
        for (const { file } of files) file[Symbol.dispose]();
      },
    };
  },
};

/** AT_PAGESZ of what the kernel handed this process: some ARM64 machines have pages of 16 or 64 KiB. */
function pageSize(proc: string): number {
  const usual = 4_096;
  try {
    const pairs = new BigUint64Array(new Uint8Array(readFileSync(`${proc}/self/auxv`)).buffer);
    const place = pairs.findIndex((key, i) => i % 2 === 0 && key === 6n);
    return Number(pairs[place + 1] ?? usual);
  } catch {
    return usual;
  }
}
