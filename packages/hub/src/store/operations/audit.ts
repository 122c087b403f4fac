/** The record of what people, keys and commands did. */
import type { AuditEntry } from "../../model/access.ts";
import { fromJson, plainText, toJson } from "../values.ts";
import type { OperationContext } from "./operation.ts";

/** Writes an entry; called by each operation that somebody asked for, in its transaction. */
export async function writeAudit({ db }: OperationContext, entry: AuditEntry): Promise<void> {
  await db
    .insertInto("audit")
    .values({
      at: entry.at,
      actor: plainText(entry.actor, "actor"),
      action: entry.action,
      resource: entry.resource,
      resource_id: plainText(entry.resourceId, "resource id"),
      detail: toJson(entry.detail),
    })
    .execute();
}

/** Entries, newest first, from before the sequence `cursor`. */
export async function auditEntries(
  { db }: OperationContext,
  query: { readonly cursor?: number; readonly limit: number },
): Promise<readonly (AuditEntry & { readonly sequence: number })[]> {
  let select = db.selectFrom("audit").selectAll().orderBy("sequence", "desc").limit(query.limit);
  if (query.cursor !== undefined) select = select.where("sequence", "<", query.cursor);
  const rows = await select.execute();
  return rows.map((row) => ({
    sequence: row.sequence,
    at: row.at,
    actor: row.actor,
    action: row.action,
    resource: row.resource,
    resourceId: row.resource_id,
    detail: fromJson<unknown>(row.detail),
  }));
}
