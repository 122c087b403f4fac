/** The sinks of files: every batch is on the disk before it is answered for. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { csvKind } from "../../packages/relay/src/sinks/csv/kind.ts";
import { fileKind } from "../../packages/relay/src/sinks/file/kind.ts";
import { jsonKind } from "../../packages/relay/src/sinks/json/kind.ts";
import type { BenchRow } from "../report.ts";
import { drain, drainBatch, recordBytes } from "./drain.ts";

/** Rows of `file`, `csv` and `json`, beside the same bytes written and synced in ready-made batches. */
export async function measureFiles(records: number): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "belfry-bench-sinks-"));
  const inFolder = (name: string): object => ({ output_dir: join(folder, name) });
  try {
    const bare = measureBare(join(folder, "bare"), records / drainBatch);
    const peer = { name: "bare synced writes", value: bare };
    const rows: BenchRow[] = [];
    const sinks = [
      {
        what: "file",
        kind: fileKind,
        config: { path: join(folder, "file.log"), format: "json", max_bytes: 1e9 },
        peer,
      },
      { what: "csv", kind: csvKind, config: inFolder("csv") },
      { what: "json", kind: jsonKind, config: inFolder("json"), peer },
      {
        what: "json, gzip",
        kind: jsonKind,
        config: { ...inFolder("gzip"), compression: "gzip" },
      },
      {
        what: "json, zstd",
        kind: jsonKind,
        config: { ...inFolder("zstd"), compression: "zstd" },
      },
    ];
    for (const sink of sinks) rows.push(...(await drain({ ...sink, records })));
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Records per second of batches written and synced one after the other. */
function measureBare(path: string, batches: number): number {
  const file = openSync(path, "w");
  const batch = Buffer.alloc(drainBatch * (recordBytes(0).length + 1), 120);
  const begin = performance.now();
  for (let i = 0; i < batches; i += 1) {
    writeSync(file, batch);
    fdatasyncSync(file);
  }
  const perSecond = (batches * drainBatch * 1000) / (performance.now() - begin);
  closeSync(file);
  return perSecond;
}
