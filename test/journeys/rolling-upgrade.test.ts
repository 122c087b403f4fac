/**
 * A hub runs on while a newer release migrates the database under it, as in a rolling upgrade: with one more migration
 * than this release has, which adds a column to every table and a table. Started anew, the older release says why it
 * does not start.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { systemClock } from "../../packages/hub/src/model/clock.ts";
import type { Migration } from "../../packages/hub/src/store/migrations/migration.ts";
import { migrations } from "../../packages/hub/src/store/migrations/registry.ts";
import { migrateUp } from "../../packages/hub/src/store/migrations/run.ts";
import {
  connectPostgres,
  postgresMigrationScope,
} from "../../packages/hub/src/store/postgres/connection.ts";
import { parsePostgresUrl } from "../../packages/hub/src/store/postgres/url.ts";
import { startHub, until } from "../kit/hub.ts";
import { startPostgres } from "../kit/postgres.ts";
import { everyAnswer } from "./every-answer.ts";
import { fill, startSurroundings } from "./installation.ts";

/** Adds, as migrations do that the release before must survive; to everything there is. */
const madeUp: Migration = {
  name: "9999-made-up",
  async up(schema) {
    const { rows } = await sql<{ name: string }>`
      select tablename as name from pg_tables where schemaname = current_schema()`.execute(schema);
    assert.ok(rows.length > 30);
    for (const { name } of rows) {
      await schema.schema.alterTable(name).addColumn("made_up", "text").execute();
    }
    await schema.schema.createTable("made_up").addColumn("id", "integer").execute();
  },
  down: () => Promise.reject(new Error("this is not asked for")),
};

async function migrate(database: string): Promise<readonly string[]> {
  const url = parsePostgresUrl(database) ?? assert.fail(database);
  await using connection = await connectPostgres(url, 1);
  const scope = postgresMigrationScope(connection.db);
  return await migrateUp(scope, () => systemClock.now(), [...migrations, madeUp]);
}

test("a hub of the release before goes on when a newer one has migrated the database", async () => {
  await using postgres = await startPostgres();
  await using others = await startSurroundings();
  const database = await postgres.createDatabase();
  const args = ["--database", database];
  await using hub = await startHub({ command: "hub", args });
  const span = () => ({
    from: new Date(Date.now() - 3_600_000).toISOString(),
    to: new Date().toISOString(),
  });
  // Connections have done their work before.
  for (const path of ["monitors", "hosts", "jobs", "incidents", "channels", "keys", "audit"]) {
    await hub.ask("GET", `/api/v1/${path}`);
  }

  assert.deepEqual(await migrate(database), [madeUp.name]);
  await fill(hub, others);
  await everyAnswer(hub, span());
  const ready = await fetch(`${hub.url}/ready`);
  assert.equal(ready.status, 200, await ready.text());
  assert.doesNotMatch(hub.output(), /\bERROR\b/);

  await assert.rejects(
    startHub({ command: "worker", args }),
    /the database was made by a newer Belfry: it has the migration 9999-made-up/,
  );
  await until("the hub goes on", async () => (await fetch(`${hub.url}/ready`)).ok);
});
