/**
 * Samples on their way: a run is what one host measured at one or more instants with the same list of series. What was
 * just taken is a run of one instant; a batch and a record of the spool hold a run.
 */
import type { BatchSeries } from "@belfry/contract";

/** A list of series with its hash. */
export interface SeriesList {
  readonly hash: string;
  readonly series: readonly BatchSeries[];
}

export interface Run {
  readonly list: SeriesList;
  /** Epoch ms, whole, ascending, without repeats. */
  readonly times: Float64Array;
  /** `values[s * times.length + t]` belongs to series `s` at `times[t]`. */
  readonly values: Float64Array;
  /** Same layout, 0 where there is no value; absent: there is one everywhere. */
  readonly present?: Uint8Array;
}

/** Values of a run at most: lists of many series make shorter runs. */
const mostValues = 600_000;

/**
 * The same samples in fewer runs, of at most `mostTimes` instants each, in the same order. A new run begins where the
 * list changes and where the clock was set back.
 */
export function mergeRuns(runs: readonly Run[], mostTimes: number): Run[] {
  const merged: Run[] = [];
  let open: Run[] = [];
  let length = 0;
  for (const run of runs.flatMap((one) => splitRun(one, mostTimes))) {
    const last = open.at(-1);
    const follows =
      last !== undefined &&
      last.list.hash === run.list.hash &&
      (last.times.at(-1) ?? 0) < (run.times[0] ?? 0) &&
      length + run.times.length <= timesThatFit(run, mostTimes);
    if (!follows && open.length > 0) {
      merged.push(joined(open, length));
      open = [];
      length = 0;
    }
    open.push(run);
    length += run.times.length;
  }
  if (open.length > 0) merged.push(joined(open, length));
  return merged;
}

/** A run in pieces of at most `mostTimes` instants. */
export function splitRun(run: Run, mostTimes: number): Run[] {
  const most = timesThatFit(run, mostTimes);
  if (run.times.length <= most) return [run];
  const pieces: Run[] = [];
  for (let from = 0; from < run.times.length; from += most) {
    pieces.push(sliced(run, from, Math.min(from + most, run.times.length)));
  }
  return pieces;
}

/** How many instants are in these runs. */
export function samplesIn(runs: readonly Run[]): number {
  return runs.reduce((sum, run) => sum + run.times.length, 0);
}

function timesThatFit(run: Run, mostTimes: number): number {
  const byValues = Math.floor(mostValues / Math.max(1, run.list.series.length));
  return Math.max(1, Math.min(mostTimes, byValues));
}

function joined(runs: readonly Run[], length: number): Run {
  const [first] = runs;
  if (first === undefined || runs.length === 1) return first ?? emptyRun;
  const count = first.list.series.length;
  const times = new Float64Array(length);
  const values = new Float64Array(count * length);
  const present = runs.some((run) => run.present !== undefined)
    ? new Uint8Array(count * length).fill(1)
    : undefined;
  let at = 0;
  for (const run of runs) {
    const own = run.times.length;
    times.set(run.times, at);
    for (let s = 0; s < count; s += 1) {
      const place = s * length + at;
      values.set(run.values.subarray(s * own, (s + 1) * own), place);
      if (run.present !== undefined) {
        present?.set(run.present.subarray(s * own, (s + 1) * own), place);
      }
    }
    at += own;
  }
  return { list: first.list, times, values, ...(present === undefined ? {} : { present }) };
}

const emptyRun: Run = {
  list: { hash: "", series: [] },
  times: new Float64Array(0),
  values: new Float64Array(0),
};

function sliced(run: Run, from: number, to: number): Run {
  const count = run.list.series.length;
  const length = run.times.length;
  const own = to - from;
  const values = new Float64Array(count * own);
  const present = run.present === undefined ? undefined : new Uint8Array(count * own);
  for (let s = 0; s < count; s += 1) {
    values.set(run.values.subarray(s * length + from, s * length + to), s * own);
    present?.set(run.present?.subarray(s * length + from, s * length + to) ?? [], s * own);
  }
  return {
    list: run.list,
    times: run.times.slice(from, to),
    values,
    ...(present === undefined ? {} : { present }),
  };
}
