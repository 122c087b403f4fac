/** `manifest.json` of a backup: what made it, when, and every file with its size and checksum. Written last. */
import { open } from "node:fs/promises";
import { join, posix } from "node:path";
import { AppError } from "../../model/error.ts";

export interface BackupFile {
  /** Below the backup, with `/` between its parts: `belfry.db` or `data/…`. */
  readonly path: string;
  readonly bytes: number;
  /** SHA-256, 64 hexadecimal digits. */
  readonly sha256: string;
}

export interface Manifest {
  /** Release that made the backup. */
  readonly belfry: string;
  /** Epoch ms. */
  readonly madeAt: number;
  /** `postgres`: the database is not in it. */
  readonly engine: "sqlite" | "postgres";
  /** Names of the migrations that the database has; empty without one. */
  readonly migrations: readonly string[];
  readonly files: readonly BackupFile[];
}

export const manifestFile = "manifest.json";
/** The database in a backup. */
export const databaseFile = "belfry.db";
/** The folder for what is saved of the data folder. */
export const dataFolder = "data";

const format = 1;

/** The text of the file. */
export function manifestText(manifest: Manifest): string {
  const { belfry, madeAt, engine, migrations, files } = manifest;
  const made_at = new Date(madeAt).toISOString();
  return `${JSON.stringify({ format, belfry, made_at, engine, migrations, files }, null, 2)}\n`;
}

/** Reads the manifest of a backup. Rejects with an `AppError` when there is none, or it cannot be understood. */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, manifestFile);
  let text: string;
  try {
    await using file = await open(path, "r");
    text = await file.readFile("utf8");
  } catch (cause) {
    const unfinished = folder.replace(/\/+$/, "").endsWith(".partial")
      ? ": the backup was not finished"
      : "";
    throw new AppError("not_found", `there is no backup at ${folder}${unfinished}`, { cause });
  }
  return parseManifest(text, path);
}

/** Guarantees that every path stays below the folder it is taken from or put into. */
export function parseManifest(text: string, path: string): Manifest {
  const damaged = (what: string): AppError =>
    new AppError("invalid", `${path}: the backup is damaged: ${what}`);
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    throw damaged("its manifest is not JSON");
  }
  if (property(read, "format") !== format) {
    const found = JSON.stringify(property(read, "format")) ?? "nothing";
    throw new AppError("invalid", `${path}: expected format ${format}, found ${found}`);
  }
  const madeAt = Date.parse(String(property(read, "made_at")));
  const engine = property(read, "engine");
  const migrations = property(read, "migrations");
  const files = property(read, "files");
  if (Number.isNaN(madeAt)) throw damaged("made_at is no time");
  if (engine !== "sqlite" && engine !== "postgres") throw damaged("engine is not known");
  if (!Array.isArray(migrations) || !Array.isArray(files)) throw damaged("lists are missing");
  return {
    belfry: String(property(read, "belfry")),
    madeAt,
    engine,
    migrations: migrations.map(String),
    files: files.map((file) => {
      const [name, bytes, sha256] = ["path", "bytes", "sha256"].map((key) => property(file, key));
      if (typeof name !== "string" || !isBelow(name)) throw damaged("a path leads elsewhere");
      if (typeof bytes !== "number" || typeof sha256 !== "string") {
        throw damaged(`${name} has no size or checksum`);
      }
      return { path: name, bytes, sha256 };
    }),
  };
}

function isBelow(path: string): boolean {
  if (path === databaseFile) return true;
  return (
    path.startsWith(`${dataFolder}/`) && posix.normalize(path) === path && !path.includes("\\")
  );
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
