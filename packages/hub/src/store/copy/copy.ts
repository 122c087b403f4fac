/**
 * Moves a whole installation from one database to another, of the same engine or not: every table that the schema has,
 * byte for byte, and the counters that hand out keys. Only what processes that run tell each other of the moment stays
 * behind (`leftOut`).
 *
 * Promises: the source is only read, and all of it at one moment; the target is written in one transaction, so that it
 * has everything or nothing however the copy ends; in the end both are compared table by table, by the number of rows
 * and by a checksum of their content, before the target keeps anything. Memory is bounded by a few batches of rows.
 *
 * Neither database may be in use by a hub: what it writes meanwhile would be missing on the other side.
 */
import { AppError } from "../../model/error.ts";
import { openDatabase } from "../admin.ts";
import { toAppError } from "../failure.ts";
import type { StoreSettings } from "../port.ts";
import { parsePostgresUrl, withoutSecrets } from "../postgres/url.ts";
import { createContentSum } from "./content-sum.ts";
import { inOrderOfReference, sizeOf, type CopySide, type CopyTable } from "./side.ts";

/** Paths of SQLite files or `postgres://` URLs. */
export interface CopySettings {
  readonly from: string;
  readonly to: string;
  readonly retention: StoreSettings["retention"];
}

export interface TableProgress {
  readonly table: string;
  readonly rows: number;
  readonly bytes: number;
  /** False while rows are being copied, true once the copy of the table was compared with it. */
  readonly isDone: boolean;
}

export interface CopyReport {
  readonly tables: number;
  readonly rows: number;
  readonly bytes: number;
}

/**
 * Copies. Rejects with an `AppError`: `conflict` when a database is in use, the source lacks migrations, the target is
 * not empty, or both are the same; `not_found` when there is no source; `unavailable` when one cannot be reached;
 * `internal` when the copy is not like the source. Then the target is as empty as it was.
 */
export async function copyDatabase(
  { from, to, retention }: CopySettings,
  onProgress: (progress: TableProgress) => void,
): Promise<CopyReport> {
  if (from === to) throw new AppError("conflict", "both databases are the same");
  try {
    await mustBeOfThisRelease(from, retention);
    return await withSource(from, (source) =>
      withTarget(to, (target) => copyTables(source, target, onProgress)),
    );
  } catch (error) {
    throw toAppError(error);
  }
}

async function mustBeOfThisRelease(
  database: string,
  retention: StoreSettings["retention"],
): Promise<void> {
  await using admin = await openDatabase({ database, retention });
  const { applied, pending } = await admin.status();
  if (applied.length === 0) {
    throw new AppError("not_found", `there is no Belfry in ${shown(database)}`);
  }
  if (pending.length === 0) return;
  const text = `${shown(database)} lacks the migration ${pending.join(", ")}: bring it to this release first, with belfry db migrate`;
  throw new AppError("conflict", text);
}

async function withSource<T>(database: string, work: (side: CopySide) => Promise<T>): Promise<T> {
  const url = parsePostgresUrl(database);
  if (url === undefined) {
    const { withSqliteSource } = await import("./sqlite-side.ts");
    return withSqliteSource(database, work);
  }
  const { withPostgresSource } = await import("./postgres-side.ts");
  return withPostgresSource(url, work);
}

async function withTarget<T>(database: string, work: (side: CopySide) => Promise<T>): Promise<T> {
  const mustBeEmpty = async (side: CopySide): Promise<void> => {
    for (const table of side.tables) {
      for await (const _rows of side.rows(table)) {
        const found = `${table.name} has rows`;
        throw new AppError("conflict", `${shown(database)} is not empty: the table ${found}`);
      }
    }
  };
  const url = parsePostgresUrl(database);
  if (url === undefined) {
    const { withSqliteTarget } = await import("./sqlite-side.ts");
    return withSqliteTarget(database, mustBeEmpty, work);
  }
  const { withPostgresTarget } = await import("./postgres-side.ts");
  return withPostgresTarget(url, mustBeEmpty, work);
}

async function copyTables(
  source: CopySide,
  target: CopySide,
  onProgress: (progress: TableProgress) => void,
): Promise<CopyReport> {
  mustBeAlike(source.tables, target.tables);
  const report = { tables: 0, rows: 0, bytes: 0 };
  for (const table of inOrderOfReference(source.tables)) {
    const { rows, bytes } = await copyTable(source, target, table, onProgress);
    report.tables += 1;
    report.rows += rows;
    report.bytes += bytes;
  }
  return report;
}

async function copyTable(
  source: CopySide,
  target: CopySide,
  table: CopyTable,
  onProgress: (progress: TableProgress) => void,
): Promise<{ readonly rows: number; readonly bytes: number }> {
  const sum = createContentSum(table);
  let bytes = 0;
  for await (const rows of source.rows(table)) {
    await target.insert(table, rows);
    sum.add(rows);
    bytes += rows.reduce((total, row) => total + sizeOf(row), 0);
    onProgress({ table: table.name, rows: sum.rows, bytes, isDone: false });
  }
  const last = await source.counter(table);
  if (last !== null) await target.setCounter(table, last);
  const copied = createContentSum(table);
  for await (const rows of target.rows(table)) copied.add(rows);
  if (copied.rows !== sum.rows || copied.end() !== sum.end()) {
    const counts = `${sum.rows} rows were read, ${copied.rows} are there`;
    throw new AppError("internal", `the copy of ${table.name} is not like the source: ${counts}`);
  }
  onProgress({ table: table.name, rows: sum.rows, bytes, isDone: true });
  return { rows: sum.rows, bytes };
}

/** Both were brought to the same release, so this fails only where a migration makes different columns on each. */
function mustBeAlike(source: readonly CopyTable[], target: readonly CopyTable[]): void {
  const found = new Map(target.map((table) => [table.name, JSON.stringify(table.columns)]));
  for (const { name, columns, key } of source) {
    if (found.get(name) === JSON.stringify(columns) && key.length > 0) continue;
    throw new AppError("internal", `the table ${name} is not the same in both databases`);
  }
}

function shown(database: string): string {
  const url = parsePostgresUrl(database);
  return url === undefined ? database : withoutSecrets(url);
}
