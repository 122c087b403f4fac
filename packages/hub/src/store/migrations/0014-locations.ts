/** Monitors that are checked from several locations, and the processes elsewhere that do. */
import { columnTypes } from "./column-types.ts";
import type { Migration } from "./migration.ts";

const tables = [
  "remote_worker",
  "location_outcome",
  "location_interval",
  "location_state",
] as const;

export const migration0014: Migration = {
  name: "0014-locations",
  async up({ schema }, engine) {
    const { text, integer, clustered } = columnTypes(engine);
    await schema.alterTable("monitor").addColumn("placement", text).execute();
    const ofLocation = (name: string) =>
      schema
        .createTable(name)
        .addColumn("monitor_id", text, (column) =>
          column.notNull().references("monitor.id").onDelete("cascade"),
        )
        .addColumn("location", text, (column) => column.notNull());
    await ofLocation("location_state")
      .addColumn("newest_slot", integer, (column) => column.notNull())
      .addColumn("gaps", text, (column) => column.notNull())
      .addColumn("judged_at", integer)
      .addColumn("state", text)
      .addColumn("last", text)
      .addColumn("from_version", integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("location_state_key", ["monitor_id", "location"])
      .modifyEnd(clustered)
      .execute();
    await ofLocation("location_interval")
      .addColumn("started_at", integer, (column) => column.notNull())
      .addColumn("ended_at", integer)
      .addColumn("status", text, (column) => column.notNull())
      .addColumn("reason", text)
      .addPrimaryKeyConstraint("location_interval_key", ["monitor_id", "location", "started_at"])
      .modifyEnd(clustered)
      .execute();
    await ofLocation("location_outcome")
      .addColumn("slot", integer, (column) => column.notNull())
      .addColumn("fills", integer, (column) => column.notNull())
      .addColumn("body", text, (column) => column.notNull())
      .addPrimaryKeyConstraint("location_outcome_key", ["monitor_id", "location", "slot"])
      .modifyEnd(clustered)
      .execute();
    await schema
      .createTable("remote_worker")
      .addColumn("id", text, (column) => column.primaryKey().notNull())
      .addColumn("name", text, (column) => column.notNull())
      .addColumn("location", text, (column) => column.notNull())
      .addColumn("version", text, (column) => column.notNull())
      .addColumn("joined_at", integer, (column) => column.notNull())
      .addColumn("seen_at", integer, (column) => column.notNull())
      .addColumn("waiting", integer, (column) => column.notNull())
      .addColumn("dropped", integer, (column) => column.notNull())
      .addColumn("clock_offset_ms", integer, (column) => column.notNull())
      .modifyEnd(clustered)
      .execute();
  },
  async down({ schema }) {
    for (const table of tables) await schema.dropTable(table).execute();
    await schema.alterTable("monitor").dropColumn("placement").execute();
  },
};
