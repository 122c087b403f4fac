/**
 * Memory and swap: every field of `/proc/meminfo` (which also has what zswap holds), in bytes; "kB" there means KiB.
 *
 * Used is what is not available to programs. Kernels before 3.14 do not say what is available; then it is what is free
 * and what is cached. In a container whose own limit is below the machine's memory (see `limits.ts`) the ratio is what
 * the container uses of its limit; the fields stay the machine's.
 */
import { hostMetrics } from "@belfry/contract/host-metrics";
import type { Metric, Section, Slot } from "../sample/series-table.ts";
import type { CollectorSpec } from "./collector.ts";
import { KeptFile } from "./kept-file.ts";
import { CgroupMemory } from "./limits.ts";
import { counter, gauge } from "./metric.ts";
import { Named } from "./named.ts";
import { OneSeries } from "./one-series.ts";
import { ratioOf } from "./ratio.ts";
import { Scan } from "./scan.ts";

const memoryRatio = gauge(hostMetrics.memoryRatio.name, hostMetrics.memoryRatio.help);
const swapRatio = gauge(hostMetrics.swapRatio.name, hostMetrics.swapRatio.help);

/** Fields the ratios are made of. */
const figures = [
  "MemTotal",
  "MemFree",
  "MemAvailable",
  "Buffers",
  "Cached",
  "SwapTotal",
  "SwapFree",
] as const;
type Figure = (typeof figures)[number];

/** Fields of kernels known today; whatever another kernel has is taken too. */
const knownFields =
  "MemTotal MemFree MemAvailable Buffers Cached SwapCached Active Inactive Active(anon) Inactive(anon) Active(file) Inactive(file) Unevictable Mlocked SwapTotal SwapFree Zswap Zswapped Dirty Writeback AnonPages Mapped Shmem KReclaimable Slab SReclaimable SUnreclaim KernelStack PageTables SecPageTables NFS_Unstable Bounce WritebackTmp CommitLimit Committed_AS VmallocTotal VmallocUsed VmallocChunk Percpu HardwareCorrupted AnonHugePages ShmemHugePages ShmemPmdMapped FileHugePages FilePmdMapped Hugepagesize Hugetlb DirectMap4k DirectMap2M DirectMap1G Balloon CmaTotal CmaFree Unaccepted Quicklists GPUActive GPUReclaim";
const knownCounts = "HugePages_Total HugePages_Free HugePages_Rsvd HugePages_Surp";

interface Field {
  /** For a value with and without a unit; made when first met. */
  slot: Slot | null;
  readonly name: string;
  readonly figure: Figure | undefined;
}

const colon = 58;
const letterK = 107;

export const memory: CollectorSpec = {
  name: "memory",
  pace: "core",
  metrics: [
    ...knownFields.split(" ").map((name) => metricOf(name, true)),
    ...knownCounts.split(" ").map((name) => metricOf(name, false)),
    memoryRatio,
    swapRatio,
  ],
  create({ roots }, { section }) {
    const file = new KeptFile(`${roots.proc}/meminfo`);
    const cgroup = new CgroupMemory(roots);
    const scan = new Scan();
    const fields = new Named<Field>(section, (name) => ({
      slot: null,
      name,
      figure: figures.find((figure) => figure === name),
    }));
    const bytes: Record<Figure, number> = noFigures();
    const used = new OneSeries(section, memoryRatio);
    const swapUsed = new OneSeries(section, swapRatio);
    return {
      collect() {
        if (!scan.load(file.read())) return;
        Object.assign(bytes, noFigures());
        fields.begin();
        for (; scan.hasMore; scan.nextLine()) {
          if (!scan.word(colon)) continue;
          const field = fields.find(scan);
          const value = readValue(scan, section, field);
          if (field.figure !== undefined) bytes[field.figure] = value;
        }
        used.set(usedRatio(bytes, cgroup));
        swapUsed.set(ratioOf(bytes.SwapTotal - bytes.SwapFree, bytes.SwapTotal));
      },
      [Symbol.dispose]() {
        file[Symbol.dispose]();
        cgroup[Symbol.dispose]();
      },
    };
  },
};

function noFigures(): Record<Figure, number> {
  const none = Number.NaN;
  return {
    MemTotal: none,
    MemFree: none,
    MemAvailable: none,
    Buffers: none,
    Cached: none,
    SwapTotal: none,
    SwapFree: none,
  };
}

function readValue(scan: Scan, section: Section, field: Field): number {
  const number = scan.number();
  scan.skipSpaces();
  const hasUnit = scan.bytes[scan.at] === letterK;
  const value = hasUnit ? number * 1024 : number;
  if (Number.isNaN(value)) return value;
  field.slot ??= section.slot(metricOf(field.name, hasUnit));
  section.set(field.slot, value);
  return value;
}

/** `Active(anon)` in kB is `node_memory_Active_anon_bytes`, as node_exporter names it. */
function metricOf(name: string, hasUnit: boolean): Metric {
  const plain = name.replace(/\((.*)\)/, "_$1");
  const field = hasUnit ? `${plain}_bytes` : plain;
  const make = field.endsWith("_total") ? counter : gauge;
  return make(`node_memory_${field}`, `Memory information field ${field}.`);
}

function usedRatio(bytes: Record<Figure, number>, cgroup: CgroupMemory): number {
  const limit = cgroup.limitBytes(bytes.MemTotal);
  const usedOfLimit = limit === undefined ? undefined : cgroup.usedBytes();
  if (limit !== undefined && usedOfLimit !== undefined) return ratioOf(usedOfLimit, limit);
  const available = Number.isNaN(bytes.MemAvailable)
    ? bytes.MemFree + bytes.Buffers + bytes.Cached
    : bytes.MemAvailable;
  return ratioOf(bytes.MemTotal - available, bytes.MemTotal);
}
