/**
 * Processes and the shares they hold. Only on PostgreSQL, by whose clock all times here are.
 *
 * A process is taken for dead under `for update` of its row; a commit of its decisions holds the same row `for key
 * share` (`fleet-fence.ts`), so one of the two is first: a commit that is under way is waited for, and none begins
 * afterwards. Renewing changes no key and therefore waits for no commit.
 */
import { sql, type RawBuilder, type Selectable } from "kysely";
import { AppError } from "../../model/error.ts";
import {
  duties,
  fairShares,
  kindOfShare,
  shareCounts,
  shareNames,
  weightOf,
  type Duty,
  type FleetProcess,
  type Member,
  type ProcessFigures,
  type ProcessId,
  type Renewal,
  type ShareKind,
  type ShareName,
  type TakenShare,
} from "../../model/fleet.ts";
import type { ProcessTable } from "../fleet-tables.ts";
import type { Database } from "../tables.ts";
import { asWritten, fromJson, plainText, toJson } from "../values.ts";
import type { OperationContext } from "./operation.ts";

/** Epoch ms of the database's clock, at the moment it is asked. */
export const databaseNow: RawBuilder<number> = sql<number>`floor(extract(epoch from clock_timestamp()) * 1000)::bigint`;

/** Epoch ms of the same clock when the statement began: not later than what it sees. */
export const statementNow: RawBuilder<number> = sql<number>`floor(extract(epoch from statement_timestamp()) * 1000)::bigint`;

/** A process that joined and never renewed is dead after so long, ms. */
const firstLeaseMs = 10_000;

/** How long those that lapsed or left are shown, and how long they are kept, ms. */
const shownAfterEndMs = 3_600_000;
const keptAfterEndMs = 86_400_000;

/** Shares of monitors beyond what is fair that nobody gives up, so that they do not wander. */
const toleratedExcess = 2;

const counts: Readonly<Record<ShareKind, number>> = { ...shareCounts, duty: duties.length };
const kinds = ["check", "hear", "duty"] as const satisfies readonly ShareKind[];
const noFigures: ProcessFigures = {
  monitors: 0,
  checksPerSecond: 0,
  lagSeconds: 0,
  cpu: 0,
  missed: 0,
};

/** Rejects with `internal` on SQLite, which belongs to one process. */
export function mustBeShared({ engine }: OperationContext): void {
  if (engine === "postgres") return;
  throw new AppError("internal", "several processes share a database only on PostgreSQL");
}

/** See `FleetStore.joinFleet`. */
export async function joinFleet(context: OperationContext, process: FleetProcess): Promise<void> {
  mustBeShared(context);
  const { db } = context;
  await db
    .insertInto("process")
    .values({
      id: process.id,
      kind: process.kind,
      name: plainText(process.name, "name"),
      location: plainText(process.location, "location"),
      version: process.version,
      url: process.url,
      holds: toJson(process.holds),
      joined_at: databaseNow,
      seen_at: databaseNow,
      until: sql`${databaseNow} + ${firstLeaseMs}`,
      lapsed_at: null,
      left_at: null,
      figures: toJson(noFigures),
    })
    .onConflict((conflict) => conflict.column("id").doNothing())
    .execute();
  await sql`
    insert into lease (name, kind)
    select * from unnest(${shareNames}::text[], ${shareNames.map(kindOfShare)}::text[])
    on conflict (name) do nothing`.execute(db);
}

/** See `FleetStore.renewLease`. */
export async function renewLease(
  context: OperationContext,
  renewal: {
    readonly id: ProcessId;
    readonly leaseMs: number;
    readonly figures: ProcessFigures;
  },
): Promise<Renewal> {
  mustBeShared(context);
  const { db } = context;
  const { id } = renewal;
  const { now, wasInTime } = await touch(db, renewal);
  if (wasInTime === null) {
    return { alive: false, now, taken: [], held: [], excess: noExcess, others: 0 };
  }
  // Who was not in time itself was cut off, or the database was: the others may only be about to be heard.
  if (wasInTime) await takeForDead(db, id, now, renewal.leaseMs);
  const alive = await aliveAt(db, now);
  const held = await sharesOf(db, id);
  const taken: TakenShare[] = [];
  const excess: Record<ShareKind, number> = { ...noExcess };
  for (const kind of kinds) {
    const fair = fairShareOf(id, kind, alive);
    const count = held.filter((name) => kindOfShare(name) === kind).length;
    if (count < fair) taken.push(...(await takeFree(db, id, kind, fair - count)));
    const over = Math.max(0, count - fair);
    excess[kind] = kind !== "duty" && over <= toleratedExcess ? 0 : over;
  }
  return {
    alive: true,
    now,
    taken,
    held: [...held, ...taken.map(({ name }) => name)],
    excess,
    others: alive.length - 1,
  };
}

const noExcess: Readonly<Record<ShareKind, number>> = { check: 0, hear: 0, duty: 0 };

/** Renews; `wasInTime`: whether the lease still ran. null: the process was taken for dead, or left. */
async function touch(
  db: Database,
  { id, leaseMs, figures }: Parameters<typeof renewLease>[1],
): Promise<{ readonly now: number; readonly wasInTime: boolean | null }> {
  // Who is stopped in the middle of a renewal holds others up for no longer than this.
  const clock = await sql<{ now: number }>`
    select ${databaseNow} as now, set_config('idle_in_transaction_session_timeout', '5s', true),
      set_config('lock_timeout', '5s', true)`.execute(db);
  const { rows } = await sql<{ now: number; until: number }>`
    update process set seen_at = clock.now, until = clock.now + ${leaseMs}, figures = ${toJson(figures)}
    from (select id, until from process
        where id = ${id} and lapsed_at is null and left_at is null for no key update) as before,
      (select ${databaseNow} as now) as clock
    where process.id = before.id
    returning process.seen_at as now, before.until`.execute(db);
  const [row] = rows;
  if (row === undefined) return { now: clock.rows[0]?.now ?? 0, wasInTime: null };
  return { now: row.now, wasInTime: row.until >= row.now };
}

/** One whose commit is under way is locked: the next renewal looks again. */
async function takeForDead(
  db: Database,
  id: ProcessId,
  now: number,
  leaseMs: number,
): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    select id from process
    where id <> ${id} and until < ${now} and lapsed_at is null and left_at is null
      and pg_postmaster_start_time() < clock_timestamp() - ${leaseMs} * interval '1 millisecond'
    order by id for update skip locked`.execute(db);
  if (rows.length === 0) return;
  const dead = rows.map((row) => row.id);
  await db.updateTable("process").set({ lapsed_at: now }).where("id", "in", dead).execute();
  await db
    .updateTable("lease")
    .from("process")
    .set((set) => ({ holder: null, freed_at: set.ref("process.seen_at") }))
    .whereRef("lease.holder", "=", "process.id")
    .where("process.id", "in", dead)
    .execute();
}

type Alive = Pick<Selectable<ProcessTable>, "id" | "holds" | "figures">;

function aliveAt(db: Database, now: number): Promise<readonly Alive[]> {
  return db
    .selectFrom("process")
    .select(["id", "holds", "figures"])
    .where("lapsed_at", "is", null)
    .where("left_at", "is", null)
    .where("until", ">=", now)
    .orderBy("id")
    .execute();
}

function fairShareOf(id: ProcessId, kind: ShareKind, alive: readonly Alive[]): number {
  const able = alive.filter(({ holds }) => fromJson<readonly ShareKind[]>(holds).includes(kind));
  const weights = able.map(({ figures }) => weightOf(fromJson<ProcessFigures>(figures)));
  return fairShares(counts[kind], weights)[able.findIndex((one) => one.id === id)] ?? 0;
}

async function sharesOf(db: Database, id: ProcessId): Promise<readonly ShareName[]> {
  const rows = await db.selectFrom("lease").select("name").where("holder", "=", id).execute();
  return rows.map(({ name }) => asWritten<ShareName>(name));
}

/** Those that were free for longest first. */
async function takeFree(
  db: Database,
  id: ProcessId,
  kind: ShareKind,
  limit: number,
): Promise<readonly TakenShare[]> {
  const { rows } = await sql<{ name: ShareName; freed_at: number | null }>`
    update lease set holder = ${id}
    from (select name, freed_at from lease where kind = ${kind} and holder is null
      order by freed_at nulls first, name limit ${limit} for update skip locked) as free
    where lease.name = free.name
    returning lease.name, free.freed_at`.execute(db);
  return rows.map((row) => ({ name: row.name, freeSince: row.freed_at }));
}

/** See `FleetStore.releaseShares`. Shares of one that was taken for dead are left to whoever has them now. */
export async function releaseShares(
  context: OperationContext,
  id: ProcessId,
  names: readonly ShareName[],
  idleMs = 0,
): Promise<void> {
  mustBeShared(context);
  const { db } = context;
  // Not at the same time as somebody takes it for dead, who would write the same rows in another order.
  await sql`select 1 from process where id = ${id} for key share`.execute(db);
  await db
    .updateTable("lease")
    .set({ holder: null, freed_at: sql<number>`${databaseNow} - ${Math.round(idleMs)}::bigint` })
    .where("holder", "=", id)
    .where("name", "in", names.length === 0 ? [""] : [...names])
    .execute();
}

/** See `FleetStore.leaveFleet`. */
export async function leaveFleet(
  context: OperationContext,
  id: ProcessId,
  idleMs = 0,
): Promise<void> {
  mustBeShared(context);
  const { db } = context;
  const left = await db
    .updateTable("process")
    .set({ left_at: databaseNow })
    .where("id", "=", id)
    .where("left_at", "is", null)
    .where("lapsed_at", "is", null)
    .executeTakeFirst();
  if (left.numUpdatedRows === 0n) return;
  await db
    .updateTable("lease")
    .set({ holder: null, freed_at: sql<number>`${databaseNow} - ${Math.round(idleMs)}::bigint` })
    .where("holder", "=", id)
    .execute();
}

/** See `FleetStore.members`. */
export async function members(context: OperationContext): Promise<readonly Member[]> {
  mustBeShared(context);
  const since = sql<number>`${databaseNow} - ${shownAfterEndMs}`;
  const rows = await context.db
    .selectFrom("process")
    .selectAll()
    .select(statementNow.as("read_at"))
    .select((select) =>
      select
        .selectFrom("lease")
        .select(sql<readonly ShareName[]>`coalesce(json_agg(name order by name), '[]')`.as("names"))
        .whereRef("lease.holder", "=", "process.id")
        .as("shares"),
    )
    .where((where) =>
      where.or([
        where.and([where("lapsed_at", "is", null), where("left_at", "is", null)]),
        where("lapsed_at", ">", since),
        where("left_at", ">", since),
      ]),
    )
    .orderBy("kind")
    .orderBy("name")
    .orderBy("id")
    .execute();
  return rows.map((row) => memberOf(row, row.read_at, row.shares ?? []));
}

function memberOf(
  row: Selectable<ProcessTable>,
  readAt: number,
  shares: readonly ShareName[],
): Member {
  const of = (kind: ShareKind) => shares.filter((name) => kindOfShare(name) === kind);
  return {
    id: asWritten<ProcessId>(row.id),
    kind: asWritten<Member["kind"]>(row.kind),
    name: row.name,
    location: row.location,
    version: row.version,
    url: row.url,
    holds: fromJson<Member["holds"]>(row.holds),
    joinedAt: row.joined_at,
    seenAt: row.seen_at,
    until: row.until,
    lapsedAt: row.lapsed_at,
    leftAt: row.left_at,
    readAt,
    figures: fromJson<ProcessFigures>(row.figures),
    shares: { check: of("check").length, hear: of("hear").length },
    duties: of("duty").map((name) => asWritten<Duty>(name.slice("duty-".length))),
  };
}

/** Forgets processes that ended a day ago; `now` is epoch ms. */
export async function dropOldProcesses({ db }: OperationContext, now: number): Promise<void> {
  await db
    .deleteFrom("process")
    .where((where) =>
      where.or([
        where("lapsed_at", "<", now - keptAfterEndMs),
        where("left_at", "<", now - keptAfterEndMs),
      ]),
    )
    .execute();
}
