/**
 * Disk input and output: `/proc/diskstats`. Its sectors are always 512 bytes, its times ms.
 *
 * The two gauges count whole disks: no partitions, and no devices made of others (md, dm, loop, zram …), whose bytes
 * would count twice.
 */
import { existsSync, readdirSync } from "node:fs";
import { hostMetrics } from "@belfry/contract/host-metrics";
import type { Metric, Section, Slot } from "../sample/series-table.ts";
import type { CollectorSpec } from "./collector.ts";
import { KeptFile } from "./kept-file.ts";
import { counter, gauge } from "./metric.ts";
import { Named } from "./named.ts";
import { RateSum } from "./rate-sum.ts";
import { Scan } from "./scan.ts";

const sector = 512;
const ms = 1 / 1_000;

interface Field {
  readonly metric: Metric;
  readonly unit: number;
}

const field = (metric: Metric, unit = 1): Field => ({ metric, unit });

/** In the order of the file. Kernels before 4.18 end after the eleventh, before 5.5 after the fifteenth. */
const fields: readonly Field[] = [
  field(
    counter("node_disk_reads_completed_total", "The total number of reads completed successfully."),
  ),
  field(counter("node_disk_reads_merged_total", "The total number of reads merged.")),
  field(
    counter("node_disk_read_bytes_total", "The total number of bytes read successfully."),
    sector,
  ),
  field(
    counter("node_disk_read_time_seconds_total", "The total number of seconds spent by all reads."),
    ms,
  ),
  field(
    counter(
      "node_disk_writes_completed_total",
      "The total number of writes completed successfully.",
    ),
  ),
  field(counter("node_disk_writes_merged_total", "The number of writes merged.")),
  field(
    counter("node_disk_written_bytes_total", "The total number of bytes written successfully."),
    sector,
  ),
  field(
    counter(
      "node_disk_write_time_seconds_total",
      "This is the total number of seconds spent by all writes.",
    ),
    ms,
  ),
  field(gauge("node_disk_io_now", "The number of I/Os currently in progress.")),
  field(counter("node_disk_io_time_seconds_total", "Total seconds spent doing I/Os."), ms),
  field(
    counter(
      "node_disk_io_time_weighted_seconds_total",
      "The weighted # of seconds spent doing I/Os.",
    ),
    ms,
  ),
  field(
    counter(
      "node_disk_discards_completed_total",
      "The total number of discards completed successfully.",
    ),
  ),
  field(counter("node_disk_discards_merged_total", "The total number of discards merged.")),
  field(
    counter(
      "node_disk_discarded_sectors_total",
      "The total number of sectors discarded successfully.",
    ),
  ),
  field(
    counter(
      "node_disk_discard_time_seconds_total",
      "This is the total number of seconds spent by all discards.",
    ),
    ms,
  ),
  field(
    counter(
      "node_disk_flush_requests_total",
      "The total number of flush requests completed successfully",
    ),
  ),
  field(
    counter(
      "node_disk_flush_requests_time_seconds_total",
      "This is the total number of seconds spent by all flush requests.",
    ),
    ms,
  ),
];
const readPlace = 2;
const writePlace = 6;

const readRate = gauge(hostMetrics.diskRead.name, hostMetrics.diskRead.help);
const writeRate = gauge(hostMetrics.diskWrite.name, hostMetrics.diskWrite.help);

/** What node_exporter leaves out unless told otherwise: memory, loops, floppies, partitions. */
const excluded = /^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$/;
/** Devices that have no members in `/sys` and are no disks. */
const virtual = /^(z?ram|loop|fd|sr|zd|nbd|dm-|md|drbd|bcache)\d/;

interface Device {
  readonly slots: readonly Slot[];
  readonly read: { before: number };
  readonly written: { before: number };
  readonly isWhole: boolean;
}

export const disk: CollectorSpec = {
  name: "disk",
  pace: "core",
  metrics: [...fields.map(({ metric }) => metric), readRate, writeRate],
  create({ roots }, { section, monotonicMs }) {
    const file = new KeptFile(`${roots.proc}/diskstats`);
    const scan = new Scan();
    const devices = new Named<Device | null>(section, (name) =>
      excluded.test(name) ? null : deviceOf(section, name, roots.sys),
    );
    const read = new RateSum(section, readRate, monotonicMs);
    const written = new RateSum(section, writeRate, monotonicMs);
    return {
      collect() {
        if (!scan.load(file.read())) return;
        devices.begin();
        read.begin();
        written.begin();
        for (; scan.hasMore; scan.nextLine()) {
          scan.skipWords(2);
          if (!scan.word()) continue;
          const device = devices.find(scan);
          if (device !== null) readDevice(device, scan, { section, read, written });
        }
        read.end();
        written.end();
      },
      [Symbol.dispose]: () => file[Symbol.dispose](),
    };
  },
};

interface Target {
  readonly section: Section;
  readonly read: RateSum;
  readonly written: RateSum;
}

function readDevice(device: Device, scan: Scan, { section, read, written }: Target): void {
  const { slots, isWhole } = device;
  for (let i = 0; i < fields.length; i += 1) {
    const value = scan.number();
    if (Number.isNaN(value)) return;
    const unit = fields[i]?.unit ?? 1;
    // Divided and not multiplied: 0.1 is nearer to 100 / 1000 than to 100 × 0.001.
    const shown = unit === ms ? value / 1_000 : value * unit;
    section.set(slots[i] ?? 0, shown);
    if (isWhole && i === readPlace) read.add(device.read, shown);
    if (isWhole && i === writePlace) written.add(device.written, shown);
  }
}

function deviceOf(section: Section, name: string, sys: string): Device {
  return {
    slots: fields.map(({ metric }) => section.slot(metric, { device: name })),
    read: { before: Number.NaN },
    written: { before: Number.NaN },
    isWhole: !virtual.test(name) && hasNoMembers(name, sys),
  };
}

/**
 * A whole disk is in `/sys/block`, where partitions are not, and stands on no other device. Where `/sys` shows no
 * devices at all, whatever is not excluded by its name is one.
 */
function hasNoMembers(name: string, sys: string): boolean {
  // The kernel writes a slash in a name as an exclamation mark.
  const folder = `${sys}/block/${name.replaceAll("/", "!")}`;
  if (!existsSync(folder)) return namesIn(`${sys}/block`).length === 0;
  return namesIn(`${folder}/slaves`).length === 0;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
