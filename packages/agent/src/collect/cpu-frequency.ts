/**
 * Frequency of each core and its bounds: `cpufreq` below `/sys/devices/system/cpu/cpu0` and so on, in kHz. Asking for the current one makes
 * some kernels interrupt the core or wait for 10 ms, so this has a pace of its own and waits off the main thread.
 */
import { readdir, readFile } from "node:fs/promises";
import type { CollectorSpec } from "./collector.ts";
import { gauge } from "./metric.ts";

/** By the file they are in. The first is there wherever any is. */
const fields = {
  cpuinfo_min_freq: gauge("node_cpu_frequency_min_hertz", "Minimum CPU thread frequency in hertz."),
  cpuinfo_cur_freq: gauge("node_cpu_frequency_hertz", "Current CPU thread frequency in hertz."),
  cpuinfo_max_freq: gauge("node_cpu_frequency_max_hertz", "Maximum CPU thread frequency in hertz."),
  scaling_cur_freq: gauge(
    "node_cpu_scaling_frequency_hertz",
    "Current scaled CPU thread frequency in hertz.",
  ),
  scaling_min_freq: gauge(
    "node_cpu_scaling_frequency_min_hertz",
    "Minimum scaled CPU thread frequency in hertz.",
  ),
  scaling_max_freq: gauge(
    "node_cpu_scaling_frequency_max_hertz",
    "Maximum scaled CPU thread frequency in hertz.",
  ),
} as const;

export const cpuFrequency: CollectorSpec = {
  name: "cpu-frequency",
  pace: 15,
  metrics: Object.values(fields),
  create({ roots }, { section }) {
    const folder = `${roots.sys}/devices/system/cpu`;
    return {
      async collect() {
        const names = await readdir(folder).catch(() => []);
        for (const name of names) {
          const cpu = /^cpu(\d+)$/.exec(name)?.[1];
          if (cpu === undefined) continue;
          for (const [file, metric] of Object.entries(fields)) {
            // Which of them there are depends on the driver; most may be read only by root.
            const text = await readFile(`${folder}/${name}/cpufreq/${file}`, "latin1").catch(
              () => undefined,
            );
            if (text === undefined && file === "cpuinfo_min_freq") break;
            const kilohertz = text === undefined ? Number.NaN : Number.parseInt(text, 10);
            if (!Number.isNaN(kilohertz)) section.put(metric, { cpu }, kilohertz * 1_000);
          }
        }
      },
      [Symbol.dispose]: () => undefined,
    };
  },
};
