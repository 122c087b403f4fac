/**
 * Names of files that are begun anew from time to time, by the UTC time at which they are written, as the Monitoring
 * Component has them:
 *
 *   daily  wafer_events_20260102.csv
 *   hourly wafer_events_20260102_03.csv
 *   none   wafer_events_events.csv
 *   size   wafer_events_events.csv
 *
 * When a file is full, it goes on in `….1.csv`, `….2.csv`: the highest number is the newest, and what is finished keeps
 * its name for good.
 */
import type { SinkRecordKind } from "../../sink-record.ts";

export const rotations = ["daily", "hourly", "none", "size"] as const;
export type Rotation = (typeof rotations)[number];

/** What the files of one kind of record are called. */
export interface Stem {
  /** Before a time. */
  readonly prefix: string;
  /** Where files are not begun anew with time. */
  readonly whole: string;
}

/** By kind of record; events have the Monitoring Component's. */
export const stems: Readonly<Record<SinkRecordKind, Stem>> = {
  job_event: { prefix: "wafer_events_", whole: "wafer_events_events" },
  check: { prefix: "belfry_checks_", whole: "belfry_checks" },
  status: { prefix: "belfry_statuses_", whole: "belfry_statuses" },
  host: { prefix: "belfry_hosts_", whole: "belfry_hosts" },
};

/** The name without number and extension, for what is written at `now`, epoch ms. */
export function titleAt(now: number, stem: Stem, rotation: Rotation): string {
  if (rotation === "none" || rotation === "size") return stem.whole;
  const time = new Date(now).toISOString();
  const day = time.slice(0, 10).replaceAll("-", "");
  return `${stem.prefix}${day}${rotation === "hourly" ? `_${time.slice(11, 13)}` : ""}`;
}

/** The name of a file; 0 is the first one of its title. */
export function fileName(title: string, part: number, extension: string): string {
  return `${title}${part === 0 ? "" : `.${part}`}${extension}`;
}

/** The highest number that files of a title have; -1 when there is none. */
export function highestPart(names: readonly string[], title: string, extension: string): number {
  let highest = -1;
  for (const name of names) {
    if (!name.startsWith(title) || !name.endsWith(extension)) continue;
    const number = /^(?:\.([1-9]\d{0,8}))?$/.exec(
      name.slice(title.length, name.length - extension.length),
    );
    if (number !== null) highest = Math.max(highest, Number(number[1] ?? 0));
  }
  return highest;
}

/** Whether a name is one of a kind of record, under whatever rotation it was written. */
export function isNameOf(name: string, stem: Stem, extensions: readonly string[]): boolean {
  const extension = extensions.find((ending) => name.endsWith(ending));
  if (extension === undefined) return false;
  const title = name.slice(0, -extension.length).replace(/\.[1-9]\d{0,8}$/, "");
  if (title === stem.whole) return true;
  return title.startsWith(stem.prefix) && /^\d{8}(?:_\d\d)?$/.test(title.slice(stem.prefix.length));
}
