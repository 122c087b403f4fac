/** What Prometheus makes of the same samples: blocks written by `promtool`, where it is installed. */
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BenchRow } from "../report.ts";
import type { Recording } from "./host.ts";

/** Bytes per sample of the recording's two hours; undefined without `promtool`. */
export function measurePrometheus(
  recording: Recording,
  start: number,
  folder: string,
): BenchRow["peer"] | undefined {
  const version = spawnSync("promtool", ["--version"], { encoding: "utf8" });
  if (version.status !== 0) return undefined;
  mkdirSync(folder);
  const text = join(folder, "samples.txt");
  writeOpenMetrics(recording, start, text);
  const blocks = join(folder, "blocks");
  const made = spawnSync("promtool", [
    "tsdb",
    "create-blocks-from",
    "openmetrics",
    "-q",
    text,
    blocks,
  ]);
  rmSync(text);
  if (made.status !== 0) return undefined;
  const samples = recording.times.length * recording.series.length;
  const number = /version ([\d.]+)/.exec(version.stdout)?.[1] ?? "";
  return { name: `Prometheus ${number}`, value: sizeOf(blocks) / samples };
}

function writeOpenMetrics(
  { series, times, columns }: Recording,
  start: number,
  path: string,
): void {
  writeFileSync(path, "");
  const byName = Map.groupBy(series.keys(), (s) => series[s]?.name ?? "");
  for (const [name, places] of byName) {
    // The type "unknown" allows any name.
    appendFileSync(path, `# TYPE ${name} unknown\n`);
    for (const s of places) {
      const labels = Object.entries({ ...series[s]?.labels, instance: "host" })
        .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
        .join(",");
      const lines: string[] = [];
      for (let t = 0; t < times.length; t += 1) {
        lines.push(`${name}{${labels}} ${columns[s]?.[t]} ${(start + (times[t] ?? 0)) / 1000}\n`);
      }
      appendFileSync(path, lines.join(""));
    }
  }
  appendFileSync(path, "# EOF\n");
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
