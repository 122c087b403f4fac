/** Spools for tests: in a folder of their own, with a clock that is set by hand. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { StoredRecord } from "./record.ts";
import { createDirectDisk } from "./direct-disk.ts";
import type { SpoolDisk } from "./disk.ts";
import type { Cursor } from "./cursor.ts";
import { openSpool, type Spool } from "./spool.ts";
import type { SpoolParts, SpoolSettings } from "./settings.ts";

/** A folder that goes at the end. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "belfry-spool-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** What a spool needs, and what it told. */
export interface KitParts extends SpoolParts {
  readonly told: string[];
  readonly time: { at: number; monotonicMs: number };
}

/** Parts with a clock by hand and the real disk, in place; another disk where one is given. */
export function kitParts(disk: SpoolDisk = createDirectDisk()): KitParts {
  const told: string[] = [];
  const time = { at: 1_790_000_000_000, monotonicMs: 0 };
  return {
    disk,
    told,
    time,
    log: {
      info: (_fields, message) => told.push(`info ${message}`),
      warn: (_fields, message) => told.push(`warn ${message}`),
    },
    clock: { now: () => time.at, monotonicMs: () => time.monotonicMs },
    sleep: (ms, signal) => sleep(ms, undefined, { signal, ref: false }),
  };
}

/** Small segments, so that little data makes many of them. */
export const small = {
  segmentBytes: 1024,
  quotaBytes: 1024 * 1024,
  maxRecordBytes: 4096,
  maxPendingBytes: 64 * 1024,
  reserveBytes: 4096,
} as const satisfies Partial<SpoolSettings>;

/** Opens a spool of small segments. */
export function openSmall(
  folder: string,
  parts: SpoolParts = kitParts(),
  settings: Partial<SpoolSettings> = {},
): Promise<Spool> {
  return openSpool({ folder, ...small, ...settings }, parts);
}

/** Records with these ids; what they hold says which they are. */
export function recordsOf(...ids: readonly string[]): { id: string; bytes: Uint8Array }[] {
  return ids.map((id) => ({ id, bytes: Buffer.from(JSON.stringify({ event: id })) }));
}

/** Everything a cursor can read now. */
export async function readAll(
  cursor: Cursor,
  bounds = { maxRecords: 7, maxBytes: 700 },
): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  for (;;) {
    const some = await cursor.read(bounds);
    if (some.length === 0) return records;
    records.push(...some);
  }
}

/** The ids of records. */
export function idsOf(records: readonly StoredRecord[]): string[] {
  return records.map(({ id }) => id);
}
