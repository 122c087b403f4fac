/**
 * Puts a backup into place. Everything is copied beside the installation and compared with the manifest first; only what
 * is complete and right takes its place, in one step that a crash cannot halve (see `finish-restore.ts`).
 */
import { existsSync } from "node:fs";
import { mkdir, open, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { lockFolder, SpoolError } from "@belfry/relay/spool-folder";
import { AppError } from "../../model/error.ts";
import { migrations as known } from "../../store/migrations/registry.ts";
import { parsePostgresUrl } from "../../store/postgres/url.ts";
import { lockDatabase } from "../../store/sqlite/lock.ts";
import { copyFile, remove, syncFolder, syncFolders, toDiskError } from "./disk.ts";
import { decideRestore, finishRestore, putInPlace } from "./finish-restore.ts";
import {
  partialFolder,
  readyFolder,
  restoredEnd,
  savedFiles,
  savedFolders,
} from "./installation.ts";
import {
  databaseFile,
  dataFolder,
  readManifest,
  type BackupFile,
  type Manifest,
} from "./manifest.ts";

export interface RestoreSettings {
  /** The backup. */
  readonly from: string;
  readonly dataDir: string;
  /** Path of a SQLite file, or a `postgres://` URL: then the backup has no database. */
  readonly database: string;
  /** Whether an installation that is there may be replaced. */
  readonly force: boolean;
}

/**
 * Restores, whole or not at all; gives the manifest. Rejects with an `AppError`: `not_found` without a backup, `invalid`
 * when it is damaged, `conflict` when a hub runs, something is there already, or the backup is newer than this release,
 * `unavailable` when the disk refuses.
 */
export async function restoreBackup(settings: RestoreSettings): Promise<Manifest> {
  const { from, dataDir, database, force } = settings;
  const manifest = await readManifest(from);
  mustFit(manifest, database);
  await finishRestore(dataDir);
  try {
    if (existsSync(dataDir) && !force) await mustBeEmpty(dataDir, database);
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    // Nobody else is in there from here on.
    using _lock = manifest.engine === "sqlite" ? lockDatabase(database) : undefined;
    mustBeUnused(dataDir);
    await putThere(manifest, settings);
    return manifest;
  } catch (error) {
    throw toDiskError(error, dataDir);
  }
}

async function putThere(manifest: Manifest, settings: RestoreSettings): Promise<void> {
  const { dataDir, database } = settings;
  const plan = {
    database: manifest.engine === "sqlite" ? database : null,
    entries: entriesOf(manifest.files),
  };
  try {
    await stage(manifest, settings);
    await decideRestore(dataDir, plan);
  } catch (error) {
    // Once it is decided, what was gathered is what will be.
    if (!existsSync(join(dataDir, readyFolder))) await removeStaged(settings);
    throw error;
  }
  await putInPlace(dataDir, plan);
}

function mustFit({ engine, migrations, files }: Manifest, database: string): void {
  const isPostgres = parsePostgresUrl(database) !== undefined;
  if (engine === "sqlite" && isPostgres) {
    throw new AppError(
      "conflict",
      "the backup has an embedded database, and the settings name a PostgreSQL: restore it without that " +
        "setting, then move it with belfry db copy",
    );
  }
  if (engine === "postgres" && !isPostgres) {
    throw new AppError(
      "conflict",
      "the backup is of an installation on PostgreSQL, and the settings name none: its database is not in it",
    );
  }
  const names = known.map(({ name }) => name);
  const newer = migrations.find((name) => !names.includes(name));
  if (newer !== undefined) {
    throw new AppError(
      "conflict",
      `the backup was made by a newer Belfry: it has the migration ${newer}, this release ends with ${names.at(-1) ?? "none"}`,
    );
  }
  const saved: readonly string[] = [...savedFiles, ...savedFolders];
  const strange = entriesOf(files).find((entry) => !saved.includes(entry));
  if (strange !== undefined) {
    throw new AppError("conflict", `the backup has ${strange}, which this release does not know`);
  }
}

/** Entries of the data folder among the files of a backup. */
function entriesOf(files: readonly BackupFile[]): readonly string[] {
  const below = files.filter(({ path }) => path.startsWith(`${dataFolder}/`));
  return [...new Set(below.map(({ path }) => path.split("/")[1] ?? ""))];
}

async function mustBeEmpty(dataDir: string, database: string): Promise<void> {
  const lock = `${basename(database)}.lock`;
  const own = [lock, `${lock}-journal`, partialFolder, `${basename(database)}${restoredEnd}`];
  const found = (await readdir(dataDir)).find(
    (name) => !own.includes(name) && name !== "lost+found",
  );
  const isElsewhere = parsePostgresUrl(database) === undefined && existsSync(database);
  if (found === undefined && !isElsewhere) return;
  const what = found === undefined ? `${database} is there` : `${dataDir} is not empty: ${found}`;
  throw new AppError("conflict", `${what}; with --force an installation there is replaced`);
}

/** A hub that runs has the locks of its spools; on PostgreSQL it has no others. */
function mustBeUnused(dataDir: string): void {
  for (const name of savedFolders) {
    for (const folder of [join(dataDir, name), join(dataDir, name, "spool")]) {
      if (!existsSync(join(folder, "lock"))) continue;
      try {
        lockFolder(folder)[Symbol.dispose]();
      } catch (cause) {
        if (!(cause instanceof SpoolError)) throw cause;
        throw new AppError("conflict", cause.message, { cause });
      }
    }
  }
}

async function stage({ files }: Manifest, settings: RestoreSettings): Promise<void> {
  await removeStaged(settings);
  const partial = join(settings.dataDir, partialFolder);
  await mkdir(partial, { mode: 0o700 });
  for (const file of files) await stageFile(file, settings);
  await syncFolders(partial);
}

async function stageFile(file: BackupFile, settings: RestoreSettings): Promise<void> {
  const { from, dataDir, database } = settings;
  const isDatabase = file.path === databaseFile;
  const to = isDatabase
    ? `${database}${restoredEnd}`
    : join(dataDir, partialFolder, file.path.slice(dataFolder.length + 1));
  const damaged = (what: string, cause?: unknown): AppError =>
    new AppError("invalid", `the backup is damaged: ${file.path} ${what}`, { cause });
  const source = await open(join(from, file.path), "r").catch((error: unknown) => {
    throw damaged("is missing", error);
  });
  try {
    const { size } = await source.stat();
    if (size !== file.bytes) throw damaged(`has ${size} bytes, expected ${file.bytes}`);
    const { sha256 } = await copyFile(source, size, to);
    if (sha256 !== file.sha256) throw damaged("is not what was saved (its checksum is another)");
  } finally {
    await source.close();
  }
  if (isDatabase) await syncFolder(dirname(to));
}

async function removeStaged({ dataDir, database }: RestoreSettings): Promise<void> {
  await remove(join(dataDir, partialFolder));
  if (parsePostgresUrl(database) === undefined) await remove(`${database}${restoredEnd}`);
}
