/**
 * Rows for every table that a SQLite database of this release has, made from what the schema says of their columns: a
 * table or column that a later migration makes gets some without anybody thinking of it.
 */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";

interface Column {
  readonly name: string;
  readonly type: string;
  readonly canBeNull: boolean;
  readonly isKey: boolean;
  /** The table and column it refers to. */
  readonly parent: readonly [string, string] | null;
}

/** Values that are easily changed on the way; the first of each is plain. */
const texts = ["plain", "", "NULL", `{"a":[1,"x"]}`, "ü 😀 \u{10ffff}", 'a"b\\c, {d}', "\t\r\n'"];
const reals = [0.5, 0.1, -1e-300, 5e-324, 1.7976931348623157e308, -2, 3];
const wholes = [1, 0, -7, 2 ** 53 - 1, -(2 ** 53) + 1, 1_790_000_000_000];

/** Puts `rows` rows into every table, and gives the names of the tables. Rows refer to each other by their number. */
export function fillEveryTable(file: string, rows: number): readonly string[] {
  return fillTables(file, rows, () => true);
}

/** The same for one table, which refers to no other. */
export function fillTable(file: string, rows: number, table: string): void {
  fillTables(file, rows, (name) => name === table);
}

function fillTables(
  file: string,
  rows: number,
  which: (table: string) => boolean,
): readonly string[] {
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  try {
    const tables = database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
      .all()
      .map(({ name }) => String(name))
      .filter((name) => !name.startsWith("sqlite_") && name !== "migration" && which(name));
    database.exec("BEGIN");
    for (const table of tables) fill(database, table, rows);
    if (database.prepare("PRAGMA foreign_key_check").all().length > 0) {
      throw new Error("a row refers to one that is not there");
    }
    database.exec("COMMIT");
    return tables;
  } finally {
    database.close();
  }
}

function fill(database: DatabaseSync, table: string, rows: number): void {
  const columns = columnsOf(database, table);
  const names = columns.map(({ name }) => `"${name}"`).join();
  const marks = columns.map(() => "?").join();
  const insert = database.prepare(`INSERT INTO "${table}" (${names}) VALUES (${marks})`);
  for (let n = 1; n <= rows; n += 1) {
    insert.run(...columns.map((column) => valueOf(database, table, column, n)));
  }
}

function columnsOf(database: DatabaseSync, table: string): readonly Column[] {
  const parents = new Map(
    database
      .prepare("SELECT * FROM pragma_foreign_key_list(?)")
      .all(table)
      .map((row) => [String(row["from"]), [String(row["table"]), String(row["to"])] as const]),
  );
  return database
    .prepare("SELECT * FROM pragma_table_info(?)")
    .all(table)
    .map((row) => ({
      name: String(row["name"]),
      type: String(row["type"]).toUpperCase(),
      canBeNull: row["notnull"] === 0,
      isKey: Number(row["pk"]) > 0,
      parent: parents.get(String(row["name"])) ?? null,
    }));
}

function valueOf(database: DatabaseSync, table: string, column: Column, n: number): SQLInputValue {
  if (column.parent !== null) {
    const [parent, name] = column.parent;
    const referred = columnsOf(database, parent).find((one) => one.name === name);
    if (referred === undefined) throw new Error(`${table} refers to no column ${name}`);
    return valueOf(database, parent, referred, n);
  }
  if (column.canBeNull && !column.isKey && n % 3 === 0) return null;
  switch (column.type) {
    case "TEXT":
      // Whatever may have to be unique is.
      return `${column.name} ${n} ${pick(texts, n)}`;
    case "INTEGER":
      return column.isKey || column.name === "key" ? n * 3 : pick(wholes, n);
    case "REAL":
      return pick(reals, n);
    default:
      return Buffer.from(n % 4 === 0 ? [] : [0, 255, 92, 120, n % 256]);
  }
}

function pick<T>(values: readonly T[], n: number): T {
  const [value] = values.slice(n % values.length);
  if (value === undefined) throw new Error("there is nothing to pick from");
  return value;
}
