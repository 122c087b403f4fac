/** What the page of one host asks of the store: a hundred of its series at once, over a day and over a month. */
import type { SeriesBuckets } from "../../packages/hub/src/model/series.ts";
import { createSeriesCore } from "../../packages/hub/src/store/series/core.ts";
import { openForReading } from "../../packages/hub/src/store/sqlite/file.ts";
import { createSqliteSeriesTables } from "../../packages/hub/src/store/sqlite/series-tables.ts";
import { inTransaction } from "../../packages/hub/src/store/sqlite/transaction.ts";
import { retention, SeriesFile } from "../series/database.ts";
import { snapshots, windowMs, type Recording } from "../series/host.ts";

const minute = 60_000;
const day = 24 * 60 * minute;
const source = "host:charts";
const wanted = 100;
const rounds = 7;

/** Median ms of each question. */
export interface ChartTimes {
  readonly series: number;
  readonly dayMs: number;
  readonly monthMs: number;
  readonly newestMs: number;
  readonly countMs: number;
}

/** Writes `days` days of one host at 10 s into `file`, ending at `end`, and asks. */
export async function measureCharts(
  recording: Recording,
  file: string,
  end: number,
  days: number,
): Promise<ChartTimes> {
  await write(recording, file, end, days);
  using database = openForReading(file);
  const tables = createSqliteSeriesTables(database);
  const core = createSeriesCore({ retention, now: () => end });
  const names = namesOf(recording);
  const timed = async <T>(ask: () => Promise<T>): Promise<{ ms: number; answer: T }> => {
    const times: number[] = [];
    let answer = await inTransaction(database, "BEGIN", ask);
    for (let round = 0; round < rounds; round += 1) {
      const begin = performance.now();
      answer = await inTransaction(database, "BEGIN", ask);
      times.push(performance.now() - begin);
    }
    return { ms: times.toSorted((a, b) => a - b)[rounds >> 1] ?? Number.NaN, answer };
  };
  const chart = (spanMs: number, stepMs: number) =>
    timed(() =>
      core.bucketsOfNames(tables, source, names, { from: end - spanMs, to: end - 1 }, stepMs),
    );
  const [first] = recording.series;
  if (first === undefined) throw new Error("the recording has no series");
  const oneDay = await chart(day, 2 * minute);
  return {
    series: checked(oneDay.answer).length,
    dayMs: oneDay.ms,
    monthMs: (await chart(30 * day, 60 * minute)).ms,
    newestMs: (
      await timed(() => core.latestOf(tables, source, names.slice(0, 10), end - 10 * minute))
    ).ms,
    countMs: (await timed(() => core.countSamples(tables, source, first, { from: 0, to: end }))).ms,
  };
}

async function write(recording: Recording, path: string, end: number, days: number): Promise<void> {
  using file = new SeriesFile(path);
  let round = 0;
  for (let at = end - days * day; at < end; at += windowMs) {
    for (const frame of snapshots(recording, source, at, round, 10)) {
      await file.append(frame.times[0] ?? at, [frame]);
    }
    round += 1;
  }
  file.checkpoint();
}

/** Names of metrics that have about as many series together as are wanted. */
function namesOf({ series }: Recording): readonly string[] {
  const names: string[] = [];
  let count = 0;
  for (const [name, some] of Map.groupBy(series, (key) => key.name)) {
    if (count + some.length > wanted) continue;
    names.push(name);
    count += some.length;
  }
  return names;
}

function checked(buckets: readonly SeriesBuckets[]): readonly SeriesBuckets[] {
  if (buckets.every(({ starts }) => starts.length >= 719)) return buckets;
  throw new Error("a chart of a day lacks buckets");
}
