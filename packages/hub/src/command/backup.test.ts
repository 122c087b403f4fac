import assert from "node:assert/strict";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { createFolder, createInstallation, partsOf } from "./backup/backup.kit.ts";
import { dumpCommands } from "./backup/pg-dump.ts";
import { runCommand, type CommandParts } from "./run.ts";

/** Runs commands in a folder of their own; what they print is gathered. */
async function createDesk(env: Readonly<Record<string, string>> = {}) {
  const folder = await createFolder();
  const printed = { out: "", err: "" };
  const unused = () => Promise.reject(new Error("this is not asked for"));
  const parts: CommandParts = {
    env,
    cwd: folder.path,
    readText: () => {
      throw Object.assign(new Error("no settings file"), { code: "ENOENT" });
    },
    stdout: (text) => void (printed.out += text),
    stderr: (text) => void (printed.err += text),
    version: "1.2.3",
    clock: { now: () => Date.parse("2026-11-21T19:05:27.123Z") },
    newId: () => {
      throw new Error("this is not asked for");
    },
    up: () => Promise.resolve(0),
    openKeys: unused,
    openDatabase: unused,
    probe: unused,
    worker: unused,
  };
  return {
    ...folder,
    async run(...argv: readonly string[]) {
      printed.out = "";
      printed.err = "";
      const code = await runCommand(argv, parts);
      return { code, ...printed };
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

describe("belfry backup and restore", () => {
  it("save and bring back, say what they did, and end with 0", async () => {
    await using desk = await createDesk();
    await createInstallation(desk.at("data"), "first");
    const saved = await desk.run("backup");
    const name = desk.at("belfry-backup-20261121T190527Z");
    assert.deepEqual([saved.code, saved.err], [0, ""]);
    assert.match(saved.out, /^\/.*\/belfry-backup-20261121T190527Z: 4 files, \d+ kB\n$/);
    const restored = await desk.run("restore", name, "--data-dir", "new");
    assert.deepEqual([restored.code, restored.err], [0, ""]);
    assert.match(
      restored.out,
      /\/new is what it was \(Belfry 1\.2\.3, 2026-11-21T19:05:27\.123Z\)/,
    );
    assert.deepEqual(await partsOf(desk.at("new")), ["first"]);
  });

  it("end with 1 and one line when that cannot be", async () => {
    await using desk = await createDesk();
    const saved = await desk.run("backup", "--to", "here");
    assert.deepEqual(saved, {
      code: 1,
      out: "",
      err: `belfry: there is no database ${desk.at("data/belfry.db")}\n`,
    });
    const restored = await desk.run("restore", "nothing");
    assert.deepEqual(restored, {
      code: 1,
      out: "",
      err: `belfry: there is no backup at ${desk.at("nothing")}\n`,
    });
  });

  it("leave the database to PostgreSQL's own tools, save the rest, and end with 3", async () => {
    const database = "postgres://u:hunter2@127.0.0.1:1/belfry?sslmode=require";
    await using desk = await createDesk({ BELFRY_DATABASE: database });
    await mkdir(desk.at("data"));
    await writeFile(desk.at("data", "admin.key"), "first\n");
    const saved = await desk.run("backup", "--to", "saved");
    const target = "'postgres://u@127.0.0.1:1/belfry?sslmode=require'";
    assert.equal(saved.code, 3);
    assert.match(saved.err, /PGPASSWORD or ~\/\.pgpass/);
    assert.ok(saved.err.includes(`\n  pg_dump --format=custom --file=belfry.dump ${target}\n`));
    const restored = await desk.run("restore", "saved", "--data-dir", "new");
    assert.equal(restored.code, 3);
    assert.ok(restored.err.includes(`--dbname=${target} belfry.dump\n`));
    assert.ok(!`${saved.err}${saved.out}${restored.err}`.includes("hunter2"));
    assert.equal(await readFile(desk.at("new", "admin.key"), "utf8"), "first\n");
  });

  it("do not mix the two kinds of database", async () => {
    await using desk = await createDesk();
    await using other = await createDesk({ BELFRY_DATABASE: "postgres://u@127.0.0.1:1/belfry" });
    await createInstallation(desk.at("data"), "first");
    await desk.run("backup", "--to", "saved");
    await other.run("backup", "--to", "saved");
    const intoPostgres = await other.run("restore", desk.at("saved"));
    assert.equal(intoPostgres.code, 1);
    assert.match(
      intoPostgres.err,
      /restore it without that setting, then move it with belfry db copy/,
    );
    const intoSqlite = await desk.run("restore", other.at("saved"), "--data-dir", "new");
    assert.equal(intoSqlite.code, 1);
    assert.match(intoSqlite.err, /its database is not in it/);
  });
});

describe("a restore that was cut off", () => {
  it("is finished by the next command that uses the installation, and by no other", async () => {
    await using desk = await createDesk();
    await createInstallation(desk.at("data"), "first");
    await desk.run("backup", "--to", "saved");
    await createInstallation(desk.at("new"), "second");
    // As it is when everything was gathered and nothing was put into place.
    await mkdir(desk.at("new", "restore.ready"));
    await rename(desk.at("saved", "belfry.db"), desk.at("new", "belfry.db.restored"));
    for (const name of ["admin.key", "outputs-spool"]) {
      await rename(desk.at("saved", "data", name), desk.at("new", "restore.ready", name));
    }
    const plan = { database: desk.at("new", "belfry.db"), entries: ["admin.key", "outputs-spool"] };
    await writeFile(desk.at("new", "restore.ready", "plan.json"), JSON.stringify(plan));
    await desk.run("config", "check", "--data-dir", "new");
    assert.ok((await readdir(desk.at("new"))).includes("restore.ready"));
    const { code, err } = await desk.run("up", "--data-dir", "new");
    assert.deepEqual([code, err], [0, "belfry: a restore that was cut off was finished\n"]);
    assert.deepEqual(await partsOf(desk.at("new")), ["first"]);
    assert.ok(!(await readdir(desk.at("new"))).includes("restore.ready"));
  });
});

describe("the commands of PostgreSQL", () => {
  const rows = [
    ["postgres://u@h/n", "'postgres://u@h/n'", false],
    [
      "postgres://u:p%27w@h:6432/n?sslmode=require",
      "'postgres://u@h:6432/n?sslmode=require'",
      true,
    ],
    ["postgres://h/n?password=p&application_name=x", "'postgres://h/n'", true],
    ["postgres:///n?host=/run/postgresql&ssl=1", "'postgres:///n?host=%2Frun%2Fpostgresql'", false],
    ["postgres://u@h/it's", `'postgres://u@h/it'\\''s'`, false],
  ] as const;
  for (const [database, target, needsPassword] of rows) {
    it(`name ${target}`, () => {
      assert.deepEqual(dumpCommands(database), {
        dump: `pg_dump --format=custom --file=belfry.dump ${target}`,
        restore: `pg_restore --no-owner --single-transaction --dbname=${target} belfry.dump`,
        needsPassword,
      });
    });
  }
});
