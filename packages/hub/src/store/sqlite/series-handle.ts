/** A handle as the tables of series use it. */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { Row } from "../series/rows.ts";
import { groupsPerBlock } from "../series/schema.ts";

export interface Handle {
  readonly database: DatabaseSync;
  readonly all: (sql: string, ...values: SQLInputValue[]) => readonly Row[];
  /** Gives the number of rows that changed. */
  readonly run: (sql: string, ...values: SQLInputValue[]) => number;
  readonly prepared: (sql: string) => StatementSync;
}

/** Deletes a block with its groups; false when it is gone. */
export function deleteBlock(run: Handle["run"], id: number): boolean {
  run(
    "delete from series_group where id >= ? and id < ?",
    id * groupsPerBlock,
    (id + 1) * groupsPerBlock,
  );
  return run("delete from series_block where id = ?", id) === 1;
}
