/** The table's list of series as it travels. It is made once per list: the table gives the same array until it changes. */
import { hash } from "node:crypto";
import { cleanText, seriesHash } from "@belfry/contract/sample-batch";
import type { Sample, Series } from "../sample/series-table.ts";
import type { Run, SeriesList } from "./run.ts";

/** Longer values of labels are cut: no receiver takes them. */
const longestLabelValue = 4096;

/** Makes the run of one sample. */
export function createRunMaker(): (sample: Sample) => Run {
  const lists = new WeakMap<readonly Series[], SeriesList>();
  return ({ at, series, values, present }) => {
    let list = lists.get(series);
    if (list === undefined) lists.set(series, (list = listOf(series)));
    return {
      list,
      times: Float64Array.of(Math.max(0, Math.round(at))),
      values,
      ...(present === undefined ? {} : { present }),
    };
  };
}

/** The hash of a list's text, as the hub computes it too. */
export function hashOf(series: SeriesList["series"]): string {
  return seriesHash(series, (text) => hash("sha256", text));
}

function listOf(table: readonly Series[]): SeriesList {
  const series = table.map(({ metric, labels }) => ({
    name: metric.name,
    labels: Object.fromEntries(
      Object.entries(labels).map(([label, value]) => [
        label,
        cleanText(value.slice(0, longestLabelValue)),
      ]),
    ),
  }));
  return { hash: hashOf(series), series };
}
