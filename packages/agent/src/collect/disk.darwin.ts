/** Disk input and output of a Mac: the statistics of its block storage drivers, from `ioreg`. */
import { hostMetrics } from "@belfry/contract/host-metrics";
import type { CollectorSpec } from "./collector.ts";
import { runProgram, type RunProgram } from "./darwin/run-program.ts";
import { hostText } from "./host-text.ts";
import { counter, gauge } from "./metric.ts";
import { RateSum, type Before } from "./rate-sum.ts";

/** Metric, its key in the statistics, and what one of its units is there. */
const fields = [
  [
    counter("node_disk_reads_completed_total", "The total number of reads completed successfully."),
    "Operations (Read)",
    1,
  ],
  [
    counter("node_disk_read_bytes_total", "The total number of bytes read successfully."),
    "Bytes (Read)",
    1,
  ],
  [
    counter("node_disk_read_time_seconds_total", "The total number of seconds spent by all reads."),
    "Total Time (Read)",
    1e9,
  ],
  [counter("node_disk_read_errors_total", "The total number of read errors."), "Errors (Read)", 1],
  [
    counter(
      "node_disk_writes_completed_total",
      "The total number of writes completed successfully.",
    ),
    "Operations (Write)",
    1,
  ],
  [
    counter("node_disk_written_bytes_total", "The total number of bytes written successfully."),
    "Bytes (Write)",
    1,
  ],
  [
    counter(
      "node_disk_write_time_seconds_total",
      "This is the total number of seconds spent by all writes.",
    ),
    "Total Time (Write)",
    1e9,
  ],
  [
    counter("node_disk_write_errors_total", "The total number of write errors."),
    "Errors (Write)",
    1,
  ],
] as const;

const readRate = gauge(hostMetrics.diskRead.name, hostMetrics.diskRead.help);
const writeRate = gauge(hostMetrics.diskWrite.name, hostMetrics.diskWrite.help);
const mostDisks = 64;

export interface DarwinDisk {
  /** `disk0` */
  readonly name: string;
  /** By key of the driver. */
  readonly statistics: ReadonlyMap<string, number>;
}

export function createDarwinDisk(run: RunProgram): CollectorSpec {
  return {
    name: "disk",
    pace: 10,
    metrics: [...fields.map(([metric]) => metric), readRate, writeRate],
    create(_settings, { section, monotonicMs }) {
      const read = new RateSum(section, readRate, monotonicMs);
      const written = new RateSum(section, writeRate, monotonicMs);
      let before = new Map<string, { readonly read: Before; readonly written: Before }>();
      return {
        async collect() {
          const output = await run("/usr/sbin/ioreg", ["-c", "IOBlockStorageDriver", "-r", "-w0"]);
          if (output === undefined) return;
          const next: typeof before = new Map();
          read.begin();
          written.begin();
          for (const { name, statistics } of parseDisks(output).slice(0, mostDisks)) {
            for (const [metric, key, unit] of fields) {
              const value = statistics.get(key);
              if (value !== undefined) section.put(metric, { device: name }, value / unit);
            }
            const known = before.get(name) ?? {
              read: { before: Number.NaN },
              written: { before: Number.NaN },
            };
            next.set(name, known);
            const [readBytes, writtenBytes] = [
              statistics.get("Bytes (Read)"),
              statistics.get("Bytes (Write)"),
            ];
            if (readBytes !== undefined) read.add(known.read, readBytes);
            if (writtenBytes !== undefined) written.add(known.written, writtenBytes);
          }
          before = next;
          read.end();
          written.end();
        },
        [Symbol.dispose]: () => undefined,
      };
    },
  };
}

export const darwinDisk: CollectorSpec = createDarwinDisk(runProgram);

/** Drivers with a disk behind them: the first name of a device below a driver is that of the whole disk. */
export function parseDisks(output: string): readonly DarwinDisk[] {
  return output.split(/^(?=\+-o )/m).flatMap((driver) => {
    const statistics = /"Statistics" = \{([^}]*)\}/.exec(driver)?.[1];
    const name = /"BSD Name" = "([^"]+)"/.exec(driver)?.[1];
    if (statistics === undefined || name === undefined) return [];
    const pairs = statistics.matchAll(/"([^"]+)"=(\d+)/g);
    return [
      {
        name: hostText(name, 64),
        statistics: new Map(Array.from(pairs, ([, key = "", value]) => [key, Number(value)])),
      },
    ];
  });
}
