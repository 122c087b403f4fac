/**
 * What people set about alerts: one row for each channel, route, silence, maintenance window and rule. Every change of
 * any of them counts up one number, so that whoever decides about notices sees cheaply that there is something new.
 */
import type { Selectable } from "kysely";
import type { AuditEntry } from "../../model/access.ts";
import { routesInOrder } from "../../model/alert-policy.ts";
import type { AlertPolicy, AlertSettingKind, AlertSettings } from "../../model/alert-policy.ts";
import { AppError } from "../../model/error.ts";
import type { AlertSettingTable } from "../tables.ts";
import { fromJson, toJson } from "../values.ts";
import { writeAudit } from "./audit.ts";
import type { OperationContext } from "./operation.ts";

type AnySetting = AlertSettings[AlertSettingKind];

/** See `AlertSettingStore.alertSettings`. */
export async function alertSettings(
  { db }: OperationContext,
  kind: AlertSettingKind,
): Promise<readonly AnySetting[]> {
  const rows = await db
    .selectFrom("alert_setting")
    .selectAll()
    .where("kind", "=", kind)
    .orderBy("created_at")
    .orderBy("id")
    .execute();
  return rows.map(settingOf);
}

/** See `AlertSettingStore.alertSetting`. */
export async function alertSetting(
  { db }: OperationContext,
  kind: AlertSettingKind,
  id: string,
): Promise<AnySetting | undefined> {
  const row = await db
    .selectFrom("alert_setting")
    .selectAll()
    .where("kind", "=", kind)
    .where("id", "=", id)
    .executeTakeFirst();
  return row === undefined ? undefined : settingOf(row);
}

/** See `AlertSettingStore.createAlertSetting`. */
export async function createAlertSetting(
  context: OperationContext,
  kind: AlertSettingKind,
  setting: AnySetting,
  audit: AuditEntry,
): Promise<void> {
  const inserted = await context.db
    .insertInto("alert_setting")
    .values({ kind, id: setting.id, ...columnsOf(setting) })
    .onConflict((conflict) => conflict.columns(["kind", "id"]).doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows !== 1n) {
    throw new AppError("conflict", `there is a ${kind} ${setting.id} already`);
  }
  await noteChange(context, audit);
}

/** See `AlertSettingStore.updateAlertSetting`. */
export async function updateAlertSetting(
  context: OperationContext,
  kind: AlertSettingKind,
  setting: AnySetting,
  audit: AuditEntry,
): Promise<"updated" | "version_mismatch" | "missing"> {
  const updated = await context.db
    .updateTable("alert_setting")
    .set(columnsOf(setting))
    .where("kind", "=", kind)
    .where("id", "=", setting.id)
    .where("version", "=", setting.version - 1)
    .executeTakeFirst();
  if (updated.numUpdatedRows === 0n) return missingOrChanged(context, kind, setting.id);
  await noteChange(context, audit);
  return "updated";
}

/** See `AlertSettingStore.deleteAlertSetting`. */
export async function deleteAlertSetting(
  context: OperationContext,
  kind: AlertSettingKind,
  id: string,
  version: number,
  audit: AuditEntry,
): Promise<"deleted" | "version_mismatch" | "missing"> {
  const deleted = await context.db
    .deleteFrom("alert_setting")
    .where("kind", "=", kind)
    .where("id", "=", id)
    .where("version", "=", version)
    .executeTakeFirst();
  if (deleted.numDeletedRows === 0n) return missingOrChanged(context, kind, id);
  await noteChange(context, audit);
  return "deleted";
}

const changeNote = "alert_settings";

/** See `AlertSettingStore.alertSettingChanges`. */
export async function alertSettingChanges({ db }: OperationContext): Promise<number> {
  const row = await db
    .selectFrom("note")
    .select("value")
    .where("name", "=", changeNote)
    .executeTakeFirst();
  return row?.value ?? 0;
}

/** See `AlertSettingStore.alertPolicy`. */
export async function alertPolicy(
  context: OperationContext,
  now: number,
): Promise<AlertPolicy & { readonly changes: number }> {
  const changes = await alertSettingChanges(context);
  const rows = await context.db
    .selectFrom("alert_setting")
    .selectAll()
    .where("kind", "!=", "alert_rule")
    .where((where) => where.or([where("ends_at", "is", null), where("ends_at", ">", now)]))
    .orderBy("created_at")
    .orderBy("id")
    .execute();
  const all = <K extends AlertSettingKind>(kind: K): readonly AlertSettings[K][] =>
    rows.filter((row) => row.kind === kind).map((row) => settingOf<K>(row));
  return {
    channels: all("channel"),
    routes: routesInOrder(all("alert_route")),
    silences: all("silence"),
    maintenance: all("maintenance"),
    changes,
  };
}

/** Silences are kept for so long after their end. */
export const silenceKeptMs = 30 * 86_400_000;

/** Drops silences that are over for long; `now` is epoch ms. */
export async function dropOldSilences({ db }: OperationContext, now: number): Promise<void> {
  await db
    .deleteFrom("alert_setting")
    .where("kind", "=", "silence")
    .where("ends_at", "<", now - silenceKeptMs)
    .execute();
}

async function missingOrChanged(
  context: OperationContext,
  kind: AlertSettingKind,
  id: string,
): Promise<"version_mismatch" | "missing"> {
  return (await alertSetting(context, kind, id)) === undefined ? "missing" : "version_mismatch";
}

async function noteChange(context: OperationContext, audit: AuditEntry): Promise<void> {
  await context.db
    .insertInto("note")
    .values({ name: changeNote, value: 1 })
    .onConflict((conflict) =>
      conflict.column("name").doUpdateSet((set) => ({ value: set("note.value", "+", 1) })),
    )
    .execute();
  await writeAudit(context, audit);
}

function columnsOf(setting: AnySetting): Omit<AlertSettingTable, "kind" | "id"> {
  const { id: _id, version, createdAt, updatedAt, ...body } = setting;
  return {
    body: toJson(body),
    ends_at: "endsAt" in setting ? setting.endsAt : null,
    version,
    created_at: createdAt,
    updated_at: updatedAt,
  };
}

/** Guarantee: only this file writes the rows, each with a setting of the kind that its row names. */
function settingOf<K extends AlertSettingKind>(
  row: Selectable<AlertSettingTable>,
): AlertSettings[K] {
  return {
    ...fromJson<object>(row.body),
    id: row.id,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  } as AlertSettings[K];
}
