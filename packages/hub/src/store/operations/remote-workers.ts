/** Processes elsewhere that check for this hub. */
import type { AuditEntry } from "../../model/access.ts";
import type { RemoteWorker, WorkerId } from "../../model/location.ts";
import { asWritten, plainText } from "../values.ts";
import { writeAudit } from "./audit.ts";
import type { OperationContext } from "./operation.ts";

/** See `LocationStore.saveWorker`. */
export async function saveWorker(
  context: OperationContext,
  worker: RemoteWorker,
  audit: AuditEntry,
): Promise<void> {
  const { id, ...columns } = rowOf(worker);
  await context.db
    .insertInto("remote_worker")
    .values({ id, ...columns })
    .onConflict((conflict) => conflict.column("id").doUpdateSet(columns))
    .execute();
  await writeAudit(context, audit);
}

/** See `LocationStore.touchWorker`. */
export async function touchWorker(
  { db }: OperationContext,
  id: WorkerId,
  figures: Pick<RemoteWorker, "seenAt" | "waiting" | "dropped" | "clockOffsetMs">,
): Promise<boolean> {
  const result = await db
    .updateTable("remote_worker")
    .set({
      seen_at: figures.seenAt,
      waiting: figures.waiting,
      dropped: figures.dropped,
      clock_offset_ms: Math.round(figures.clockOffsetMs),
    })
    .where("id", "=", id)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** See `LocationStore.remoteWorkers`. */
export async function remoteWorkers(
  { db }: OperationContext,
  since: number,
): Promise<readonly RemoteWorker[]> {
  const rows = await db
    .selectFrom("remote_worker")
    .selectAll()
    .where("seen_at", ">=", since)
    .orderBy("location")
    .orderBy("id")
    .execute();
  return rows.map((row) => ({
    id: asWritten<WorkerId>(row.id),
    name: row.name,
    location: row.location,
    version: row.version,
    joinedAt: row.joined_at,
    seenAt: row.seen_at,
    waiting: row.waiting,
    dropped: row.dropped,
    clockOffsetMs: row.clock_offset_ms,
  }));
}

function rowOf(worker: RemoteWorker) {
  return {
    id: worker.id,
    name: plainText(worker.name, "name"),
    location: worker.location,
    version: plainText(worker.version, "version"),
    joined_at: worker.joinedAt,
    seen_at: worker.seenAt,
    waiting: worker.waiting,
    dropped: worker.dropped,
    clock_offset_ms: Math.round(worker.clockOffsetMs),
  };
}
