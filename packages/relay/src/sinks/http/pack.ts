/** Bodies of requests, packed where a setting says so. */
import { promisify } from "node:util";
import { gzip, zstdCompress } from "node:zlib";

export const packings = ["none", "gzip", "zstd"] as const;
export type Packing = (typeof packings)[number];

const packers = { gzip: promisify(gzip), zstd: promisify(zstdCompress) } as const;

/** The body as it is sent, and the header that says how it is packed. */
export async function pack(
  text: string,
  packing: Packing,
): Promise<{ readonly body: Uint8Array; readonly headers: Readonly<Record<string, string>> }> {
  const bytes = Buffer.from(text);
  if (packing === "none") return { body: bytes, headers: {} };
  return { body: await packers[packing](bytes), headers: { "content-encoding": packing } };
}
