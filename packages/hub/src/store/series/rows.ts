/** Values of rows, as the engines hand them out, checked. */
import type { BlockLevel, Limits, OpenWindow, Resolution, SourceRow } from "./tables.ts";

export type Row = Readonly<Record<string, unknown>>;

export function numberIn(row: Row | undefined, name: string): number {
  const value = row?.[name];
  if (typeof value === "number") return value;
  throw new Error(`column ${name} holds ${typeof value}, expected a number`);
}

export function textIn(row: Row, name: string): string {
  const value = row[name];
  if (typeof value === "string") return value;
  throw new Error(`column ${name} holds ${typeof value}, expected text`);
}

export function bytesIn(row: Row, name: string): Uint8Array {
  const value = row[name];
  if (value instanceof Uint8Array) return value;
  throw new Error(`column ${name} holds ${typeof value}, expected bytes`);
}

export function sourceRow(row: Row): SourceRow {
  return {
    id: numberIn(row, "id"),
    key: textIn(row, "key"),
    labels: textIn(row, "labels"),
    slots: numberIn(row, "slots"),
    stamp: numberIn(row, "stamp"),
  };
}

/** Null where the column is. */
export function optionalNumberIn(row: Row | undefined, name: string): number | null {
  return row?.[name] === null ? null : numberIn(row, name);
}

export function limitsIn(row: Row | undefined): Limits {
  return {
    horizon: optionalNumberIn(row, "horizon") ?? -Infinity,
    retentionStamp: optionalNumberIn(row, "stamp"),
  };
}

export function openWindow(row: Row): OpenWindow {
  const level = numberIn(row, "level");
  if (level !== 0 && level !== 1 && level !== 2) throw new Error(`an open row has level ${level}`);
  return {
    sourceId: numberIn(row, "source_id"),
    resolution: resolutionIn(row),
    windowStart: numberIn(row, "window_start"),
    level,
    rows: numberIn(row, "rows"),
  };
}

export function levelIn(row: Row): BlockLevel {
  const value = numberIn(row, "level");
  if (value === 1 || value === 2 || value === 3) return value;
  throw new Error(`a block has the level ${value}`);
}

function resolutionIn(row: Row): Resolution {
  const value = numberIn(row, "resolution");
  if (value === 0 || value === 1 || value === 2) return value;
  throw new Error(`a block has the resolution ${value}`);
}
