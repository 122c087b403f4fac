/**
 * Brings the schema to this release's, or one step back. All steps of one run are one transaction, under a lock that
 * a second hub waits for; each step is noted with its name and time.
 */
import { sql, type Kysely } from "kysely";
import { AppError } from "../../model/error.ts";
import type { Engine } from "../tables.ts";
import { columnTypes } from "./column-types.ts";
import type { Migration, Schema } from "./migration.ts";
import { migrations as allMigrations } from "./registry.ts";

/** A step that was done. */
export interface AppliedMigration {
  readonly name: string;
  /** Epoch ms. */
  readonly appliedAt: number;
}

export interface MigrationStatus {
  readonly applied: readonly AppliedMigration[];
  /** Names of the steps this release has and the database has not. */
  readonly pending: readonly string[];
}

/** Where migrations run: inside one transaction, with the lock taken. */
export interface MigrationScope {
  readonly engine: Engine;
  transaction<T>(work: (schema: Schema) => Promise<T>): Promise<T>;
}

/** Does every step that is missing, and gives their names. Refuses a database of a newer release. */
export function migrateUp(
  scope: MigrationScope,
  now: () => number,
  migrations: readonly Migration[] = allMigrations,
): Promise<readonly string[]> {
  return scope.transaction(async (schema) => {
    await createRecord(schema, scope.engine);
    const { pending } = compare(await readApplied(schema), migrations);
    const todo = migrations.filter((one) => pending.includes(one.name));
    for (const migration of todo) {
      await migration.up(schema, scope.engine);
      await schema
        .insertInto("migration")
        .values({ name: migration.name, applied_at: now() })
        .execute();
    }
    return todo.map((one) => one.name);
  });
}

/** Undoes the last step that was done and gives its name; undefined when none was. */
export function rollbackLast(
  scope: MigrationScope,
  migrations: readonly Migration[] = allMigrations,
): Promise<string | undefined> {
  return scope.transaction(async (schema) => {
    await createRecord(schema, scope.engine);
    const { applied } = compare(await readApplied(schema), migrations);
    const last = migrations.find((one) => one.name === applied.at(-1)?.name);
    if (last === undefined) return undefined;
    await last.down(schema, scope.engine);
    await schema.deleteFrom("migration").where("name", "=", last.name).execute();
    return last.name;
  });
}

/** What was done and what is missing; writes nothing. null: there is no database yet. */
export async function migrationStatus(
  schema: Schema | null,
  migrations: readonly Migration[] = allMigrations,
): Promise<MigrationStatus> {
  if (schema === null) return compare([], migrations);
  const tables = await schema.introspection.getTables();
  const known = tables.some((table) => table.name === "migration");
  return compare(known ? await readApplied(schema) : [], migrations);
}

async function createRecord({ schema }: Schema, engine: Engine): Promise<void> {
  const { text, integer, clustered } = columnTypes(engine);
  await schema
    .createTable("migration")
    .ifNotExists()
    .addColumn("name", text, (column) => column.primaryKey().notNull())
    .addColumn("applied_at", integer, (column) => column.notNull())
    .modifyEnd(clustered)
    .execute();
}

async function readApplied(schema: Schema): Promise<readonly AppliedMigration[]> {
  const { rows } = await sql<{ name: string; applied_at: number }>`
    select name, applied_at from migration order by name
  `.execute(schema);
  return rows.map((row) => ({ name: row.name, appliedAt: row.applied_at }));
}

function compare(
  applied: readonly AppliedMigration[],
  migrations: readonly Migration[],
): MigrationStatus {
  const known = migrations.map((one) => one.name);
  const newer = applied.find((one) => !known.includes(one.name));
  if (newer !== undefined) {
    throw new AppError(
      "internal",
      `the database was made by a newer Belfry: it has the migration ${newer.name}, ` +
        `this release ends with ${known.at(-1) ?? "none"}`,
    );
  }
  return { applied, pending: known.slice(applied.length) };
}

/** Guarantee: migrations name their tables as text and read only what they wrote, so no table type is needed. */
export function asSchema<T>(db: Kysely<T>): Schema {
  return db as unknown as Schema;
}
