/**
 * Looks at a spool that nobody uses, dead letters included: reads every byte and says what it finds. With `repair` it does
 * what opening does. Without, it changes nothing.
 */
import { join } from "node:path";
import { parseCursors, type CursorState } from "./cursor-file.ts";
import { sinkOf } from "./dead.ts";
import { planSegments } from "./recover.ts";
import { isWhole } from "./repair.ts";
import { isRead, scanSegment, type Range } from "./scan.ts";
import { spoolDefaults, type SpoolParts, type SpoolSettings } from "./settings.ts";
import { openSpool } from "./spool.ts";

/** What was found of one segment. */
export interface SegmentReport {
  readonly file: string;
  readonly bytes: number;
  readonly records: number;
  /** Null when there is no record. */
  readonly firstSequence: number | null;
  readonly lastSequence: number | null;
  readonly isHeaderWhole: boolean;
  /** Bytes that are no record and have records after them. */
  readonly damage: readonly Range[];
  /** Bytes at the end that are no record: a write that had not ended, or damage to the last. */
  readonly tailBytes: number;
}

/** What was found of one log: the spool itself, or the dead letters of a sink. */
export interface LogReport {
  /** Null for the spool itself. */
  readonly sink: string | null;
  readonly segments: readonly SegmentReport[];
  readonly records: number;
  /** Sequences between the first and the last record that are not there. */
  readonly missing: number;
  /** Places of readers by name; null when their file is damaged, or is gone though there are records. */
  readonly cursors: Readonly<Record<string, CursorState>> | null;
  readonly isWhole: boolean;
}

export interface FsckReport {
  readonly logs: readonly LogReport[];
  readonly isWhole: boolean;
  readonly isRepaired: boolean;
}

/**
 * Reads everything in a spool's folder. `repair` opens and closes it afterwards, and throws what `openSpool` throws. Give
 * the settings the spool is used with, or larger records than their limit are reported as damage.
 */
export async function fsck(
  settings: Partial<SpoolSettings> & Pick<SpoolSettings, "folder">,
  parts: SpoolParts,
  { repair }: { readonly repair: boolean },
): Promise<FsckReport> {
  const { folder, maxRecordBytes = spoolDefaults.maxRecordBytes } = settings;
  const logs = [await reportOf(folder, null, maxRecordBytes, parts)];
  for (const { name } of await parts.disk.list(join(folder, "dead"))) {
    const sink = sinkOf(name);
    if (sink === undefined) continue;
    logs.push(await reportOf(join(folder, "dead", name), sink, maxRecordBytes + 65_536, parts));
  }
  const report = { logs, isWhole: logs.every((log) => log.isWhole) };
  if (!repair) return { ...report, isRepaired: false };
  await using _opened = await openSpool(settings, parts);
  return { ...report, isRepaired: true };
}

async function reportOf(
  folder: string,
  sink: string | null,
  maxRecordBytes: number,
  { disk }: SpoolParts,
): Promise<LogReport> {
  const segments: SegmentReport[] = [];
  let records = 0;
  let missing = 0;
  let next: number | undefined;
  for (const plan of await planSegments(disk, folder)) {
    const scan = await scanSegment(disk, { ...plan, maxRecordBytes });
    const { segment, damage, tail, header } = scan;
    const isEmpty = segment.records === 0;
    records += segment.records;
    missing += scan.gaps.reduce((sum, gap) => sum + gap.last - gap.first + 1, 0);
    if (next !== undefined) missing += Math.max(0, segment.firstSequence - next);
    next = segment.lastSequence + 1;
    segments.push({
      file: plan.path,
      bytes: plan.sizeBytes,
      records: segment.records,
      firstSequence: isEmpty ? null : segment.firstSequence,
      lastSequence: isEmpty ? null : segment.lastSequence,
      isHeaderWhole: isRead(header),
      damage,
      tailBytes: isWhole(scan) || tail === undefined ? 0 : tail.to - tail.from,
    });
  }
  const cursors = await cursorsIn(folder, records, disk);
  const areWhole = segments.every(
    (one) => one.isHeaderWhole && one.damage.length === 0 && one.tailBytes === 0,
  );
  return {
    sink,
    segments,
    records,
    missing,
    cursors,
    isWhole: areWhole && missing === 0 && cursors !== null,
  };
}

async function cursorsIn(
  folder: string,
  records: number,
  disk: SpoolParts["disk"],
): Promise<LogReport["cursors"]> {
  const size = (await disk.list(folder)).find(({ name }) => name === "cursors")?.sizeBytes;
  if (size === undefined) return records === 0 ? {} : null;
  const places = parseCursors(await disk.read(join(folder, "cursors"), 0, size));
  return places === undefined ? null : Object.fromEntries(places.cursors);
}
