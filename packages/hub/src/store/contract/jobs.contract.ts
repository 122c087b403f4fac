/** What the store promises about jobs, runs and their events. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createId } from "../../model/id.ts";
import {
  jobSource,
  mostRunEvents,
  runRetentionMs,
  type KeptRun,
  type TakenVerdict,
} from "../../model/job.ts";
import type { RunEvent } from "../../model/run.ts";
import type { Store } from "../port.ts";
import { jobRingContract } from "./job-rings.contract.ts";
import { auditOf, everything, runEventOf, type ContractStores } from "./fixtures.ts";

const now = Math.floor(Date.now() / 1000) * 1000;
let keys = 0;

/** An event with a key of its own. */
function eventOf(over: Partial<RunEvent> = {}): RunEvent {
  keys += 1;
  return runEventOf({ key: `k${keys}`, at: now, ...over });
}

async function verdictsOf(
  store: Store,
  events: readonly RunEvent[],
  receivedAt: number,
): Promise<readonly TakenVerdict[]> {
  return (await store.takeEvents(events, receivedAt)).verdicts;
}

async function runsIn(store: Store): Promise<readonly KeptRun[]> {
  return store.runs({ limit: 1000 });
}

async function only<T>(list: Promise<readonly T[]>): Promise<T> {
  const [first, ...rest] = await list;
  assert.equal(rest.length, 0);
  assert.ok(first !== undefined);
  return first;
}

export function jobContract(stores: ContractStores): void {
  describe("jobs and runs", () => {
    takingContract(stores);
    treeContract(stores);
    boundsContract(stores);
    listContract(stores);
    silenceContract(stores);
    changeContract(stores);
    jobRingContract(stores);
  });
}

function takingContract({ open, createDatabase }: ContractStores): void {
  test("come from events, and come back after a restart as they were", async () => {
    const database = await createDatabase();
    const started = eventOf({ metadata: { text: "a\n\ud83d\ude00" } });
    const trace = { traceId: "0".repeat(32), spanId: "0".repeat(16) };
    const finished = eventOf({ kind: "finished", at: now + 2500, metrics: { x: 0.1 }, trace });
    const before = await (async () => {
      await using store = await open(database);
      assert.deepEqual(await verdictsOf(store, [started, finished], now + 5000), [
        "taken",
        "taken",
      ]);
      return only(runsIn(store));
    })();
    await using store = await open(database);
    const run = await only(runsIn(store));
    assert.deepEqual(run, before);
    assert.deepEqual(await store.run(run.id), run);
    assert.deepEqual([run.status, run.startedAt, run.events], ["succeeded", now, 2]);
    const job = await only(store.jobs({ limit: 9 }));
    assert.deepEqual([job.name, job.type, job.id], ["daily", "job", run.jobId]);
    assert.deepEqual([job.lastRun, job.recent], [run, ["succeeded"]]);
    assert.deepEqual(await store.job(job.id), job);
    const [first, second] = await store.runEvents(run.id, { limit: 9 });
    assert.deepEqual(first, {
      key: started.key,
      at: now,
      receivedAt: now + 5000,
      kind: "started",
      status: null,
      metrics: {},
      metadata: { text: "a\n\ud83d\ude00" },
      trace: null,
    });
    assert.deepEqual([second?.trace, second?.metrics], [trace, { x: 0.1 }]);
  });

  test("take an event once, within one batch and later; keys are those of one run", async () => {
    await using store = await open();
    const [one, other] = [eventOf(), eventOf({ runId: "r2" })];
    const same = { ...other, key: one.key };
    assert.deepEqual(await verdictsOf(store, [one, one, same], now), [
      "taken",
      "duplicate",
      "taken",
    ]);
    assert.deepEqual(await verdictsOf(store, [one, other], now), ["duplicate", "taken"]);
    const runs = await runsIn(store);
    assert.deepEqual(runs.map(({ runId, events }) => `${runId}: ${events}`).toSorted(), [
      "r1: 1",
      "r2: 2",
    ]);
  });

  test("are one run for each id, site and app", async () => {
    await using store = await open();
    await store.takeEvents(
      [eventOf(), eventOf({ siteId: "fab2" }), eventOf({ appName: "other" }), eventOf()],
      now,
    );
    assert.equal((await runsIn(store)).length, 3);
    assert.equal((await store.jobs({ limit: 9 })).length, 3);
  });

  test("taken at the same time lose nothing of one another", async () => {
    await using store = await open();
    const batches = Array.from({ length: 10 }, (_, i) =>
      [0, 1, 2].map((n) =>
        eventOf({ runId: `r${n}`, kind: "metric", at: now + i, metrics: { [`m${i}`]: i } }),
      ),
    );
    await Promise.all(batches.map((events) => store.takeEvents(events.toReversed(), now)));
    for (const run of await runsIn(store)) {
      assert.equal(Object.keys(run.state.metrics).length, 10);
      assert.equal(run.events, 10);
    }
    assert.equal((await only(store.jobs({ limit: 9 }))).recent.length, 3);
  });

  test("that end add one sample to each series of their job, however often that is said", async () => {
    await using store = await open();
    const metrics = { duration_s: 12.5, cpu_user_s: 3, mem_max_mb: 2, "rows read": 7 };
    await store.takeEvents([eventOf(), eventOf({ kind: "progress", metrics: { a: 1 } })], now);
    const job = await only(store.jobs({ limit: 9 }));
    const match = [{ label: "job", operator: "=", value: "daily" }] as const;
    assert.deepEqual(await store.listSeries(match, 99), []);
    await store.takeEvents([eventOf({ kind: "finished", metrics, at: now - 1 })], now);
    await store.takeEvents([eventOf({ kind: "finished", metrics, at: now })], now);
    const found = await store.raw(match, everything, 99);
    assert.deepEqual(
      found.map(({ key, times, values }) => [key.name, [...times], [...values]]),
      [
        ["belfry_run_a", [now - 1], [1]],
        ["belfry_run_cpu_user_seconds", [now - 1], [3]],
        ["belfry_run_duration_seconds", [now - 1], [12.5]],
        ["belfry_run_memory_max_bytes", [now - 1], [2_097_152]],
        ["belfry_run_rows_read", [now - 1], [7]],
      ],
    );
    assert.deepEqual(found[0]?.key.labels, { app: "batch", job: "daily", site: "fab1" });
    const own = { name: "belfry_run_a", labels: {} };
    assert.equal(await store.countSamples(jobSource(job.id), own, everything), 1);
  });
}

function treeContract({ open }: ContractStores): void {
  test("whose subruns come first wait as a run without a status", async () => {
    await using store = await open();
    const sub = eventOf({ runId: "s1", type: "subjob", parentRunId: "r1", subKey: "part" });
    await store.takeEvents([sub], now);
    const [parent] = await store.runs({ limit: 9, runId: "r1" });
    assert.ok(parent !== undefined);
    assert.deepEqual([parent.status, parent.jobId, parent.events], [null, null, 0]);
    assert.deepEqual((await only(store.subruns(parent.id, { limit: 9, depth: 9 }))).runId, "s1");
    await store.takeEvents([eventOf({ at: now - 9 })], now);
    const heard = await store.run(parent.id);
    assert.deepEqual([heard?.status, heard?.startedAt], ["running", now - 9]);
    const names = (await store.jobs({ limit: 9 })).map(({ name, type }) => [name, type]);
    assert.deepEqual(names, [
      ["daily", "job"],
      ["part", "subjob"],
    ]);
  });

  test("are read level by level within bounds, also where they go round", async () => {
    await using store = await open();
    const below = (runId: string, parentRunId: string, at: number) =>
      eventOf({ runId, parentRunId, at: now + at });
    await store.takeEvents(
      [below("c", "b", 1), below("a", "c", 2), below("b", "a", 3), below("d", "a", 2)],
      now,
    );
    const { id } = await only(store.runs({ limit: 9, runId: "a" }));
    const ids = async (limit: number, depth: number) =>
      (await store.subruns(id, { limit, depth })).map(({ runId }) => runId);
    assert.deepEqual(await ids(9, 9), ["d", "b", "c"]);
    assert.deepEqual(await ids(9, 1), ["d", "b"]);
    assert.deepEqual(await ids(1, 9), ["d"]);
  });
}

function boundsContract({ open }: ContractStores): void {
  test("keep their newest events and count the others; what is no longer kept still tells", async () => {
    await using store = await open();
    const events = Array.from({ length: mostRunEvents + 5 }, (_, i) =>
      eventOf({ kind: "event", at: now + i }),
    );
    for (let i = 0; i < events.length; i += 500)
      await store.takeEvents(events.slice(i, i + 500), now);
    const run = await only(runsIn(store));
    assert.deepEqual([run.events, run.eventsDropped], [mostRunEvents + 5, 5]);
    const kept = await store.runEvents(run.id, { limit: 5000 });
    assert.deepEqual([kept.length, kept[0]?.at], [mostRunEvents, now + 5]);
    const late = eventOf({ kind: "finished", at: now + 1 });
    assert.deepEqual(await verdictsOf(store, [late], now), ["taken"]);
    const after = await store.run(run.id);
    assert.deepEqual([after?.status, after?.events], ["succeeded", mostRunEvents + 5]);
  });

  test("are forgotten with their events when nothing was heard for long; so are their jobs", async () => {
    await using store = await open();
    const old = now - runRetentionMs - 1;
    const events = Array.from({ length: 450 }, (_, i) => eventOf({ runId: `old${i}`, at: old }));
    await store.takeEvents(events, old);
    await store.takeEvents([eventOf({ businessKey: "gone" })], old);
    await store.takeEvents([eventOf({ runId: "new" }), eventOf({ runId: "old7" })], now);
    await store.maintain(now);
    assert.deepEqual((await runsIn(store)).map(({ runId }) => runId).toSorted(), ["new", "old7"]);
    const job = await only(store.jobs({ limit: 9 }));
    assert.deepEqual([job.name, job.recent.length, job.lastRun?.runId], ["daily", 2, "new"]);
  });

  test("that turn out to be another job's move there", async () => {
    await using store = await open();
    await store.takeEvents([eventOf({ businessKey: null })], now);
    assert.equal((await only(store.jobs({ limit: 9 }))).name, "job");
    await store.takeEvents([eventOf({ at: now + 1 })], now);
    assert.equal((await only(store.jobs({ limit: 9 }))).name, "daily");
  });
}

function listContract({ open }: ContractStores): void {
  test("are listed by what is asked for, page by page", async () => {
    await using store = await open();
    const names = ["Ähre", "a%b", "a_b", "b"];
    for (const [i, businessKey] of names.entries()) {
      const run = { businessKey, runId: businessKey, at: now + i } as const;
      await store.takeEvents([eventOf({ ...run, kind: i === 3 ? "error" : "started" })], now);
    }
    const jobs = async (query: Partial<Parameters<Store["jobs"]>[0]>) =>
      (await store.jobs({ limit: 9, ...query })).map(({ name }) => name);
    assert.deepEqual(await jobs({}), ["a%b", "a_b", "b", "Ähre"]);
    assert.deepEqual(await jobs({ words: ["ä"] }), ["Ähre"]);
    assert.deepEqual(await jobs({ words: ["a_b"] }), ["a_b"]);
    assert.deepEqual(await jobs({ words: ["%", "fab1", "batch"] }), ["a%b"]);
    assert.deepEqual(await jobs({ status: ["failed"] }), ["b"]);
    const [first] = await store.jobs({ limit: 1 });
    assert.ok(first !== undefined);
    assert.deepEqual(await jobs({ after: first, limit: 2 }), ["a_b", "b"]);

    const runs = async (query: Partial<Parameters<Store["runs"]>[0]>) =>
      (await store.runs({ limit: 9, ...query })).map(({ runId }) => runId);
    assert.deepEqual(await runs({}), names.toReversed());
    assert.deepEqual(await runs({ jobId: first.id }), ["a%b"]);
    assert.deepEqual(await runs({ status: ["failed"] }), ["b"]);
    assert.deepEqual(await runs({ since: now + 1, until: now + 2 }), ["a_b", "a%b"]);
    assert.deepEqual(await runs({ level: "sub" }), []);
    assert.deepEqual(await runs({ app: "ATC".toLowerCase() }), names.toReversed());
    const [newest] = await store.runs({ limit: 1 });
    assert.ok(newest !== undefined);
    assert.deepEqual(await runs({ after: newest, limit: 1 }), ["a_b"]);
    const none = createId<"run">(now);
    assert.deepEqual([await store.run(none), await runs({ parentId: none })], [undefined, []]);
  });
}

const beating = { heartbeat_s: 10 };
const silenceMs = 33_000;

function silenceContract({ open, createDatabase }: ContractStores): void {
  test("that promised heartbeats are lost when they are silent, and stay so over a restart", async () => {
    const database = await createDatabase();
    const late = now + silenceMs;
    {
      await using store = await open(database);
      await store.takeEvents(
        [eventOf({ metadata: beating }), eventOf({ runId: "r2" }), eventOf({ runId: "r3" })],
        now,
      );
      await store.takeEvents([eventOf({ runId: "r3", metadata: beating })], now + 1);
      const lose = (listenedMs: number, limit = 9) =>
        store.loseSilentRuns({ now: late, listenedMs, limit });
      assert.deepEqual(await lose(silenceMs - 1), [], "nobody listened for long enough");
      assert.deepEqual(await lose(silenceMs, 0), []);
      const [lost, ...more] = await lose(silenceMs);
      const run = await only(store.runs({ limit: 9, status: ["lost"] }));
      assert.deepEqual([lost, more], [{ id: run.id, parentId: null, jobIds: [run.jobId] }, []]);
      assert.deepEqual(await lose(silenceMs), [], "each is lost once");
      const totals = await store.jobTotals(now);
      assert.deepEqual(totals, { runs: { running: 2, lost: 1 }, late: 0 });
    }
    await using store = await open(database);
    assert.equal((await only(store.runs({ limit: 9, status: ["lost"] }))).runId, "r1");
    const [verdict] = await verdictsOf(store, [eventOf({ at: now - 1 })], late);
    assert.equal(verdict, "taken");
    assert.equal(
      (await store.runs({ limit: 9, status: ["lost"] })).length,
      1,
      "it is no newer word",
    );
    await store.takeEvents([eventOf({ kind: "heartbeat", at: late })], late);
    assert.deepEqual(await store.runs({ limit: 9, status: ["lost"] }), []);
    const again = { now: late + silenceMs, listenedMs: silenceMs, limit: 9 };
    assert.equal((await store.loseSilentRuns(again)).length, 2);
    await store.takeEvents([eventOf({ kind: "finished", at: now })], late);
    const found = await store.runs({ limit: 9, runId: "r1" });
    assert.equal(found[0]?.status, "succeeded");
  });

  test("tell their job whether its last run is lost", async () => {
    await using store = await open();
    await store.takeEvents([eventOf({ metadata: beating })], now);
    await store.loseSilentRuns({ now: now + silenceMs, listenedMs: silenceMs, limit: 9 });
    const job = await only(store.jobs({ limit: 9, status: ["lost"] }));
    assert.deepEqual([job.recent, job.lastRun?.status], [["lost"], "lost"]);
  });

  test("heard at the moment they would be lost are one or the other, and events are not", async () => {
    await using store = await open();
    const ids = Array.from({ length: 40 }, (_, i) => `r${i}`);
    await store.takeEvents(
      ids.map((runId) => eventOf({ runId, metadata: beating })),
      now,
    );
    const late = now + silenceMs;
    const beats = ids.map((runId) =>
      store.takeEvents([eventOf({ runId, kind: "heartbeat", at: late })], late),
    );
    const looks = Array.from({ length: 5 }, () =>
      store.loseSilentRuns({ now: late, listenedMs: silenceMs, limit: 10 }),
    );
    await Promise.all([...beats, ...looks]);
    const statuses = (await runsIn(store)).map(({ status, events }) => `${status} ${events}`);
    assert.deepEqual([...new Set(statuses)], ["running 2"]);
  });

  test("are read with the runs above them", async () => {
    await using store = await open();
    const below = (runId: string, parentRunId: string) => eventOf({ runId, parentRunId });
    await store.takeEvents(
      [below("b", "a"), below("c", "b"), below("x", "y"), below("y", "x")],
      now,
    );
    const all = new Map((await runsIn(store)).map((run) => [run.runId, run.id]));
    const names = new Map([...all].map(([name, id]) => [id, name]));
    const none = createId<"run">(now);
    const found = await store.runsInTree([...all.values(), none]);
    const above = found.map(({ run, above: ids }) => [run.runId, ids.map((id) => names.get(id))]);
    assert.deepEqual(Object.fromEntries(above), {
      a: [],
      b: ["a"],
      c: ["b", "a"],
      x: ["y", "x"],
      y: ["x", "y"],
    });
  });
}

function changeContract({ open, createDatabase }: ContractStores): void {
  const schedule = { kind: "interval", interval_seconds: 60, grace_seconds: 10 } as const;
  const audit = (at: number) => ({ ...auditOf(), at });

  test("whose job is expected make it late and back; that is kept over a restart", async () => {
    const database = await createDatabase();
    const span = { after: now, until: now + 70_000, limit: 9 };
    const id = await (async () => {
      await using store = await open(database);
      await store.takeEvents([eventOf({ kind: "finished" })], now);
      const job = await only(store.jobs({ limit: 9 }));
      assert.equal(await store.changeJob(job.id, { schedule }, 1, audit(now)), "updated");
      return job.id;
    })();
    await using store = await open(database);
    const job = await store.job(id);
    assert.deepEqual([job?.schedule, job?.scheduleSetAt, job?.version], [schedule, now, 2]);
    assert.deepEqual(await store.jobsGoneLate({ ...span, until: now + 69_999 }), []);
    assert.deepEqual(await store.jobsGoneLate(span), [id]);
    assert.deepEqual(await store.jobsGoneLate({ ...span, after: now + 70_000 }), []);
    assert.equal((await store.jobTotals(now + 70_000)).late, 1);
    await store.takeEvents([eventOf({ runId: "r2", at: now + 71_000 })], now + 71_000);
    assert.equal((await store.jobTotals(now + 72_000)).late, 0);
    assert.equal(await store.changeJob(id, { schedule: null }, 2, audit(now)), "updated");
    assert.equal((await store.jobTotals(now + 1e9)).late, 0);
  });

  test("whose job is changed leave an audit row with the change, or none of both", async () => {
    await using store = await open();
    await store.takeEvents([eventOf()], now);
    const { id } = await only(store.jobs({ limit: 9 }));
    const change = { slowAfterSeconds: 7 };
    assert.equal(await store.changeJob(id, change, 2, audit(now)), "version_mismatch");
    const none = createId<"job">(now);
    assert.equal(await store.changeJob(none, change, 1, audit(now)), "missing");
    await assert.rejects(store.changeJob(id, change, 1, { ...audit(now), actor: "\0" }));
    assert.deepEqual(
      [(await store.job(id))?.version, await store.auditEntries({ limit: 9 })],
      [1, []],
    );
    assert.equal(await store.changeJob(id, change, 1, audit(now)), "updated");
    const job = await store.job(id);
    assert.deepEqual([job?.slowAfterSeconds, job?.lastRun?.slowLimitSeconds], [7, 7]);
    assert.equal((await store.auditEntries({ limit: 9 })).length, 1);
  });

  test("go with their job, however many they are; runs below them stay", async () => {
    await using store = await open();
    const events = Array.from({ length: 450 }, (_, i) =>
      eventOf({ runId: `r${i}`, kind: "finished" }),
    );
    await store.takeEvents(events, now);
    await store.takeEvents(
      [eventOf({ runId: "s1", type: "subjob", subKey: "part", parentRunId: "r1" })],
      now,
    );
    const daily = (await store.jobs({ limit: 9 })).find(({ name }) => name === "daily");
    const { id } = daily ?? assert.fail("there is no job");
    assert.equal(await store.deleteJob(id, 2, audit(now)), "version_mismatch");
    assert.equal((await runsIn(store)).length, 451);
    assert.equal(await store.deleteJob(id, 1, audit(now)), "deleted");
    const left = await only(runsIn(store));
    assert.deepEqual([left.runId, left.parentId], ["s1", null]);
    assert.equal((await only(store.jobs({ limit: 9 }))).name, "part");
    const match = [{ label: "job", operator: "=", value: "daily" }] as const;
    assert.deepEqual(await store.listSeries(match, 9), []);
    assert.equal(await store.deleteJob(id, 1, audit(now)), "missing");
    assert.equal((await store.auditEntries({ limit: 9 })).length, 1);
  });

  test("teach their job how long they take, those that succeeded", async () => {
    await using store = await open();
    const done = (i: number, seconds: number, kind: "finished" | "error" = "finished") =>
      eventOf({ runId: `r${i}`, kind, at: now + i, metrics: { duration_s: seconds } });
    await store.takeEvents(
      [done(1, 4), done(2, 2), done(3, 3), done(4, 1), done(5, 99, "error")],
      now,
    );
    assert.equal((await only(store.jobs({ limit: 9 }))).learned, null);
    await store.takeEvents([done(6, 5), eventOf({ runId: "r7", at: now + 7 })], now);
    const job = await only(store.jobs({ limit: 9 }));
    assert.deepEqual(job.learned, { runs: 5, typicalSeconds: 3, p95Seconds: 4 });
    const limits = (await runsIn(store)).map(({ runId, slowLimitSeconds }) => [
      runId,
      slowLimitSeconds,
    ]);
    assert.deepEqual(Object.fromEntries(limits)["r7"], 9, "one that goes on: what is known now");
    assert.deepEqual(Object.fromEntries(limits)["r6"], null, "what was known when it ended");
  });
}
