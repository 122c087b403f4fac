/** What the calls of heartbeats come to, and the newest calls. */
import { columnTypes } from "./column-types.ts";
import type { Migration } from "./migration.ts";

export const migration0009: Migration = {
  name: "0009-heartbeats",
  async up({ schema }, engine) {
    const { text, integer, real, clustered } = columnTypes(engine);
    await schema
      .createTable("heartbeat")
      .addColumn("monitor_id", text, (column) =>
        column.primaryKey().notNull().references("monitor.id").onDelete("cascade"),
      )
      .addColumn("state", text, (column) => column.notNull())
      .modifyEnd(clustered)
      .execute();
    await schema
      .createTable("ping")
      .addColumn("monitor_id", text, (column) =>
        column.notNull().references("monitor.id").onDelete("cascade"),
      )
      .addColumn("n", integer, (column) => column.notNull())
      .addColumn("at", integer, (column) => column.notNull())
      .addColumn("kind", text, (column) => column.notNull())
      .addColumn("exit_code", integer)
      .addColumn("rid", text)
      .addColumn("duration_ms", real)
      .addColumn("method", text, (column) => column.notNull())
      .addColumn("source", text, (column) => column.notNull())
      .addColumn("user_agent", text, (column) => column.notNull())
      .addColumn("body", text, (column) => column.notNull())
      .addColumn("body_bytes", integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("ping_key", ["monitor_id", "n"])
      .modifyEnd(clustered)
      .execute();
  },
  async down({ schema }) {
    for (const table of ["ping", "heartbeat"]) await schema.dropTable(table).execute();
  },
};
