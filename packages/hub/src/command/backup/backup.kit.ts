/** Installations for tests: a database and the entries of a data folder. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openDatabase } from "../../store/admin.ts";
import { retention } from "../../store/contract/fixtures.ts";

/** A folder that goes at the end. */
export async function createFolder() {
  const path = await mkdtemp(join(tmpdir(), "belfry-backup-"));
  return {
    path,
    at: (...names: readonly string[]) => join(path, ...names),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

/** An installation whose parts all say `name`. */
export async function createInstallation(dataDir: string, name: string): Promise<void> {
  await mkdir(join(dataDir, "outputs-spool", "dead", "elk"), { recursive: true });
  await writeFile(join(dataDir, "admin.key"), `${name}\n`);
  await writeFile(join(dataDir, "outputs-spool", "000000000001.seg"), `records of ${name}`);
  await writeFile(join(dataDir, "outputs-spool", "dead", "elk", "cursors"), `dead of ${name}`);
  const file = join(dataDir, "belfry.db");
  await using admin = await openDatabase({ database: file, retention });
  await admin.migrate();
  using database = new DatabaseSync(file);
  database.prepare("INSERT INTO note (name, value) VALUES (?, 1)").run(name);
}

/** What the parts of an installation say, each once. */
export async function partsOf(dataDir: string): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const [path, before] of [
    ["admin.key", ""],
    ["outputs-spool/000000000001.seg", "records of "],
    ["outputs-spool/dead/elk/cursors", "dead of "],
  ] as const) {
    const text = await readFile(join(dataDir, path), "utf8");
    found.add(text.trim().slice(before.length));
  }
  using database = new DatabaseSync(join(dataDir, "belfry.db"));
  const [check] = database.prepare("PRAGMA integrity_check").all();
  if (check?.["integrity_check"] !== "ok") found.add("damage");
  for (const { name } of database.prepare("SELECT name FROM note").all()) found.add(String(name));
  return [...found];
}
