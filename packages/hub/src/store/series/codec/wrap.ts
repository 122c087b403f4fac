/**
 * What every blob begins with: one byte that says what it holds, in which version, and whether it went through zstd.
 *
 *     0x10          instant, version 1
 *     0x20  0x21    block, version 1: stored, zstd
 *     0x30  0x31    group, version 1: stored, zstd
 *
 * A stored body follows at once; before a zstd frame stands the body's size.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { ByteReader, ByteWriter } from "./bytes.ts";

export const formats = { instant: 0x10, block: 0x20, group: 0x30 } as const;

/** How hard zstd tries: pieces are soon merged, sealed windows are kept. */
export const zstdLevels = { piece: 1, sealed: 3 } as const;
export type ZstdLevel = (typeof zstdLevels)[keyof typeof zstdLevels];

/** Below it zstd's own bytes and its 20 µs per call eat the gain. */
const leastForZstd = 128;

/** Puts the byte before a body, and compresses it where that saves at least a twelfth. */
export function wrap(format: number, body: Uint8Array, level: ZstdLevel): Uint8Array {
  if (body.length >= leastForZstd) {
    const packed = zstdCompressSync(body, {
      params: {
        [constants.ZSTD_c_compressionLevel]: level,
        [constants.ZSTD_c_contentSizeFlag]: 0,
        [constants.ZSTD_c_checksumFlag]: 0,
      },
    });
    if (packed.length < body.length - body.length / 12) {
      const out = new ByteWriter(packed.length + 8);
      out.byte(format | 1);
      out.unsigned(body.length);
      out.raw(packed);
      return out.take();
    }
  }
  const out = new Uint8Array(body.length + 1);
  out[0] = format;
  out.set(body, 1);
  return out;
}

/** Bytes that are unpacked by one call of zstd. */
const unpackedAtOnce = 64 * 1024 * 1024;

/**
 * The bodies of blobs. A call of zstd costs 20 µs before it has done anything, so that the frames of many small blobs
 * are unpacked in one. Throws when one is of another format or of a version this release does not know.
 */
export function unwrapAll(format: number, blobs: readonly Uint8Array[]): readonly Uint8Array[] {
  const bodies: Uint8Array[] = [];
  let packed: Packed[] = [];
  let size = 0;
  const unpack = (): void => {
    if (packed.length > 0) unpackInto(bodies, packed, size);
    packed = [];
    size = 0;
  };
  for (const [place, blob] of blobs.entries()) {
    if (blob[0] === format) {
      bodies[place] = blob.subarray(1);
      continue;
    }
    if (blob[0] !== (format | 1)) {
      const found = blob[0]?.toString(16) ?? "nothing";
      throw new Error(`a chunk begins with 0x${found}, expected 0x${format.toString(16)}`);
    }
    const reader = new ByteReader(blob, 1);
    const one = { place, size: reader.unsigned(), frame: blob.subarray(reader.at) };
    if (size + one.size > unpackedAtOnce) unpack();
    packed.push(one);
    size += one.size;
  }
  unpack();
  return bodies;
}

interface Packed {
  readonly place: number;
  readonly size: number;
  readonly frame: Uint8Array;
}

function unpackInto(bodies: Uint8Array[], packed: readonly Packed[], size: number): void {
  const [only, ...others] = packed;
  const frames =
    only !== undefined && others.length === 0
      ? only.frame
      : Buffer.concat(packed.map((one) => one.frame));
  const unpacked = zstdDecompressSync(frames, { chunkSize: Math.max(64, size) });
  if (unpacked.length !== size) {
    throw new Error(`chunks have ${unpacked.length} bytes, expected ${size}`);
  }
  let at = 0;
  for (const one of packed) {
    bodies[one.place] = unpacked.subarray(at, at + one.size);
    at += one.size;
  }
}
