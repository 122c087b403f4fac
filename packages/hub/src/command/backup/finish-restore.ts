/**
 * The last part of a restore, which is done to its end whatever happens in between:
 *
 *     restore.partial/   being gathered: the installation is as it was. A rest of it means nothing
 *     restore.ready/     all is there, checked and synced: from the rename on the installation is the restored one
 *
 * Putting things into place takes several renames. A process that ends in between leaves `restore.ready`, and whoever uses
 * the installation next (`belfry up`, or any command) goes on where it stopped; each step may be done twice.
 */
import { existsSync } from "node:fs";
import { readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { filesBeside } from "../../store/sqlite/backup.ts";
import { lockDatabase } from "../../store/sqlite/lock.ts";
import { remove, renameSynced, syncFolder, toDiskError, writeNew } from "./disk.ts";
import {
  partialFolder,
  readyFolder,
  restoredEnd,
  savedFiles,
  savedFolders,
} from "./installation.ts";

const planFile = "plan.json";

/** What is to be put into place. */
export interface RestorePlan {
  /** The file that the restored database takes the place of; null: there is none in the backup. */
  readonly database: string | null;
  /** Entries of the data folder that the backup has. */
  readonly entries: readonly string[];
}

/** From here on the restore happens: everything of the plan is in `restore.partial` and synced. */
export async function decideRestore(dataDir: string, plan: RestorePlan): Promise<void> {
  await writeNew(join(dataDir, partialFolder, planFile), `${JSON.stringify(plan)}\n`);
  await syncFolder(join(dataDir, partialFolder));
  await renameSynced(join(dataDir, partialFolder), join(dataDir, readyFolder));
}

/**
 * Goes on with a restore that was cut off; false when there is none. Rejects with an `AppError`: `conflict` when the
 * database is in use, `unavailable` when the disk refuses.
 */
export async function finishRestore(dataDir: string): Promise<boolean> {
  const ready = join(dataDir, readyFolder);
  if (!existsSync(ready)) return false;
  const plan = await readPlan(ready);
  using _lock = plan?.database == null ? undefined : lockDatabase(plan.database);
  return await putInPlace(dataDir, plan);
}

/** The same for who holds the lock of the database already. */
export async function putInPlace(dataDir: string, plan: RestorePlan | undefined): Promise<boolean> {
  const ready = join(dataDir, readyFolder);
  try {
    if (plan !== undefined) {
      if (plan.database !== null) await replaceDatabase(plan.database);
      for (const name of [...savedFiles, ...savedFolders]) {
        const isNew = plan.entries.includes(name);
        const staged = join(ready, name);
        if (isNew && !existsSync(staged)) continue;
        await remove(join(dataDir, name));
        if (isNew) await rename(staged, join(dataDir, name));
      }
      await syncFolder(dataDir);
      // Without its plan the folder is a rest that means nothing.
      await remove(join(ready, planFile));
    }
    await remove(ready);
    await syncFolder(dataDir);
    return plan !== undefined;
  } catch (error) {
    throw toDiskError(error, dataDir);
  }
}

/** The former one's write-ahead log goes first: it must never meet the new file. */
async function replaceDatabase(database: string): Promise<void> {
  const restored = `${database}${restoredEnd}`;
  if (!existsSync(restored)) return;
  for (const file of filesBeside(database)) await remove(file);
  await syncFolder(dirname(database));
  await renameSynced(restored, database);
}

async function readPlan(ready: string): Promise<RestorePlan | undefined> {
  const path = join(ready, planFile);
  if (!existsSync(path)) return undefined;
  // It was written whole and synced before the folder had its name.
  const plan: unknown = JSON.parse(await readFile(path, "utf8"));
  if (typeof plan !== "object" || plan === null || !("entries" in plan)) return undefined;
  const database = "database" in plan && typeof plan.database === "string" ? plan.database : null;
  const entries = Array.isArray(plan.entries) ? plan.entries.map(String) : [];
  return { database, entries };
}
