/** How runs and their jobs go: forgotten when they are old, deleted when people say so. */
import { runRetentionMs } from "../../model/job.ts";
import { inChunks, rowsPerStatement } from "../values.ts";
import { refreshJob } from "./job-refresh.ts";
import type { OperationContext } from "./operation.ts";

/** Runs that are forgotten in one transaction. */
const runsPerPiece = 200;

/** Forgets runs that are old enough, and jobs without runs; true when there may be more. */
export async function dropOldRuns(context: OperationContext, now: number): Promise<boolean> {
  const { db, engine } = context;
  let select = db
    .selectFrom("run")
    .select(["id", "job_id"])
    .where("updated_at", "<", now - runRetentionMs)
    .orderBy("updated_at")
    .limit(runsPerPiece);
  // Whoever writes about one of them goes first: it is no longer old then.
  if (engine === "postgres") select = select.forUpdate().skipLocked();
  const old = await select.execute();
  const ids = old.map((row) => row.id);
  if (ids.length === 0) return false;
  await deleteRuns(context, ids);
  const touched = new Set(old.flatMap((row) => (row.job_id === null ? [] : [row.job_id])));
  for (const id of [...touched].toSorted()) {
    await refreshJob(context, id, { now, learn: false, because: "changed" });
  }
  return ids.length === runsPerPiece;
}

/** Deletes runs with their events. Runs below them stay, without a parent. */
export async function deleteRuns({ db }: OperationContext, ids: readonly string[]): Promise<void> {
  for (const some of inChunks(ids, rowsPerStatement)) {
    await db.updateTable("run").set({ parent_id: null }).where("parent_id", "in", some).execute();
    await db.deleteFrom("run").where("id", "in", some).execute();
  }
}
