/** A sample for tests, from one line per series: `node_load1 0.5`, `node_disk_read_bytes_total{device="sda"} 4096`. */
import type { Sample } from "../sample/series-table.ts";

export function sampleOf(at: number, lines: readonly string[]): Sample {
  const rows = lines.map((line) => {
    const [, name = "", labels = "", value = ""] =
      /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    const type = name.endsWith("_total") || name.startsWith("node_vmstat_") ? "counter" : "gauge";
    return {
      series: {
        metric: { name, type, help: `Help of ${name}` } as const,
        labels: Object.fromEntries(
          [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = "", text = ""]) => [key, text]),
        ),
      },
      value: Number(value),
    };
  });
  return {
    at,
    series: rows.map(({ series }) => series),
    values: Float64Array.from(rows, ({ value }) => value),
  };
}
