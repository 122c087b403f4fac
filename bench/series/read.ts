/** Cold reads: a new connection and a new core for each, so that nothing was read or decoded before. */
import { spawnSync } from "node:child_process";
import type { SeriesKey, TimeRange } from "../../packages/hub/src/model/series.ts";
import { createSeriesCore } from "../../packages/hub/src/store/series/core.ts";
import { openForReading } from "../../packages/hub/src/store/sqlite/file.ts";
import { createSqliteSeriesTables } from "../../packages/hub/src/store/sqlite/series-tables.ts";
import { inTransaction } from "../../packages/hub/src/store/sqlite/transaction.ts";
import { retention } from "./database.ts";

/** Tells the system to forget what it has of a file. */
export function dropFromCache(file: string): void {
  spawnSync("dd", [`if=${file}`, "iflag=nocache", "count=0"], { stdio: "ignore" });
}

/** Median time in ms to read a series over a range: raw, or in buckets of `stepMs`. */
export async function readSeries(
  file: string,
  source: string,
  series: readonly SeriesKey[],
  range: TimeRange,
  stepMs: number | null,
  before: () => void = () => undefined,
): Promise<number> {
  const times: number[] = [];
  const core = (): ReturnType<typeof createSeriesCore> =>
    createSeriesCore({ retention, now: () => 0 });
  for (let round = 0; round < 2; round += 1) {
    for (const key of series) {
      before();
      using database = openForReading(file);
      const begin = performance.now();
      const tables = createSqliteSeriesTables(database);
      const read = core();
      const points = await inTransaction(database, "BEGIN", async () => {
        if (stepMs === null)
          return (await read.rawOf(tables, source, [key], range))[0]?.times.length;
        return (await read.bucketsOf(tables, [source], key, range, stepMs))[0]?.starts.length;
      });
      // The first round warms the code, not the data.
      if (round > 0) times.push(performance.now() - begin);
      if (points === undefined || points === 0) throw new Error(`nothing read of ${key.name}`);
    }
  }
  return median(times);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
