/** Monitors with what is known of them, incidents, keys, sessions, audit. */
import { sql, type ColumnDefinitionBuilder } from "kysely";
import { columnTypes, type ColumnTypes } from "./column-types.ts";
import type { Migration, Schema } from "./migration.ts";

const tables = [
  "note",
  "answer",
  "audit",
  "session",
  "api_key",
  "incident_subject",
  "incident",
  "transition",
  "failed_check",
  "status_interval",
  "judge_state",
  "monitor",
] as const;

export const migration0001: Migration = {
  name: "0001-monitors",
  async up(schema, engine) {
    const types = columnTypes(engine);
    await createMonitors(schema, types);
    await createChecks(schema, types);
    await createIncidents(schema, types);
    await createAccess(schema, types);
  },
  async down(schema) {
    for (const table of tables) await schema.schema.dropTable(table).execute();
  },
};

const ofMonitor = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder =>
  column.notNull().references("monitor.id").onDelete("cascade");

async function createMonitors({ schema }: Schema, types: ColumnTypes): Promise<void> {
  const { text, integer, clustered } = types;
  await schema
    .createTable("monitor")
    .addColumn("id", text, (column) => column.primaryKey().notNull())
    .addColumn("name", text, (column) => column.notNull())
    .addColumn("kind", text, (column) => column.notNull())
    .addColumn("settings", text, (column) => column.notNull())
    .addColumn("labels", text, (column) => column.notNull())
    .addColumn("depends_on", text, (column) => column.notNull())
    .addColumn("enabled", integer, (column) => column.notNull())
    .addColumn("interval_ms", integer, (column) => column.notNull())
    .addColumn("timeout_ms", integer, (column) => column.notNull())
    .addColumn("judging", text, (column) => column.notNull())
    .addColumn("version", integer, (column) => column.notNull())
    .addColumn("created_at", integer, (column) => column.notNull())
    .addColumn("updated_at", integer, (column) => column.notNull())
    .modifyEnd(clustered)
    .execute();
  await schema
    .createTable("judge_state")
    .addColumn("monitor_id", text, ofMonitor)
    .addColumn("state", text, (column) => column.notNull())
    .addPrimaryKeyConstraint("judge_state_key", ["monitor_id"])
    .modifyEnd(clustered)
    .execute();
}

async function createChecks({ schema }: Schema, types: ColumnTypes): Promise<void> {
  const { text, integer, real, sequence, clustered, plain } = types;
  await schema
    .createTable("status_interval")
    .addColumn("monitor_id", text, ofMonitor)
    .addColumn("started_at", integer, (column) => column.notNull())
    .addColumn("ended_at", integer)
    .addColumn("status", text, (column) => column.notNull())
    .addColumn("reason", text)
    .addPrimaryKeyConstraint("status_interval_key", ["monitor_id", "started_at"])
    .modifyEnd(clustered)
    .execute();
  await schema
    .createIndex("status_interval_by_end")
    .on("status_interval")
    .column("ended_at")
    .execute();
  await schema
    .createIndex("status_interval_open")
    .on("status_interval")
    .column("monitor_id")
    .unique()
    .where(sql.ref("ended_at"), "is", null)
    .execute();
  await schema
    .createTable("failed_check")
    .addColumn("monitor_id", text, ofMonitor)
    .addColumn("checked_at", integer, (column) => column.notNull())
    .addColumn("location", text, (column) => column.notNull())
    .addColumn("result", text, (column) => column.notNull())
    .addColumn("reason", text, (column) => column.notNull())
    .addColumn("message", text, (column) => column.notNull())
    .addColumn("status_code", integer)
    .addColumn("latency_ms", real)
    .addColumn("evidence", text)
    .addPrimaryKeyConstraint("failed_check_key", ["monitor_id", "checked_at", "location"])
    .modifyEnd(clustered)
    .execute();
  await schema
    .createIndex("failed_check_by_time")
    .on("failed_check")
    .column("checked_at")
    .execute();
  // Outlives its monitor: alerting decides what becomes of it.
  await schema
    .createTable("transition")
    .addColumn("sequence", sequence)
    .addColumn("monitor_id", text, (column) => column.notNull())
    .addColumn("body", text, (column) => column.notNull())
    .modifyEnd(plain)
    .execute();
}

async function createIncidents({ schema }: Schema, types: ColumnTypes): Promise<void> {
  const { text, integer, clustered } = types;
  await schema
    .createTable("incident")
    .addColumn("id", text, (column) => column.primaryKey().notNull())
    .addColumn("opened_at", integer, (column) => column.notNull())
    .addColumn("decided_at", integer, (column) => column.notNull())
    .addColumn("acknowledged_at", integer)
    .addColumn("resolved_at", integer)
    .addColumn("reason", text, (column) => column.notNull())
    .addColumn("message", text, (column) => column.notNull())
    .addColumn("flapping", integer, (column) => column.notNull())
    .addColumn("subjects", text, (column) => column.notNull())
    .addColumn("evidence", text, (column) => column.notNull())
    .modifyEnd(clustered)
    .execute();
  await schema
    .createIndex("incident_by_time")
    .on("incident")
    .columns(["opened_at", "id"])
    .execute();
  await schema
    .createIndex("incident_open")
    .on("incident")
    .column("opened_at")
    .where(sql.ref("resolved_at"), "is", null)
    .execute();
  await schema
    .createTable("incident_subject")
    .addColumn("kind", text, (column) => column.notNull())
    .addColumn("subject_id", text, (column) => column.notNull())
    .addColumn("incident_id", text, (column) =>
      column.notNull().references("incident.id").onDelete("cascade"),
    )
    .addPrimaryKeyConstraint("incident_subject_key", ["kind", "subject_id", "incident_id"])
    .modifyEnd(clustered)
    .execute();
  await schema
    .createIndex("incident_subject_by_incident")
    .on("incident_subject")
    .column("incident_id")
    .execute();
}

async function createAccess({ schema }: Schema, types: ColumnTypes): Promise<void> {
  const { text, integer, sequence, clustered, plain } = types;
  await schema
    .createTable("api_key")
    .addColumn("id", text, (column) => column.primaryKey().notNull())
    .addColumn("name", text, (column) => column.notNull())
    .addColumn("hash", text, (column) => column.notNull().unique())
    .addColumn("prefix", text, (column) => column.notNull())
    .addColumn("scopes", text, (column) => column.notNull())
    .addColumn("created_at", integer, (column) => column.notNull())
    .addColumn("last_used_at", integer)
    .addColumn("revoked_at", integer)
    .modifyEnd(clustered)
    .execute();
  await schema
    .createTable("session")
    .addColumn("hash", text, (column) => column.primaryKey().notNull())
    .addColumn("key_id", text, (column) =>
      column.notNull().references("api_key.id").onDelete("cascade"),
    )
    .addColumn("csrf", text, (column) => column.notNull())
    .addColumn("created_at", integer, (column) => column.notNull())
    .addColumn("expires_at", integer, (column) => column.notNull())
    .modifyEnd(clustered)
    .execute();
  await schema.createIndex("session_by_key").on("session").column("key_id").execute();
  await schema.createIndex("session_by_expiry").on("session").column("expires_at").execute();
  await schema
    .createTable("audit")
    .addColumn("sequence", sequence)
    .addColumn("at", integer, (column) => column.notNull())
    .addColumn("actor", text, (column) => column.notNull())
    .addColumn("action", text, (column) => column.notNull())
    .addColumn("resource", text, (column) => column.notNull())
    .addColumn("resource_id", text, (column) => column.notNull())
    .addColumn("detail", text, (column) => column.notNull())
    .modifyEnd(plain)
    .execute();
  await schema
    .createTable("answer")
    .addColumn("principal", text, (column) => column.notNull())
    .addColumn("key", text, (column) => column.notNull())
    .addColumn("request_hash", text, (column) => column.notNull())
    .addColumn("status", integer, (column) => column.notNull())
    .addColumn("body", text, (column) => column.notNull())
    .addColumn("at", integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("answer_key", ["principal", "key"])
    .modifyEnd(clustered)
    .execute();
  await schema.createIndex("answer_by_time").on("answer").column("at").execute();
  await schema
    .createTable("note")
    .addColumn("name", text, (column) => column.primaryKey().notNull())
    .addColumn("value", integer, (column) => column.notNull())
    .modifyEnd(clustered)
    .execute();
}
