/** Jobs, their runs, and the events of runs. */
import { columnTypes, type ColumnTypes } from "./column-types.ts";
import type { Migration, Schema } from "./migration.ts";

export const migration0004: Migration = {
  name: "0004-jobs",
  async up(schema, engine) {
    const types = columnTypes(engine);
    await createJob(schema, types);
    await createRun(schema, types);
    await createRunEvent(schema, types);
  },
  async down({ schema }) {
    for (const table of ["run_event", "run", "job"]) await schema.dropTable(table).execute();
  },
};

async function createJob({ schema }: Schema, types: ColumnTypes): Promise<void> {
  const { text, integer, plain } = types;
  await schema
    .createTable("job")
    .addColumn("id", text, (column) => column.primaryKey().notNull())
    .addColumn("site", text, (column) => column.notNull())
    .addColumn("app", text, (column) => column.notNull())
    .addColumn("type", text, (column) => column.notNull())
    .addColumn("name", text, (column) => column.notNull())
    .addColumn("folded", text, (column) => column.notNull())
    .addColumn("last_run_id", text)
    .addColumn("last_status", text)
    .addColumn("created_at", integer, (column) => column.notNull())
    .addUniqueConstraint("job_identity", ["site", "app", "type", "name"])
    .modifyEnd(plain)
    .execute();
  await schema.createIndex("job_by_name").on("job").columns(["name", "id"]).execute();
}

async function createRun({ schema }: Schema, types: ColumnTypes): Promise<void> {
  const { text, integer, plain } = types;
  await schema
    .createTable("run")
    .addColumn("id", text, (column) => column.primaryKey().notNull())
    .addColumn("site", text, (column) => column.notNull())
    .addColumn("app", text, (column) => column.notNull())
    .addColumn("run_id", text, (column) => column.notNull())
    .addColumn("job_id", text, (column) => column.references("job.id"))
    .addColumn("parent_id", text)
    .addColumn("is_sub", integer, (column) => column.notNull())
    .addColumn("app_folded", text, (column) => column.notNull())
    .addColumn("status", text)
    .addColumn("started_at", integer, (column) => column.notNull())
    .addColumn("state", text, (column) => column.notNull())
    .addColumn("events", integer, (column) => column.notNull())
    .addColumn("events_dropped", integer, (column) => column.notNull())
    .addColumn("dropped_until", integer)
    .addColumn("created_at", integer, (column) => column.notNull())
    .addColumn("updated_at", integer, (column) => column.notNull())
    .addUniqueConstraint("run_identity", ["site", "app", "run_id"])
    .modifyEnd(plain)
    .execute();
  const indexes = {
    run_by_job: ["job_id", "started_at", "id"],
    run_by_parent: ["parent_id", "started_at", "id"],
    run_by_time: ["started_at", "id"],
    run_by_client_id: ["run_id"],
    run_by_update: ["updated_at"],
  };
  for (const [name, columns] of Object.entries(indexes)) {
    await schema.createIndex(name).on("run").columns(columns).execute();
  }
}

async function createRunEvent({ schema }: Schema, types: ColumnTypes): Promise<void> {
  const { text, integer, plain } = types;
  // Not kept in the order of its key: bodies are large.
  await schema
    .createTable("run_event")
    .addColumn("run_id", text, (column) =>
      column.notNull().references("run.id").onDelete("cascade"),
    )
    .addColumn("key", text, (column) => column.notNull())
    .addColumn("at", integer, (column) => column.notNull())
    .addColumn("received_at", integer, (column) => column.notNull())
    .addColumn("kind", text, (column) => column.notNull())
    .addColumn("body", text, (column) => column.notNull())
    .addPrimaryKeyConstraint("run_event_key", ["run_id", "key"])
    .modifyEnd(plain)
    .execute();
  await schema
    .createIndex("run_event_by_time")
    .on("run_event")
    .columns(["run_id", "at", "key"])
    .execute();
}
