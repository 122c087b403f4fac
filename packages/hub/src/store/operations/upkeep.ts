/** What must not grow for ever, beside series. */
import { answerLifetimeMs } from "./access.ts";
import { dropOldSilences } from "./alert-settings.ts";
import { dropOldProcesses } from "./fleet.ts";
import type { OperationContext } from "./operation.ts";
import { dropOldCounts } from "./request-counts.ts";

/** How long attempts, and notices that are done with, are kept, ms. */
const deliveryLifetimeMs = 30 * 86_400_000;
const noticeLifetimeMs = 90 * 86_400_000;

/** A queue that wrote nothing for so long is gone, ms. */
const markLifetimeMs = 30 * 86_400_000;

/**
 * Drops failed checks older than the raw samples, status intervals that ended before the longest rollups begin, expired
 * sessions, answers of yesterday, silences of last month and processes that ended a day ago. Incidents and the audit
 * stay. Times are epoch ms.
 */
export async function dropOld(
  context: OperationContext,
  now: number,
  retention: { readonly rawMs: number; readonly hourMs: number },
): Promise<void> {
  const { db } = context;
  await db
    .deleteFrom("failed_check")
    .where("checked_at", "<", now - retention.rawMs)
    .execute();
  await db
    .deleteFrom("status_interval")
    .where("ended_at", "<", now - retention.hourMs)
    .execute();
  await db.deleteFrom("session").where("expires_at", "<", now).execute();
  await db
    .deleteFrom("answer")
    .where("at", "<", now - answerLifetimeMs)
    .execute();
  await db
    .deleteFrom("commit_mark")
    .where("at", "<", now - markLifetimeMs)
    .execute();
  await dropOldSilences(context, now);
  await dropOldProcesses(context, now);
  await dropOldCounts(context, now);
  await db
    .deleteFrom("delivery")
    .where("at", "<", now - deliveryLifetimeMs)
    .execute();
  await db
    .deleteFrom("notice")
    .where("state", "!=", "waiting")
    .where("created_at", "<", now - noticeLifetimeMs)
    .execute();
}
