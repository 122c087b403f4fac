/** The checksum of a table's content: the same on both engines when rows and values are the same. */
import { createHash } from "node:crypto";
import type { CopyRow, CopyTable, CopyValue } from "./side.ts";

/** Takes rows in the order of their keys. */
export interface ContentSum {
  add(rows: readonly CopyRow[]): void;
  readonly rows: number;
  /** SHA-256 in hexadecimal digits; nothing may be added afterwards. */
  end(): string;
}

/** Begins the sum of one table. Each value is hashed with its kind and length, so that no two rows look alike. */
export function createContentSum({ columns }: CopyTable): ContentSum {
  const hash = createHash("sha256");
  hash.update(columns.map(({ name, type }) => `${name}:${type};`).join(""));
  let count = 0;
  return {
    add(rows) {
      for (const row of rows) for (const value of row) addValue(hash, value);
      count += rows.length;
    },
    get rows() {
      return count;
    },
    end: () => hash.digest("hex"),
  };
}

function addValue(hash: ReturnType<typeof createHash>, value: CopyValue): void {
  if (value === null) hash.update("-");
  else if (typeof value === "string") hash.update(`t${Buffer.byteLength(value)}:`).update(value);
  // SQLite keeps no negative zero: added to zero, it is one here neither.
  else if (typeof value === "number") hash.update(`n${value + 0};`);
  else hash.update(`b${value.byteLength}:`).update(value);
}
