/**
 * The bytes of a segment: a header, then records. The page `FORMAT.md` shows them with examples; where the two disagree,
 * this file is right. Nothing here does I/O.
 */
import { crc32 } from "node:zlib";

/** Written into every header; a reader refuses what it does not know. */
export const formatVersion = 1;

/** Bytes of a segment's header. */
export const headerBytes = 32;

/** Bytes of a record without its id, note and payload. */
export const recordOverhead = 33;

/** What a record is: an event for all sinks, an event for the one sink its note names, or a dead letter with its reason. */
export const recordKinds = { event: 1, replayed: 2, dead: 3 } as const;
export type RecordKind = (typeof recordKinds)[keyof typeof recordKinds];

/** Begins every record. 0xff is nowhere in UTF-8, so no id, note or JSON payload can hold it. */
export const mark = Buffer.from([0xff, 0xb5, 0x0f, 0xfe]);
const markNumber = mark.readUInt32LE(0);

const magic = Buffer.from("BELFRYSP", "latin1");
const lengthAt = 8;
const bodyAt = 12;

/** A record as it is put in. */
export interface RecordInput {
  readonly kind: RecordKind;
  readonly sequence: number;
  /** When it was taken in, epoch ms. */
  readonly at: number;
  /** Texts are written as UTF-8. */
  readonly id: Uint8Array | string;
  readonly note: Uint8Array | string;
  readonly bytes: Uint8Array | string;
}

/** A record as it is read. `bytes` is a view into what was read. */
export interface StoredRecord {
  readonly kind: RecordKind;
  readonly sequence: number;
  /** When it was taken in, epoch ms. */
  readonly at: number;
  readonly id: string;
  /** Name of a sink or JSON of a reason, as `kind` says; else empty. */
  readonly note: string;
  readonly bytes: Uint8Array;
}

/** Size of a record on disk. */
export function sizeOf({
  id,
  note = "",
  bytes,
}: Pick<RecordInput, "id" | "bytes"> & { readonly note?: RecordInput["note"] }): number {
  return recordOverhead + lengthOf(id) + lengthOf(note) + lengthOf(bytes);
}

function lengthOf(part: Uint8Array | string): number {
  return typeof part === "string" ? Buffer.byteLength(part) : part.length;
}

/** Writes a record at an offset, where there must be room for `sizeOf` of it; the offset after it. */
export function writeRecord(target: Buffer, offset: number, record: RecordInput): number {
  target.writeUInt32LE(markNumber, offset);
  writeUint64(target, offset + 12, record.sequence);
  writeUint64(target, offset + 20, record.at);
  target[offset + 28] = record.kind;
  const noteFrom = put(target, offset + recordOverhead, record.id);
  target.writeUInt16LE(noteFrom - offset - recordOverhead, offset + 29);
  const bytesFrom = put(target, noteFrom, record.note);
  target.writeUInt16LE(bytesFrom - noteFrom, offset + 31);
  const end = put(target, bytesFrom, record.bytes);
  target.writeUInt32LE(end - offset - bodyAt, offset + lengthAt);
  target.writeUInt32LE(crc32(target.subarray(offset + lengthAt, end)), offset + 4);
  return end;
}

/** Writes a part; the offset after it. */
function put(target: Buffer, offset: number, part: Uint8Array | string): number {
  if (typeof part === "string") {
    return part === "" ? offset : offset + target.write(part, offset, "utf8");
  }
  target.set(part, offset);
  return offset + part.length;
}

/** What is at an offset: a whole record of `size` bytes, one that needs more bytes than there are, or none. */
export type Found =
  | { readonly kind: "record"; readonly size: number }
  | { readonly kind: "short"; readonly size: number }
  | { readonly kind: "none" };

const none: Found = { kind: "none" };

/** Checks mark, length and checksum at an offset. `maxBytes` is the largest size believed before the checksum is known. */
export function findRecord(buffer: Buffer, offset: number, maxBytes: number): Found {
  const left = buffer.length - offset;
  if (left < recordOverhead) return { kind: "short", size: recordOverhead };
  if (buffer.readUInt32LE(offset) !== markNumber) return none;
  const size = buffer.readUInt32LE(offset + lengthAt) + bodyAt;
  if (size < recordOverhead || size > maxBytes) return none;
  if (left < size) return { kind: "short", size };
  const sum = buffer.readUInt32LE(offset + 4);
  if (crc32(buffer.subarray(offset + lengthAt, offset + size)) !== sum) return none;
  const names = buffer.readUInt16LE(offset + 29) + buffer.readUInt16LE(offset + 31);
  if (!isKind(buffer[offset + 28]) || recordOverhead + names > size) return none;
  return { kind: "record", size };
}

function isKind(value: number | undefined): value is RecordKind {
  return (
    value === recordKinds.event || value === recordKinds.replayed || value === recordKinds.dead
  );
}

/** The sequence of the record at an offset, which `findRecord` found. */
export function sequenceAt(buffer: Buffer, offset: number): number {
  return readUint64(buffer, offset + 12);
}

/** When the record at an offset was taken in, epoch ms. */
export function timeAt(buffer: Buffer, offset: number): number {
  return readUint64(buffer, offset + 20);
}

/** The id of the record at an offset. */
export function idAt(buffer: Buffer, offset: number): string {
  const start = offset + recordOverhead;
  return buffer.toString("utf8", start, start + buffer.readUInt16LE(offset + 29));
}

/** The whole record at an offset, which `findRecord` found with this size. */
export function readRecord(buffer: Buffer, offset: number, size: number): StoredRecord {
  const kind = buffer[offset + 28];
  const noteFrom = offset + recordOverhead + buffer.readUInt16LE(offset + 29);
  const noteEnd = noteFrom + buffer.readUInt16LE(offset + 31);
  return {
    kind: isKind(kind) ? kind : recordKinds.event,
    sequence: sequenceAt(buffer, offset),
    at: timeAt(buffer, offset),
    id: idAt(buffer, offset),
    note: buffer.toString("utf8", noteFrom, noteEnd),
    bytes: buffer.subarray(noteEnd, offset + size),
  };
}

/** What the header of a segment says. */
export interface SegmentHeader {
  /** Sequence of the first record it has or will have. */
  readonly firstSequence: number;
  /** When it was begun, epoch ms. */
  readonly createdAt: number;
}

/** The bytes of a header. */
export function headerOf(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(headerBytes);
  magic.copy(bytes);
  bytes[8] = formatVersion;
  writeUint64(bytes, 12, header.firstSequence);
  writeUint64(bytes, 20, header.createdAt);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28);
  return bytes;
}

/** Reads a header: `newer` when another version wrote it, `bad` when it is none. */
export function readHeader(bytes: Buffer): SegmentHeader | "bad" | "newer" {
  if (bytes.length < headerBytes || !bytes.subarray(0, 8).equals(magic)) return "bad";
  if (bytes.readUInt32LE(28) !== crc32(bytes.subarray(0, 28))) return "bad";
  if (bytes[8] !== formatVersion) return "newer";
  return { firstSequence: readUint64(bytes, 12), createdAt: readUint64(bytes, 20) };
}

const high = 2 ** 32;

/** Whole numbers from 0 to 2^53 − 1; what is outside becomes the nearest of them. */
function writeUint64(target: Buffer, offset: number, value: number): void {
  const whole = Math.min(Math.max(Math.trunc(value), 0), Number.MAX_SAFE_INTEGER);
  target.writeUInt32LE(whole % high, offset);
  target.writeUInt32LE(Math.floor(whole / high), offset + 4);
}

function readUint64(buffer: Buffer, offset: number): number {
  return buffer.readUInt32LE(offset + 4) * high + buffer.readUInt32LE(offset);
}
