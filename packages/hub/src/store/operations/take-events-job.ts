/** The job that events are about: found, or made by the first of them. */
import type { Selectable } from "kysely";
import { createId } from "../../model/id.ts";
import { foldText, type JobName } from "../../model/job.ts";
import type { JobTable } from "../tables.ts";
import type { OperationContext } from "./operation.ts";

/** What taking in events needs of a job. */
export type HeldJob = Pick<Selectable<JobTable>, "id" | "learned">;

/** The job of a name, made where it is new, and held until the transaction ends. */
export async function holdJob(
  context: OperationContext,
  job: JobName,
  receivedAt: number,
): Promise<HeldJob> {
  return (await findJob(context, job)) ?? (await makeJob(context, job, receivedAt));
}

async function findJob(
  { db, engine }: OperationContext,
  { siteId, appName, type, name }: JobName,
): Promise<HeldJob | undefined> {
  const select = db
    .selectFrom("job")
    .select(["id", "learned"])
    .where("site", "=", siteId)
    .where("app", "=", appName)
    .where("type", "=", type)
    .where("name", "=", name);
  return (engine === "postgres" ? select.forUpdate() : select).executeTakeFirst();
}

/** Makes a job, unless another hub just made it. */
async function makeJob(
  context: OperationContext,
  job: JobName,
  receivedAt: number,
): Promise<HeldJob> {
  const { siteId, appName, type, name } = job;
  await context.db
    .insertInto("job")
    .values({
      id: createId<"job">(receivedAt),
      site: siteId,
      app: appName,
      type,
      name,
      folded: foldText([name, appName, siteId].join("\n")),
      last_run_id: null,
      last_status: null,
      created_at: receivedAt,
      schedule: null,
      schedule_set_at: null,
      late_at: null,
      slow_after_s: null,
      learned: null,
      alert_on: null,
      ringing: null,
      look_at: null,
    })
    .onConflict((conflict) => conflict.columns(["site", "app", "type", "name"]).doNothing())
    .execute();
  const made = await findJob(context, job);
  if (made === undefined) throw new Error("a job that was made is not there");
  return made;
}
