/**
 * What keeps a commit of several processes right (only on PostgreSQL): one that was taken for dead writes nothing, what
 * was decided about a monitor as it was before somebody changed it is dropped, and what others show goes in with it.
 */
import { sql } from "kysely";
import type { Change } from "../../model/change.ts";
import type { ProcessId, Shown } from "../../model/fleet.ts";
import { inChunks, rowsPerStatement, toJson } from "../values.ts";
import { thisTransaction } from "./changed-in.ts";
import type { OperationContext } from "./operation.ts";

type Decisions = Omit<Change, "frames">;

/**
 * Whether the process is dead for the others, or left; otherwise it stays as it is until the transaction ends. Has to be
 * the first statement of a transaction. A process that stops in the middle of one holds others up for five seconds.
 */
export async function isFenced({ db }: OperationContext, id: ProcessId): Promise<boolean> {
  const { rows } = await sql<{ lapsed_at: number | null; left_at: number | null }>`
    select lapsed_at, left_at, set_config('idle_in_transaction_session_timeout', '5s', true)
    from process where id = ${id} for key share`.execute(db);
  const [row] = rows;
  return row === undefined || row.lapsed_at !== null || row.left_at !== null;
}

/** What is left of decisions, and the monitors that are there and held as with `change` until the transaction ends. */
export interface Current {
  readonly decisions: Decisions;
  readonly held: ReadonlySet<string>;
}

/**
 * Holds monitors in the order of their ids, all at once, and leaves out what was decided about older versions of them.
 * Whoever changes a monitor waits until this transaction ends, and what is decided then is about the new version.
 */
export async function dropOutdated(
  { db }: OperationContext,
  decisions: Decisions,
  shown: readonly Shown[],
): Promise<Current> {
  const ids = new Set<string>();
  for (const one of shown) ids.add(one.monitorId);
  for (const one of decisions.statusChanges) ids.add(one.monitorId);
  const versions = new Map<string, number>();
  for (const some of inChunks([...ids].toSorted(), rowsPerStatement)) {
    const { rows } = await sql<{ id: string; version: number }>`
      select id, version from monitor where id = any(${some}::text[])
      order by id for no key update`.execute(db);
    for (const row of rows) versions.set(row.id, row.version);
  }
  const outdated = new Set(
    shown
      .filter((one) => one.version < (versions.get(one.monitorId) ?? 0))
      .map((one): string => one.monitorId),
  );
  const held = new Set(versions.keys());
  if (outdated.size === 0) return { decisions, held };
  const isCurrent = (one: { readonly monitorId: string }): boolean => !outdated.has(one.monitorId);
  return {
    held,
    decisions: {
      ...decisions,
      judged: decisions.judged.filter(isCurrent),
      statusChanges: decisions.statusChanges.filter(isCurrent),
      failedChecks: decisions.failedChecks.filter(isCurrent),
      transitions: decisions.transitions.filter(isCurrent),
      shown: shown.filter(isCurrent),
    },
  };
}

/** Writes what others show, unless something newer is there. */
export async function writeShown(
  { db }: OperationContext,
  shown: readonly Shown[],
  isHere: (id: string) => boolean,
): Promise<void> {
  const newest = new Map<string, Shown>();
  for (const one of shown) {
    const other = newest.get(one.monitorId);
    const isNewer = other === undefined || other.lastCheck.checkedAt <= one.lastCheck.checkedAt;
    if (isNewer && isHere(one.monitorId)) newest.set(one.monitorId, one);
  }
  const ids = [...newest.keys()].toSorted();
  for (const some of inChunks(ids, rowsPerStatement)) {
    const rows = some.flatMap((id) => newest.get(id) ?? []);
    await sql`
      insert into monitor_now as stored (monitor_id, checked_at, changed_in, body)
      select id, checked_at, ${thisTransaction}, body from unnest(${some}::text[],
        ${rows.map((one) => one.lastCheck.checkedAt)}::bigint[],
        ${rows.map((one) => toJson(one))}::text[]) as new (id, checked_at, body)
      on conflict (monitor_id) do update
      set checked_at = excluded.checked_at, changed_in = excluded.changed_in, body = excluded.body
      where stored.checked_at <= excluded.checked_at`.execute(db);
  }
}
