/** The series store: bytes per sample, durable appends, cold reads, charts. What is measured is said in the notes. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchReport, BenchRow } from "../report.ts";
import { measureAppends } from "./append.ts";
import { createChecks, createRandom, seriesPerMonitor } from "./checks.ts";
import { SeriesFile } from "./database.ts";
import { readRecording, snapshots, windowMs, type Recording } from "./host.ts";
import { measurePrometheus } from "./prometheus.ts";
import { dropFromCache, readSeries } from "./read.ts";

const minute = 60_000;
const day = 24 * 60 * minute;

/** The start of a window of every resolution. */
const origin = Math.floor(1_790_000_000_000 / (32 * day)) * 32 * day;

export async function run({ short }: { short: boolean }): Promise<BenchReport> {
  const folder = mkdtempSync(join(tmpdir(), "belfry-bench-series-"));
  try {
    const recording = readRecording();
    const hosts = await measureHost(recording, join(folder, "host.db"), short);
    const prometheus = short
      ? undefined
      : measurePrometheus(recording, origin, join(folder, "prometheus"));
    const checks = await measureChecks(join(folder, "checks.db"), short);
    const appended = await measureAppends(recording, join(folder, "append.db"), short);
    return {
      name: "series",
      rows: [
        atMost(
          "host at 1 s, whole database",
          hosts.bytesPerSample,
          "bytes/sample",
          short ? null : 0.65,
          prometheus,
        ),
        atMost(
          "  of it the file without its write-ahead log",
          hosts.filePerSample,
          "bytes/sample",
          null,
        ),
        atMost("checks at 60 s, whole database", checks, "bytes/sample", short ? null : 3),
        {
          what: "appended durably, store threads",
          value: appended.perSecond,
          unit: "samples/s",
          budget: 1_000_000,
          atMost: false,
        },
        {
          what: "merged and sealed",
          value: hosts.sealedPerSecond,
          unit: "samples/s",
          budget: null,
          atMost: false,
        },
        atMost(
          "one of the series sampled at 10 s, 24 h raw, cold, median",
          hosts.tenSeconds,
          "ms",
          3,
        ),
        atMost(
          "one of the series sampled at 1 s, 24 h in steps of 10 s, cold, median",
          hosts.oneSecond,
          "ms",
          3,
        ),
        atMost(
          "  the same with the file dropped from the system's cache",
          hosts.oneSecondFromDisk,
          "ms",
          null,
        ),
        atMost("30 d chart in steps of 1 h, cold, median", hosts.chart, "ms", 15),
        atMost("30 d chart in steps of 30 min, cold, median", hosts.fineChart, "ms", 15),
      ],
      notes: [
        `host: ${recording.series.length} series recorded for two hours (${recording.times.length} instants) on a 2-core Linux virtual machine under a build load,`,
        `  played ${hosts.rounds} times, each in a window of its own; an append and a transaction per second, maintenance every minute`,
        "  whole database: file with indexes, rollups, write-ahead rows and free pages, and SQLite's own log",
        `  the same file then goes on to 30 days at 60 s for the chart; cold: a new connection, nothing decoded before`,
        ...(short
          ? ["short: SQLite's log, 4 MB whatever is stored, outweighs the few samples"]
          : []),
        "10 s: the same recording, every tenth instant, in the same file",
        `checks: ${short ? 100 : 1000} monitors with ${seriesPerMonitor} series, log-normal phases in whole µs (bench/series/checks.ts)`,
        `append: ${appended.note}`,
        ...(prometheus === undefined
          ? []
          : [
              "prometheus: promtool tsdb create-blocks-from, two hours of the same samples, chunks and index",
            ]),
      ],
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function atMost(
  what: string,
  value: number,
  unit: string,
  budget: number | null,
  peer?: BenchRow["peer"],
): BenchRow {
  return { what, value, unit, budget, atMost: true, ...(peer === undefined ? {} : { peer }) };
}

interface HostFigures {
  readonly bytesPerSample: number;
  readonly filePerSample: number;
  readonly sealedPerSecond: number;
  readonly oneSecond: number;
  readonly oneSecondFromDisk: number;
  readonly tenSeconds: number;
  readonly chart: number;
  readonly fineChart: number;
  readonly rounds: number;
}

async function measureHost(
  recording: Recording,
  file: string,
  short: boolean,
): Promise<HostFigures> {
  const rounds = short ? 3 : 12;
  using database = new SeriesFile(file);
  for (let round = 0; round < rounds; round += 1) {
    for (const frame of snapshots(recording, "host:1", origin + round * windowMs, round, 1)) {
      await database.append(frame.times[0] ?? 0, [frame]);
    }
  }
  const end = origin + rounds * windowMs;
  await database.maintain(end + 20 * minute);
  const { samples } = await database.stats();
  const { file: bytes, log } = database.bytes();
  const sealedPerSecond = samples / (database.maintenanceMs / 1000);

  for (let round = 0; round < rounds; round += 1) {
    for (const frame of snapshots(recording, "host:10", origin + round * windowMs, round, 10)) {
      await database.append(end + 20 * minute, [frame]);
    }
  }
  await database.maintain(end + 40 * minute);
  database.checkpoint();
  const range = { from: origin, to: end - 1 };
  const moving = recording.series.filter((_, s) => new Set(recording.columns[s]).size > 20);
  const oneSecond = await readSeries(file, "host:1", moving, range, 10_000);
  const oneSecondFromDisk = await readSeries(file, "host:1", moving, range, 10_000, () =>
    dropFromCache(file),
  );
  const tenSeconds = await readSeries(file, "host:10", moving, range, null);

  for (let round = rounds; round < 30 * 12; round += 1) {
    const start = origin + round * windowMs;
    for (const frame of snapshots(recording, "host:1", start, round, short ? 600 : 60)) {
      await database.append(frame.times[0] ?? 0, [frame]);
    }
  }
  await database.maintain(origin + 30 * day + 20 * minute);
  database.checkpoint();
  const month = { from: origin, to: origin + 30 * day - 1 };
  return {
    bytesPerSample: (bytes + log) / samples,
    filePerSample: bytes / samples,
    sealedPerSecond,
    oneSecond,
    oneSecondFromDisk,
    tenSeconds,
    chart: await readSeries(file, "host:1", moving, month, 60 * minute),
    fineChart: await readSeries(file, "host:1", moving, month, 30 * minute),
    rounds,
  };
}

/** Bytes per sample of 1,000 monitors over a day. */
async function measureChecks(file: string, short: boolean): Promise<number> {
  const random = createRandom(1);
  const monitors = Array.from({ length: short ? 100 : 1000 }, (_, i) =>
    createChecks(`monitor:0197a0b0-0000-7000-8000-${String(i).padStart(12, "0")}`, random),
  );
  using database = new SeriesFile(file);
  const end = origin + day;
  for (let at = origin; at < end; at += minute) {
    await database.append(
      at + 1000,
      monitors.map((check) => check(at)),
    );
  }
  for (const later of [20, 21]) await database.maintain(end + later * minute);
  const { samples } = await database.stats();
  const { file: bytes, log } = database.bytes();
  return (bytes + log) / samples;
}
