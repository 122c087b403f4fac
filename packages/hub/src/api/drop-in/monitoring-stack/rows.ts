/**
 * Rows of `GET /data`: the gauges of hosts, joined by the second of their time. A host that posts has one row a post; one
 * with Belfry's agent has one a sample, so that the Monitoring Stack's dashboard shows it as well.
 */
import { hostMetrics, type HostMetric } from "@belfry/contract";
import { setImmediate as nextTurn } from "node:timers/promises";
import { hostSource } from "../../../model/host.ts";
import type { HostId } from "../../../model/id.ts";
import type { SeriesKey, SeriesSamples, TimeRange } from "../../../model/series.ts";
import type { HostReads, SeriesStore } from "../../parts.ts";

/** What is read of the store. */
export type RowStore = Pick<SeriesStore, "rawOf"> & Pick<HostReads, "countSamples">;

const mebibyte = 1_048_576;
/** Gives back what was posted: a ratio times 100 may be off in its 16th digit. */
const percent = (ratio: number): number => Number((ratio * 100).toPrecision(15));
const mebibytes = (bytes: number): number => bytes / mebibyte;
const asItIs = (value: number): number => value;

/** Columns in the order of a row's keys; `missing` is what stands for no sample. */
const columns = [
  { key: "cpu", metric: "cpuRatio", shown: percent, missing: "null" },
  { key: "disk", metric: "diskRatio", shown: percent, missing: "null" },
  { key: "disk_read", metric: "diskRead", shown: mebibytes, missing: "0" },
  { key: "disk_write", metric: "diskWrite", shown: mebibytes, missing: "0" },
  { key: "load1", metric: "load1", shown: asItIs, missing: "null" },
  { key: "load15", metric: "load15", shown: asItIs, missing: "null" },
  { key: "load5", metric: "load5", shown: asItIs, missing: "null" },
  { key: "net_read", metric: "networkReceive", shown: mebibytes, missing: "0" },
  { key: "net_write", metric: "networkTransmit", shown: mebibytes, missing: "0" },
  { key: "ram", metric: "memoryRatio", shown: percent, missing: "null" },
  { key: "swap_percent", metric: "swapRatio", shown: percent, missing: "0" },
] as const satisfies readonly {
  key: string;
  metric: HostMetric;
  shown: (value: number) => number;
  missing: "null" | "0";
}[];

const keys: readonly SeriesKey[] = columns.map(({ metric }) => keyOf(metric));
/** Every sample of a host has it, so it tells how many there are. */
export const countedKey = keyOf("cpuRatio");

function keyOf(metric: HostMetric): SeriesKey {
  return { name: hostMetrics[metric].name, labels: {} };
}

/** The rows of one host, ascending. */
export interface HostRows {
  readonly hostname: string;
  /** Epoch seconds. */
  readonly seconds: Float64Array;
  /** `values[c][i]` belongs to column `c` of row `i`; NaN where there is no sample. */
  readonly values: readonly Float64Array[];
}

/** Rows read before others have a turn. */
const turn = 20_000;

/** Reads the rows of one host. */
export async function readRows(
  store: RowStore,
  id: HostId,
  hostname: string,
  range: TimeRange,
): Promise<HostRows> {
  const [counted, ...others] = await store.rawOf(hostSource(id), keys, range);
  const times = counted?.times ?? new Float64Array(0);
  const seconds = new Float64Array(times.length);
  const values = columns.map(() => new Float64Array(times.length).fill(Number.NaN));
  const cursors = [counted, ...others].map(() => 0);
  let rows = 0;
  for (let i = 0; i < times.length; i += 1) {
    if (i % turn === turn - 1) await nextTurn();
    const second = secondOf(times[i] ?? 0);
    // Of several samples within a second the last one counts.
    if (i + 1 < times.length && secondOf(times[i + 1] ?? 0) === second) continue;
    seconds[rows] = second;
    for (const [c, column] of values.entries()) {
      const series = c === 0 ? counted : others[c - 1];
      if (series === undefined) continue;
      const at = lastUpTo(series, second, cursors[c] ?? 0);
      cursors[c] = at;
      if (secondOf(series.times[at] ?? -1) === second)
        column[rows] = series.values[at] ?? Number.NaN;
    }
    rows += 1;
  }
  return {
    hostname,
    seconds: seconds.subarray(0, rows),
    values: values.map((column) => column.subarray(0, rows)),
  };
}

function secondOf(ms: number): number {
  return Math.floor(ms / 1000);
}

/** The last sample not after a second, from a place on. */
function lastUpTo({ times }: SeriesSamples, second: number, from: number): number {
  let at = from;
  while (at + 1 < times.length && secondOf(times[at + 1] ?? 0) <= second) at += 1;
  return at;
}

/** Rows in one piece of text. */
const piece = 500;

/** The body of `GET /data`, in pieces: rows of all hosts, ascending by time, and in the order given within a second. */
export async function* dataText(hosts: readonly HostRows[]): AsyncGenerator<string> {
  const count = hosts.reduce((sum, { seconds }) => sum + seconds.length, 0);
  let text = `{"count":${count},"data":[`;
  let rows = 0;
  for (const [host, row] of inOrder(hosts)) {
    text += `${rows === 0 ? "" : ","}${rowText(host, row)}`;
    rows += 1;
    if (rows % piece !== 0) continue;
    yield text;
    text = "";
    await nextTurn();
  }
  yield `${text}]}`;
}

/** Merges the hosts' rows: a heap of the hosts that have rows left, by their next second. */
function* inOrder(hosts: readonly HostRows[]): Generator<readonly [HostRows, number]> {
  const heap: { readonly rows: HostRows; readonly order: number; at: number }[] = [];
  const isBefore = (a: number, b: number): boolean => {
    const [one, other] = [heap[a], heap[b]];
    if (one === undefined || other === undefined) return other === undefined && one !== undefined;
    const difference = (one.rows.seconds[one.at] ?? 0) - (other.rows.seconds[other.at] ?? 0);
    return difference < 0 || (difference === 0 && one.order < other.order);
  };
  const sink = (from: number): void => {
    for (let at = from; ;) {
      const left = 2 * at + 1;
      const child = isBefore(left + 1, left) ? left + 1 : left;
      const [one, other] = [heap[at], heap[child]];
      if (one === undefined || other === undefined || !isBefore(child, at)) return;
      heap[at] = other;
      heap[child] = one;
      at = child;
    }
  };
  for (const [order, rows] of hosts.entries()) {
    if (rows.seconds.length > 0) heap.push({ rows, order, at: 0 });
  }
  for (let at = heap.length >> 1; at >= 0; at -= 1) sink(at);
  for (;;) {
    const first = heap[0];
    if (first === undefined) return;
    yield [first.rows, first.at];
    first.at += 1;
    if (first.at >= first.rows.seconds.length) {
      const last = heap.pop();
      if (last !== undefined && heap.length > 0) heap[0] = last;
    }
    sink(0);
  }
}

function rowText({ hostname, seconds, values }: HostRows, row: number): string {
  const parts = columns.map(({ key, shown, missing }, c) => {
    const value = shown(values[c]?.[row] ?? Number.NaN);
    return `"${key}":${Number.isFinite(value) ? value : missing}`;
  });
  // Alphabetical: `cpu_cores` comes after `cpu`, `hostname` before the loads, `timestamp` last.
  parts.splice(1, 0, '"cpu_cores":null');
  parts.splice(5, 0, `"hostname":${JSON.stringify(hostname)}`);
  return `{${parts.join(",")},"timestamp":${seconds[row] ?? 0}}`;
}
