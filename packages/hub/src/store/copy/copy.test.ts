/** What a copy promises, with every table that there is, on real files and a real PostgreSQL. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import { startPostgres, type Postgres } from "../../../../../test/kit/postgres.ts";
import { openDatabase } from "../admin.ts";
import { auditOf, noLog, retention } from "../contract/fixtures.ts";
import { createStore } from "../open.ts";
import { copyDatabase, type TableProgress } from "./copy.ts";
import { fillEveryTable, fillTable } from "./fill.kit.ts";
import { batchBounds, inOrderOfReference, leftOut, type CopyTable } from "./side.ts";

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres[Symbol.asyncDispose]());

async function createFolder() {
  const path = await mkdtemp(join(tmpdir(), "belfry-copy-"));
  return {
    path,
    file: (name: string) => join(path, name),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

async function migrate(database: string): Promise<void> {
  await using admin = await openDatabase({ database, retention });
  await admin.migrate();
}

/** Gives the tables that a copy has. */
async function createFilled(file: string, rows = 9): Promise<readonly string[]> {
  await migrate(file);
  return fillEveryTable(file, rows).filter((table) => !leftOutNames.has(table));
}

async function copy(from: string, to: string): Promise<readonly TableProgress[]> {
  const seen: TableProgress[] = [];
  await copyDatabase({ from, to, retention }, (progress) => seen.push(progress));
  return seen;
}

const leftOutNames: ReadonlySet<string> = new Set(leftOut);

/** Everything in a SQLite file that a copy has, as SQLite itself tells it. */
function contentOf(file: string): Readonly<Record<string, unknown>> {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const tables = database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .all()
      .map(({ name }) => String(name))
      .filter((name) => !leftOutNames.has(name));
    return Object.fromEntries(
      tables.map((name) => [name, database.prepare(`SELECT * FROM "${name}" ORDER BY 1, 2`).all()]),
    );
  } finally {
    database.close();
  }
}

async function ask(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

describe("a copy", () => {
  test("has every row of every table there is, byte for byte, there and back", async () => {
    await using folder = await createFolder();
    const [first, second] = [folder.file("first.db"), folder.file("second.db")];
    const tables = await createFilled(first);
    const url = await postgres.createDatabase();
    const there = await copy(first, url);
    const done = there.filter(({ isDone }) => isDone);
    assert.deepEqual(done.map(({ table }) => table).toSorted(), tables);
    assert.deepEqual([...new Set(done.map(({ rows }) => rows))], [9]);
    await copy(url, second);
    const { sqlite_sequence: _before, ...content } = contentOf(first);
    const { sqlite_sequence: _after, ...copied } = contentOf(second);
    assert.deepEqual(copied, content);
  });

  test("has nothing of what processes that run tell each other of the moment", async () => {
    await using folder = await createFolder();
    const [first, second] = [folder.file("first.db"), folder.file("second.db")];
    await createFilled(first);
    const url = await postgres.createDatabase();
    await copy(first, url);
    await copy(url, second);
    const database = new DatabaseSync(second, { readOnly: true });
    const source = new DatabaseSync(first, { readOnly: true });
    try {
      for (const table of leftOut.filter((name) => name !== "migration")) {
        const count = `select count(*) as n from ${table}`;
        assert.equal(source.prepare(count).get()?.["n"], 9, table);
        assert.equal(Number((await ask(url, count))[0]?.["n"]), 0, table);
        assert.equal(database.prepare(count).get()?.["n"], 0, table);
      }
    } finally {
      database.close();
      source.close();
    }
  });

  test("between two files needs no server", async () => {
    await using folder = await createFolder();
    const [first, second] = [folder.file("first.db"), folder.file("second.db")];
    await createFilled(first);
    await copy(first, second);
    assert.deepEqual(contentOf(second), contentOf(first));
  });

  test("takes tables with more rows than a batch has, and tells how far it is", async () => {
    await using folder = await createFolder();
    const first = folder.file("first.db");
    const rows = batchBounds.maxRows * 2 + 1;
    await migrate(first);
    fillTable(first, rows, "audit");
    const url = await postgres.createDatabase();
    const there = await copy(first, url);
    const audit = there.filter(({ table }) => table === "audit");
    const { maxRows } = batchBounds;
    assert.deepEqual(
      audit.map((progress) => [progress.rows, progress.isDone]),
      [
        [maxRows, false],
        [maxRows * 2, false],
        [rows, false],
        [rows, true],
      ],
    );
    const second = folder.file("second.db");
    await copy(url, second);
    assert.deepEqual(contentOf(second)["audit"], contentOf(first)["audit"]);
  });

  test("hands out no key twice: counters go on behind keys that were deleted", async () => {
    await using folder = await createFolder();
    const first = folder.file("first.db");
    await createFilled(first);
    const database = new DatabaseSync(first);
    const last = database.prepare("SELECT max(sequence) AS last FROM audit").get()?.["last"];
    database.exec("DELETE FROM audit");
    database.close();
    const url = await postgres.createDatabase();
    await copy(first, url);
    const second = folder.file("second.db");
    await copy(url, second);
    for (const copied of [url, second]) {
      {
        await using store = await createStore({ database: copied, retention }, { log: noLog });
        await store.addAuditEntry(auditOf());
      }
      const text = "select min(sequence) as first from audit";
      const found =
        copied === url
          ? (await ask(url, text))[0]
          : (contentOf(second)["audit"] as Record<string, unknown>[]).map(({ sequence }) => ({
              first: sequence,
            }))[0];
      assert.ok(
        Number(found?.["first"]) > Number(last),
        `${String(found?.["first"])} in ${copied}`,
      );
    }
  });
});

describe("a copy is refused", () => {
  const refusals = [
    {
      what: "when the source is in use",
      prepare: async (file: string) => createStore({ database: file, retention }, { log: noLog }),
      expected: { code: "conflict", detail: new RegExp(`is in use by process ${process.pid}`) },
    },
    {
      what: "when the source lacks a migration",
      prepare: async (file: string) => {
        const admin = await openDatabase({ database: file, retention });
        await admin.migrate();
        await admin.rollback();
        return admin;
      },
      expected: { code: "conflict", detail: /lacks the migration .*belfry db migrate/ },
    },
    {
      what: "when there is no source",
      prepare: () => Promise.resolve(new AsyncDisposableStack()),
      expected: { code: "not_found", detail: /there is no Belfry in/ },
    },
  ] as const;
  for (const { what, prepare, expected } of refusals) {
    test(what, async () => {
      await using folder = await createFolder();
      const file = folder.file("first.db");
      await using _holder = await prepare(file);
      await assert.rejects(copy(file, folder.file("second.db")), expected);
    });
  }

  test("when both are the same", async () => {
    await assert.rejects(copy("/a.db", "/a.db"), { code: "conflict" });
  });

  test("when the target has rows, and leaves them", async () => {
    await using folder = await createFolder();
    const [first, second] = [folder.file("first.db"), folder.file("second.db")];
    await createFilled(first);
    await createFilled(second, 2);
    const held = contentOf(second);
    const refusal = { code: "conflict", detail: /is not empty: the table \w+ has rows/ };
    await assert.rejects(copy(first, second), refusal);
    assert.deepEqual(contentOf(second), held);
    const url = await postgres.createDatabase();
    await ask(url, "create table strangers (name text); insert into strangers values ('a')");
    await assert.rejects(copy(first, url), {
      code: "conflict",
      detail: /is not empty: the table strangers has rows/,
    });
    assert.equal((await ask(url, "select to_regclass('monitor') as found"))[0]?.["found"], null);
  });

  test("while a hub is on the PostgreSQL it would be written to, or read from", async () => {
    await using folder = await createFolder();
    const first = folder.file("first.db");
    await createFilled(first);
    const url = await postgres.createDatabase();
    await using _hub = await createStore({ database: url, retention }, { log: noLog });
    const refusal = { code: "conflict", detail: /in use by another Belfry: stop every hub/ };
    await assert.rejects(copy(first, url), refusal);
    await assert.rejects(copy(url, folder.file("second.db")), refusal);
  });
});

test("a copy that fails half-way leaves the target empty, to be tried again", async () => {
  await using folder = await createFolder();
  const first = folder.file("first.db");
  await createFilled(first);
  const url = await postgres.createDatabase();
  const stop = new Error("the terminal is gone");
  const failing = copyDatabase({ from: first, to: url, retention }, ({ table }) => {
    if (table === "session") throw stop;
  });
  await assert.rejects(failing, { code: "internal", cause: stop });
  assert.deepEqual(await ask(url, "select id from api_key"), []);
  await copy(first, url);
  assert.equal((await ask(url, "select id from api_key")).length, 9);
});

test("a copy that is not like its source is noticed, and nothing of it stays", async () => {
  await using folder = await createFolder();
  const first = folder.file("first.db");
  await createFilled(first);
  const url = await postgres.createDatabase();
  await migrate(url);
  await ask(
    url,
    `create function spoil() returns trigger language plpgsql as
      $$ begin new.message := rtrim(new.message); return new; end $$;
    create trigger spoil before insert on failed_check for each row execute function spoil()`,
  );
  await assert.rejects(copy(first, url), {
    code: "internal",
    detail: "the copy of failed_check is not like the source: 9 rows were read, 9 are there",
  });
  assert.deepEqual(await ask(url, "select id from monitor"), []);
});

test("text that PostgreSQL cannot keep is refused, not changed", async () => {
  await using folder = await createFolder();
  const first = folder.file("first.db");
  await createFilled(first);
  const database = new DatabaseSync(first);
  database.prepare("UPDATE note SET name = ? WHERE name LIKE 'name 1%'").run("a\0b");
  database.close();
  const url = await postgres.createDatabase();
  await assert.rejects(copy(first, url), {
    code: "conflict",
    detail: "the table note has a text with U+0000 in name, which PostgreSQL cannot keep",
  });
  assert.deepEqual(await ask(url, "select name from note"), []);
});

describe("the order of tables", () => {
  const table = (name: string, ...refersTo: string[]): CopyTable => ({
    name,
    columns: [],
    key: [],
    refersTo,
  });

  test("puts each behind those it refers to", () => {
    const tables = [table("c", "b"), table("b", "a", "b"), table("a"), table("d")];
    assert.deepEqual(
      inOrderOfReference(tables).map(({ name }) => name),
      ["a", "d", "b", "c"],
    );
  });

  test("does not exist where they refer to each other", () => {
    assert.throws(() => inOrderOfReference([table("a", "b"), table("b", "a")]), /refer to each/);
  });
});
