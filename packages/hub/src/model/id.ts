/**
 * Ids are UUIDv7 (RFC 9562): 48 bits of epoch ms, then random bits; they sort by time and any process can hand them
 * out. Branded, so that one kind of id cannot stand in for another.
 */
import { randomFillSync } from "node:crypto";

declare const brand: unique symbol;

/** A UUIDv7 in lower case that names a resource of kind `K`. */
export type Id<K extends string> = string & { readonly [brand]: K };

export type MonitorId = Id<"monitor">;
/** A host and the monitor that follows it have one id. */
export type HostId = MonitorId;
export type IncidentId = Id<"incident">;
export type KeyId = Id<"key">;

/** Makes a new id for the instant `nowMs` (epoch ms). */
export type IdMaker = <K extends string>(nowMs: number) => Id<K>;

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Makes a random UUIDv7. */
export const createId: IdMaker = <K extends string>(nowMs: number): Id<K> => {
  const bytes = randomFillSync(Buffer.allocUnsafe(16));
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as Id<K>;
};

/** Reads an id; any UUID in either case is accepted and comes back in lower case; undefined when it is none. */
export function parseId<K extends string>(value: unknown): Id<K> | undefined {
  if (typeof value !== "string") return undefined;
  const lower = value.toLowerCase();
  return pattern.test(lower) ? (lower as Id<K>) : undefined;
}
