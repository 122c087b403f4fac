/**
 * The file systems of a host as they are now, from the newest samples of node_exporter's series, and when each is full if
 * the last six hours go on: a straight line through the free space of those hours (least squares).
 */
import type { FileSystemView } from "@belfry/contract";
import { hostSource } from "../../model/host.ts";
import type { HostEntry } from "../../model/host-entry.ts";
import type { SeriesBuckets, SeriesKey } from "../../model/series.ts";
import type { HostReads } from "../parts.ts";

export type FileSystemStore = Pick<HostReads, "latestOf" | "bucketsOfNames">;

const names = {
  size: "node_filesystem_size_bytes",
  free: "node_filesystem_free_bytes",
  available: "node_filesystem_avail_bytes",
  files: "node_filesystem_files",
  filesFree: "node_filesystem_files_free",
  readOnly: "node_filesystem_readonly",
} as const;
type Value = keyof typeof names;

const trendMs = 6 * 3_600_000;
const stepMs = 300_000;
/** What is older than this beside the newest sample is gone. */
const leastFreshMs = 120_000;
const dayMs = 86_400_000;

/** Of a silent host: as they were when it was heard last. Sorted by mount point. */
export async function fileSystemsOf(
  store: FileSystemStore,
  { host, lastSampleAt, lastHeardAt }: HostEntry,
  now: number,
): Promise<FileSystemView[]> {
  const source = hostSource(host.id);
  const at = lastSampleAt ?? lastHeardAt ?? now;
  const freshMs =
    lastSampleAt === null ? dayMs : Math.max(leastFreshMs, 3 * (host.intervalMs ?? 0));
  const [latest, trends] = await Promise.all([
    store.latestOf(source, Object.values(names), at - freshMs),
    store.bucketsOfNames(source, [names.available], { from: at - trendMs, to: at }, stepMs),
  ]);
  const valueOf = new Map<string, string>(
    Object.entries(names).map(([value, name]) => [name, value]),
  );
  const found = new Map<string, { key: SeriesKey; values: Map<string, number> }>();
  for (const { key, value } of latest) {
    const place = placeOf(key);
    const one = found.get(place) ?? { key, values: new Map<string, number>() };
    one.values.set(valueOf.get(key.name) ?? "", value);
    found.set(place, one);
  }
  const trendOf = new Map(trends.map((trend) => [placeOf(trend.key), trend]));
  return [...found]
    .flatMap(([place, { key, values }]) => viewOf(key, values, trendOf.get(place)) ?? [])
    .toSorted((a, b) => (a.mountpoint < b.mountpoint ? -1 : 1));
}

function placeOf({ labels }: SeriesKey): string {
  return `${labels["mountpoint"] ?? ""}\0${labels["device"] ?? ""}\0${labels["fstype"] ?? ""}`;
}

function viewOf(
  { labels }: SeriesKey,
  values: ReadonlyMap<string, number>,
  trend: SeriesBuckets | undefined,
): FileSystemView | undefined {
  const read = (value: Value): number | undefined => {
    const found = values.get(value);
    return Number.isFinite(found) ? found : undefined;
  };
  const size = read("size");
  const available = read("available");
  const free = read("free") ?? available;
  if (size === undefined || available === undefined || free === undefined) return undefined;
  const used = Math.max(0, size - free);
  const files = read("files");
  const filesFree = read("filesFree");
  const knowsFiles = files !== undefined && filesFree !== undefined && files > 0;
  return {
    mountpoint: labels["mountpoint"] ?? "",
    device: labels["device"] ?? "",
    fstype: labels["fstype"] ?? "",
    size_bytes: size,
    used_bytes: used,
    available_bytes: available,
    used_ratio: used + available > 0 ? used / (used + available) : 0,
    inodes_used_ratio: knowsFiles ? 1 - filesFree / files : null,
    read_only: read("readOnly") === 1,
    full_in: trend === undefined ? null : fullIn(trend, available),
  };
}

const leastBuckets = 6;
/** How much of the ups and downs the line must explain. */
const leastDetermination = 0.5;
const longestSeconds = 10 * 365 * 86_400;

/**
 * Seconds until nothing is available if the line through the buckets goes on; null when there are too few, when they
 * follow no line, or when it does not come down within ten years.
 */
export function fullIn(trend: SeriesBuckets, available: number): number | null {
  const points: { readonly x: number; readonly y: number }[] = [];
  trend.starts.forEach((start, i) => {
    const y = (trend.sum[i] ?? Number.NaN) / (trend.count[i] ?? 0);
    if (Number.isFinite(y)) points.push({ x: start / 1000, y });
  });
  if (points.length < leastBuckets) return null;
  const meanX = mean(points.map(({ x }) => x));
  const meanY = mean(points.map(({ y }) => y));
  let [xx, xy, yy] = [0, 0, 0];
  for (const { x, y } of points) {
    xx += (x - meanX) ** 2;
    xy += (x - meanX) * (y - meanY);
    yy += (y - meanY) ** 2;
  }
  const slope = xy / xx;
  if (!(slope < 0) || xy ** 2 < leastDetermination * xx * yy) return null;
  const seconds = Math.max(0, available) / -slope;
  return seconds <= longestSeconds ? Math.round(seconds) : null;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
