/** Signatures of Standard Webhooks 1.0: HMAC-SHA256 over `<id>.<time>.<body>`. */
import { createHmac } from "node:crypto";

/** The bytes of a `whsec_…` secret; undefined when it is none, or not 24 to 64 bytes long. */
export function readSecret(text: string): Uint8Array | undefined {
  const found = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text);
  if (found?.[1] === undefined) return undefined;
  const bytes = Buffer.from(found[1], "base64");
  return bytes.length >= 24 && bytes.length <= 64 ? bytes : undefined;
}

/** Headers of a signed request; none without keys. `at` is epoch ms; several keys give several signatures. */
export function signatureHeaders(
  { id, at, body }: { readonly id: string; readonly at: number; readonly body: string },
  keys: readonly Uint8Array[],
): Readonly<Record<string, string>> {
  if (keys.length === 0) return {};
  const time = String(Math.floor(at / 1000));
  const signatures = keys.map((key) => {
    const digest = createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64");
    return `v1,${digest}`;
  });
  return {
    "webhook-id": id,
    "webhook-timestamp": time,
    "webhook-signature": signatures.join(" "),
  };
}
