/**
 * One of the two databases of a copy, as `copy.ts` needs it: tables that were found by asking the database itself, rows
 * in the order of their keys, and the counters that hand out keys. Nothing here lists tables: one that a later migration
 * makes is copied without anybody thinking of it.
 */

/** What a column holds; the same on both engines, whatever they call it. */
export type ColumnType = "text" | "integer" | "real" | "bytes";

export interface CopyColumn {
  readonly name: string;
  readonly type: ColumnType;
}

export interface CopyTable {
  readonly name: string;
  /** By name, so that both engines give them in the same order. */
  readonly columns: readonly CopyColumn[];
  /** Columns of the primary key, in its order. */
  readonly key: readonly string[];
  /** Tables whose rows have to be there before. */
  readonly refersTo: readonly string[];
}

export type CopyValue = null | string | number | Uint8Array;

/** Values in the order of the table's columns. */
export type CopyRow = readonly CopyValue[];

/** A database in one transaction. Everything rejects with the engine's own errors. */
export interface CopySide {
  /** Every table but those that are left out. */
  readonly tables: readonly CopyTable[];
  /** All rows in the order of the key, a bounded number at a time. */
  rows(table: CopyTable): AsyncIterable<readonly CopyRow[]>;
  insert(table: CopyTable, rows: readonly CopyRow[]): Promise<void>;
  /** The last key that was handed out; null: keys of this table are not counted. */
  counter(table: CopyTable): Promise<number | null>;
  /** Sees to it that the next key is above `last`; nothing where keys are not counted. */
  setCounter(table: CopyTable, last: number): Promise<void>;
}

/**
 * Tables that are not copied: which migrations were done, and what processes that run tell each other of the moment. A
 * table that is not named here is copied.
 */
export const leftOut = [
  "migration",
  "process",
  "lease",
  "monitor_now",
  "heard",
  "check_request",
  "request_count",
  "series_list",
] as const;

/** Bounds of what is in memory at a time; one row may be larger. */
export const batchBounds = { maxRows: 2_000, maxBytes: 1024 * 1024 } as const;

/** What a row takes, roughly, in bytes. */
export function sizeOf(row: CopyRow): number {
  let bytes = 0;
  for (const value of row) {
    if (typeof value === "string") bytes += value.length;
    else if (value instanceof Uint8Array) bytes += value.byteLength;
    else bytes += 8;
  }
  return bytes;
}

/** The tables in an order in which each comes after those it refers to; by name where that leaves a choice. */
export function inOrderOfReference(tables: readonly CopyTable[]): readonly CopyTable[] {
  const ordered: CopyTable[] = [];
  let left = tables.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  while (left.length > 0) {
    const waiting = new Set(left.map(({ name }) => name));
    const ready = left.filter(({ name, refersTo }) =>
      refersTo.every((other) => other === name || !waiting.has(other)),
    );
    if (ready.length === 0) throw new Error(`tables refer to each other: ${[...waiting].join()}`);
    ordered.push(...ready);
    left = left.filter((table) => !ready.includes(table));
  }
  return ordered;
}
