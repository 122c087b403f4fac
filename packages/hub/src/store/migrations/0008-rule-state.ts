/** Troubles that rules over series see. */
import { columnTypes } from "./column-types.ts";
import type { Migration } from "./migration.ts";

export const migration0008: Migration = {
  name: "0008-rule-state",
  async up({ schema }, engine) {
    const { text, clustered } = columnTypes(engine);
    await schema
      .createTable("rule_state")
      .addColumn("source", text, (column) => column.notNull())
      .addColumn("rule_id", text, (column) => column.notNull())
      .addColumn("series", text, (column) => column.notNull())
      .addColumn("state", text, (column) => column.notNull())
      .addColumn("raised", text)
      .addPrimaryKeyConstraint("rule_state_key", ["source", "rule_id", "series"])
      .modifyEnd(clustered)
      .execute();
  },
  async down({ schema }) {
    await schema.dropTable("rule_state").execute();
  },
};
