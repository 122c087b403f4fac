/** What is expected of jobs and their runs: schedules, learned durations, heartbeats. */
import { columnTypes } from "./column-types.ts";
import type { Migration } from "./migration.ts";

const runIndexes = { run_by_silence: ["silent_at"], run_by_status: ["status"] };
const runColumns = ["silence_ms", "silent_at", "duration_s", "slow_limit_s"];
const jobColumns = ["schedule", "schedule_set_at", "late_at", "slow_after_s", "learned", "version"];

export const migration0005: Migration = {
  name: "0005-job-expectations",
  async up({ schema }, engine) {
    const { text, integer, real } = columnTypes(engine);
    const run = schema.alterTable("run");
    await run.addColumn("silence_ms", integer).execute();
    await run.addColumn("silent_at", integer).execute();
    await run.addColumn("duration_s", real).execute();
    await run.addColumn("slow_limit_s", real).execute();
    for (const [name, columns] of Object.entries(runIndexes)) {
      await schema.createIndex(name).on("run").columns(columns).execute();
    }
    const job = schema.alterTable("job");
    await job.addColumn("schedule", text).execute();
    await job.addColumn("schedule_set_at", integer).execute();
    await job.addColumn("late_at", integer).execute();
    await job.addColumn("slow_after_s", real).execute();
    await job.addColumn("learned", text).execute();
    // With a default: a hub of the release before makes jobs too.
    await job.addColumn("version", integer, (column) => column.notNull().defaultTo(1)).execute();
    await schema.createIndex("job_by_lateness").on("job").columns(["late_at"]).execute();
  },
  async down(database) {
    const { schema } = database;
    await schema.dropIndex("job_by_lateness").execute();
    for (const name of Object.keys(runIndexes)) await schema.dropIndex(name).execute();
    for (const name of jobColumns) await schema.alterTable("job").dropColumn(name).execute();
    for (const name of runColumns) await schema.alterTable("run").dropColumn(name).execute();
    // The release before knows no lost runs: by their events they run.
    await database
      .updateTable("run")
      .set({ status: "running" })
      .where("status", "=", "lost")
      .execute();
    await database
      .updateTable("job")
      .set({ last_status: "running" })
      .where("last_status", "=", "lost")
      .execute();
  },
};
