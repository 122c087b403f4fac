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

/** The body of a blob. Throws when it is of another format or of a version this release does not know. */
export function unwrap(format: number, blob: Uint8Array): Uint8Array {
  if (blob[0] === format) return blob.subarray(1);
  if (blob[0] !== (format | 1)) {
    throw new Error(
      `a chunk begins with 0x${blob[0]?.toString(16)}, expected 0x${format.toString(16)}`,
    );
  }
  const reader = new ByteReader(blob, 1);
  const size = reader.unsigned();
  const body = zstdDecompressSync(blob.subarray(reader.at), { chunkSize: Math.max(64, size) });
  if (body.length !== size) throw new Error(`a chunk has ${body.length} bytes, expected ${size}`);
  return body;
}
