/** A SQLite file as one side of a copy. The file is locked: no hub may use it meanwhile. */
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from "node:sqlite";
import { AppError } from "../../model/error.ts";
import { migrateUp } from "../migrations/run.ts";
import { openForReading, openForWriting } from "../sqlite/file.ts";
import { lockDatabase } from "../sqlite/lock.ts";
import { inTransaction, sqliteMigrationScope } from "../sqlite/transaction.ts";
import {
  batchBounds,
  leftOut,
  sizeOf,
  type ColumnType,
  type CopyRow,
  type CopySide,
  type CopyTable,
} from "./side.ts";

/** Works on one state of the file, which is only read. */
export async function withSqliteSource<T>(
  file: string,
  work: (side: CopySide) => Promise<T>,
): Promise<T> {
  using resources = new DisposableStack();
  resources.use(lockDatabase(file));
  const database = resources.adopt(openForReading(file), (one) => one.close());
  return await inTransaction(database, "BEGIN", () => work(createSide(database)));
}

/**
 * Makes the tables in a file that has none, and works in one transaction: what `work` wrote is there as a whole, or not
 * at all. `mustBeEmpty` is asked before anything is changed.
 */
export async function withSqliteTarget<T>(
  file: string,
  mustBeEmpty: (side: CopySide) => Promise<void>,
  work: (side: CopySide) => Promise<T>,
): Promise<T> {
  using resources = new DisposableStack();
  resources.use(lockDatabase(file));
  const database = resources.adopt(openForWriting(file), (one) => one.close());
  await mustBeEmpty(createSide(database));
  await migrateUp(sqliteMigrationScope(database), Date.now);
  return await inTransaction(database, "BEGIN IMMEDIATE", () => work(createSide(database)));
}

const columnTypes = new Map<string, ColumnType>([
  ["TEXT", "text"],
  ["INTEGER", "integer"],
  ["REAL", "real"],
  ["BLOB", "bytes"],
]);

function createSide(database: DatabaseSync): CopySide {
  return {
    tables: tablesOf(database),
    rows: (table) => rowsOf(database, table),
    insert(table, rows) {
      const names = table.columns.map(({ name }) => quoted(name));
      const marks = names.map(() => "?").join();
      const insert = database.prepare(
        `INSERT INTO ${quoted(table.name)} (${names.join()}) VALUES (${marks})`,
      );
      for (const row of rows) insert.run(...row.map(inputValue));
      return Promise.resolve();
    },
    counter: (table) => Promise.resolve(counterOf(database, table)),
    setCounter(table, last) {
      if (!isCounted(database, table.name)) return Promise.resolve();
      const name = table.name;
      const now = counterOf(database, table) ?? 0;
      database.prepare("DELETE FROM sqlite_sequence WHERE name = ?").run(name);
      database
        .prepare("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)")
        .run(name, Math.max(now, last));
      return Promise.resolve();
    },
  };
}

function tablesOf(database: DatabaseSync): readonly CopyTable[] {
  const names = database
    .prepare(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
       AND name NOT IN (${leftOut.map(() => "?").join()})`,
    )
    .all(...leftOut);
  return names.map(({ name }) => tableOf(database, String(name)));
}

function tableOf(database: DatabaseSync, name: string): CopyTable {
  const columns = database.prepare("SELECT name, type, pk FROM pragma_table_info(?)").all(name);
  const parents = database
    .prepare(`SELECT DISTINCT "table" AS parent FROM pragma_foreign_key_list(?)`)
    .all(name);
  return {
    name,
    columns: columns
      .map((column) => ({ name: String(column["name"]), type: typeOf(name, column) }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    key: columns
      .filter((column) => Number(column["pk"]) > 0)
      .toSorted((a, b) => Number(a["pk"]) - Number(b["pk"]))
      .map((column) => String(column["name"])),
    refersTo: parents.map(({ parent }) => String(parent)),
  };
}

function typeOf(table: string, column: Record<string, SQLOutputValue>): ColumnType {
  const type = columnTypes.get(String(column["type"]).toUpperCase());
  if (type !== undefined) return type;
  throw new AppError("internal", `${table} has a column of the type ${String(column["type"])}`);
}

// oxlint-disable-next-line require-await -- the other engine waits
async function* rowsOf(
  database: DatabaseSync,
  table: CopyTable,
): AsyncGenerator<readonly CopyRow[]> {
  const columns = table.columns.map(({ name }) => quoted(name)).join();
  const order = table.key.length === 0 ? "" : `ORDER BY ${table.key.map(quoted).join()}`;
  const select = database.prepare(`SELECT ${columns} FROM ${quoted(table.name)} ${order}`);
  let batch: CopyRow[] = [];
  let bytes = 0;
  for (const found of select.iterate()) {
    const row = table.columns.map(({ name }) => outputValue(found[name]));
    batch.push(row);
    bytes += sizeOf(row);
    if (batch.length < batchBounds.maxRows && bytes < batchBounds.maxBytes) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

/** Where keys are counted up without `AUTOINCREMENT`, the largest one is all that is known. */
function counterOf(database: DatabaseSync, table: CopyTable): number | null {
  const [key = ""] = table.key;
  const isNumber = table.columns.some(({ name, type }) => name === key && type === "integer");
  if (table.key.length !== 1 || !isNumber) return null;
  const counted = isCounted(database, table.name)
    ? database.prepare("SELECT seq FROM sqlite_sequence WHERE name = ?").get(table.name)?.["seq"]
    : undefined;
  const largest = database
    .prepare(`SELECT max(${quoted(key)}) AS largest FROM ${quoted(table.name)}`)
    .get()?.["largest"];
  return Math.max(Number(counted ?? 0), Number(largest ?? 0));
}

function isCounted(database: DatabaseSync, table: string): boolean {
  const made = database.prepare("SELECT sql FROM sqlite_schema WHERE name = ?").get(table)?.["sql"];
  return /\bautoincrement\b/i.test(String(made));
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** NaN would become NULL in silence. */
function inputValue(value: CopyRow[number]): SQLInputValue {
  if (Number.isNaN(value)) throw new AppError("internal", "SQLite cannot keep NaN");
  return value;
}

function outputValue(value: SQLOutputValue | undefined): CopyRow[number] {
  if (typeof value === "bigint" || value === undefined) {
    throw new AppError("internal", "a column holds a number that is too large");
  }
  return value;
}
