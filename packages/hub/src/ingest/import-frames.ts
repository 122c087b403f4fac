/**
 * From samples of single series to frames, for everything that comes in Prometheus's shape. Samples of one `job` and
 * `instance` are one source: what is scraped together is kept together. Series of a source that have samples at the
 * same times travel in one frame.
 */
import type { Frame, SeriesKey, SourceKey } from "../model/series.ts";

/** Samples of one series as they were sent: in any order, and a time may come twice. */
export interface Column {
  readonly key: SeriesKey;
  readonly times: number[];
  readonly values: number[];
}

/** Times further away from 1970 than this (epoch ms) are refused: years before 1 and after 9999 have no RFC 3339 form. */
export const importedTimes = {
  earliest: -62_135_596_800_000,
  latest: 253_402_300_799_999,
} as const;

/** Most labels of an imported series. */
export const mostLabels = 64;

/** The source an imported series belongs to. */
export function sourceOf({ labels }: SeriesKey): SourceKey {
  return `import:${labels["job"] ?? ""}/${labels["instance"] ?? ""}`;
}

/** Puts series with the same times into one frame; of several values at one time the last one holds. */
export function framesOf(source: SourceKey, columns: readonly Column[]): Frame[] {
  const groups = new Map<string | number, Column[]>();
  for (const column of columns.map(inOrder)) {
    if (column.times.length === 0) continue;
    const key = column.times.length === 1 ? (column.times[0] ?? 0) : column.times.join(" ");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [column]);
    else group.push(column);
  }
  return [...groups.values()].map((group) => {
    const times = Float64Array.from(group[0]?.times ?? []);
    const values = new Float64Array(times.length * group.length);
    for (const [i, column] of group.entries()) values.set(column.values, i * times.length);
    return { source, series: group.map(({ key }) => key), times, values };
  });
}

/** Ascending, each time once. */
function inOrder(column: Column): Column {
  let ascending = true;
  for (let i = 1; i < column.times.length; i += 1) {
    if ((column.times[i] ?? 0) <= (column.times[i - 1] ?? 0)) ascending = false;
  }
  if (ascending) return column;
  const latest = new Map<number, number>();
  for (const [i, time] of column.times.entries()) latest.set(time, column.values[i] ?? Number.NaN);
  const times = [...latest.keys()].toSorted((a, b) => a - b);
  return { key: column.key, times, values: times.map((time) => latest.get(time) ?? Number.NaN) };
}
