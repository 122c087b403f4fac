/** Alerts of other systems that fire. */
import { columnTypes } from "./column-types.ts";
import type { Migration } from "./migration.ts";

export const migration0012: Migration = {
  name: "0012-external-alerts",
  async up({ schema }, engine) {
    const { text, integer, clustered } = columnTypes(engine);
    await schema
      .createTable("external_alert")
      .addColumn("fingerprint", text, (column) => column.primaryKey().notNull())
      .addColumn("ends_at", integer, (column) => column.notNull())
      .addColumn("body", text, (column) => column.notNull())
      .modifyEnd(clustered)
      .execute();
    await schema
      .createIndex("external_alert_ends_at")
      .on("external_alert")
      .column("ends_at")
      .execute();
  },
  async down({ schema }) {
    await schema.dropTable("external_alert").execute();
  },
};
