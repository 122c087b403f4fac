/** What the store promises about what of jobs rings: it is signalled in the transaction of what happened, once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { JobId } from "../../model/job.ts";
import type { RunEvent } from "../../model/run.ts";
import type { Store } from "../port.ts";
import { auditOf, runEventOf, type ContractStores } from "./fixtures.ts";

const now = Math.floor(Date.now() / 1000) * 1000;
const minute = 60_000;
let keys = 0;

function eventOf(runId: string, kind: RunEvent["kind"], at: number, over: Partial<RunEvent> = {}) {
  keys += 1;
  return runEventOf({ key: `ring${keys}`, runId, kind, at: now + at, ...over });
}

/** Takes events in when they are told; answers whether the store says that it rang. */
async function take(store: Store, ...events: readonly RunEvent[]): Promise<boolean> {
  return (await store.takeEvents(events, Math.max(...events.map(({ at }) => at)))).rang;
}

/** Signals since the last call, as words: `raised job_failed daily`. They are consumed, as alerting does. */
function createReader(store: Store): () => Promise<readonly string[]> {
  return async () => {
    const pending = await store.pendingSignals(100);
    const nothing = { consumed: [], incidents: [], notices: [], groups: [], comments: [] };
    const signals = pending.map(({ sequence }) => sequence);
    await store.commitAlerting({ ...nothing, signals, audit: [] });
    return pending.map(({ signal }) => `${signal.state} ${signal.rule} ${signal.subject.name}`);
  };
}

async function jobIdOf(store: Store): Promise<JobId> {
  const [job] = await store.jobs({ limit: 1 });
  return job?.id ?? assert.fail("there is no job");
}

const beating = { metadata: { heartbeat_s: 10 } };

export function jobRingContract({ open, createDatabase }: ContractStores): void {
  test("that fail ring once, over restarts, until one succeeds", async () => {
    const database = await createDatabase();
    {
      await using store = await open(database);
      const signals = createReader(store);
      const error = { metadata: { error: "disk full" } };
      assert.equal(await take(store, eventOf("r1", "started", 0)), false);
      assert.equal(await take(store, eventOf("r1", "error", 1, error)), true);
      const [raised] = await store.pendingSignals(9);
      assert.equal(raised?.signal.message, "disk full");
      assert.deepEqual(await signals(), ["raised job_failed daily"]);
    }
    await using store = await open(database);
    const signals = createReader(store);
    assert.equal(await take(store, eventOf("r2", "started", 2), eventOf("r2", "error", 3)), false);
    assert.equal(await take(store, eventOf("r3", "started", 4)), false);
    assert.deepEqual(await signals(), []);
    assert.equal(await take(store, eventOf("r3", "finished", 5)), true);
    assert.deepEqual(await signals(), ["cleared job_failed daily"]);
    assert.equal(await take(store, eventOf("r4", "finished", 6)), false);
  });

  test("that are older than a newer one ring neither way, however late they arrive", async () => {
    await using store = await open();
    const signals = createReader(store);
    await take(store, eventOf("new", "started", 0), eventOf("new", "finished", 1));
    await take(store, eventOf("old", "started", -9 * minute), eventOf("old", "error", -8 * minute));
    assert.deepEqual(await signals(), []);
    await take(store, eventOf("bad", "started", 2), eventOf("bad", "error", 3));
    assert.deepEqual(await signals(), ["raised job_failed daily"]);
    await take(store, eventOf("o2", "started", -7 * minute), eventOf("o2", "finished", -minute));
    assert.deepEqual(await signals(), [], "an older success ends nothing");
  });

  test("that fail and succeed in one batch, as sidecars catch up, do not ring", async () => {
    await using store = await open();
    const batch = [1, 2, 3].map((n) => eventOf(`r${n}`, n === 3 ? "finished" : "error", n));
    assert.equal(await take(store, ...batch), false);
    assert.deepEqual(await createReader(store)(), []);
  });

  test("that are lost ring in the same transaction; heard again they do not", async () => {
    await using store = await open();
    const signals = createReader(store);
    await take(store, eventOf("r1", "started", 0, beating));
    await store.loseSilentRuns({ now: now + 33_000, listenedMs: 33_000, limit: 9 });
    assert.deepEqual(await signals(), ["raised job_lost daily"]);
    await take(store, eventOf("r1", "heartbeat", 40_000));
    assert.deepEqual(await signals(), ["cleared job_lost daily"]);
  });

  test("whose job is expected ring when it is late, when it missed two times, and end with a start", async () => {
    const database = await createDatabase();
    const look = (store: Store, at: number) => store.lookAtJobs({ now: now + at, limit: 9 });
    {
      await using store = await open(database);
      await take(store, eventOf("r1", "finished", 0));
      const schedule = { kind: "interval", interval_seconds: 60, grace_seconds: 10 } as const;
      const audit = { ...auditOf(), at: now };
      await store.changeJob(await jobIdOf(store), { schedule }, 1, audit);
      assert.deepEqual(await look(store, 69_999), { looked: 0, rang: false });
      assert.deepEqual(await look(store, 70_000), { looked: 1, rang: true });
      assert.deepEqual(await look(store, 70_000), { looked: 0, rang: false });
      assert.deepEqual(await createReader(store)(), ["raised job_late daily"]);
    }
    await using store = await open(database);
    assert.deepEqual(await look(store, 130_000), { looked: 1, rang: true });
    assert.deepEqual(await look(store, 999_000), { looked: 0, rang: false });
    await take(store, eventOf("r2", "started", 131_000));
    assert.deepEqual(await createReader(store)(), [
      "raised job_never_started daily",
      "cleared job_late daily",
      "cleared job_never_started daily",
    ]);
  });

  test("that take too long ring while they run, and afterwards until one does not", async () => {
    await using store = await open();
    const signals = createReader(store);
    await take(store, eventOf("r1", "started", 0));
    const id = await jobIdOf(store);
    await store.changeJob(id, { slowAfterSeconds: 5 }, 1, { ...auditOf(), at: now });
    assert.equal((await store.lookAtJobs({ now: now + 5000, limit: 9 })).looked, 0);
    assert.equal((await store.lookAtJobs({ now: now + 5001, limit: 9 })).rang, true);
    await take(store, eventOf("r1", "finished", 9000));
    assert.deepEqual(await signals(), ["raised job_slow daily"]);
    await take(store, eventOf("r2", "started", 10_000), eventOf("r2", "finished", 11_000));
    assert.deepEqual(await signals(), ["cleared job_slow daily"]);
  });

  test("ring as people say, kept with their job, and end when it is deleted", async () => {
    await using store = await open();
    const signals = createReader(store);
    await take(store, eventOf("r1", "error", 0));
    const id = await jobIdOf(store);
    assert.equal((await store.job(id))?.alertOn, null);
    const audit = { ...auditOf(), at: now };
    await store.changeJob(id, { alertOn: ["lost"] }, 1, audit);
    assert.deepEqual((await store.job(id))?.alertOn, ["lost"]);
    assert.deepEqual(await signals(), ["raised job_failed daily", "cleared job_failed daily"]);
    await store.changeJob(id, { alertOn: null }, 2, audit);
    assert.deepEqual(await signals(), ["raised job_failed daily"]);
    assert.equal(await store.deleteJob(id, 3, audit), "deleted");
    assert.deepEqual(await signals(), ["cleared job_failed daily"]);
  });

  test("told to several hubs at the same time ring once", async () => {
    const database = await createDatabase();
    await using store = await open(database);
    const runs = Array.from({ length: 20 }, (_, i) => eventOf(`r${i}`, "error", i));
    await Promise.all(runs.map((event) => take(store, event)));
    assert.deepEqual(await createReader(store)(), ["raised job_failed daily"]);
  });
}
