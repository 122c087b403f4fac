/**
 * From the bytes of a body to text: content codings (gzip, deflate, br, zstd) and character sets. What is unpacked is
 * bounded, so that a small answer cannot become a large one in memory. Small bodies are unpacked at once, which is
 * cheaper; what unpacks to more goes through zlib's threads, so it does not hold up the event loop.
 */
import { promisify } from "node:util";
import {
  brotliDecompress,
  brotliDecompressSync,
  constants,
  gunzip,
  gunzipSync,
  inflate,
  inflateRaw,
  inflateRawSync,
  inflateSync,
  zstdDecompress,
  zstdDecompressSync,
  type BrotliOptions,
  type ZlibOptions,
  type ZstdOptions,
} from "node:zlib";
import type { Deadline } from "../deadline.ts";
import { codeOf, failed, faultOf, type Attempt } from "../fault.ts";
import { quoted } from "./head.ts";

/** The codings Belfry asks for. */
export const acceptedCodings = "gzip, deflate, br, zstd";

type Options = ZlibOptions & BrotliOptions & ZstdOptions;

interface Coding {
  readonly now: (data: Buffer, options: Options) => Buffer;
  readonly later: (data: Buffer, options: Options) => Promise<Buffer>;
  /** Lets a cut body be unpacked as far as it goes. */
  readonly partial: Options;
}

const zlibPartial = { finishFlush: constants.Z_SYNC_FLUSH };
const gzip: Coding = { now: gunzipSync, later: promisify(gunzip), partial: zlibPartial };
const zlib: Coding = { now: inflateSync, later: promisify(inflate), partial: zlibPartial };
const raw: Coding = { now: inflateRawSync, later: promisify(inflateRaw), partial: zlibPartial };
const brotli: Coding = {
  now: brotliDecompressSync,
  later: promisify(brotliDecompress),
  partial: { finishFlush: constants.BROTLI_OPERATION_FLUSH },
};
const zstd: Coding = {
  now: zstdDecompressSync,
  later: promisify(zstdDecompress),
  partial: { finishFlush: constants.ZSTD_e_flush },
};

/** Unpacked at once up to this size: less than a millisecond of work. */
const atOnceBytes = 262_144;
const mostCodings = 3;

/** Undoes the content codings of a whole body. */
export async function unpack(
  body: Buffer,
  encoding: string | undefined,
  limitBytes: number,
  deadline: Deadline,
): Promise<Attempt<Buffer>> {
  let data = body;
  const names = codingsOf(encoding);
  if (names.length > mostCodings) {
    return failed(faultOf("protocol", `more than ${mostCodings} content codings`));
  }
  for (const name of names) {
    const coding = codingOf(name, data);
    if (coding === undefined) {
      return failed(faultOf("protocol", `content coding ${quoted(name)} was not asked for`));
    }
    const unpacked = await unpackOne(data, coding, limitBytes, deadline);
    if (unpacked.kind === "fault") {
      const { fault } = unpacked;
      if (fault.reason !== "protocol") return unpacked;
      return failed(faultOf("protocol", `the body is not ${name}: ${fault.message}`));
    }
    data = unpacked.value;
  }
  return { kind: "ok", value: data };
}

/** Undoes the codings of the beginning of a body as far as it goes; null when that is not possible. */
export function unpackPart(part: Buffer, encoding: string | undefined): Buffer | null {
  let data = part;
  for (const name of codingsOf(encoding).slice(0, mostCodings)) {
    const coding = codingOf(name, data);
    if (coding === undefined) return null;
    try {
      data = coding.now(data, { ...coding.partial, maxOutputLength: atOnceBytes });
    } catch {
      return null;
    }
  }
  return data;
}

function codingsOf(encoding: string | undefined): string[] {
  if (encoding === undefined) return [];
  return encoding
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "identity")
    .toReversed();
}

function codingOf(name: string, data: Buffer): Coding | undefined {
  switch (name) {
    case "gzip":
    case "x-gzip":
      return gzip;
    case "deflate":
      return hasZlibHeader(data) ? zlib : raw;
    case "br":
      return brotli;
    case "zstd":
      return zstd;
    default:
      return undefined;
  }
}

/** `deflate` means zlib (RFC 9110, 8.4.1.2), but some servers send bare deflate, which browsers read too. */
function hasZlibHeader(data: Buffer): boolean {
  const [first = 0, second = 0] = data;
  return (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0;
}

async function unpackOne(
  data: Buffer,
  coding: Coding,
  limitBytes: number,
  deadline: Deadline,
): Promise<Attempt<Buffer>> {
  if (data.length === 0) return { kind: "ok", value: data };
  try {
    const maxOutputLength = Math.min(limitBytes, atOnceBytes);
    return { kind: "ok", value: coding.now(data, { maxOutputLength }) };
  } catch (error) {
    if (!isTooLarge(error)) return failed(faultOf("protocol", codeOf(error) ?? "damaged"));
    if (limitBytes <= atOnceBytes) return tooLarge(limitBytes);
  }
  return await new Promise((resolve) => {
    deadline.wait("unpack the body", (fault) => resolve(failed(fault)));
    coding
      .later(data, { maxOutputLength: limitBytes })
      .then((value) => resolve({ kind: "ok", value }))
      .catch((error: unknown) => {
        const damaged = failed(faultOf("protocol", codeOf(error) ?? "damaged"));
        resolve(isTooLarge(error) ? tooLarge(limitBytes) : damaged);
      })
      .finally(() => deadline.waited());
  });
}

function isTooLarge(error: unknown): boolean {
  return codeOf(error) === "ERR_BUFFER_TOO_LARGE";
}

function tooLarge(limitBytes: number): Attempt<never> {
  return failed(faultOf("too_large", `the body unpacks to more than ${limitBytes} bytes`));
}

/**
 * Reads bytes as text: by the byte order mark, then the `charset` of the content type, then UTF-8. What cannot be read
 * becomes U+FFFD; an unknown character set is read as UTF-8.
 */
export function textOf(data: Buffer, contentType: string | undefined): string {
  return decoderFor(charsetOf(data, contentType)).decode(data);
}

function charsetOf(data: Buffer, contentType: string | undefined): string {
  if (data[0] === 0xff && data[1] === 0xfe) return "utf-16le";
  if (data[0] === 0xfe && data[1] === 0xff) return "utf-16be";
  if (data[0] === 0xef && data[1] === 0xbb && data[2] === 0xbf) return "utf-8";
  const match = /;\s*charset\s*=\s*"?([^\s;"]{1,40})/i.exec(contentType ?? "");
  return match?.[1] ?? "utf-8";
}

function decoderFor(charset: string): TextDecoder {
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}
