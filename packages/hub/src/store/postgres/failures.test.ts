/** PostgreSQL that is not there, goes away, or is shared by two hubs. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { sql } from "kysely";
import pg from "pg";
import { startPostgres, type Postgres } from "../../../../../test/kit/postgres.ts";
import {
  changeOf,
  create,
  everything,
  failedCheckOf,
  noLog,
  retention,
} from "../contract/fixtures.ts";
import { statusOf } from "../contract/fixtures.ts";
import { join, renew, shortMs, untilAlone } from "../contract/fleet-fixtures.ts";
import type { Member, ProcessId } from "../../model/fleet.ts";
import type { MonitorId } from "../../model/id.ts";
import { createStore } from "../open.ts";
import { isFenced } from "../operations/fleet-fence.ts";
import type { Store } from "../port.ts";
import { connectPostgres } from "./connection.ts";
import { createPostgresContexts } from "./context.ts";

let server: Postgres | undefined;

before(async () => {
  server = await startPostgres();
});
after(() => server?.[Symbol.asyncDispose]());

const freshDatabase = (): Promise<string> =>
  server?.createDatabase() ?? Promise.reject(new Error("the server has not started"));

const open = (database: string): Promise<Store> =>
  createStore({ database, retention }, { log: noLog });

async function ask(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

describe("PostgreSQL", () => {
  test("that is not there is unavailable, and the message holds no password", async () => {
    await assert.rejects(open("postgres://belfry:secret@127.0.0.1:1/belfry"), (error: Error) => {
      assert.match(error.message, /postgresql:\/\/127\.0\.0\.1:1\/belfry: .*ECONNREFUSED/);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  });

  test("whose database does not exist is unavailable", async () => {
    const url = (await freshDatabase()).replace(/\w+$/, "nowhere");
    await assert.rejects(open(url), { code: "unavailable", detail: /nowhere.*does not exist/ });
  });

  test("that ends every connection is unavailable for a moment, and then serves again", async () => {
    const url = await freshDatabase();
    await using store = await open(url);
    const { id } = await create(store);
    const others = "pid <> pg_backend_pid() and datname = current_database()";
    await ask(url, `select pg_terminate_backend(pid) from pg_stat_activity where ${others}`);
    const change = changeOf({ failedChecks: [failedCheckOf(id)] });
    await store.commit(change).catch((error: unknown) => {
      assert.equal(Reflect.get(Object(error), "code"), "unavailable");
      return store.commit(change);
    });
    assert.equal((await store.failedChecks(id, everything, 9)).length, 1);
  });

  test("waits for the disk, whatever the server's default is", async () => {
    const url = await freshDatabase();
    await ask(url, `alter database ${url.split("/").at(-1)} set synchronous_commit = off`);
    assert.deepEqual(await ask(url, "show synchronous_commit"), [{ synchronous_commit: "off" }]);
    await using connection = await connectPostgres(url, 1);
    const { rows } = await sql`show synchronous_commit`.execute(connection.db);
    assert.deepEqual(rows, [{ synchronous_commit: "on" }]);
  });

  test("waits for the disk in every transaction that writes, whatever its connection was told", async () => {
    await using connection = await connectPostgres(await freshDatabase(), 1);
    const { db } = connection;
    // What another session left behind in a pooler.
    await sql`select set_config('synchronous_commit', 'off', false),
      set_config('lock_timeout', '0', false)`.execute(db);
    const inside = await db.transaction().execute(async (transaction) => {
      const { rows } = await sql`select current_setting('synchronous_commit') as waits,
        current_setting('lock_timeout') as locks`.execute(transaction);
      return rows;
    });
    assert.deepEqual(inside, [{ waits: "on", locks: "10s" }]);
    const { rows } = await sql`show synchronous_commit`.execute(db);
    assert.deepEqual(rows, [{ synchronous_commit: "off" }]);
  });

  test("is brought to this release once when several hubs start together", async () => {
    const url = await freshDatabase();
    const stores = await Promise.all([open(url), open(url), open(url)]);
    try {
      assert.equal((await stores[0].loadMonitors()).length, 0);
    } finally {
      for (const store of stores) await store[Symbol.asyncDispose]();
    }
  });

  test("is shared by two hubs that change the same monitors at once", async () => {
    const url = await freshDatabase();
    await using first = await open(url);
    await using second = await open(url);
    const ids: MonitorId[] = [];
    for (let i = 0; i < 10; i += 1) ids.push((await create(first)).id);
    const statuses = ["up", "down", "degraded", "unknown"] as const;
    const commits = Array.from({ length: 40 }, (_, i) => {
      const status = statuses[i % statuses.length] ?? "up";
      const order = i % 2 === 0 ? ids : ids.toReversed();
      const statusChanges = order.map((id) => statusOf(id, status, 2000 + i));
      const judged = order.map((monitorId) => ({ monitorId, state: stateOf(i) }));
      return (i % 2 === 0 ? first : second).commit(changeOf({ statusChanges, judged }));
    });
    await Promise.all(commits);
    for (const id of ids) {
      const intervals = await first.statusIntervals(id, everything);
      assert.equal(intervals.at(-1)?.to, null);
      for (const [i, interval] of intervals.slice(1).entries()) {
        assert.equal(interval.from, intervals[i]?.to, "a gap or an overlap");
      }
    }
  });

  test("keeps a deletion when a change of the same monitor arrives at the same time", async () => {
    const url = await freshDatabase();
    await using first = await open(url);
    await using second = await open(url);
    for (let round = 0; round < 10; round += 1) {
      const { id } = await create(first);
      const audit = { at: 1, actor: "a", action: "delete", resource: "monitor", resourceId: id };
      await Promise.all([
        first.deleteMonitor(id, { ...audit, detail: null }),
        second.commit(
          changeOf({
            judged: [{ monitorId: id, state: stateOf(round) }],
            statusChanges: [statusOf(id, "up", 2000)],
            failedChecks: [failedCheckOf(id)],
          }),
        ),
      ]);
      assert.deepEqual(await first.statusIntervals(id, everything), []);
    }
    assert.deepEqual(await second.loadMonitors(), []);
  });
});

describe("processes that share PostgreSQL", () => {
  /** Two of them; the lease of the first has ended, and nobody has noticed. */
  async function withOneSilent(database: string) {
    const store = await open(database);
    const [dead, heir] = [await join(store), await join(store)];
    await renew(store, heir, { leaseMs: shortMs * 100 });
    await renew(store, dead, { leaseMs: shortMs });
    await untilEnded(store, dead);
    return { store, dead, heir, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
  }

  async function memberOf(store: Store, id: ProcessId): Promise<Member> {
    const found = (await store.members()).find((member) => member.id === id);
    return found ?? Promise.reject(new Error("it is not shown"));
  }

  async function untilEnded(store: Store, id: ProcessId): Promise<void> {
    const { until, readAt } = await memberOf(store, id);
    if (until >= readAt) return delay(20).then(() => untilEnded(store, id));
  }

  test("wait for a commit that is under way before they take its process for dead", async () => {
    const url = await freshDatabase();
    await using two = await withOneSilent(url);
    const { store, dead, heir } = two;
    await using connection = await connectPostgres(url, 1);
    const contexts = createPostgresContexts(retention);
    await connection.db.transaction().execute(async (transaction) => {
      assert.equal(await isFenced(contexts(transaction, []), dead), false);
      // A process that stops here holds the others up for as long.
      const { rows } = await sql`show idle_in_transaction_session_timeout`.execute(transaction);
      assert.deepEqual(rows, [{ idle_in_transaction_session_timeout: "5s" }]);
      await renew(store, heir, { leaseMs: shortMs });
      assert.equal((await memberOf(store, dead)).lapsedAt, null);
      assert.equal((await renew(store, dead, { leaseMs: shortMs })).alive, true, "it waits not");
    });
    const { rows } = await sql`show idle_in_transaction_session_timeout`.execute(connection.db);
    assert.deepEqual(rows, [{ idle_in_transaction_session_timeout: "1min" }]);
    await untilEnded(store, dead);
    await untilAlone(store, heir);
    assert.notEqual((await memberOf(store, dead)).lapsedAt, null);
  });

  test("take nobody for dead where the server began later than a lease ago", async () => {
    await using two = await withOneSilent(await freshDatabase());
    const { store, dead, heir } = two;
    await renew(store, heir, { leaseMs: 3_600_000 });
    assert.equal((await memberOf(store, dead)).lapsedAt, null);
  });

  test("take nobody for dead in a renewal that was late itself, but in the next", async () => {
    const url = await freshDatabase();
    await using store = await open(url);
    const [dead, heir] = [await join(store), await join(store)];
    for (const id of [dead, heir]) await renew(store, id, { leaseMs: shortMs });
    await untilEnded(store, dead);
    await untilEnded(store, heir);
    await ask(url, "select pg_sleep(2 - extract(epoch from now() - pg_postmaster_start_time()))");
    assert.equal((await renew(store, heir, { leaseMs: 2_000 })).alive, true);
    assert.equal((await memberOf(store, dead)).lapsedAt, null);
    await untilAlone(store, heir);
    assert.notEqual((await memberOf(store, dead)).lapsedAt, null);
  });

  test("renew while every other write waits", async () => {
    const url = await freshDatabase();
    await using store = await open(url);
    const process = await join(store);
    const { id } = await create(store);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query("begin");
      await client.query("select 1 from monitor for update");
      let stored = 0;
      const change = changeOf({ statusChanges: [statusOf(id, "up", 2000)] });
      const commits = Array.from({ length: 20 }, async () => {
        await store.commit(change);
        stored += 1;
      });
      assert.equal((await renew(store, process)).alive, true);
      assert.equal(stored, 0);
      await client.query("commit");
      await Promise.all(commits);
    } finally {
      await client.end();
    }
  });
});

function stateOf(n: number): Parameters<Store["commit"]>[0]["judged"][number]["state"] {
  return {
    status: "up",
    since: n,
    lastKnown: "up",
    failuresInRow: n,
    successesInRow: 0,
    degradedInRow: 0,
    firstFailure: null,
    changes: [],
    flapping: false,
  };
}
