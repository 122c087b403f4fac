/** Several processes on one PostgreSQL: who they are, who holds which share, and what each of them says to the others. */
import { sql } from "kysely";
import type { Engine } from "../tables.ts";
import { columnTypes } from "./column-types.ts";
import type { Migration, Schema } from "./migration.ts";

const tables = [
  "series_list",
  "request_count",
  "check_request",
  "heard",
  "monitor_now",
  "lease",
  "process",
] as const;

export const migration0013: Migration = {
  name: "0013-fleet",
  async up({ schema }, engine) {
    const { text, integer, clustered, plain } = columnTypes(engine);
    // Rows that change all the time: half of each page is left free, so that the next version stays on it.
    const changing = engine === "postgres" ? sql`with (fillfactor = 50)` : clustered;
    await schema
      .createTable("process")
      .addColumn("id", text, (column) => column.primaryKey().notNull())
      .addColumn("kind", text, (column) => column.notNull())
      .addColumn("name", text, (column) => column.notNull())
      .addColumn("location", text, (column) => column.notNull())
      .addColumn("version", text, (column) => column.notNull())
      .addColumn("url", text)
      .addColumn("holds", text, (column) => column.notNull())
      .addColumn("joined_at", integer, (column) => column.notNull())
      .addColumn("seen_at", integer, (column) => column.notNull())
      .addColumn("until", integer, (column) => column.notNull())
      .addColumn("lapsed_at", integer)
      .addColumn("left_at", integer)
      .addColumn("figures", text, (column) => column.notNull())
      .modifyEnd(changing)
      .execute();
    await schema
      .createTable("lease")
      .addColumn("name", text, (column) => column.primaryKey().notNull())
      .addColumn("kind", text, (column) => column.notNull())
      .addColumn("holder", text)
      .addColumn("freed_at", integer)
      .modifyEnd(changing)
      .execute();
    const ofMonitor = (name: string) =>
      schema
        .createTable(name)
        .addColumn("monitor_id", text, (column) =>
          column.primaryKey().notNull().references("monitor.id").onDelete("cascade"),
        );
    await ofMonitor("monitor_now")
      .addColumn("checked_at", integer, (column) => column.notNull())
      .addColumn("changed_in", integer, (column) => column.notNull())
      .addColumn("body", text, (column) => column.notNull())
      .modifyEnd(changing)
      .execute();
    await ofMonitor("heard")
      .addColumn("at", integer, (column) => column.notNull())
      .addColumn("changed_in", integer, (column) => column.notNull())
      .addColumn("shown", text)
      .modifyEnd(changing)
      .execute();
    await ofMonitor("check_request")
      .addColumn("at", integer, (column) => column.notNull())
      .modifyEnd(clustered)
      .execute();
    await schema
      .createTable("series_list")
      .addColumn("hash", text, (column) => column.primaryKey().notNull())
      .addColumn("series", text, (column) => column.notNull())
      .addColumn("kept_at", integer, (column) => column.notNull())
      .modifyEnd(plain)
      .execute();
    await schema
      .createTable("request_count")
      .addColumn("subject", text, (column) => column.notNull())
      .addColumn("ends_at", integer, (column) => column.notNull())
      .addColumn("count", integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("request_count_key", ["subject", "ends_at"])
      .modifyEnd(changing)
      .execute();
    await addChangeMarks(schema, engine);
  },
  async down({ schema }, engine) {
    await dropChangeMarks(schema, engine);
    for (const table of tables) await schema.dropTable(table).execute();
  },
};

/** Which transaction changed a row last, see `operations/changed-in.ts`. Events are looked for by their runs. */
const marked = [
  { table: "heartbeat", index: "heartbeat_by_change" },
  { table: "run", index: "run_by_change" },
  { table: "run_event", index: null },
] as const;

async function addChangeMarks(schema: Schema["schema"], engine: Engine): Promise<void> {
  const { integer } = columnTypes(engine);
  for (const { table, index } of marked) {
    await schema
      .alterTable(table)
      .addColumn("changed_in", integer, (column) => column.notNull().defaultTo(0))
      .execute();
    // A SQLite database belongs to one process: nobody looks for what others changed.
    if (index === null || engine === "sqlite") continue;
    await schema.createIndex(index).on(table).column("changed_in").execute();
  }
}

async function dropChangeMarks(schema: Schema["schema"], engine: Engine): Promise<void> {
  for (const { table, index } of marked) {
    if (index !== null && engine === "postgres") await schema.dropIndex(index).execute();
    await schema.alterTable(table).dropColumn("changed_in").execute();
  }
}
