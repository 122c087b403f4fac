/** Keys and tokens: 256 random bits, of which only the SHA-256 is kept. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** A fresh API key: the text itself, what it is recognised by, and what is stored. */
export interface FreshKey {
  readonly secret: string;
  readonly prefix: string;
  readonly hash: string;
}

/** How many characters of a key are kept in the clear. */
const prefixLength = 13;

/** Makes an API key: `belfry_` and 43 characters of base64url. */
export function createKeySecret(): FreshKey {
  const secret = `belfry_${randomBytes(32).toString("base64url")}`;
  return { secret, prefix: prefixOf(secret), hash: hashSecret(secret) };
}

/** What a key is recognised by: its first 13 characters, or fewer where it is so short that they would give it away. */
export function prefixOf(secret: string): string {
  return secret.slice(0, Math.min(prefixLength, Math.floor(secret.length / 4)));
}

/** Makes a token for a session or against cross-site requests: 43 characters of base64url. */
export function createToken(): string {
  return randomBytes(32).toString("base64url");
}

/** SHA-256 in hex. */
export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** Compares two texts in a time that depends on their lengths only. */
export function isSameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
