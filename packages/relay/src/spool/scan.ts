/**
 * Reads a segment from its first byte to its last and says what is whole and what is not. Used at start, by `fsck`, and
 * when a reader meets something that is no record. Changes nothing; `repair.ts` does.
 */
import type { SpoolDisk } from "./disk.ts";
import {
  findRecord,
  headerBytes,
  idAt,
  mark,
  readHeader,
  recordOverhead,
  sequenceAt,
  timeAt,
  type SegmentHeader,
} from "./record.ts";
import { Segment } from "./segment.ts";

/** Bytes of a file, from one offset up to another. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Sequences that are not there, both ends included. */
export interface Gap {
  readonly first: number;
  readonly last: number;
}

export interface SegmentScan {
  readonly header: SegmentHeader | "bad" | "newer";
  /** What is whole. Its places are those in the file as it is, damage included. */
  readonly segment: Segment;
  /** Bytes that are no record and have records after them. */
  readonly damage: readonly Range[];
  /** Bytes at the end that are no record, or one that a later segment has again; undefined when there are none. */
  readonly tail: Range | undefined;
  /** Sequences left out between its records. */
  readonly gaps: readonly Gap[];
}

export interface ScanSettings {
  readonly number: number;
  readonly path: string;
  readonly sizeBytes: number;
  readonly maxRecordBytes: number;
  /** First sequence of the next segment: what is here from there on was written again. */
  readonly below: number;
  /** First sequence where the header does not say it. */
  readonly otherwiseFrom: number;
  /** Called with the id of every whole record. */
  readonly onId?: (id: string) => void;
}

const windowBytes = 512 * 1024;

/** Memory that the thread of the disk reads into: all of a segment goes through it, and leaves no garbage behind. */
function roomFor(sizeBytes: number, start: Buffer): Buffer {
  const room = Buffer.from(new SharedArrayBuffer(sizeBytes));
  start.copy(room);
  return room;
}

/** Reads a whole segment, a piece at a time. */
export async function scanSegment(disk: SpoolDisk, settings: ScanSettings): Promise<SegmentScan> {
  const { path, sizeBytes, maxRecordBytes, below } = settings;
  const header = readHeader(await disk.read(path, 0, headerBytes));
  const damage: Range[] = [];
  const gaps: Gap[] = [];
  let segment = isRead(header)
    ? new Segment(settings.number, path, header.firstSequence)
    : undefined;
  let badFrom: number | undefined;
  let offset = headerBytes;
  let base = offset;
  let room = roomFor(windowBytes, Buffer.alloc(0));
  let window = room.subarray(0, 0);
  while (offset + recordOverhead <= sizeBytes) {
    const found = findRecord(window, offset - base, maxRecordBytes);
    if (found.kind === "short" && offset + found.size <= sizeBytes) {
      const rest = window.subarray(offset - base);
      if (found.size > room.length) room = roomFor(found.size, rest);
      else rest.copy(room);
      const more = room.subarray(rest.length, Math.min(room.length, sizeBytes - offset));
      const count = await disk.readInto(path, offset + rest.length, more);
      // Shorter than it was when it was listed.
      if (count === 0) break;
      window = room.subarray(0, rest.length + count);
      base = offset;
      continue;
    }
    const at = offset - base;
    const sequence = found.kind === "record" ? sequenceAt(window, at) : -1;
    const isNext = sequence >= 0 && sequence > (segment?.lastSequence ?? -1);
    if (found.kind !== "record" || !isNext || sequence >= below) {
      if (found.kind === "record" && sequence >= below) break;
      badFrom ??= offset;
      const next = window.indexOf(mark, at + 1);
      // The last bytes of the window may begin a mark.
      offset = base + (next === -1 ? Math.max(window.length - mark.length + 1, at + 1) : next);
      continue;
    }
    if (badFrom !== undefined) damage.push({ from: badFrom, to: offset });
    badFrom = undefined;
    segment ??= new Segment(settings.number, path, sequence);
    if (sequence > segment.lastSequence + 1) {
      gaps.push({ first: segment.lastSequence + 1, last: sequence - 1 });
    }
    segment.add(sequence, timeAt(window, at), offset, found.size);
    settings.onId?.(idAt(window, at));
    offset += found.size;
  }
  segment ??= new Segment(settings.number, path, settings.otherwiseFrom);
  const end = segment.bytes;
  return {
    header,
    segment,
    damage,
    gaps,
    tail: end < sizeBytes ? { from: end, to: sizeBytes } : undefined,
  };
}

/** Whether a header could be read. */
export function isRead(header: SegmentHeader | "bad" | "newer"): header is SegmentHeader {
  return typeof header === "object";
}
