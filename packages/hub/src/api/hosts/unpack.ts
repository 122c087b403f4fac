/**
 * Unpacks the body of a request, never to more than a limit: a few bytes can stand for gigabytes. Small bodies are
 * unpacked at once, which takes less time than handing them to another thread and back; all others are handed over.
 */
import { promisify } from "node:util";
import { gunzip, gunzipSync, zstdDecompress, zstdDecompressSync } from "node:zlib";
import { AppError } from "../../model/error.ts";

const smallBytes = 32 * 1024;
/** What a small body may become at once; a larger one is unpacked again by another thread. */
const smallUnpackedBytes = 512 * 1024;

const codings = {
  zstd: { now: zstdDecompressSync, later: promisify(zstdDecompress) },
  gzip: { now: gunzipSync, later: promisify(gunzip) },
} as const;

/** The body as it was before packing; throws `malformed`, `too_large` or `unsupported_media_type`. */
export async function unpack(
  body: Buffer,
  encoding: string | undefined,
  maxBytes: number,
): Promise<Uint8Array> {
  const name = encoding?.trim().toLowerCase() ?? "identity";
  if (name === "identity" || name === "") return body;
  if (name !== "zstd" && name !== "gzip") {
    const detail = `content-encoding: expected zstd, gzip or identity, found ${name.slice(0, 60)}`;
    throw new AppError("unsupported_media_type", detail);
  }
  const { now, later } = codings[name];
  if (body.length <= smallBytes) {
    const most = Math.min(maxBytes, smallUnpackedBytes);
    try {
      return now(body, { maxOutputLength: most });
    } catch (error) {
      if (!isTooLarge(error)) throw broken(name, error);
    }
  }
  try {
    return await later(body, { maxOutputLength: maxBytes });
  } catch (error) {
    if (!isTooLarge(error)) throw broken(name, error);
    throw new AppError("too_large", `Unpacked, the body is larger than ${maxBytes} bytes`);
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}

function broken(name: string, cause: unknown): AppError {
  return new AppError("malformed", `The body is not valid ${name}`, { cause });
}
