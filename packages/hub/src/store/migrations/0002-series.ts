/** The tables of series; what they hold is said in `../series/`. */
import { sql } from "kysely";
import { seriesSchemaDown, seriesSchemaUp } from "../series/schema.ts";
import type { Migration } from "./migration.ts";

export const migration0002: Migration = {
  name: "0002-series",
  async up(schema, engine) {
    for (const statement of seriesSchemaUp(engine)) await sql.raw(statement).execute(schema);
  },
  async down(schema) {
    for (const statement of seriesSchemaDown) await sql.raw(statement).execute(schema);
  },
};
