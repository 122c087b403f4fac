/** Kysely on `node:sqlite`: its statements say by their columns, not by `reader`, whether they give rows. */
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { Kysely, SqliteDialect, type SqliteDatabase, type SqliteStatement } from "kysely";

/** Prepared statements that are kept; about 10 kB each. The one unused for longest goes first. */
const keptStatements = 200;

/** A Kysely over one handle. It never closes the handle. */
export function createSqliteKysely<Tables>(database: DatabaseSync): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database: adapt(database) }) });
}

function adapt(database: DatabaseSync): SqliteDatabase {
  const kept = new Map<string, SqliteStatement>();
  return {
    close: () => undefined,
    prepare(text) {
      const statement = kept.get(text) ?? prepare(database, text);
      kept.delete(text);
      kept.set(text, statement);
      if (kept.size > keptStatements) {
        const [oldest] = kept.keys();
        if (oldest !== undefined) kept.delete(oldest);
      }
      return statement;
    },
  };
}

function prepare(database: DatabaseSync, text: string): SqliteStatement {
  const statement = database.prepare(text);
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...parameters.map(inputValue)),
    run: (parameters) => statement.run(...parameters.map(inputValue)),
    iterate: (parameters) => statement.iterate(...parameters.map(inputValue)),
  };
}

/** What SQLite can keep. NaN would become NULL in silence: it is refused, as is any other type. */
function inputValue(value: unknown): SQLInputValue {
  if (value === null || typeof value === "string" || typeof value === "bigint") return value;
  if (typeof value === "number" && !Number.isNaN(value)) return value;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`a column cannot hold NaN or a value of type ${typeof value}`);
}
