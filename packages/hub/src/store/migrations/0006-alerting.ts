/** Signals, incidents by cause, what was decided to be told, and what became of it. */
import { sql } from "kysely";
import { columnTypes, type ColumnTypes } from "./column-types.ts";
import type { Migration, Schema } from "./migration.ts";

const incidentTexts = [
  "title",
  "severity",
  "labels",
  "troubles",
  "cause",
  "acknowledged_by",
  "suppressed_by",
  "flow",
  "folded",
];
const incidentTimes = ["snoozed_until", "held_until", "wake_at"];
const tables = [
  "delivery",
  "notice_incident",
  "notice",
  "notice_group",
  "incident_comment",
  "signal",
  "secret",
];

export const migration0006: Migration = {
  name: "0006-alerting",
  async up(schema, engine) {
    const types = columnTypes(engine);
    await extendIncident(schema, types);
    await createInputs(schema, types);
    await createNotice(schema, types);
    await createDelivery(schema, types);
  },
  async down({ schema }) {
    for (const table of tables) await schema.dropTable(table).execute();
    await schema.dropIndex("incident_by_wake").execute();
    for (const name of [...incidentTexts, ...incidentTimes, "revision"]) {
      await schema.alterTable("incident").dropColumn(name).execute();
    }
  },
};

/** Without values where an older hub wrote the row: what it knew says them. */
async function extendIncident({ schema }: Schema, types: ColumnTypes): Promise<void> {
  const { text, integer } = types;
  const incident = schema.alterTable("incident");
  for (const name of incidentTexts) await incident.addColumn(name, text).execute();
  for (const name of incidentTimes) await incident.addColumn(name, integer).execute();
  await incident
    .addColumn("revision", integer, (column) => column.notNull().defaultTo(0))
    .execute();
  await schema
    .createIndex("incident_by_wake")
    .on("incident")
    .column("wake_at")
    .where(sql.ref("wake_at"), "is not", null)
    .execute();
}

async function createInputs({ schema }: Schema, types: ColumnTypes): Promise<void> {
  const { text, integer, sequence, clustered, plain } = types;
  await schema
    .createTable("signal")
    .addColumn("sequence", sequence)
    .addColumn("body", text, (column) => column.notNull())
    .modifyEnd(plain)
    .execute();
  await schema
    .createTable("incident_comment")
    .addColumn("sequence", sequence)
    .addColumn("incident_id", text, (column) =>
      column.notNull().references("incident.id").onDelete("cascade"),
    )
    .addColumn("at", integer, (column) => column.notNull())
    .addColumn("by", text, (column) => column.notNull())
    .addColumn("text", text, (column) => column.notNull())
    .modifyEnd(plain)
    .execute();
  await schema
    .createIndex("incident_comment_by_incident")
    .on("incident_comment")
    .columns(["incident_id", "sequence"])
    .execute();
  await schema
    .createTable("secret")
    .addColumn("name", text, (column) => column.primaryKey().notNull())
    .addColumn("value", text, (column) => column.notNull())
    .modifyEnd(clustered)
    .execute();
}

async function createNotice({ schema }: Schema, types: ColumnTypes): Promise<void> {
  const { text, integer, sequence, clustered, plain } = types;
  await schema
    .createTable("notice_group")
    .addColumn("key", text, (column) => column.primaryKey().notNull())
    .addColumn("due_at", integer, (column) => column.notNull())
    .addColumn("body", text, (column) => column.notNull())
    .addColumn("revision", integer, (column) => column.notNull())
    .modifyEnd(clustered)
    .execute();
  await schema
    .createTable("notice")
    .addColumn("sequence", sequence)
    .addColumn("id", text, (column) => column.notNull().unique())
    .addColumn("channel_id", text, (column) => column.notNull())
    .addColumn("route", text, (column) => column.notNull())
    .addColumn("kind", text, (column) => column.notNull())
    .addColumn("body", text, (column) => column.notNull())
    .addColumn("is_fallback", integer, (column) => column.notNull())
    .addColumn("state", text, (column) => column.notNull())
    .addColumn("attempts", integer, (column) => column.notNull())
    .addColumn("next_at", integer)
    .addColumn("claimed_until", integer)
    .addColumn("created_at", integer, (column) => column.notNull())
    .addColumn("sent_at", integer)
    .addColumn("why", text)
    .modifyEnd(plain)
    .execute();
  await schema
    .createIndex("notice_due")
    .on("notice")
    .columns(["next_at", "sequence"])
    .where(sql.ref("state"), "=", sql.lit("waiting"))
    .execute();
  await schema
    .createIndex("notice_by_channel")
    .on("notice")
    .columns(["channel_id", "sequence"])
    .execute();
  await schema.createIndex("notice_by_time").on("notice").column("created_at").execute();
  // Which incidents a notice tells of. Without a reference to them: a notice outlives what it tells of.
  await schema
    .createTable("notice_incident")
    .addColumn("incident_id", text, (column) => column.notNull())
    .addColumn("notice_id", text, (column) =>
      column.notNull().references("notice.id").onDelete("cascade"),
    )
    .addPrimaryKeyConstraint("notice_incident_key", ["incident_id", "notice_id"])
    .modifyEnd(clustered)
    .execute();
  await schema
    .createIndex("notice_incident_by_notice")
    .on("notice_incident")
    .column("notice_id")
    .execute();
}

async function createDelivery({ schema }: Schema, types: ColumnTypes): Promise<void> {
  const { text, integer, real, sequence, plain } = types;
  await schema
    .createTable("delivery")
    .addColumn("sequence", sequence)
    .addColumn("notice_id", text, (column) =>
      column.notNull().references("notice.id").onDelete("cascade"),
    )
    .addColumn("at", integer, (column) => column.notNull())
    .addColumn("attempt", integer, (column) => column.notNull())
    .addColumn("result", text, (column) => column.notNull())
    .addColumn("why", text)
    .addColumn("request", text)
    .addColumn("answer", text)
    .addColumn("duration_ms", real, (column) => column.notNull())
    .modifyEnd(plain)
    .execute();
  await schema
    .createIndex("delivery_by_notice")
    .on("delivery")
    .columns(["notice_id", "sequence"])
    .execute();
  await schema.createIndex("delivery_by_time").on("delivery").column("at").execute();
}
