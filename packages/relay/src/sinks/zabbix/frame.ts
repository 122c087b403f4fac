/**
 * Frames of Zabbix's protocol, both ways:
 *
 * | bytes    | what                                                                              |
 * | -------- | --------------------------------------------------------------------------------- |
 * | 4        | `ZBXD`                                                                            |
 * | 1        | flags, bits: 1 always, 2 the data is compressed by zlib, 4 the two lengths are long |
 * | 4 (or 8) | length of the data, little-endian                                                 |
 * | 4 (or 8) | compressed: length of the data before that; else nothing that counts              |
 * | the rest | data: JSON                                                                        |
 *
 * We send plain frames. The server answers as it likes: flags are read as bits, and a frame ends where its length says.
 */
import { inflateSync } from "node:zlib";

const magic = Buffer.from("ZBXD");
export const frameFlags = { protocol: 1, compressed: 2, large: 4 } as const;
const knownFlags = frameFlags.protocol | frameFlags.compressed | frameFlags.large;

/** A text as a plain frame. */
export function frameOf(text: string): Buffer {
  const data = Buffer.from(text);
  const header = Buffer.alloc(13);
  magic.copy(header);
  header.writeUInt8(frameFlags.protocol, 4);
  header.writeUInt32LE(data.length, 5);
  return Buffer.concat([header, data]);
}

export type FrameState =
  | { readonly kind: "incomplete" }
  | { readonly kind: "whole"; readonly text: string }
  /** These are no frames of Zabbix, or one that is longer than it may be. */
  | { readonly kind: "wrong"; readonly why: string };

export interface FrameReader {
  /** Takes what came; says what there is now. After a frame is whole or wrong nothing more is to be added. */
  add(chunk: Uint8Array): FrameState;
}

/** Reads one frame, however its bytes come apart. Its data, compressed or not, may have `limitBytes`. */
export function createFrameReader(limitBytes: number): FrameReader {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let end: number | undefined;
  return {
    add(chunk) {
      chunks.push(chunk);
      size += chunk.length;
      if (end !== undefined && size < end) return { kind: "incomplete" };
      const bytes = Buffer.concat(chunks);
      chunks.splice(0, chunks.length, bytes);
      const header = headerOf(bytes, limitBytes);
      if (header.kind !== "header") return header;
      end = header.headBytes + header.dataBytes;
      if (size < end) return { kind: "incomplete" };
      if (size > end) return wrong(`${size - end} bytes after the end of the frame`);
      return textOf(bytes.subarray(header.headBytes, end), header);
    },
  };
}

interface Header {
  readonly kind: "header";
  readonly headBytes: number;
  readonly dataBytes: number;
  /** What the data was before it was compressed; undefined: it is not. */
  readonly plainBytes: number | undefined;
}

function headerOf(
  bytes: Buffer,
  limitBytes: number,
): Header | Exclude<FrameState, { kind: "whole" }> {
  const start = bytes.subarray(0, magic.length);
  if (!start.equals(magic.subarray(0, start.length))) return wrong("no frame of Zabbix");
  const flags = bytes[4];
  if (flags === undefined) return { kind: "incomplete" };
  if ((flags & frameFlags.protocol) === 0 || (flags & ~knownFlags) !== 0) {
    return wrong(`a frame with unknown flags 0x${flags.toString(16)}`);
  }
  const isLarge = (flags & frameFlags.large) !== 0;
  const headBytes = isLarge ? 21 : 13;
  if (bytes.length < headBytes) return { kind: "incomplete" };
  const dataBytes = isLarge ? Number(bytes.readBigUInt64LE(5)) : bytes.readUInt32LE(5);
  const reserved = isLarge ? Number(bytes.readBigUInt64LE(13)) : bytes.readUInt32LE(9);
  const plainBytes = (flags & frameFlags.compressed) === 0 ? undefined : reserved;
  const longest = Math.max(dataBytes, plainBytes ?? 0);
  if (longest > limitBytes) return wrong(`a frame of ${longest} bytes, above ${limitBytes}`);
  return { kind: "header", headBytes, dataBytes, plainBytes };
}

function textOf(data: Buffer, { plainBytes }: Header): FrameState {
  if (plainBytes === undefined) return { kind: "whole", text: data.toString() };
  try {
    const plain = inflateSync(data, { maxOutputLength: Math.max(plainBytes, 1) });
    if (plain.length === plainBytes) return { kind: "whole", text: plain.toString() };
  } catch {
    // Told below: it is not what its header says.
  }
  return wrong("compressed data that is not what its header says");
}

function wrong(why: string): { readonly kind: "wrong"; readonly why: string } {
  return { kind: "wrong", why };
}
