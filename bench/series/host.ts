/**
 * A host's metrics at 1 s, recorded for two hours, and how a longer time is made of them: hour after hour the recording
 * plays again, each time in a window of its own, so that nothing repeats within a chunk. Counters go on where they were.
 *
 * The file is the store's own block format in one piece (columns in the head), after the names as JSON and their length.
 */
import { readFileSync } from "node:fs";
import { BlockReader } from "../../packages/hub/src/store/series/codec/block.ts";
import type { Frame, SeriesKey } from "../../packages/hub/src/model/series.ts";
import { parseMetricKey } from "../../packages/hub/src/model/monitor-series.ts";

export const windowMs = 7_200_000;

export interface Recording {
  readonly series: readonly SeriesKey[];
  /** ms since the start of the window. */
  readonly times: Float64Array;
  /** A column per series. */
  readonly columns: readonly Float64Array[];
  /** What a counter has grown by in the recording; 0 for gauges. */
  readonly growth: Float64Array;
}

export function readRecording(): Recording {
  const file = readFileSync(new URL("data/host.block", import.meta.url));
  const namesEnd = 4 + file.readUInt32LE(0);
  const names = (JSON.parse(file.toString("utf8", 4, namesEnd)) as unknown[]).map(String);
  const [block] = BlockReader.unpackAll([file.subarray(namesEnd)], 1);
  const group = block?.inlineGroup ?? null;
  if (block === undefined || group === null)
    throw new Error("data/host.block: expected a block in one piece");
  const columns = group.slots.map((_, place) => {
    const column = new Float64Array(block.length);
    group.read(place, 0, column, new Uint8Array(block.length));
    return column;
  });
  const growth = Float64Array.from(columns, growthOf);
  return { series: names.map(parseMetricKey), times: block.times, columns, growth };
}

/** A column that never falls is a counter. */
function growthOf(column: Float64Array): number {
  for (let i = 1; i < column.length; i += 1) {
    if ((column[i] ?? 0) < (column[i - 1] ?? 0)) return 0;
  }
  return (column.at(-1) ?? 0) - (column[0] ?? 0);
}

/** The snapshots of one window, as a host sends them: one instant each, every `every`-th second. */
export function* snapshots(
  recording: Recording,
  source: string,
  windowStart: number,
  round: number,
  every: number,
): Generator<Frame> {
  const { series, times, columns, growth } = recording;
  for (let t = 0; t < times.length; t += every) {
    const values = new Float64Array(series.length);
    for (let s = 0; s < series.length; s += 1) {
      const value = columns[s]?.[t] ?? 0;
      values[s] = growth[s] === 0 ? value : grown(value, (growth[s] ?? 0) * round);
    }
    yield { source, series, times: Float64Array.of(windowStart + (times[t] ?? 0)), values };
  }
}

/** Counters have at most nine decimals; adding must not invent more. */
function grown(value: number, by: number): number {
  return by === 0 ? value : Math.round((value + by) * 1e9) / 1e9;
}
