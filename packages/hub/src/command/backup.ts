/** `belfry backup` and `belfry restore`. */
import { resolve } from "node:path";
import type { Settings } from "../config/settings.ts";
import { dumpCommands } from "./backup/pg-dump.ts";
import { makeBackup } from "./backup/make-backup.ts";
import { restoreBackup } from "./backup/restore-backup.ts";
import { sizeText } from "./size-text.ts";

export interface BackupCommandParts {
  readonly cwd: string;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly version: string;
  readonly clock: { now(): number };
}

/** The exit code that says: done, but for the database, which has tools of its own. */
export const withoutDatabase = 3;

/** Saves the installation; ends with 0, on PostgreSQL with 3. Rejects with an `AppError`. */
export async function backup(
  to: string | undefined,
  { dataDir, database }: Pick<Settings, "dataDir" | "database">,
  { cwd, stdout, stderr, version, clock }: BackupCommandParts,
): Promise<number> {
  const now = clock.now();
  const folder = resolve(cwd, to ?? defaultName(now));
  const { engine, files } = await makeBackup({ dataDir, database, to: folder, version, now });
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  stdout(`${folder}: ${files.length} files, ${sizeText(bytes)}\n`);
  if (engine === "sqlite") return 0;
  const { dump, needsPassword } = dumpCommands(database);
  const password = needsPassword ? "with the password in PGPASSWORD or ~/.pgpass, " : "";
  stderr(
    `belfry: the database is not in it; PostgreSQL saves it itself: ${password}run\n  ${dump}\n` +
      "Dump first and back up then: what outputs have not taken yet fits the database so.\n",
  );
  return withoutDatabase;
}

/** Restores an installation; ends with 0, on PostgreSQL with 3. Rejects with an `AppError`. */
export async function restore(
  from: string,
  force: boolean,
  { dataDir, database }: Pick<Settings, "dataDir" | "database">,
  { cwd, stdout, stderr }: BackupCommandParts,
): Promise<number> {
  const folder = resolve(cwd, from);
  const { engine, belfry, madeAt } = await restoreBackup({
    from: folder,
    dataDir,
    database,
    force,
  });
  const what = `Belfry ${belfry}, ${new Date(madeAt).toISOString()}`;
  stdout(`${dataDir} is what it was (${what}); belfry up goes on from there\n`);
  if (engine === "sqlite") return 0;
  const { restore: command, needsPassword } = dumpCommands(database);
  const password = needsPassword ? "with the password in PGPASSWORD or ~/.pgpass, " : "";
  stderr(`belfry: the database was not in it; into an empty one: ${password}run\n  ${command}\n`);
  return withoutDatabase;
}

/** `belfry-backup-20261121T190527Z`, in the present folder. */
function defaultName(now: number): string {
  const [time = ""] = new Date(now).toISOString().replaceAll(/[-:]/g, "").split(".");
  return `belfry-backup-${time}Z`;
}
