/** Runs, their events and jobs as several hubs follow them, on PostgreSQL. */
import { sql } from "kysely";
import type { ChangedRun, JobId, KeptEvent, RunRowId } from "../../model/job.ts";
import type { FollowedEvent } from "../following-calls.ts";
import { readRunState } from "../run-state.ts";
import { asWritten, fromJson, inChunks, rowsPerStatement } from "../values.ts";
import { lookFrom } from "./changed-in.ts";
import { mustBeShared } from "./fleet.ts";
import type { OperationContext } from "./operation.ts";
import type { EventBody } from "./take-events.ts";

/** See `FollowingStore.runsChangedSince`. A first look tells nothing: whoever begins has read what there is. */
export async function runsChangedSince(
  context: OperationContext,
  since: number | null,
): Promise<{
  readonly next: number;
  readonly changed: readonly (ChangedRun & { readonly changedIn: number })[];
}> {
  mustBeShared(context);
  const { db } = context;
  const { from, before, next } = await lookFrom(db, since);
  if (from === null) return { next, changed: [] };
  const rows = await db
    .selectFrom("run")
    .select(["id", "job_id", "parent_id", "changed_in"])
    .where("changed_in", ">=", from)
    .where("changed_in", "<", before)
    .execute();
  return {
    next,
    changed: rows.map((row) => ({ ...changedRunOf(row), changedIn: row.changed_in })),
  };
}

/** A run as it is told to whoever follows runs. */
export function changedRunOf(row: {
  readonly id: string;
  readonly job_id: string | null;
  readonly parent_id: string | null;
}): ChangedRun {
  return {
    id: asWritten<RunRowId>(row.id),
    parentId: row.parent_id === null ? null : asWritten<RunRowId>(row.parent_id),
    jobIds: row.job_id === null ? [] : [asWritten<JobId>(row.job_id)],
  };
}

/** See `FollowingStore.eventsStoredSince`. */
export async function eventsStoredSince(
  context: OperationContext,
  ids: readonly RunRowId[],
  since: number,
): Promise<readonly FollowedEvent[]> {
  mustBeShared(context);
  const found: (FollowedEvent & { readonly receivedAt: number })[] = [];
  for (const some of inChunks(ids, rowsPerStatement)) {
    const rows = await context.db
      .selectFrom("run_event")
      .innerJoin("run", "run.id", "run_event.run_id")
      .selectAll("run_event")
      .select(["run.site", "run.run_id as client_id", "run.state"])
      .where("run_event.run_id", "in", some)
      .where("run_event.changed_in", ">=", since)
      .execute();
    for (const row of rows) {
      const { status, metrics, metadata } = fromJson<EventBody>(row.body);
      found.push({
        receivedAt: row.received_at,
        rowId: asWritten<RunRowId>(row.run_id),
        changedIn: row.changed_in,
        event: {
          key: row.key,
          siteId: row.site,
          type: readRunState(row.state).type?.value ?? "",
          runId: row.client_id,
          kind: asWritten<KeptEvent["kind"]>(row.kind),
          at: row.at,
          status,
          metrics,
          metadata,
        },
      });
    }
  }
  return found.toSorted((a, b) => a.receivedAt - b.receivedAt || a.event.at - b.event.at);
}

/** See `FollowingStore.jobEdits`. */
export async function jobEdits(
  context: OperationContext,
  after: number | null,
  overlap: number,
): Promise<{
  readonly last: number;
  readonly edits: readonly { readonly sequence: number; readonly id: JobId }[];
}> {
  mustBeShared(context);
  const { db } = context;
  const { rows: ends } = await sql<{ last: number }>`
    select coalesce(max(sequence), 0) as last from audit`.execute(db);
  const end = ends[0]?.last ?? 0;
  const rows = await db
    .selectFrom("audit")
    .select(["sequence", "resource_id"])
    .where("sequence", ">", (after ?? end) - overlap)
    .where("resource", "=", "job")
    .orderBy("sequence")
    .execute();
  const edits = rows.map((row) => ({
    sequence: row.sequence,
    id: asWritten<JobId>(row.resource_id),
  }));
  return { last: Math.max(end, edits.at(-1)?.sequence ?? 0), edits };
}
