/** What people set about alerts: channels, routes, silences, maintenance windows, rules. */
import { columnTypes } from "./column-types.ts";
import type { Migration } from "./migration.ts";

export const migration0007: Migration = {
  name: "0007-alert-settings",
  async up({ schema }, engine) {
    const { text, integer, clustered } = columnTypes(engine);
    await schema
      .createTable("alert_setting")
      .addColumn("kind", text, (column) => column.notNull())
      .addColumn("id", text, (column) => column.notNull())
      .addColumn("body", text, (column) => column.notNull())
      .addColumn("ends_at", integer)
      .addColumn("version", integer, (column) => column.notNull())
      .addColumn("created_at", integer, (column) => column.notNull())
      .addColumn("updated_at", integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("alert_setting_key", ["kind", "id"])
      .modifyEnd(clustered)
      .execute();
  },
  async down(database) {
    await database.schema.dropTable("alert_setting").execute();
    await database.deleteFrom("note").where("name", "=", "alert_settings").execute();
  },
};
