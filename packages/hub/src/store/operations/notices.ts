/** The outbox: what was decided to be told, who delivers it, and what became of each attempt. */
import { sql, type Expression, type SqlBool } from "kysely";
import type { NoticeState } from "@belfry/contract";
import { AppError } from "../../model/error.ts";
import type { IncidentId } from "../../model/id.ts";
import type {
  ChannelId,
  Delivery,
  KeptNotice,
  NewNotice,
  Notice,
  NoticeGroup,
  NoticeId,
} from "../../model/notice.ts";
import type { Signal } from "../../model/signal.ts";
import {
  asWritten,
  foreignText,
  fromJson,
  inChunks,
  keyText,
  toInteger,
  toJson,
} from "../values.ts";
import type { OperationContext } from "./operation.ts";
import { putSignals } from "./signals.ts";

/** Notices of one statement: each is a row of thirteen columns and a body. */
const noticesPerStatement = 200;

/** Puts notices into the outbox, in their order. One that is there already stays as it is. */
export async function writeNotices(
  { db }: OperationContext,
  written: readonly NewNotice[],
): Promise<void> {
  for (const some of inChunks(written, noticesPerStatement)) {
    await db
      .insertInto("notice")
      .values(
        some.map(({ notice, channelId, isFallback, route }) => ({
          id: notice.id,
          channel_id: channelId,
          route,
          kind: notice.kind,
          body: toJson(notice),
          is_fallback: toInteger(isFallback),
          state: "waiting",
          attempts: 0,
          next_at: notice.at,
          claimed_until: null,
          claimed_by: null,
          created_at: notice.at,
          sent_at: null,
          why: null,
        })),
      )
      .onConflict((conflict) => conflict.column("id").doNothing())
      .execute();
    const about = some.flatMap(({ notice, counted = [] }) =>
      [...notice.incidents.map(({ id }) => id), ...counted].map((id) => ({
        incident_id: id,
        notice_id: notice.id,
      })),
    );
    for (const rows of inChunks(about, noticesPerStatement)) {
      await db
        .insertInto("notice_incident")
        .values([...rows])
        .onConflict((conflict) => conflict.columns(["incident_id", "notice_id"]).doNothing())
        .execute();
    }
  }
}

/** Writes groups; one without entries is gone. Rejects with `conflict` when one was written meanwhile. */
export async function writeGroups(
  { db }: OperationContext,
  groups: readonly NoticeGroup[],
): Promise<void> {
  for (const { dueAt, revision, ...body } of groups) {
    const row = { key: keyText(body.key), due_at: dueAt, body: toJson(body), revision };
    const result = await db
      .insertInto("notice_group")
      .values(row)
      .onConflict((conflict) =>
        conflict
          .column("key")
          .doUpdateSet({ due_at: row.due_at, body: row.body, revision })
          .where("notice_group.revision", "=", revision - 1),
      )
      .executeTakeFirst();
    if (result.numInsertedOrUpdatedRows !== 1n) {
      throw new AppError("conflict", "a group of notices was changed meanwhile");
    }
    if (body.entries.length === 0) {
      await db.deleteFrom("notice_group").where("key", "=", row.key).execute();
    }
  }
}

/** See `AlertStore.noticeGroups`. */
export async function noticeGroups({ db }: OperationContext): Promise<readonly NoticeGroup[]> {
  const rows = await db.selectFrom("notice_group").selectAll().orderBy("key").execute();
  return rows.map((row) => ({
    // A row that the first hub with groups wrote has its key in the column alone.
    key: row.key,
    ...fromJson<Partial<NoticeGroup> & Pick<NoticeGroup, "isDigest" | "entries">>(row.body),
    dueAt: row.due_at,
    revision: row.revision,
  }));
}

/** See `AlertStore.recentNotices`. */
export async function recentNotices(
  { db }: OperationContext,
  since: number,
): Promise<
  readonly { readonly route: string; readonly channelId: ChannelId; readonly at: number }[]
> {
  const rows = await db
    .selectFrom("notice")
    .select(["route", "channel_id", "created_at"])
    .where("created_at", ">=", since)
    .orderBy("created_at")
    .execute();
  return rows.map((row) => ({
    route: row.route,
    channelId: asWritten<ChannelId>(row.channel_id),
    at: row.created_at,
  }));
}

/** What can be delivered now; see `OutboxStore.dueNotices`. */
export interface DueQuery {
  readonly now: number;
  /** Nobody else delivers what is handed out before this time. */
  readonly claimUntil: number;
  /**
   * Who takes them. What it took before is handed to it again, but for channels it excepts: it holds nothing else. Left
   * out: nothing that was taken is handed out again before its time.
   */
  readonly claimedBy?: string;
  /** Channels whose notices are due at once, whenever they were to be tried again. */
  readonly anew?: readonly ChannelId[];
  /** Channels that take nothing at present. */
  readonly except: readonly ChannelId[];
  readonly limit: number;
}

/** What can be delivered now. Times are epoch ms. */
export interface HandedOut {
  readonly notices: readonly KeptNotice[];
  /** When there may be more; null: not before something is decided. */
  readonly nextAt: number | null;
  /** All that are not delivered yet, those that are handed out included. */
  readonly waiting: { readonly count: number; readonly oldestAt: number | null };
}

/**
 * See `OutboxStore.dueNotices`. Of notices of one incident to one channel only the oldest that waits is handed out, so that
 * none overtakes another. On PostgreSQL what another hub just takes is passed over.
 */
export async function dueNotices(
  { db, engine }: OperationContext,
  { now, claimUntil, claimedBy, except, anew, limit }: DueQuery,
): Promise<HandedOut> {
  if (anew !== undefined && anew.length > 0) await makeDue(db, anew, now);
  let select = db
    .selectFrom("notice")
    .selectAll()
    .where("state", "=", "waiting")
    .where("next_at", "<=", now)
    .where(isFree(now, claimedBy ?? null))
    .where(isFirst())
    .orderBy("sequence")
    .limit(limit);
  if (except.length > 0) select = select.where("channel_id", "not in", [...except]);
  if (engine === "postgres") select = select.forUpdate().skipLocked();
  const rows = await select.execute();
  const taken = rows.map(({ sequence }) => sequence);
  for (const some of inChunks(taken, noticesPerStatement)) {
    await db
      .updateTable("notice")
      .set({ claimed_until: claimUntil, claimed_by: claimedBy ?? null })
      .where("sequence", "in", some)
      .execute();
  }
  return {
    notices: rows.map(keptNoticeOf),
    nextAt: await nextNoticeAt(db, except),
    waiting: await waitingNotices(db),
  };
}

async function waitingNotices(db: OperationContext["db"]): Promise<HandedOut["waiting"]> {
  const row = await db
    .selectFrom("notice")
    .select((select) => [
      select.fn.countAll<number | bigint | string>().as("count"),
      select.fn.min("created_at").as("oldest"),
    ])
    .where("state", "=", "waiting")
    .executeTakeFirstOrThrow();
  return { count: Number(row.count), oldestAt: row.oldest === null ? null : Number(row.oldest) };
}

async function nextNoticeAt(
  db: OperationContext["db"],
  except: readonly ChannelId[],
): Promise<number | null> {
  let select = db
    .selectFrom("notice")
    .select(
      sql<
        number | null
      >`min(case when claimed_until > next_at then claimed_until else next_at end)`.as("at"),
    )
    .where("state", "=", "waiting")
    .where(isFirst());
  if (except.length > 0) select = select.where("channel_id", "not in", [...except]);
  return (await select.executeTakeFirst())?.at ?? null;
}

function isFree(now: number, claimedBy: string | null): Expression<SqlBool> {
  return sql<SqlBool>`(claimed_until is null or claimed_until <= ${now} or claimed_by = ${claimedBy})`;
}

async function makeDue(
  db: OperationContext["db"],
  channels: readonly ChannelId[],
  now: number,
): Promise<void> {
  await db
    .updateTable("notice")
    .set({ next_at: now })
    .where("state", "=", "waiting")
    .where("next_at", ">", now)
    .where("channel_id", "in", [...channels])
    .execute();
}

/** No notice of one of its incidents to its channel is before it and unfinished. */
function isFirst(): Expression<SqlBool> {
  return sql<SqlBool>`not exists (
    select 1 from notice_incident mine
    join notice_incident other on other.incident_id = mine.incident_id
    join notice earlier on earlier.id = other.notice_id
    where mine.notice_id = notice.id and earlier.channel_id = notice.channel_id
      and earlier.sequence < notice.sequence and earlier.state = 'waiting'
  )`;
}

/** See `OutboxStore.releaseNotices`. */
export async function releaseNotices(
  { db }: OperationContext,
  ids: readonly NoticeId[] | "all",
): Promise<void> {
  const release = db
    .updateTable("notice")
    .set({ claimed_until: null, claimed_by: null })
    .where("state", "=", "waiting")
    .where("claimed_until", "is not", null);
  if (ids === "all") {
    await release.execute();
    return;
  }
  for (const some of inChunks(ids, noticesPerStatement)) {
    await release.where("id", "in", some).execute();
  }
}

/** What became of a notice; see `OutboxStore.settleNotice`. */
export interface SettledNotice {
  readonly id: NoticeId;
  readonly state: NoticeState;
  /** Attempts so far, this one included. */
  readonly attempts: number;
  readonly nextAt: number | null;
  readonly sentAt: number | null;
  readonly why: string | null;
  /** null: it was not attempted. */
  readonly delivery: Delivery | null;
  /** Told to other channels instead. */
  readonly instead: readonly NewNotice[];
  readonly signals: readonly Signal[];
}

/** See `OutboxStore.settleNotice`. */
export async function settleNotice(
  context: OperationContext,
  settled: SettledNotice,
): Promise<boolean> {
  const { delivery } = settled;
  const updated = await context.db
    .updateTable("notice")
    .set({
      state: settled.state,
      attempts: settled.attempts,
      next_at: settled.nextAt,
      sent_at: settled.sentAt,
      why: settled.why === null ? null : foreignText(settled.why),
      claimed_until: null,
      claimed_by: null,
    })
    .where("id", "=", settled.id)
    .where("state", "=", "waiting")
    .where("attempts", "=", settled.attempts - (delivery === null ? 0 : 1))
    .executeTakeFirst();
  if (updated.numUpdatedRows === 0n) return false;
  if (delivery !== null) await writeDelivery(context, delivery);
  await writeNotices(context, settled.instead);
  await putSignals(context, settled.signals);
  return true;
}

async function writeDelivery({ db }: OperationContext, delivery: Delivery): Promise<void> {
  const clean = (text: string | null): string | null => (text === null ? null : foreignText(text));
  await db
    .insertInto("delivery")
    .values({
      notice_id: delivery.noticeId,
      at: delivery.at,
      attempt: delivery.attempt,
      result: delivery.result,
      why: clean(delivery.why),
      request: clean(delivery.request),
      answer: clean(delivery.answer),
      duration_ms: delivery.durationMs,
    })
    .execute();
}

/** Which notices; see `OutboxStore.notices`. */
export interface NoticeQuery {
  readonly incidentId?: IncidentId;
  readonly channelId?: ChannelId;
  readonly state?: NoticeState;
  /** The id of the last notice of the page before. */
  readonly cursor?: NoticeId;
  readonly limit: number;
}

/** See `OutboxStore.notices`. */
export async function notices(
  { db }: OperationContext,
  { incidentId, channelId, state, cursor, limit }: NoticeQuery,
): Promise<readonly KeptNotice[]> {
  let select = db.selectFrom("notice").selectAll().orderBy("sequence", "desc").limit(limit);
  if (incidentId !== undefined) {
    select = select.where("id", "in", (where) =>
      where
        .selectFrom("notice_incident")
        .select("notice_id")
        .where("notice_incident.incident_id", "=", incidentId),
    );
  }
  if (channelId !== undefined) select = select.where("channel_id", "=", channelId);
  if (state !== undefined) select = select.where("state", "=", state);
  if (cursor !== undefined) {
    select = select.where("sequence", "<", (where) =>
      where.selectFrom("notice as last").select("last.sequence").where("last.id", "=", cursor),
    );
  }
  return (await select.execute()).map(keptNoticeOf);
}

/** See `OutboxStore.notice`. */
export async function notice(
  { db }: OperationContext,
  id: NoticeId,
): Promise<KeptNotice | undefined> {
  const row = await db.selectFrom("notice").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? undefined : keptNoticeOf(row);
}

/** See `OutboxStore.deliveries`. */
export async function deliveries(
  { db }: OperationContext,
  id: NoticeId,
  limit: number,
): Promise<readonly Delivery[]> {
  const rows = await db
    .selectFrom("delivery")
    .selectAll()
    .where("notice_id", "=", id)
    .orderBy("sequence", "desc")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    noticeId: id,
    at: row.at,
    attempt: row.attempt,
    result: asWritten<Delivery["result"]>(row.result),
    why: row.why,
    request: row.request,
    answer: row.answer,
    durationMs: row.duration_ms,
  }));
}

/** See `OutboxStore.channelTotals`. */
export async function channelTotals({ db }: OperationContext): Promise<
  readonly {
    readonly channelId: ChannelId;
    readonly waiting: number;
    readonly lastSentAt: number | null;
  }[]
> {
  const rows = await db
    .selectFrom("notice")
    .select((select) => [
      "channel_id",
      sql<number>`sum(case when state = 'waiting' then 1 else 0 end)`.as("waiting"),
      select.fn.max("sent_at").as("last"),
    ])
    .groupBy("channel_id")
    .execute();
  return rows.map((row) => ({
    channelId: asWritten<ChannelId>(row.channel_id),
    waiting: Number(row.waiting),
    lastSentAt: row.last,
  }));
}

/** See `OutboxStore.secret`. */
export async function secret(
  { db }: OperationContext,
  name: string,
  candidate: string,
): Promise<string> {
  await db
    .insertInto("secret")
    .values({ name, value: candidate })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .execute();
  const row = await db
    .selectFrom("secret")
    .select("value")
    .where("name", "=", name)
    .executeTakeFirstOrThrow();
  return row.value;
}

interface NoticeRow {
  readonly channel_id: string;
  readonly body: string;
  readonly is_fallback: number;
  readonly state: string;
  readonly attempts: number;
  readonly next_at: number | null;
  readonly created_at: number;
  readonly sent_at: number | null;
  readonly why: string | null;
}

function keptNoticeOf(row: NoticeRow): KeptNotice {
  return {
    notice: fromJson<Notice>(row.body),
    channelId: asWritten<ChannelId>(row.channel_id),
    isFallback: row.is_fallback === 1,
    state: asWritten<NoticeState>(row.state),
    attempts: row.attempts,
    nextAt: row.next_at,
    createdAt: row.created_at,
    sentAt: row.sent_at,
    why: row.why,
  };
}
