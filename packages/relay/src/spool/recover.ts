/** Opening a log that is there: every segment is read, what is torn is cut, what is damaged is set aside. */
import { join } from "node:path";
import { messageOf } from "./disk.ts";
import { headerBytes, readHeader } from "./record.ts";
import { isWhole, repairSegment, type Damage, type RepairParts } from "./repair.ts";
import { isRead, scanSegment, type Gap, type ScanSettings, type SegmentScan } from "./scan.ts";
import { segmentName, segmentNumber, type Segment } from "./segment.ts";
import { SpoolError, type SpoolLog } from "./settings.ts";

/** What was found. */
export interface Recovered {
  readonly segments: Segment[];
  readonly gaps: Gap[];
  /** The number the next segment gets. */
  readonly nextNumber: number;
  /** One more than the last sequence that is or was there. */
  readonly nextSequence: number;
}

/** One segment as a scan needs it. */
export type SegmentPlan = Omit<ScanSettings, "onId" | "maxRecordBytes">;

/** The segments of a folder, oldest first, each with what is known of it before it is read. */
export async function planSegments(
  disk: RepairParts["disk"],
  folder: string,
): Promise<readonly SegmentPlan[]> {
  const found: { number: number; sizeBytes: number; first: number | undefined }[] = [];
  for (const { name, sizeBytes } of await disk.list(folder)) {
    const number = segmentNumber(name);
    if (number === undefined) continue;
    const header = readHeader(await disk.read(join(folder, name), 0, headerBytes));
    if (header === "newer") {
      throw new SpoolError("newer_format", `${join(folder, name)}: written by a newer version`);
    }
    found.push({ number, sizeBytes, first: isRead(header) ? header.firstSequence : undefined });
  }
  return found.map(({ number, sizeBytes, first }, i) => {
    const below = found.slice(i + 1).find((later) => later.first !== undefined)?.first ?? Infinity;
    const otherwiseFrom = first ?? (below === Infinity ? 1 : below);
    return { number, sizeBytes, path: join(folder, segmentName(number)), below, otherwiseFrom };
  });
}

export interface RecoverSettings {
  readonly folder: string;
  readonly reserve: string;
  readonly maxRecordBytes: number;
  /** Ids of so many of the latest records are wanted. */
  readonly knownIds: number;
}

export interface RecoverParts {
  readonly disk: RepairParts["disk"];
  readonly log: SpoolLog;
  readonly now: () => number;
  readonly damage: Damage;
  readonly onId: (id: string) => void;
}

/** Reads and repairs every segment. A segment that cannot be repaired now (a full disk) stays as it is, and is told. */
export async function recover(settings: RecoverSettings, parts: RecoverParts): Promise<Recovered> {
  const plans = await planSegments(parts.disk, settings.folder);
  const { maxRecordBytes } = settings;
  const lastFirst = plans.at(-1)?.otherwiseFrom ?? 1;
  const segments: Segment[] = [];
  const gaps: Gap[] = [];
  let nextSequence = 1;
  for (const plan of plans) {
    const isRecent = plan.below > lastFirst - settings.knownIds;
    const scanSettings = { ...plan, maxRecordBytes, ...(isRecent ? { onId: parts.onId } : {}) };
    const scan = await scanSegment(parts.disk, scanSettings);
    const repaired = await madeWhole(settings, parts, scanSettings, scan);
    nextSequence = Math.max(nextSequence, plan.otherwiseFrom, scan.segment.lastSequence + 1);
    if (repaired === undefined) continue;
    const previous = segments.at(-1);
    const { segment } = repaired;
    if (previous !== undefined && segment.firstSequence > previous.lastSequence + 1) {
      gaps.push({ first: previous.lastSequence + 1, last: segment.firstSequence - 1 });
    }
    gaps.push(...repaired.gaps);
    segments.push(segment);
  }
  return { segments, gaps, nextSequence, nextNumber: (plans.at(-1)?.number ?? 0) + 1 };
}

async function madeWhole(
  settings: RecoverSettings,
  parts: RecoverParts,
  scanSettings: ScanSettings,
  scan: SegmentScan,
): Promise<SegmentScan | undefined> {
  if (isWhole(scan) && scan.segment.records > 0) return scan;
  try {
    return await repairSegment(repairParts(settings, parts), scanSettings, scan);
  } catch (error) {
    const fields = { file: scanSettings.path, error: messageOf(error) };
    parts.log.warn(fields, "a damaged segment of the spool cannot be repaired now");
    return scan;
  }
}

/** What `repairSegment` needs, from what a log has. */
export function repairParts(
  { folder, reserve }: Pick<RecoverSettings, "folder" | "reserve">,
  { disk, now, damage, log }: Omit<RecoverParts, "onId">,
): RepairParts {
  const onDamage = (fields: object): void =>
    log.warn(fields, "a damaged piece of the spool was set aside");
  return { disk, folder, reserve, damage, now, onDamage };
}
