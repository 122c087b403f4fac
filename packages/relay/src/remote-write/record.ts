/**
 * A record of remote write in the spool: samples as columns, compressed. Version 1, little endian:
 *
 *     0   u8    version
 *     1   u32   number of the book its series are described in
 *     5   u32   samples
 *     9   f64   samples of all records before this one, over restarts: what is missing in between shows
 *     17  …     zstd of: refs, each the zigzag varint of its difference to the one before; times (epoch ms) likewise;
 *               values as float64, bits as they are
 *
 * Samples of one scrape have one time and consecutive refs: of these two columns zstd leaves next to nothing.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { Samples } from "./gather.ts";

const version = 1;
const headBytes = 17;
/** Two varints of at most 8 bytes (differences below 2^53), and a value. */
const mostBytesOfSample = 24;
/** Where it is a little slower to find more, it is not worth it. */
const params = { [constants.ZSTD_c_compressionLevel]: 1 };

/** What stands before the samples. */
export interface RecordHead {
  readonly book: number;
  readonly samples: number;
  /** Samples of all records before this one. */
  readonly before: number;
}

/** Writes a record. */
export function encodeRecord(
  { refs, times, values }: Samples,
  { book, before }: Pick<RecordHead, "book" | "before">,
): Buffer {
  const body = Buffer.allocUnsafe(refs.length * mostBytesOfSample);
  let at = writeDifferences(body, 0, refs);
  at = writeDifferences(body, at, times);
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  at += bytes.copy(body, at);
  const packed = zstdCompressSync(body.subarray(0, at), { params });
  const record = Buffer.allocUnsafe(headBytes + packed.length);
  record[0] = version;
  record.writeUInt32LE(book, 1);
  record.writeUInt32LE(refs.length, 5);
  record.writeDoubleLE(before, 9);
  packed.copy(record, headBytes);
  return record;
}

/** What stands before the samples of a record; undefined for what is none of this version. */
export function readHead(record: Uint8Array): RecordHead | undefined {
  if (record.length < headBytes || record[0] !== version) return undefined;
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.byteLength);
  return {
    book: bytes.readUInt32LE(1),
    samples: bytes.readUInt32LE(5),
    before: bytes.readDoubleLE(9),
  };
}

/** Reads a record; undefined for what is none of this version. */
export function decodeRecord(record: Uint8Array): (RecordHead & Samples) | undefined {
  const head = readHead(record);
  if (head === undefined) return undefined;
  const { samples } = head;
  let body: Buffer;
  try {
    body = zstdDecompressSync(record.subarray(headBytes), {
      maxOutputLength: Math.max(1, samples * mostBytesOfSample),
    });
  } catch {
    return undefined;
  }
  const refs = new Uint32Array(samples);
  const times = new Float64Array(samples);
  const values = new Float64Array(samples);
  const at = readDifferences(body, readDifferences(body, 0, refs), times);
  if (body.length - at !== values.byteLength) return undefined;
  Buffer.from(values.buffer).set(body.subarray(at));
  return { ...head, refs, times, values };
}

type Column = Uint32Array | Float64Array;

function writeDifferences(to: Buffer, from: number, column: Column): number {
  let at = from;
  let last = 0;
  for (const value of column) {
    const difference = value - last;
    last = value;
    let rest = difference < 0 ? -2 * difference - 1 : 2 * difference;
    while (rest >= 0x80) {
      to[at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    to[at++] = rest;
  }
  return at;
}

function readDifferences(bytes: Buffer, from: number, column: Column): number {
  let at = from;
  let last = 0;
  for (let i = 0; i < column.length; i += 1) {
    let rest = 0;
    let scale = 1;
    for (;;) {
      const byte = bytes[at++];
      if (byte === undefined) return bytes.length;
      rest += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 0x80;
    }
    last += rest % 2 === 0 ? rest / 2 : -(rest + 1) / 2;
    column[i] = last;
  }
  return at;
}
