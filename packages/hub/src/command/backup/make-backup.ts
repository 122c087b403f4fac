/**
 * Makes a backup of an installation while its hub runs:
 *
 *     <backup>/manifest.json          written last
 *     <backup>/belfry.db              the SQLite database, of one moment
 *     <backup>/data/admin.key         and whatever else of `installation.ts` there is
 *     <backup>/data/outputs-spool/    as a crash would have left it
 *
 * It is written under the name `<backup>.partial`, synced, and only then given its own: what has the name of a backup is
 * one. The database comes first: what was stored in it was handed to the outputs by then, so what they have not taken
 * yet is in the spool that is copied afterwards. They may be given things again, and nothing is missing.
 */
import { existsSync } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { holdFolder } from "@belfry/relay/spool-folder";
import { AppError } from "../../model/error.ts";
import { parsePostgresUrl } from "../../store/postgres/url.ts";
import { backUpSqlite } from "../../store/sqlite/backup.ts";
import {
  checksumOf,
  copyFile,
  remove,
  renameSynced,
  syncFolders,
  toDiskError,
  writeNew,
} from "./disk.ts";
import { savedFiles, savedFolders } from "./installation.ts";
import {
  databaseFile,
  dataFolder,
  manifestFile,
  manifestText,
  type BackupFile,
  type Manifest,
} from "./manifest.ts";

export interface BackupSettings {
  readonly dataDir: string;
  /** Path of a SQLite file, or a `postgres://` URL: then the database is left out. */
  readonly database: string;
  /** The folder that is made; absolute. */
  readonly to: string;
  readonly version: string;
  /** Epoch ms. */
  readonly now: number;
}

/** Makes the backup, whole or not at all; gives its manifest. Rejects with an `AppError` that says what was in the way. */
export async function makeBackup(settings: BackupSettings): Promise<Manifest> {
  const { to } = settings;
  const partial = `${to}.partial`;
  if (existsSync(to)) throw new AppError("conflict", `${to} is there already`);
  await makeFolder(partial);
  try {
    const manifest = await fill(partial, settings);
    await syncFolders(partial);
    await renameSynced(partial, to);
    return manifest;
  } catch (error) {
    await remove(partial);
    throw toDiskError(error, to);
  }
}

async function makeFolder(partial: string): Promise<void> {
  try {
    await mkdir(dirname(partial), { recursive: true });
    await mkdir(partial, { mode: 0o700 });
  } catch (error) {
    if (!existsSync(partial)) throw toDiskError(error, partial);
    const text = `${partial} is there: another backup is being made, or one was cut off and it can be deleted`;
    throw new AppError("conflict", text, { cause: error });
  }
}

async function fill(partial: string, settings: BackupSettings): Promise<Manifest> {
  const { dataDir, database, version, now } = settings;
  const engine = parsePostgresUrl(database) === undefined ? "sqlite" : "postgres";
  const files: BackupFile[] = [];
  let migrations: readonly string[] = [];
  if (engine === "sqlite") {
    const path = join(partial, databaseFile);
    migrations = await backUpSqlite(database, path);
    files.push({ path: databaseFile, ...(await checksumOf(path)) });
  }
  for (const name of savedFiles) {
    const path = `${dataFolder}/${name}`;
    const copied = await copyIfThere(join(dataDir, name), join(partial, path));
    if (copied !== undefined) files.push({ path, ...copied });
  }
  for (const name of savedFolders) {
    await using held = await holdFolder(join(dataDir, name));
    for (const file of held.files) {
      const path = `${dataFolder}/${name}/${file.path}`;
      const copied = await copyFile(file.handle, file.sizeBytes, join(partial, path));
      files.push({ path, ...copied });
    }
  }
  const manifest: Manifest = { belfry: version, madeAt: now, engine, migrations, files };
  await writeNew(join(partial, manifestFile), manifestText(manifest));
  return manifest;
}

async function copyIfThere(from: string, to: string): ReturnType<typeof copyFileOf> {
  return existsSync(from) ? copyFileOf(from, to) : undefined;
}

async function copyFileOf(from: string, to: string): Promise<Omit<BackupFile, "path"> | undefined> {
  await using source = await open(from, "r");
  const { size } = await source.stat();
  return await copyFile(source, size, to);
}
