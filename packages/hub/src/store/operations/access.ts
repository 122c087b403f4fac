/** Keys, sessions and answers to repeated requests. */
import type { Selectable } from "kysely";
import type { AnswerClaim, ApiKey, AuditEntry } from "../../model/access.ts";
import { AppError } from "../../model/error.ts";
import type { KeyId } from "../../model/id.ts";
import type { RememberedAnswer, Session } from "../port.ts";
import type { AnswerTable, ApiKeyTable } from "../tables.ts";
import { asWritten, fromJson, plainText, toJson } from "../values.ts";
import { writeAudit } from "./audit.ts";
import type { OperationContext } from "./operation.ts";

/** How long an answer to a request with an `Idempotency-Key` is remembered. */
export const answerLifetimeMs = 86_400_000;

/** See `AccessStore.createKey`. Rejects with `conflict` when the id or the hash is taken. */
export async function createKey(
  context: OperationContext,
  key: ApiKey,
  audit: AuditEntry,
): Promise<void> {
  const inserted = await context.db
    .insertInto("api_key")
    .values({
      id: key.id,
      name: plainText(key.name, "name"),
      hash: key.hash,
      prefix: plainText(key.prefix, "prefix"),
      scopes: toJson(key.scopes),
      created_at: key.createdAt,
      last_used_at: key.lastUsedAt,
      revoked_at: key.revokedAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows !== 1n) {
    throw new AppError("conflict", `there is a key ${key.id} already`);
  }
  await writeAudit(context, audit);
}

/** See `AccessStore.keys`: revoked ones too, the oldest first. */
export async function keys({ db }: OperationContext): Promise<readonly ApiKey[]> {
  const rows = await db
    .selectFrom("api_key")
    .selectAll()
    .orderBy("created_at")
    .orderBy("id")
    .execute();
  return rows.map(keyOf);
}

/** See `AccessStore.revokeKey`: false when there is no such key or it was revoked before. */
export async function revokeKey(
  context: OperationContext,
  id: KeyId,
  at: number,
  audit: AuditEntry,
): Promise<boolean> {
  const { db } = context;
  const revoked = await db
    .updateTable("api_key")
    .set({ revoked_at: at })
    .where("id", "=", id)
    .where("revoked_at", "is", null)
    .executeTakeFirst();
  if (revoked.numUpdatedRows === 0n) return false;
  await db.deleteFrom("session").where("key_id", "=", id).execute();
  await writeAudit(context, audit);
  return true;
}

/** See `AccessStore.touchKeys`; the last use never goes back. */
export async function touchKeys(
  { db }: OperationContext,
  used: readonly { readonly id: KeyId; readonly at: number }[],
): Promise<void> {
  const inOrder = [...used].sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const { id, at } of inOrder) {
    await db
      .updateTable("api_key")
      .set({ last_used_at: at })
      .where("id", "=", id)
      .where((where) =>
        where.or([where("last_used_at", "is", null), where("last_used_at", "<", at)]),
      )
      .execute();
  }
}

/** See `AccessStore.createSession`. Rejects with `conflict` when its key is gone or revoked. */
export async function createSession(context: OperationContext, session: Session): Promise<void> {
  const { db, engine } = context;
  let select = db
    .selectFrom("api_key")
    .select("id")
    .where("id", "=", session.keyId)
    .where("revoked_at", "is", null);
  // A key revoked at the same moment must not leave a session behind.
  if (engine === "postgres") select = select.forShare();
  if ((await select.execute()).length === 0) {
    throw new AppError("conflict", "the key of this session does not exist any more");
  }
  await db.deleteFrom("session").where("expires_at", "<", session.createdAt).execute();
  await db
    .insertInto("session")
    .values({
      hash: session.hash,
      key_id: session.keyId,
      csrf: session.csrf,
      created_at: session.createdAt,
      expires_at: session.expiresAt,
    })
    .execute();
}

/** See `AccessStore.session`. Whether it has expired is for the caller to see. */
export async function session(
  { db }: OperationContext,
  hash: string,
): Promise<Session | undefined> {
  const row = await db
    .selectFrom("session")
    .selectAll()
    .where("hash", "=", hash)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    hash: row.hash,
    keyId: asWritten<KeyId>(row.key_id),
    csrf: row.csrf,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

/** See `AccessStore.deleteSession`. */
export async function deleteSession({ db }: OperationContext, hash: string): Promise<void> {
  await db.deleteFrom("session").where("hash", "=", hash).execute();
}

/** Stands in the place of a status while an answer is under way. */
const claimed = 0;
/** Whoever claimed an answer and did not give it for so long is gone, ms. */
const claimLifetimeMs = 60_000;

/** See `SharedStore.claimAnswer`. */
export async function claimAnswer(
  { db }: OperationContext,
  { principal, key, requestHash, at }: AnswerClaim,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto("answer")
    .values({
      principal: plainText(principal, "principal"),
      key: plainText(key, "Idempotency-Key"),
      request_hash: requestHash,
      status: claimed,
      body: toJson(""),
      at,
    })
    .onConflict((conflict) =>
      conflict
        .columns(["principal", "key"])
        .doUpdateSet({ request_hash: requestHash, at })
        .where("answer.status", "=", claimed)
        .where("answer.at", "<", at - claimLifetimeMs),
    )
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** See `SharedStore.releaseAnswer`. */
export async function releaseAnswer(
  { db }: OperationContext,
  principal: string,
  key: string,
): Promise<void> {
  await db
    .deleteFrom("answer")
    .where("principal", "=", plainText(principal, "principal"))
    .where("key", "=", plainText(key, "Idempotency-Key"))
    .where("status", "=", claimed)
    .execute();
}

/** See `AccessStore.rememberAnswer`. */
export async function rememberAnswer(
  context: OperationContext,
  answer: RememberedAnswer,
): Promise<RememberedAnswer> {
  const { db } = context;
  const principal = plainText(answer.principal, "principal");
  const key = plainText(answer.key, "Idempotency-Key");
  await db
    .deleteFrom("answer")
    .where("at", "<", answer.at - answerLifetimeMs)
    .execute();
  await db
    .insertInto("answer")
    .values({
      principal,
      key,
      request_hash: answer.requestHash,
      status: answer.status,
      body: toJson(answer.body),
      at: answer.at,
    })
    .onConflict((conflict) =>
      conflict
        .columns(["principal", "key"])
        .doUpdateSet((set) => ({
          request_hash: set.ref("excluded.request_hash"),
          status: set.ref("excluded.status"),
          body: set.ref("excluded.body"),
          at: set.ref("excluded.at"),
        }))
        .where("answer.status", "=", claimed),
    )
    .execute();
  return (await rememberedAnswer(context, principal, key)) ?? answer;
}

/** See `AccessStore.rememberedAnswer`. */
export async function rememberedAnswer(
  { db }: OperationContext,
  principal: string,
  key: string,
): Promise<RememberedAnswer | undefined> {
  const row = await db
    .selectFrom("answer")
    .selectAll()
    .where("principal", "=", plainText(principal, "principal"))
    .where("key", "=", plainText(key, "Idempotency-Key"))
    .where("status", "!=", claimed)
    .executeTakeFirst();
  return row === undefined ? undefined : answerOf(row);
}

function keyOf(row: Selectable<ApiKeyTable>): ApiKey {
  return {
    id: asWritten<KeyId>(row.id),
    name: row.name,
    hash: row.hash,
    prefix: row.prefix,
    scopes: fromJson<ApiKey["scopes"]>(row.scopes),
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  };
}

function answerOf(row: Selectable<AnswerTable>): RememberedAnswer {
  return {
    principal: row.principal,
    key: row.key,
    requestHash: row.request_hash,
    status: row.status,
    body: fromJson<string>(row.body),
    at: row.at,
  };
}
