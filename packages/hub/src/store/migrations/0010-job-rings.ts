/** What of jobs rings, and when somebody has to look. */
import { columnTypes } from "./column-types.ts";
import type { Migration } from "./migration.ts";

const columns = ["alert_on", "ringing", "look_at"];

export const migration0010: Migration = {
  name: "0010-job-rings",
  async up(database, engine) {
    const { schema } = database;
    const { text, integer } = columnTypes(engine);
    const job = schema.alterTable("job");
    await job.addColumn("alert_on", text).execute();
    await job.addColumn("ringing", text).execute();
    await job.addColumn("look_at", integer).execute();
    await schema.createIndex("job_by_look").on("job").columns(["look_at"]).execute();
    // Jobs that are late, or will be, ring although nothing is heard of them.
    await database
      .updateTable("job")
      .set((set) => ({ look_at: set.ref("late_at") }))
      .execute();
  },
  async down({ schema }) {
    await schema.dropIndex("job_by_look").execute();
    for (const name of columns) await schema.alterTable("job").dropColumn(name).execute();
  },
};
