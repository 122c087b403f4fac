/** What backups promise, on real files. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import {
  appendFile,
  cp,
  mkdir,
  readdir,
  readFile,
  stat,
  truncate,
  writeFile,
} from "node:fs/promises";
import { basename, dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { lockFolder } from "@belfry/relay/spool-folder";
import {
  changeOf,
  create,
  everything,
  failedCheckOf,
  frameOf,
  noLog,
  retention,
} from "../../store/contract/fixtures.ts";
import { createStore } from "../../store/open.ts";
import { createFolder, createInstallation, partsOf } from "./backup.kit.ts";
import { finishRestore } from "./finish-restore.ts";
import { makeBackup } from "./make-backup.ts";
import { parseManifest } from "./manifest.ts";
import { restoreBackup } from "./restore-backup.ts";

/** Made once, and copied for every test: an installation `first` with its backup, and another, `second`. */
let made: Folder;
before(async () => {
  made = await createFolder();
  await createInstallation(made.at("data"), "first");
  await createInstallation(made.at("restored"), "second");
  await backUp(made);
});
after(() => made[Symbol.asyncDispose]());

/** A folder with copies of some of them. */
async function createCopy(...names: readonly ("data" | "restored" | "backup")[]): Promise<Folder> {
  const folder = await createFolder();
  for (const name of names) await cp(made.at(name), folder.at(name), { recursive: true });
  return folder;
}

type Folder = Awaited<ReturnType<typeof createFolder>>;

function backUp(folder: Folder, to = "backup", dataDir = "data") {
  return makeBackup({
    dataDir: folder.at(dataDir),
    database: folder.at(dataDir, "belfry.db"),
    to: folder.at(to),
    version: "1.2.3",
    now: 1_790_000_000_000,
  });
}

function restore(folder: Folder, force = false, dataDir = "restored", from = "backup") {
  const database = folder.at(dataDir, "belfry.db");
  return restoreBackup({ from: folder.at(from), dataDir: folder.at(dataDir), database, force });
}

describe("a backup", () => {
  it("has everything that was acknowledged before it, though the hub goes on writing", async () => {
    await using folder = await createFolder();
    const database = folder.at("data", "belfry.db");
    const acknowledged: number[] = [];
    let atStart = 0;
    const id = await (async () => {
      await using store = await createStore({ database, retention }, { log: noLog });
      const { id: monitorId } = await create(store);
      let isOver = false;
      const evidence = { body: "x".repeat(2_000) };
      const writing = (async () => {
        for (let n = 1; !isOver; n += 1) {
          const failedChecks = [failedCheckOf(monitorId, { checkedAt: n, evidence })];
          await store.commit(changeOf({ failedChecks, frames: [frameOf(monitorId, n, n)] }));
          acknowledged.push(n);
        }
      })();
      while (acknowledged.length < 500) await new Promise((resolve) => setTimeout(resolve, 5));
      atStart = acknowledged.length;
      await backUp(folder);
      isOver = true;
      await writing;
      return monitorId;
    })();
    assert.ok(acknowledged.length > atStart);
    await restore(folder);
    const restored = { database: folder.at("restored", "belfry.db"), retention };
    await using store = await createStore(restored, { log: noLog });
    const kept = (await store.failedChecks(id, everything, 100_000)).map((one) => one.checkedAt);
    assert.ok(kept.length >= atStart && kept.length <= acknowledged.length + 1, `${kept.length}`);
    assert.deepEqual(
      kept.toSorted((a, b) => a - b),
      Array.from(kept, (_, i) => i + 1),
    );
  });

  it("is a folder only its owner reads, with a manifest that names every file", async () => {
    await using folder = await createCopy("data");
    await backUp(folder);
    assert.equal((await stat(folder.at("backup"))).mode & 0o777, 0o700);
    const manifest = parseManifest(
      await readFile(folder.at("backup", "manifest.json"), "utf8"),
      "",
    );
    assert.equal(manifest.belfry, "1.2.3");
    assert.equal(manifest.madeAt, 1_790_000_000_000);
    assert.equal(manifest.migrations[0], "0001-monitors");
    const found = (await readdir(folder.at("backup"), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => `${parentPath}/${name}`.slice(folder.at("backup").length + 1));
    assert.deepEqual(
      [...manifest.files.map(({ path }) => path), "manifest.json"].toSorted(),
      found.toSorted(),
    );
    for (const { path, bytes } of manifest.files) {
      const { size, mode } = await stat(folder.at("backup", path));
      assert.deepEqual([size, mode & 0o777], [bytes, 0o600], path);
    }
  });

  it("is never made over something, and leaves nothing behind when it cannot be made", async () => {
    await using folder = await createFolder();
    await assert.rejects(backUp(folder), { code: "not_found", detail: /there is no database/ });
    assert.deepEqual(await readdir(folder.path), []);
    await cp(made.at("data"), folder.at("data"), { recursive: true });
    await backUp(folder);
    await assert.rejects(backUp(folder), { code: "conflict", detail: /is there already$/ });
    await mkdir(folder.at("other.partial"));
    await assert.rejects(backUp(folder, "other"), {
      detail: /one was cut off and it can be deleted/,
    });
    await writeFile(folder.at("file"), "");
    await assert.rejects(backUp(folder, "file/backup"), { code: "unavailable" });
  });

  it("of a damaged database is refused", async () => {
    await using folder = await createCopy("data");
    const path = folder.at("data", "belfry.db");
    const bytes = await readFile(path);
    bytes.fill(0xa5, 3 * 4096, 5 * 4096);
    await writeFile(path, bytes);
    await assert.rejects(backUp(folder), { code: "internal" });
    assert.equal(existsSync(folder.at("backup")), false);
  });
});

describe("a restore", () => {
  it("brings everything back, into a folder that is new or empty", async () => {
    await using folder = await createCopy("data");
    await backUp(folder);
    await restore(folder);
    assert.deepEqual(await partsOf(folder.at("restored")), ["first"]);
    await mkdir(folder.at("empty", "lost+found"), { recursive: true });
    await restore(folder, false, "empty");
    assert.deepEqual(await partsOf(folder.at("empty")), ["first"]);
  });

  it("replaces an installation only when that is asked for, and leaves what is not Belfry's", async () => {
    await using folder = await createCopy("restored", "backup");
    await writeFile(folder.at("restored", "host-id"), "of the second");
    await writeFile(folder.at("restored", "notes.txt"), "mine");
    const refusal = { code: "conflict", detail: /is not empty: .*; with --force/ };
    await assert.rejects(restore(folder), refusal);
    assert.deepEqual(await partsOf(folder.at("restored")), ["second"]);
    await restore(folder, true);
    assert.deepEqual(await partsOf(folder.at("restored")), ["first"]);
    const left = await readdir(folder.at("restored"));
    assert.equal(left.includes("host-id"), false);
    assert.equal(left.includes("notes.txt"), true);
    assert.equal(
      left.some((name) => name.startsWith("restore")),
      false,
    );
  });

  it("does not let a write-ahead log that was left meet the restored database", async () => {
    await using folder = await createCopy("restored", "backup");
    const database = new DatabaseSync(folder.at("restored", "belfry.db"));
    database.exec("UPDATE note SET name = 'in the log'");
    await cp(folder.at("restored", "belfry.db-wal"), folder.at("kept-wal"));
    database.close();
    await cp(folder.at("kept-wal"), folder.at("restored", "belfry.db-wal"));
    await restore(folder, true);
    assert.deepEqual(await partsOf(folder.at("restored")), ["first"]);
  });

  it("is refused while a hub runs, and harms nothing", async () => {
    await using folder = await createCopy("restored", "backup");
    {
      const database = folder.at("restored", "belfry.db");
      await using _hub = await createStore({ database, retention }, { log: noLog });
      await assert.rejects(restore(folder, true), { code: "conflict", detail: /is in use by/ });
    }
    {
      using _hub = lockFolder(folder.at("restored", "outputs-spool"));
      await assert.rejects(restore(folder, true), { code: "conflict", detail: /is in use by/ });
    }
    assert.deepEqual(await partsOf(folder.at("restored")), ["second"]);
  });

  const damages: readonly (readonly [
    string,
    (backup: Folder["at"]) => Promise<unknown>,
    object,
  ])[] = [
    [
      "has another byte",
      async (at) => {
        const bytes = await readFile(at("backup/belfry.db"));
        bytes[5000] = (bytes[5000] ?? 0) ^ 1;
        await writeFile(at("backup/belfry.db"), bytes);
      },
      { code: "invalid", detail: /damaged: belfry\.db is not what was saved/ },
    ],
    [
      "has a file that was cut",
      (at) => truncate(at("backup/data/admin.key"), 2),
      { code: "invalid", detail: /damaged: data\/admin\.key has 2 bytes, expected 6/ },
    ],
    [
      "has a file that is longer",
      (at) => appendFile(at("backup/data/admin.key"), "x"),
      { code: "invalid", detail: /has 7 bytes, expected 6/ },
    ],
    [
      "lacks a file",
      async (at) => {
        const path = at("backup/manifest.json");
        await writeFile(
          path,
          (await readFile(path, "utf8")).replace("data/admin.key", "data/host-id"),
        );
      },
      { code: "invalid", detail: /damaged: data\/host-id is missing/ },
    ],
    [
      "has a manifest that leads elsewhere",
      async (at) => {
        const path = at("backup/manifest.json");
        await writeFile(
          path,
          (await readFile(path, "utf8")).replace("data/admin.key", "data/../../x"),
        );
      },
      { code: "invalid", detail: /a path leads elsewhere/ },
    ],
    [
      "has what this release does not know",
      async (at) => {
        const path = at("backup/manifest.json");
        await writeFile(
          path,
          (await readFile(path, "utf8")).replace("data/admin.key", "data/novel"),
        );
      },
      { code: "conflict", detail: /the backup has novel, which this release does not know/ },
    ],
    [
      "was made by a newer release",
      async (at) => {
        const path = at("backup/manifest.json");
        const text = await readFile(path, "utf8");
        await writeFile(path, text.replace('"0001-monitors"', '"0001-monitors", "9999-later"'));
      },
      { code: "conflict", detail: /made by a newer Belfry: it has the migration 9999-later/ },
    ],
    [
      "has another format",
      async (at) => {
        const path = at("backup/manifest.json");
        await writeFile(path, (await readFile(path, "utf8")).replace('"format": 1', '"format": 2'));
      },
      { code: "invalid", detail: /expected format 1, found 2/ },
    ],
    [
      "has an empty manifest",
      (at) => truncate(at("backup/manifest.json")),
      { code: "invalid", detail: /its manifest is not JSON/ },
    ],
  ];
  for (const [what, damage, expected] of damages) {
    it(`of a backup that ${what} is refused, and leaves nothing`, async () => {
      await using folder = await createCopy("restored", "backup");
      await damage(folder.at);
      const before = await readdir(folder.at("restored"));
      await assert.rejects(restore(folder, true), expected);
      assert.deepEqual(await readdir(folder.at("restored")), before);
      assert.deepEqual(await partsOf(folder.at("restored")), ["second"]);
    });
  }

  it("of what is no backup, or half of one, is refused", async () => {
    await using folder = await createFolder();
    await mkdir(folder.at("backup.partial"));
    await assert.rejects(restore(folder, false, "restored", "nothing"), { code: "not_found" });
    await assert.rejects(restore(folder, false, "restored", "backup.partial"), {
      code: "not_found",
      detail: /the backup was not finished/,
    });
    assert.equal(existsSync(folder.at("restored")), false);
  });
});

const victim = fileURLToPath(new URL("./kill-at.kit.ts", import.meta.url));

/** Runs until the n-th step; true when it was done before. */
function runUntil(
  step: number,
  what: "backup" | "restore",
  dataDir: string,
  folder: string,
): boolean {
  const args = [victim, String(step), what, dataDir, `${dataDir}/belfry.db`, folder];
  const { status, signal, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  assert.ok(status === 0 || signal === "SIGKILL", stderr);
  return status === 0;
}

describe("a process that is killed", () => {
  it("at any step of a backup leaves no backup that is none", { timeout: 300_000 }, async () => {
    await using folder = await createCopy("data");
    for (let step = 1; ; step += 1) {
      const to = folder.at(`backup-${step}`);
      const isDone = runUntil(step, "backup", folder.at("data"), to);
      if (existsSync(to)) {
        await restore(folder, false, `restored-${step}`, basename(to));
        assert.deepEqual(await partsOf(folder.at(`restored-${step}`)), ["first"]);
      }
      if (!isDone) continue;
      assert.ok(step > 10, `${step} steps`);
      break;
    }
    assert.deepEqual(await partsOf(folder.at("data")), ["first"]);
  });

  it(
    "at any step of a restore leaves the former installation or the restored one",
    { timeout: 300_000 },
    async () => {
      await using folder = await createFolder();
      await createInstallation(folder.at("data"), "first");
      await createInstallation(folder.at("restored"), "second");
      await backUp(folder);
      const seen: string[] = [];
      for (let step = 1; ; step += 1) {
        const dataDir = folder.at(`target-${step}`);
        await cp(folder.at("restored"), dataDir, { recursive: true });
        const isDone = runUntil(step, "restore", dataDir, folder.at("backup"));
        // As every command does first.
        await finishRestore(dataDir);
        const parts = await partsOf(dataDir);
        assert.equal(parts.length, 1, `step ${step}: ${parts.join()}`);
        seen.push(...parts);
        if (isDone) break;
      }
      assert.deepEqual([...new Set(seen)], ["second", "first"]);
      assert.ok(seen.filter((name) => name === "first").length > 5, seen.join());
    },
  );
});

/** Runs a script where a folder is a disk of 4 MB that nobody else sees; null where that cannot be had. */
function onSmallDisk(folder: string, args: readonly string[]) {
  const mount = 'mount -t tmpfs -o size=4m tmpfs "$0" && "$@"; code=$?; ls -A "$0"; exit $code';
  const how = process.getuid?.() === 0 ? "-m" : "-rm";
  return spawnSync("unshare", [how, "sh", "-c", mount, folder, ...args], { encoding: "utf8" });
}

describe("a full disk", () => {
  it("is said, and nothing is left of a backup or a restore", async (t) => {
    await using folder = await createFolder();
    await mkdir(folder.at("small"));
    if (onSmallDisk(folder.at("small"), ["true"]).status !== 0)
      return t.skip("no disk can be mounted here");
    await cp(made.at("data"), folder.at("data"), { recursive: true });
    const database = new DatabaseSync(folder.at("data", "belfry.db"));
    const insert = database.prepare("INSERT INTO note (name, value) VALUES (?, 1)");
    for (let n = 0; n < 3_000; n += 1) insert.run(`${n} ${"x".repeat(3_000)}`);
    database.close();
    await backUp(folder);
    const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
    const data = ["--data-dir", folder.at("data")];
    const small = ["--data-dir", folder.at("small")];
    for (const args of [
      ["backup", "--to", folder.at("small", "backup"), ...data],
      ["restore", folder.at("backup"), ...small],
    ]) {
      const done = onSmallDisk(folder.at("small"), [process.execPath, main, ...args]);
      assert.equal(done.status, 1, done.stderr);
      assert.match(done.stderr, /^belfry: .*: the disk is full\n$/);
      assert.deepEqual(
        done.stdout.split("\n").filter((name) => !/^(belfry\.db\.lock)?$/.test(name)),
        [],
      );
    }
    assert.equal(dirname(folder.at("small")), folder.path);
  });
});
