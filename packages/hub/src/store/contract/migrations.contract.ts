/** What the store promises about its schema. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openDatabase, openKeys } from "../admin.ts";
import type { Migration } from "../migrations/migration.ts";
import { migrateUp, rollbackLast } from "../migrations/run.ts";
import { migrations } from "../migrations/registry.ts";
import type { ContractStores } from "./fixtures.ts";
import {
  auditOf,
  changeOf,
  create,
  createHost,
  everything,
  incidentOf,
  keyOf,
  runEventOf,
} from "./fixtures.ts";
import { failedCheckOf, retention, statusOf, transitionOf, upState } from "./fixtures.ts";

const names = migrations.map((one) => one.name);

const good: Migration = {
  name: "0001-good",
  up: ({ schema }) => schema.createTable("good").addColumn("a", "integer").execute(),
  down: ({ schema }) => schema.dropTable("good").execute(),
};
const bad: Migration = {
  name: "0002-bad",
  up: async (schema) => {
    await schema.insertInto("good").values({ a: 1 }).execute();
    await schema.insertInto("nowhere").values({ a: 1 }).execute();
  },
  down: () => Promise.resolve(),
};

export function migrationContract({ open, createDatabase, openScope }: ContractStores): void {
  const admin = async () => openDatabase({ database: await createDatabase(), retention });

  describe("migrations", () => {
    test("make an empty database, once, and note when", async () => {
      await using database = await admin();
      assert.deepEqual(await database.status(), { applied: [], pending: names });
      const before = Date.now();
      assert.deepEqual(await database.migrate(), names);
      assert.deepEqual(await database.migrate(), []);
      const { applied, pending } = await database.status();
      assert.deepEqual(
        applied.map((one) => one.name),
        names,
      );
      assert.ok(applied.every(({ appliedAt }) => appliedAt >= before && appliedAt <= Date.now()));
      assert.deepEqual(pending, []);
    });

    test("are undone one by one, from an empty database to none, and done again", async () => {
      await using database = await admin();
      await database.migrate();
      for (const name of names.toReversed()) assert.equal(await database.rollback(), name);
      assert.equal(await database.rollback(), undefined);
      assert.deepEqual(await database.status(), { applied: [], pending: names });
      assert.deepEqual(await database.migrate(), names);
    });

    test("run on a filled database: down to before hosts and up again keep what is older", async () => {
      const file = await createDatabase();
      const monitor = await (async () => {
        await using store = await open(file);
        const made = await create(store);
        await store.commit(
          changeOf({
            judged: [{ monitorId: made.id, state: upState }],
            statusChanges: [statusOf(made.id, "down", 2000, "timeout")],
            failedChecks: [failedCheckOf(made.id)],
            transitions: [transitionOf(made.id)],
          }),
        );
        await store.commitAlerting({ consumed: [], incidents: [incidentOf(made.id)] });
        await store.createKey(keyOf(), auditOf());
        await createHost(store);
        await store.takeEvents([runEventOf()], 1000);
        return made;
      })();
      {
        await using database = await openDatabase({ database: file, retention });
        const undone = names.slice(names.indexOf("0003-hosts"));
        for (const name of undone.toReversed()) assert.equal(await database.rollback(), name);
        assert.deepEqual((await database.status()).pending, undone);
        await assert.rejects(database.stats(), { code: "conflict", detail: /lacks the migration/ });
      }
      await using store = await open(file);
      assert.deepEqual(await store.loadMonitors(), [{ monitor, state: upState }]);
      assert.equal((await store.statusIntervals(monitor.id, everything)).length, 2);
      assert.equal((await store.openIncidents()).length, 1);
      assert.equal((await store.keys()).length, 1);
      assert.deepEqual(await store.loadHosts(), []);
      assert.deepEqual(await store.runs({ limit: 9 }), []);
    });

    test("down and up keep runs: those that were lost run, by their events", async () => {
      const file = await createDatabase();
      const now = Date.now();
      const before = await (async () => {
        await using store = await open(file);
        const metadata = { heartbeat_s: 0.001 };
        await store.takeEvents([runEventOf({ at: now, metadata })], now);
        await store.loseSilentRuns({ now: now + 60_000, listenedMs: 60_000, limit: 9 });
        const [run] = await store.runs({ limit: 9 });
        assert.equal(run?.status, "lost");
        return run;
      })();
      {
        await using database = await openDatabase({ database: file, retention });
        for (const name of names.slice(names.indexOf("0005-job-expectations")).toReversed()) {
          assert.equal(await database.rollback(), name);
        }
      }
      await using store = await open(file);
      const [run] = await store.runs({ limit: 9 });
      assert.deepEqual(run, { ...before, status: "running" });
      assert.equal((await store.jobs({ limit: 9 }))[0]?.version, 1);
    });

    test("of one run are done together or not at all", async () => {
      await using opened = await openScope(await createDatabase());
      await assert.rejects(migrateUp(opened.scope, Date.now, [good, bad]));
      assert.deepEqual(await migrateUp(opened.scope, Date.now, [good]), ["0001-good"]);
      await assert.rejects(migrateUp(opened.scope, Date.now, [good, bad]));
      assert.equal(await rollbackLast(opened.scope, [good, bad]), "0001-good");
    });

    test("of a newer release are refused, whatever is asked", async () => {
      await using opened = await openScope(await createDatabase());
      await migrateUp(opened.scope, Date.now, [good]);
      const newer = { code: "internal", detail: /newer Belfry: it has the migration 0001-good/ };
      await assert.rejects(migrateUp(opened.scope, Date.now), newer);
      await assert.rejects(rollbackLast(opened.scope), newer);
    });
  });

  describe("keys for commands", () => {
    test("are made in a database that does not exist yet, and seen by the store", async () => {
      const file = await createDatabase();
      const key = keyOf();
      {
        await using keys = await openKeys({ database: file, retention });
        await keys.createKey(key, auditOf());
        assert.deepEqual(await keys.keys(), [key]);
      }
      await using store = await open(file);
      assert.deepEqual(await store.keys(), [key]);
    });

    test("are made and revoked beside a running store", async () => {
      const file = await createDatabase();
      await using store = await open(file);
      await using keys = await openKeys({ database: file, retention });
      const key = keyOf();
      await keys.createKey(key, auditOf());
      assert.deepEqual(await store.keys(), [key]);
      assert.equal(await keys.revokeKey(key.id, 5000, auditOf()), true);
      assert.equal(await keys.revokeKey(key.id, 5000, auditOf()), false);
      assert.equal((await store.keys())[0]?.revokedAt, 5000);
      assert.equal((await store.auditEntries({ limit: 9 })).length, 2);
      await assert.rejects(keys.createKey(key, auditOf()), { code: "conflict" });
    });
  });

  describe("the size of the store", () => {
    test("is read beside a running store", async () => {
      const file = await createDatabase();
      await using store = await open(file);
      await create(store);
      await using database = await openDatabase({ database: file, retention });
      const stats = await database.stats();
      assert.equal(stats.samples, 0);
      assert.ok(stats.bytes > 0);
      assert.equal((await store.seriesStats()).series, stats.series);
    });
  });
}
