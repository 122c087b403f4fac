/** The store under hosts: charts of one host's page, appends of 500 hosts while their windows are sealed, memory. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchReport, BenchRow } from "../report.ts";
import { readRecording } from "../series/host.ts";
import { measureCharts } from "./charts.ts";
import { measureHosts } from "./hosts.ts";

const day = 24 * 60 * 60_000;

/** The end of a day, and of a window of samples. */
const end = Math.floor(1_790_000_000_000 / day) * day;

export async function run({ short }: { short: boolean }): Promise<BenchReport> {
  const folder = mkdtempSync(join(tmpdir(), "belfry-bench-host-store-"));
  const days = short ? 3 : 31;
  const hosts = short ? 50 : 500;
  try {
    const recording = readRecording();
    const many = await measureHosts(recording, join(folder, "hosts.db"), hosts);
    const charts = await measureCharts(recording, join(folder, "charts.db"), end, days);
    return {
      name: "host-store",
      rows: [
        atMost("append while windows are sealed, p99", many.p99Ms, "ms", short ? null : 100),
        atMost("  the longest", many.mostMs, "ms", null),
        atMost("first append of every host after a start", many.restartMs, "ms", null),
        atMost("store threads, resident", many.residentBytes / 1e6, "MB", short ? null : 200),
        {
          what: "sealed, beside appends",
          value: many.sealedPerSecond,
          unit: "samples/s",
          budget: null,
          atMost: false,
        },
        atMost("charts of a host, a day at 10 s", charts.dayMs, "ms", 60),
        atMost("charts of a host, 30 days by the hour", charts.monthMs, "ms", short ? null : 40),
        atMost("newest samples of 10 metrics", charts.newestMs, "ms", null),
        atMost("number of samples of a host", charts.countMs, "ms", null),
      ],
      notes: [
        `${hosts} hosts × 300 series every 5 s; all their windows of 2 h are sealed at once`,
        `charts: ${charts.series} of ${recording.series.length} series in one question, ${days} days stored`,
      ],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function atMost(what: string, value: number, unit: string, budget: number | null): BenchRow {
  return { what, value, unit, budget, atMost: true };
}
