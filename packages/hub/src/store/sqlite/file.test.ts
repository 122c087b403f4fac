import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, describe, test } from "node:test";
import { DatabaseSync } from "node:sqlite";
import {
  changeOf,
  create,
  everything,
  failedCheckOf,
  noLog,
  retention,
} from "../contract/fixtures.ts";
import { createStore } from "../open.ts";
import type { Store } from "../port.ts";

let folder = "";
let files = 0;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "belfry-file-"));
});
after(() => rm(folder, { recursive: true, force: true }));

function newFile(): string {
  files += 1;
  return join(folder, `${files}`, "belfry.db");
}

const open = (database: string): Promise<Store> =>
  createStore({ database, retention }, { log: noLog });

/** A database that was used and closed. */
async function usedFile(): Promise<string> {
  const file = newFile();
  await using store = await open(file);
  for (let i = 0; i < 50; i += 1) await create(store);
  return file;
}

describe("a database file", () => {
  test("is closed to other users of the machine", async () => {
    const file = await usedFile();
    assert.equal((await stat(file)).mode & 0o077, 0);
    assert.equal((await stat(join(file, ".."))).mode & 0o077, 0);
  });

  test("is one file again after closing", async () => {
    const file = await usedFile();
    assert.equal(existsSync(`${file}-wal`), false);
  });

  test("in use is refused to a second opener, in one line that names file and process", async () => {
    const file = newFile();
    await using store = await open(file);
    await assert.rejects(open(file), {
      code: "conflict",
      detail: `${file} is in use by process ${process.pid}`,
    });
    await store.ping();
    await store[Symbol.asyncDispose]();
    await using again = await open(file);
    await again.ping();
  });

  test("in use is refused to another process, which names ours", async () => {
    const file = newFile();
    await using store = await open(file);
    const victim = fileURLToPath(new URL("./victim.ts", import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [victim, file, "1", "1"], {
      encoding: "utf8",
    });
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`belfry\\.db is in use by process ${process.pid}\\n`));
    await store.ping();
  });

  const broken = [
    {
      title: "that is not a database",
      damage: (file: string) => writeFile(file, "not a database, but long enough to look like one"),
      detail: /belfry\.db: the file is not an SQLite database, or it is damaged/,
    },
    {
      title: "of another program",
      damage: async (file: string) => {
        await rm(file);
        const other = new DatabaseSync(file);
        other.exec("CREATE TABLE theirs (a INTEGER)");
        other.close();
      },
      detail: /belfry\.db is an SQLite database, but not one of Belfry's/,
    },
    {
      title: "whose pages were overwritten",
      damage: async (file: string) => {
        const bytes = await readFile(file);
        bytes.fill(0xa5, 4096);
        await writeFile(file, bytes);
      },
      detail: /damaged/,
    },
    {
      title: "of a newer release",
      damage: (file: string) => {
        const database = new DatabaseSync(file);
        database.exec("INSERT INTO migration VALUES ('9999-future', 1)");
        database.close();
        return Promise.resolve();
      },
      detail: /made by a newer Belfry: it has the migration 9999-future/,
    },
  ];
  for (const { title, damage, detail } of broken) {
    test(`${title} is refused and left as it is`, async () => {
      const file = await usedFile();
      await damage(file);
      const bytes = await readFile(file);
      await assert.rejects(open(file), { code: "internal", detail });
      assert.ok(bytes.equals(await readFile(file)));
    });
  }

  test("that cannot be made is refused with the reason", async () => {
    const file = newFile();
    await mkdir(file, { recursive: true });
    await assert.rejects(open(file), { name: "AppError", detail: /belfry\.db/ });
  });

  test("below something that is no folder is refused with the reason", async () => {
    const file = newFile();
    await writeFile(join(folder, `${files}`), "");
    await assert.rejects(open(file), {
      code: "unavailable",
      detail: /belfry\.db: .*(EEXIST|ENOTDIR)/,
    });
  });

  test("held by another writer is busy for a while, and then goes on", async () => {
    const file = newFile();
    await using store = await open(file);
    const { id } = await create(store);
    const other = new DatabaseSync(file);
    other.exec("BEGIN IMMEDIATE");
    const change = changeOf({ failedChecks: [failedCheckOf(id)] });
    await assert.rejects(store.commit(change), {
      code: "unavailable",
      detail: "the database is busy",
    });
    assert.equal((await store.failedChecks(id, everything, 1)).length, 0);
    other.exec("ROLLBACK");
    other.close();
    await store.commit(change);
    assert.equal((await store.failedChecks(id, everything, 1)).length, 1);
  });
});

describe("the queue of the writer", () => {
  test("is bounded: what does not fit is refused at once, and counted", async () => {
    const bounds = { maxCalls: 10, maxBytes: 1_000_000 };
    await using store = await createStore(
      { database: newFile(), retention },
      { log: noLog, bounds },
    );
    const results = await Promise.allSettled(Array.from({ length: 30 }, () => create(store)));
    const refused = results.filter((one) => one.status === "rejected");
    assert.equal(refused.length, 20);
    for (const { reason } of refused) assert.equal(reason.code, "unavailable");
    assert.equal((await store.loadMonitors()).length, 10);
    assert.equal(store.queues().find((one) => one.thread === "writer")?.refused, 20);
    await create(store);
  });

  test("goes on when a call holds what cannot be sent to a thread", async () => {
    await using store = await open(newFile());
    const made = create(store);
    const audit = { at: 1, actor: "a", action: "a", resource: "a", resourceId: "a" };
    const bad = store.deleteMonitor((await made).id, { ...audit, detail: () => 1 });
    const good = create(store);
    await assert.rejects(bad, { code: "internal" });
    await good;
  });
});
