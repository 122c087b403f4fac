/**
 * Makes a segment whole again: what is no record is copied to `damaged/` and taken out, so that it is found, counted and
 * told once. The new file takes the place of the old one in one step; a process that ends in the middle leaves the old.
 */
import { basename, join } from "node:path";
import { type SpoolDisk } from "./disk.ts";
import { headerBytes, headerOf } from "./record.ts";
import { isRead, scanSegment, type Range, type ScanSettings, type SegmentScan } from "./scan.ts";

/** At most so many pieces are kept in `damaged/` … */
const keptPieces = 64;
/** … and of each at most so many bytes. All of them are counted. */
const keptBytes = 1024 * 1024;

/** What was taken out of a log. */
export interface Damage {
  /** Pieces set aside. */
  pieces: number;
  /** Bytes of them. */
  bytes: number;
  /** Bytes of writes that had not ended when a process did; nobody was told they were kept. */
  tornBytes: number;
}

export interface RepairParts {
  readonly disk: SpoolDisk;
  readonly folder: string;
  readonly reserve: string;
  readonly damage: Damage;
  readonly now: () => number;
  readonly onDamage: (fields: object) => void;
}

/** Whether anything of a segment has to be repaired. */
export function isWhole(scan: SegmentScan): boolean {
  return isRead(scan.header) && scan.damage.length === 0 && scan.tail === undefined;
}

/** Repairs a segment; undefined when nothing of it is left and its file is gone. */
export async function repairSegment(
  parts: RepairParts,
  settings: ScanSettings,
  scan: SegmentScan,
): Promise<SegmentScan | undefined> {
  const { disk, damage } = parts;
  const pieces = piecesOf(settings, scan);
  for (const piece of pieces) await setAside(parts, settings.path, piece);
  const { tail } = scan;
  if (tail !== undefined && !pieces.includes(tail)) damage.tornBytes += tail.to - tail.from;
  if (scan.segment.records === 0) {
    await disk.remove(settings.path);
    return undefined;
  }
  if (isRead(scan.header) && scan.damage.length === 0) {
    await disk.truncate(settings.path, scan.segment.bytes);
    return { ...scan, tail: undefined };
  }
  const whole = await wholeBytes(parts, settings.path, scan);
  await disk.replace(settings.path, whole, parts.reserve);
  const { onId: _heard, ...again } = settings;
  return scanSegment(disk, { ...again, sizeBytes: whole.length });
}

/** What of a segment is damage: everything that is no record, but for a write that had not ended. */
function piecesOf(settings: ScanSettings, scan: SegmentScan): readonly Range[] {
  const pieces = [...scan.damage];
  if (!isRead(scan.header)) {
    // A file shorter than its header was being made when the process ended.
    if (settings.sizeBytes > headerBytes) pieces.unshift({ from: 0, to: headerBytes });
  }
  const isShort = settings.below !== Infinity && scan.segment.lastSequence + 1 < settings.below;
  if (scan.tail !== undefined && (isShort || (pieces.length > 0 && scan.segment.records === 0))) {
    pieces.push(scan.tail);
  }
  return pieces;
}

async function setAside(parts: RepairParts, path: string, piece: Range): Promise<void> {
  const { disk, damage, folder } = parts;
  const size = piece.to - piece.from;
  const name = `${basename(path, ".seg")}-${piece.from}.bin`;
  parts.onDamage({ file: path, offset: piece.from, bytes: size });
  const kept = join(folder, "damaged");
  await disk.makeFolder(kept);
  if ((await disk.list(kept)).length < keptPieces) {
    const bytes = await disk.read(path, piece.from, Math.min(size, keptBytes));
    await disk.replace(join(kept, name), bytes, parts.reserve);
  }
  damage.pieces += 1;
  damage.bytes += size;
}

async function wholeBytes(parts: RepairParts, path: string, scan: SegmentScan): Promise<Buffer> {
  const createdAt = isRead(scan.header) ? scan.header.createdAt : parts.now();
  const whole = [headerOf({ firstSequence: scan.segment.firstSequence, createdAt })];
  let from = headerBytes;
  for (const piece of [...scan.damage, { from: scan.segment.bytes, to: scan.segment.bytes }]) {
    if (piece.from > from) whole.push(await parts.disk.read(path, from, piece.from - from));
    from = piece.to;
  }
  return Buffer.concat(whole);
}
