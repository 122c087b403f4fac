/**
 * A PostgreSQL database as one side of a copy, in one transaction. Nobody else may have Belfry on it meanwhile: what a
 * hub writes while it is copied would be missing on the other side.
 */
import { setTimeout as delay } from "node:timers/promises";
import { CompiledQuery, sql, type Kysely } from "kysely";
import { AppError } from "../../model/error.ts";
import { migrateUp } from "../migrations/run.ts";
import { connectPostgres, postgresMigrationScope } from "../postgres/connection.ts";
import { withoutSecrets } from "../postgres/url.ts";
import {
  batchBounds,
  leftOut,
  sizeOf,
  type ColumnType,
  type CopyRow,
  type CopySide,
  type CopyTable,
  type CopyValue,
} from "./side.ts";

/** Works on one state of the database, which is only read. */
export async function withPostgresSource<T>(
  url: string,
  work: (side: CopySide) => Promise<T>,
): Promise<T> {
  await using connection = await connectPostgres(url, 1);
  await mustBeAlone(connection.db, url);
  return await connection.db
    .transaction()
    .setIsolationLevel("repeatable read")
    .setAccessMode("read only")
    .execute(async (transaction) => work(await createSide(transaction)));
}

/**
 * Makes the tables in a database that has none, and works in one transaction: what `work` wrote is there as a whole, or
 * not at all. `mustBeEmpty` is asked before anything is changed.
 */
export async function withPostgresTarget<T>(
  url: string,
  mustBeEmpty: (side: CopySide) => Promise<void>,
  work: (side: CopySide) => Promise<T>,
): Promise<T> {
  await using connection = await connectPostgres(url, 1);
  const { db } = connection;
  await mustBeAlone(db, url);
  await db.transaction().execute(async (transaction) => mustBeEmpty(await createSide(transaction)));
  await migrateUp(postgresMigrationScope(db), Date.now);
  const done = await db
    .transaction()
    .execute(async (transaction) => work(await createSide(transaction)));
  // The server knows nothing of so many new rows: until it does, it may choose to read whole tables.
  await sql`set statement_timeout = 0`.execute(db);
  await sql`analyze`.execute(db);
  return done;
}

/** A server needs a moment to forget a connection that was closed, such as that of a hub that was just stopped. */
const forgottenWithinMs = 3_000;
const askEveryMs = 100;

async function mustBeAlone(db: Kysely<unknown>, url: string): Promise<void> {
  const deadline = performance.now() + forgottenWithinMs;
  for (;;) {
    const { rows } = await sql`select 1 from pg_stat_activity
      where datname = current_database() and application_name = 'belfry'
        and pid <> pg_backend_pid()`.execute(db);
    if (rows.length === 0) return;
    if (performance.now() > deadline) break;
    await delay(askEveryMs);
  }
  const text = `${withoutSecrets(url)} is in use by another Belfry: stop every hub and worker first`;
  throw new AppError("conflict", text);
}

const columnTypes = new Map<string, ColumnType>([
  ["text", "text"],
  ["bigint", "integer"],
  ["double precision", "real"],
  ["bytea", "bytes"],
]);

const arrayTypes = {
  text: "text[]",
  integer: "bigint[]",
  real: "double precision[]",
  bytes: "bytea[]",
} as const satisfies Record<ColumnType, string>;

async function createSide(db: Kysely<unknown>): Promise<CopySide> {
  await sql`select set_config('statement_timeout', '0', true),
    set_config('idle_in_transaction_session_timeout', '0', true)`.execute(db);
  return {
    tables: await tablesOf(db),
    rows: (table) => rowsOf(db, table),
    async insert({ name, columns }, rows) {
      mustBeKept(name, columns, rows);
      const names = columns.map((column) => quoted(column.name)).join();
      const lists = columns.map(({ type }, i) => `$${i + 1}::${arrayTypes[type]}`).join();
      const values = columns.map((_, i) => rows.map((row) => row[i] ?? null));
      const text = `insert into ${quoted(name)} (${names}) select * from unnest(${lists})`;
      await db.executeQuery(CompiledQuery.raw(text, values));
    },
    counter: (table) => counterOf(db, table),
    async setCounter(table, last) {
      const sequence = await sequenceOf(db, table);
      const now = await counterOf(db, table);
      const next = Math.max(last, now ?? 0) + 1;
      if (sequence !== null) await sql`select setval(${sequence}, ${next}, false)`.execute(db);
    },
  };
}

/** Belfry takes no U+0000 in; SQLite would keep it all the same. */
function mustBeKept(table: string, columns: CopyTable["columns"], rows: readonly CopyRow[]): void {
  for (const [i, { name }] of columns.entries()) {
    const isWrong = (row: CopyRow): boolean => typeof row[i] === "string" && row[i].includes("\0");
    if (!rows.some(isWrong)) continue;
    const text = `the table ${table} has a text with U+0000 in ${name}, which PostgreSQL cannot keep`;
    throw new AppError("conflict", text);
  }
}

interface FoundTable {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly key: readonly string[];
  readonly parents: readonly string[];
}

async function tablesOf(db: Kysely<unknown>): Promise<readonly CopyTable[]> {
  const { rows } = await sql<FoundTable>`
    select relname::text as name,
      (select json_agg(json_build_object('name', attname, 'type', format_type(atttypid, atttypmod))
          order by attname collate "C")
        from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped) as columns,
      (select coalesce(json_agg(attname order by place), '[]') from pg_index
        cross join unnest(indkey) with ordinality as part (number, place)
        join pg_attribute on attrelid = indrelid and attnum = part.number
        where indrelid = c.oid and indisprimary) as key,
      (select coalesce(json_agg(distinct parent.relname::text), '[]') from pg_constraint
        join pg_class as parent on parent.oid = confrelid
        where conrelid = c.oid and contype = 'f') as parents
    from pg_class as c
    where relkind in ('r', 'p') and relnamespace = current_schema()::regnamespace
      and relname <> all(${leftOut}::text[])
    order by relname collate "C"`.execute(db);
  return rows.map(({ name, columns, key, parents }) => ({
    name,
    columns: columns.map((column) => ({ name: column.name, type: typeOf(name, column.type) })),
    key,
    refersTo: parents,
  }));
}

function typeOf(table: string, found: string): ColumnType {
  const type = columnTypes.get(found);
  if (type !== undefined) return type;
  throw new AppError("internal", `${table} has a column of the type ${found}: it is not Belfry's`);
}

/** Through a cursor of the server, so that only so much is in memory as is asked for. */
async function* rowsOf(db: Kysely<unknown>, table: CopyTable): AsyncGenerator<readonly CopyRow[]> {
  const columns = table.columns.map(({ name }) => quoted(name)).join();
  const order = table.key.length === 0 ? "" : `order by ${table.key.map(quoted).join()}`;
  const query = `select ${columns} from ${quoted(table.name)} ${order}`;
  const run = <Row>(text: string) => db.executeQuery<Row>(CompiledQuery.raw(text));
  await run(`declare copy_rows no scroll cursor for ${query}`);
  try {
    let wanted = 16;
    for (;;) {
      const { rows } = await run<Record<string, CopyValue>>(`fetch ${wanted} from copy_rows`);
      if (rows.length === 0) break;
      const batch = rows.map((found) => table.columns.map(({ name }) => found[name] ?? null));
      yield batch;
      const bytes = batch.reduce((sum, row) => sum + sizeOf(row), 0);
      const fitting = Math.floor((batchBounds.maxBytes * rows.length) / bytes);
      wanted = Math.max(1, Math.min(batchBounds.maxRows, fitting, wanted * 4));
    }
  } finally {
    await run("close copy_rows");
  }
}

async function counterOf(db: Kysely<unknown>, table: CopyTable): Promise<number | null> {
  const sequence = await sequenceOf(db, table);
  if (sequence === null) return null;
  const [key = ""] = table.key;
  const last = await sql<{ last: number }>`
    select case when is_called then last_value else last_value - 1 end as last
    from ${sql.raw(sequence)}`.execute(db);
  const largest = await sql<{ largest: number | null }>`
    select max(${sql.ref(key)}) as largest from ${sql.table(table.name)}`.execute(db);
  return Math.max(last.rows[0]?.last ?? 0, largest.rows[0]?.largest ?? 0);
}

async function sequenceOf(db: Kysely<unknown>, { name, key }: CopyTable): Promise<string | null> {
  const [column = ""] = key;
  const { rows } = await sql<{ sequence: string | null }>`
    select pg_get_serial_sequence(${quoted(name)}, ${column}) as sequence`.execute(db);
  return rows[0]?.sequence ?? null;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
