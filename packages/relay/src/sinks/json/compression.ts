/**
 * Compressed files that can be appended to, and mended after a crash. Each batch is a complete member (gzip) or frame
 * (zstd), which every reader of these formats takes as one text with the others. Before the first and behind each of them
 * stands a mark, which such readers pass over: an empty gzip member with an extra field, or a skippable zstd frame. It says
 * how long the member before it is and what its checksum is, so the last whole one is found from the end of the file.
 *
 *   gzip  1f 8b 08 04 00000000 00 ff | 0c 00 | 'B' 'f' 08 00 | length u32 | crc32 u32 | 03 00 | 00000000 00000000
 *   zstd  50 2a 4d 18 | 0c 00 00 00 | 'B' 'f' 'r' 'y' | length u32 | crc32 u32
 *
 * Numbers are little-endian; length and checksum are of the compressed bytes, and 0 in the first mark.
 */
import { promisify } from "node:util";
import { crc32, gunzip, gzip, zstdCompress, zstdDecompress } from "node:zlib";
import type { AppendFile } from "../files/append-file.ts";
import { idOfJson, tailBytes, tornBytes, type ReadTail } from "../files/tail.ts";

export interface Compression {
  /** Behind `.jsonl`. */
  readonly extension: string;
  /** What a file begins with. */
  readonly head: Uint8Array;
  /** A batch as it stands in the file, its mark behind it. */
  readonly pack: (text: string) => Promise<Uint8Array>;
  readonly readTail: ReadTail;
}

/** Where in a mark the length stands, and what is before and behind its two numbers. */
interface Mark {
  readonly before: Buffer;
  readonly behind: Buffer;
}

type Squeeze = (bytes: Uint8Array) => Promise<Uint8Array>;

const gzipMark: Mark = {
  before: Buffer.from("1f8b08040000000000ff0c0042660800", "hex"),
  behind: Buffer.from("03000000000000000000", "hex"),
};

const zstdMark: Mark = {
  before: Buffer.concat([Buffer.from("502a4d180c000000", "hex"), Buffer.from("Bfry")]),
  behind: Buffer.alloc(0),
};

/** As setting `compression` names them. */
export const compressions = {
  gzip: createCompression(".gz", gzipMark, promisify(gzip), (bytes) =>
    promisify(gunzip)(bytes, { maxOutputLength: tailBytes }),
  ),
  zstd: createCompression(".zst", zstdMark, promisify(zstdCompress), (bytes) =>
    promisify(zstdDecompress)(bytes, { maxOutputLength: tailBytes }),
  ),
} as const satisfies Record<string, Compression>;

function createCompression(
  extension: string,
  mark: Mark,
  compress: Squeeze,
  expand: Squeeze,
): Compression {
  return {
    extension,
    head: markOf(mark, new Uint8Array(0)),
    async pack(text) {
      const member = await compress(Buffer.from(text));
      return Buffer.concat([member, markOf(mark, member)]);
    },
    readTail: async (file) => {
      const head = await file.read(0, sizeOf(mark));
      const own = markOf(mark, new Uint8Array(0));
      // Without our mark at its beginning, or a part of it that a crash left, it is somebody else's.
      if (!own.subarray(0, head.length).equals(head)) return undefined;
      const end = await lastMark(file, mark);
      if (file.size - end > tornBytes) return undefined;
      return { end, ids: await idsBefore(file, { mark, end, expand }) };
    },
  };
}

function sizeOf({ before, behind }: Mark): number {
  return before.length + 8 + behind.length;
}

function markOf({ before, behind }: Mark, member: Uint8Array): Buffer {
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32LE(member.length, 0);
  numbers.writeUInt32LE(member.length === 0 ? 0 : crc32(member), 4);
  return Buffer.concat([before, numbers, behind]);
}

type Readable = Pick<AppendFile, "size" | "read">;

/** The compressed bytes that a mark at `at` speaks of; undefined when there is no mark there, or they are not these. */
async function memberBefore(
  file: Readable,
  mark: Mark,
  at: number,
): Promise<Uint8Array | undefined> {
  if (at < 0) return undefined;
  const found = Buffer.from(await file.read(at, sizeOf(mark)));
  if (found.length < sizeOf(mark) || !found.subarray(0, mark.before.length).equals(mark.before)) {
    return undefined;
  }
  const length = found.readUInt32LE(mark.before.length);
  if (length > at) return undefined;
  const member = await file.read(at - length, length);
  return markOf(mark, member).equals(found) ? member : undefined;
}

/** Behind the last mark of which everything is true; 0 when there is none. */
async function lastMark(file: Readable, mark: Mark): Promise<number> {
  const size = sizeOf(mark);
  if ((await memberBefore(file, mark, file.size - size)) !== undefined) return file.size;
  const begin = Math.max(0, file.size - tornBytes - size);
  const bytes = Buffer.from(await file.read(begin, file.size - begin));
  let at = bytes.lastIndexOf(mark.before);
  while (at >= 0) {
    if ((await memberBefore(file, mark, begin + at)) !== undefined) return begin + at + size;
    at = at === 0 ? -1 : bytes.lastIndexOf(mark.before, at - 1);
  }
  return 0;
}

/** Ids of the records in the last members, newest member first. */
async function idsBefore(
  file: Readable,
  { mark, end, expand }: { readonly mark: Mark; readonly end: number; readonly expand: Squeeze },
): Promise<readonly string[]> {
  const ids: string[] = [];
  let read = 0;
  let at = end - sizeOf(mark);
  while (read < tailBytes) {
    const member = await memberBefore(file, mark, at);
    if (member === undefined || member.length === 0) break;
    // Ids only help; a member that is larger than what is looked at has none.
    const text = await expand(member).then(
      (bytes) => Buffer.from(bytes).toString(),
      () => undefined,
    );
    if (text === undefined) break;
    ids.push(...text.split("\n").flatMap((line) => idOfJson(line) ?? []));
    read += text.length;
    at -= member.length + sizeOf(mark);
  }
  return ids;
}
