/** Labels as the rows hold them: JSON with sorted keys, so that equal labels are equal texts. */
import type { SeriesKey } from "../../model/series.ts";
import { AppError } from "../../model/error.ts";

/** Labels as canonical text. An empty value is the same as no label, as in Prometheus. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  const parts: string[] = [];
  for (const name of Object.keys(labels).toSorted()) {
    const value = labels[name];
    if (value !== undefined && value !== "")
      parts.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
  }
  return `{${parts.join(",")}}`;
}

/** Reads what `labelsText` wrote. Guarantee: only this store writes those columns, always with `labelsText`. */
export function parseLabels(text: string): Readonly<Record<string, string>> {
  return JSON.parse(text) as Readonly<Record<string, string>>;
}

/** A series within its source, as one text. Throws `invalid` for a name that cannot be kept. */
export function seriesText(key: SeriesKey): string {
  if (key.name === "" || key.name.includes("\0")) {
    throw new AppError("invalid", `${JSON.stringify(key.name)} cannot be the name of a metric`);
  }
  return key.name + labelsText(key.labels);
}

/** Orders texts by code unit, the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
