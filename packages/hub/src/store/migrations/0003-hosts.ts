/** Hosts with their names and details, and how long the samples of single sources are kept. */
import { sql } from "kysely";
import { hostKind } from "../../model/host.ts";
import { retentionSchemaDown, retentionSchemaUp } from "../series/schema.ts";
import { columnTypes, type ColumnTypes } from "./column-types.ts";
import type { Migration, Schema } from "./migration.ts";

export const migration0003: Migration = {
  name: "0003-hosts",
  async up(schema, engine) {
    await createHosts(schema, columnTypes(engine));
    for (const statement of retentionSchemaUp(engine)) await sql.raw(statement).execute(schema);
  },
  async down(schema) {
    for (const statement of retentionSchemaDown) await sql.raw(statement).execute(schema);
    for (const table of ["host_details", "host_name", "host"]) {
      await schema.schema.dropTable(table).execute();
    }
    // The release before knows no such monitors. Samples of hosts are left to retention.
    await schema.deleteFrom("monitor").where("kind", "=", hostKind).execute();
  },
};

async function createHosts({ schema }: Schema, types: ColumnTypes): Promise<void> {
  const { text, integer, clustered, plain } = types;
  await schema
    .createTable("host")
    .addColumn("id", text, (column) =>
      column.primaryKey().notNull().references("monitor.id").onDelete("cascade"),
    )
    .addColumn("identity", text, (column) => column.notNull().unique())
    .addColumn("boot_id", text)
    .addColumn("agent_version", text)
    .addColumn("interval_ms", integer)
    .addColumn("agent_labels", text, (column) => column.notNull())
    .addColumn("name_is_chosen", integer, (column) => column.notNull())
    .addColumn("silent_after_ms", integer)
    .addColumn("retention_ms", integer)
    .addColumn("cloned_from", text)
    .addColumn("last_heard_at", integer)
    .addColumn("created_at", integer, (column) => column.notNull())
    .modifyEnd(clustered)
    .execute();
  await schema
    .createTable("host_name")
    .addColumn("name", text, (column) => column.primaryKey().notNull())
    .addColumn("host_id", text, (column) =>
      column.notNull().references("host.id").onDelete("cascade"),
    )
    .addColumn("position", integer, (column) => column.notNull())
    .modifyEnd(clustered)
    .execute();
  await schema.createIndex("host_name_by_host").on("host_name").column("host_id").execute();
  // Not kept in the order of its key, and the time first: details are large, and times are asked for alone.
  await schema
    .createTable("host_details")
    .addColumn("host_id", text, (column) =>
      column.primaryKey().notNull().references("host.id").onDelete("cascade"),
    )
    .addColumn("received_at", integer, (column) => column.notNull())
    .addColumn("details", text, (column) => column.notNull())
    .modifyEnd(plain)
    .execute();
}
