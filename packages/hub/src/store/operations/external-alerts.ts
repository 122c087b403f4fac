/** Alerts of other systems: those that fire are kept, and alerting is signalled when one begins and when it is over. */
import { AppError } from "../../model/error.ts";
import { mergedAlert, signalOfAlert, type ExternalAlert } from "../../model/external-alert.ts";
import type { Signal } from "../../model/signal.ts";
import { fromJson, inChunks, rowsPerStatement, toJson } from "../values.ts";
import type { OperationContext } from "./operation.ts";
import { putSignals } from "./signals.ts";

/** Alerts that may fire at the same time. */
export const mostExternalAlerts = 20_000;

/** See `ExternalAlertStore.takeExternalAlerts`. */
export async function takeExternalAlerts(
  context: OperationContext,
  alerts: readonly ExternalAlert[],
  now: number,
): Promise<{ readonly signals: number }> {
  const before = await keptOf(
    context,
    alerts.map(({ fingerprint }) => fingerprint),
  );
  const after = new Map(before);
  const signals: Signal[] = [];
  for (const alert of alerts) {
    const { fingerprint, endsAt } = alert;
    const known = after.get(fingerprint);
    if (endsAt > now) {
      const merged = mergedAlert(known, alert);
      after.set(fingerprint, merged);
      if (known !== undefined) continue;
      signals.push(signalOfAlert(merged, "raised", { at: merged.startsAt, decidedAt: now }));
    } else if (known !== undefined) {
      after.delete(fingerprint);
      signals.push(clearedOf({ ...known, endsAt }, now));
    }
  }
  const added = [...after.keys()].filter((fingerprint) => !before.has(fingerprint));
  await refuseTooMany(context, added.length);
  const gone = [...before.keys()].filter((fingerprint) => !after.has(fingerprint));
  await drop(context, gone);
  await keep(context, [...after.values()]);
  await putSignals(context, signals);
  return { signals: signals.length };
}

/** See `ExternalAlertStore.endExternalAlerts`. */
export async function endExternalAlerts(
  context: OperationContext,
  fingerprints: readonly string[],
  now: number,
): Promise<{ readonly signals: number }> {
  const ended = await drop(context, fingerprints, now);
  await putSignals(
    context,
    ended.map((alert) => clearedOf(alert, now)),
  );
  return { signals: ended.length };
}

/** See `ExternalAlertStore.externalAlerts`. */
export async function externalAlerts(
  { db }: OperationContext,
  query: { readonly endsBy?: number; readonly limit: number },
): Promise<readonly ExternalAlert[]> {
  let select = db.selectFrom("external_alert").select("body");
  if (query.endsBy !== undefined) select = select.where("ends_at", "<=", query.endsBy);
  const rows = await select.orderBy("ends_at").orderBy("fingerprint").limit(query.limit).execute();
  return rows.map(({ body }) => fromJson<ExternalAlert>(body));
}

/** It is over when it says so; not before it began, and not in the future. */
function clearedOf(alert: ExternalAlert, now: number): Signal {
  const at = Math.min(now, Math.max(alert.startsAt, alert.endsAt));
  return signalOfAlert(alert, "cleared", { at, decidedAt: now });
}

async function keptOf(
  { db }: OperationContext,
  fingerprints: readonly string[],
): Promise<ReadonlyMap<string, ExternalAlert>> {
  const kept = new Map<string, ExternalAlert>();
  for (const some of inChunks([...new Set(fingerprints)], rowsPerStatement)) {
    const rows = await db
      .selectFrom("external_alert")
      .select(["fingerprint", "body"])
      .where("fingerprint", "in", some)
      .execute();
    for (const row of rows) kept.set(row.fingerprint, fromJson<ExternalAlert>(row.body));
  }
  return kept;
}

async function refuseTooMany({ db }: OperationContext, added: number): Promise<void> {
  if (added === 0) return;
  const row = await db
    .selectFrom("external_alert")
    .select((eb) => eb.fn.countAll<number | string>().as("count"))
    .executeTakeFirstOrThrow();
  if (Number(row.count) + added <= mostExternalAlerts) return;
  throw new AppError("unavailable", `${mostExternalAlerts} alerts of other systems fire already`);
}

async function keep({ db }: OperationContext, alerts: readonly ExternalAlert[]): Promise<void> {
  for (const some of inChunks(alerts, rowsPerStatement)) {
    await db
      .insertInto("external_alert")
      .values(
        some.map((alert) => ({
          fingerprint: alert.fingerprint,
          ends_at: alert.endsAt,
          body: toJson(alert),
        })),
      )
      .onConflict((conflict) =>
        conflict.column("fingerprint").doUpdateSet((row) => ({
          ends_at: row.ref("excluded.ends_at"),
          body: row.ref("excluded.body"),
        })),
      )
      .execute();
  }
}

/** Answers those that were there; with `endedBy`, only those that end by then. */
async function drop(
  { db }: OperationContext,
  fingerprints: readonly string[],
  endedBy?: number,
): Promise<readonly ExternalAlert[]> {
  const dropped: ExternalAlert[] = [];
  for (const some of inChunks(fingerprints, rowsPerStatement)) {
    let remove = db.deleteFrom("external_alert").where("fingerprint", "in", some);
    if (endedBy !== undefined) remove = remove.where("ends_at", "<=", endedBy);
    const rows = await remove.returning("body").execute();
    dropped.push(...rows.map(({ body }) => fromJson<ExternalAlert>(body)));
  }
  return dropped;
}
