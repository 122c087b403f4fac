/** Time that work had to wait: `/proc/pressure/*`, in µs. Kernels before 4.20, or without PSI, have no such files. */
import type { Metric } from "../sample/series-table.ts";
import type { CollectorSpec } from "./collector.ts";
import { KeptFile } from "./kept-file.ts";
import { counter } from "./metric.ts";
import { OneSeries } from "./one-series.ts";
import { Scan } from "./scan.ts";

interface Source {
  readonly file: string;
  /** Some task waited. */
  readonly some?: Metric;
  /** All tasks waited. */
  readonly full?: Metric;
}

const sources: readonly Source[] = [
  {
    file: "cpu",
    some: counter(
      "node_pressure_cpu_waiting_seconds_total",
      "Total time in seconds that processes have waited for CPU time",
    ),
  },
  {
    file: "io",
    some: counter(
      "node_pressure_io_waiting_seconds_total",
      "Total time in seconds that processes have waited due to IO congestion",
    ),
    full: counter(
      "node_pressure_io_stalled_seconds_total",
      "Total time in seconds no process could make progress due to IO congestion",
    ),
  },
  {
    file: "memory",
    some: counter(
      "node_pressure_memory_waiting_seconds_total",
      "Total time in seconds that processes have waited for memory",
    ),
    full: counter(
      "node_pressure_memory_stalled_seconds_total",
      "Total time in seconds no process could make progress due to memory congestion",
    ),
  },
  {
    file: "irq",
    full: counter(
      "node_pressure_irq_stalled_seconds_total",
      "Total time in seconds no process could make progress due to IRQ congestion",
    ),
  },
];

const equals = 61;
const letterS = 115;

export const pressure: CollectorSpec = {
  name: "pressure",
  pace: "core",
  metrics: sources.flatMap(({ some, full }) => [some, full].filter((one) => one !== undefined)),
  create({ roots }, { section }) {
    const files = sources.map(({ file, some, full }) => ({
      kept: new KeptFile(`${roots.proc}/pressure/${file}`),
      some: some && new OneSeries(section, some),
      full: full && new OneSeries(section, full),
    }));
    const scan = new Scan();
    return {
      collect() {
        for (const { kept, some, full } of files) {
          if (!scan.load(readWherePossible(kept))) continue;
          for (; scan.hasMore; scan.nextLine()) {
            const series = scan.bytes[scan.at] === letterS ? some : full;
            if (series === undefined) continue;
            // some avg10=0.00 avg60=0.00 avg300=0.00 total=12345
            scan.skipWords(4);
            if (scan.word(equals)) series.set(scan.number() / 1e6);
          }
        }
      },
      [Symbol.dispose]() {
        for (const { kept } of files) kept[Symbol.dispose]();
      },
    };
  },
};

/** With `psi=0` some kernels have the files and refuse to read them: no pressure is known, as without them. */
function readWherePossible(file: KeptFile): Buffer | undefined {
  try {
    return file.read();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOTSUP") return undefined;
    throw error;
  }
}
