/** A request's body: read, unpacked and parsed within bounds, or the answer that refuses it. */
import { isAscii } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip, zstdDecompress } from "node:zlib";

/** Why a body is not taken, as an HTTP status and a sentence. */
export interface BodyRefusal {
  readonly kind: "refused";
  readonly status: 400 | 408 | 413 | 415 | 422 | 503;
  readonly message: string;
}

export type ReadBody = { readonly kind: "ok"; readonly value: unknown } | BodyRefusal;

/** Counts the bytes of bodies that are being read or unpacked, of all requests together. */
export interface BodyRoom {
  /** Takes room; false when there is not enough. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

/** Room for so many bytes. */
export function createRoom(mostBytes: number): BodyRoom {
  let used = 0;
  return {
    take(bytes) {
      if (used + bytes > mostBytes) return false;
      used += bytes;
      return true;
    },
    give(bytes) {
      used -= bytes;
    },
  };
}

const unpackers = {
  gzip: promisify(gunzip),
  zstd: promisify(zstdDecompress),
} as const;

/**
 * Reads JSON from a request. `maxBytes` bounds what is sent as well as what it unpacks to; `encoding` other than identity,
 * gzip and zstd is 415. Rejects only when the connection breaks.
 */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  room: BodyRoom,
): Promise<ReadBody> {
  const encoding = request.headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity" && !isPacked(encoding)) {
    const message = `content-encoding: expected gzip, zstd or identity, found ${encoding.slice(0, 40)}`;
    return { kind: "refused", status: 415, message };
  }
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) return tooLarge(maxBytes);
  // What is packed is held beside what it unpacks to.
  const held = isPacked(encoding) ? 2 * maxBytes : boundOf(request, maxBytes);
  if (!room.take(held)) {
    return { kind: "refused", status: 503, message: "too many bodies are being read" };
  }
  try {
    const bytes = await collect(request, maxBytes);
    if (bytes === undefined) return tooLarge(maxBytes);
    const plain = isPacked(encoding) ? await unpack(bytes, encoding, maxBytes) : bytes;
    if (!Buffer.isBuffer(plain)) return plain;
    const parsed = parse(plain);
    giveBack(plain);
    if (plain !== bytes) giveBack(bytes);
    return parsed;
  } finally {
    room.give(held);
  }
}

function boundOf(request: IncomingMessage, maxBytes: number): number {
  const stated = request.headers["content-length"];
  return stated === undefined ? maxBytes : Number(stated);
}

function isPacked(encoding: string): encoding is keyof typeof unpackers {
  return Object.hasOwn(unpackers, encoding);
}

/** Undefined when it is more than allowed. Listeners, and no iterator: that alone costs as much as the rest of a request. */
function collect(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>();
  let only: Buffer | undefined;
  let chunks: Buffer[] | undefined;
  let size = 0;
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBytes) {
      // The connection stays: the answer still has to get through. No more of the body is read.
      request.pause();
      resolve(undefined);
    } else if (only === undefined) only = chunk;
    else (chunks ??= [only]).push(chunk);
  });
  request.on("end", () => {
    resolve(chunks === undefined ? (only ?? nothing) : joined(chunks, size));
  });
  request.on("error", reject);
  request.on("close", () => {
    if (!request.complete) reject(new Error("the connection broke within a body"));
  });
  return promise;
}

const nothing = Buffer.alloc(0);

function joined(chunks: readonly Buffer[], size: number): Buffer {
  const all = Buffer.allocUnsafeSlow(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
    giveBack(chunk);
  }
  return all;
}

async function unpack(
  bytes: Buffer,
  encoding: keyof typeof unpackers,
  maxBytes: number,
): Promise<Buffer | BodyRefusal> {
  try {
    return await unpackers[encoding](bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof RangeError) return tooLarge(maxBytes);
    return { kind: "refused", status: 400, message: `the body is not ${encoding}` };
  }
}

function parse(bytes: Buffer): ReadBody {
  try {
    return { kind: "ok", value: JSON.parse(textOf(bytes)) };
  } catch {
    return { kind: "refused", status: 422, message: "expected JSON in UTF-8" };
  }
}

/**
 * Gives the memory of a body back now, where it is its own. Left to the garbage collector, which sees of each body only a
 * small object, those of a second would be there at once.
 */
function giveBack({ buffer, byteLength }: Buffer): void {
  const isOwn = byteLength === buffer.byteLength && byteLength > 0;
  if (isOwn && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Throws where the bytes are not UTF-8. */
function textOf(bytes: Buffer): string {
  return isAscii(bytes) ? bytes.toString("latin1") : utf8.decode(bytes);
}

function tooLarge(maxBytes: number): BodyRefusal {
  return { kind: "refused", status: 413, message: `expected a body of at most ${maxBytes} bytes` };
}
