/** Reading a stretch of a segment. */
import type { SpoolDisk } from "./disk.ts";
import { findRecord, readRecord, recordOverhead, type StoredRecord } from "./record.ts";
import type { Segment } from "./segment.ts";

/** Where somebody reads. `segment` and `offset` are a hint that saves looking for the sequence. */
export interface Position {
  sequence: number;
  segment: Segment | undefined;
  offset: number;
}

export interface ReadBounds {
  readonly maxRecords: number;
  /** At least one record is read however large it is. */
  readonly maxBytes: number;
}

/**
 * Reads records of a segment from a position on and moves it behind them. Undefined where there is something else than a
 * record, nothing at the end.
 */
export async function readSegment(
  disk: SpoolDisk,
  segment: Segment,
  position: Position,
  { maxRecords, maxBytes, maxRecordBytes }: ReadBounds & { readonly maxRecordBytes: number },
): Promise<readonly StoredRecord[] | undefined> {
  const records: StoredRecord[] = [];
  const end = segment.bytes;
  let wanted = maxBytes;
  while (records.length === 0 && position.offset < end) {
    const start = position.offset;
    const length = Math.min(Math.max(wanted, recordOverhead), end - start);
    const bytes = await disk.read(segment.path, start, length);
    let offset = 0;
    while (records.length < Math.max(maxRecords, 1) && start + offset < end) {
      const found = findRecord(bytes, offset, maxRecordBytes);
      if (found.kind === "none") return records.length > 0 ? records : undefined;
      if (found.kind === "short") {
        if (offset === 0 && bytes.length < Math.min(found.size, length)) return undefined;
        if (start + offset + found.size > end) return records.length > 0 ? records : undefined;
        if (offset === 0) wanted = found.size;
        break;
      }
      const record = readRecord(bytes, offset, found.size);
      offset += found.size;
      position.offset = start + offset;
      if (record.sequence < position.sequence) continue;
      position.sequence = record.sequence + 1;
      records.push(record);
    }
  }
  return records;
}
