/** Which changes of a hub were written, so that none is written twice; and who holds a notice. */
import { columnTypes } from "./column-types.ts";
import type { Migration } from "./migration.ts";

export const migration0011: Migration = {
  name: "0011-certain-delivery",
  async up({ schema }, engine) {
    const { text, integer, clustered } = columnTypes(engine);
    await schema
      .createTable("commit_mark")
      .addColumn("writer", text, (column) => column.primaryKey().notNull())
      .addColumn("number", integer, (column) => column.notNull())
      .addColumn("at", integer, (column) => column.notNull())
      .modifyEnd(clustered)
      .execute();
    await schema.alterTable("notice").addColumn("claimed_by", text).execute();
  },
  async down({ schema }) {
    await schema.alterTable("notice").dropColumn("claimed_by").execute();
    await schema.dropTable("commit_mark").execute();
  },
};
