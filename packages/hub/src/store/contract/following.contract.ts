/** What the store promises to hubs that follow what others took in. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sql } from "kysely";
import { heartbeatKind, neverCalled, type Ping } from "../../model/heartbeat.ts";
import { createId } from "../../model/id.ts";
import type { Monitor } from "../../model/monitor.ts";
import { thisTransaction } from "../operations/changed-in.ts";
import type { Store } from "../port.ts";
import {
  auditOf,
  changeOf,
  create,
  monitorOf,
  runEventOf,
  statusOf,
  type ContractStores,
} from "./fixtures.ts";
import { shownOf } from "./fleet-fixtures.ts";

const now = 1_700_000_000_000;

function pingOf(over: Partial<Ping> = {}): Ping {
  return {
    at: now,
    kind: "success",
    exitCode: null,
    rid: null,
    method: "POST",
    source: "192.0.2.1",
    userAgent: "curl/8",
    body: "",
    bodyBytes: 0,
    ownDurationMs: null,
    ...over,
  };
}

function heartbeatOf(slug: string): Monitor {
  const settings = { schedule: { kind: "period", seconds: 60 }, slug, token: slug };
  return monitorOf({ id: createId<"monitor">(now), kind: heartbeatKind, settings });
}

const provision = (store: Store, monitor: Monitor) =>
  store.provisionHeartbeat(monitor, statusOf(monitor.id, "pending", now), auditOf());

export function followingContract(stores: ContractStores): void {
  describe("following", () => {
    test("a heartbeat that a call makes is one, by its slug alone", async () => {
      await using store = await stores.open();
      const first = heartbeatOf("a_b");
      assert.equal(await provision(store, first), first.id);
      assert.equal(await provision(store, heartbeatOf("a_b")), first.id);
      const other = heartbeatOf("axb");
      assert.equal(await provision(store, other), other.id);
      const monitors = await store.loadMonitors();
      assert.equal(monitors.length, 2);
    });
    if (stores.engine === "sqlite") {
      test("is refused where there is one process", async () => {
        await using store = await stores.open();
        await assert.rejects(store.noteListening(true), { code: "internal" });
        await assert.rejects(store.calledSince(null), { code: "internal" });
        await assert.rejects(store.callsOf([]), { code: "internal" });
        await assert.rejects(store.runsChangedSince(null), { code: "internal" });
      });
      return;
    }
    callContract(stores);
    runContract(stores);
  });
}

function callContract({ open, createDatabase, openScope }: ContractStores): void {
  test("calls with one slug that come to several hubs at once make one heartbeat", async () => {
    const database = await createDatabase();
    await using first = await open(database);
    await using second = await open(database);
    const made = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        provision(n % 2 === 0 ? first : second, heartbeatOf("fresh")),
      ),
    );
    assert.equal(new Set(made).size, 1);
    assert.equal((await first.loadMonitors()).length, 1);
  });

  test("calls are read after a number, or after the last one that was judged", async () => {
    await using store = await open();
    const { id } = await create(store, { kind: heartbeatKind });
    const gone = createId<"monitor">(now);
    const before = await store.callsOf([{ id, after: "judged" }]);
    assert.deepEqual(before, [{ id, state: undefined, judged: null, after: 0, calls: [] }]);
    await store.takePings([
      { id, ping: pingOf({ kind: "start" }) },
      { id, ping: pingOf({ at: now + 1500 }) },
      { id, ping: pingOf({ kind: "fail", exitCode: 3, body: "x" }) },
    ]);
    const shown = shownOf(id);
    const lastCheck = { ...shown.lastCheck, call: 1 };
    await store.commit(changeOf({ shown: [{ ...shown, lastCheck }] }));
    const [judged, ...others] = await store.callsOf([
      { id, after: "judged" },
      { id: gone, after: 0 },
    ]);
    assert.equal(others.length, 0);
    assert.deepEqual([judged?.judged, judged?.after, judged?.state?.pings], [lastCheck, 1, 3]);
    assert.deepEqual(
      judged?.calls.map(({ n, kind, exitCode, durationMs }) => [n, kind, exitCode, durationMs]),
      [
        [2, "success", null, 1500],
        [3, "fail", 3, null],
      ],
    );
    const [last] = await store.callsOf([{ id, after: 2 }]);
    assert.deepEqual(
      last?.calls.map(({ n }) => n),
      [3],
    );
  });

  test("a call is found although it was committed after one that began later", async () => {
    const database = await createDatabase();
    await using store = await open(database);
    await using late = await openScope(database);
    const first = await create(store, { kind: heartbeatKind });
    const second = await create(store, {
      kind: heartbeatKind,
      id: createId<"monitor">(now),
    });
    const state = JSON.stringify({ ...neverCalled, pings: 7 });
    const { next } = await store.calledSince(null);
    const seen = await late.scope.transaction(async (schema) => {
      await sql`insert into heartbeat (monitor_id, state, changed_in)
        values (${first.id}, ${state}, ${thisTransaction})`.execute(schema);
      await store.takePings([{ id: second.id, ping: pingOf() }]);
      return store.calledSince(next);
    });
    assert.deepEqual(
      seen.called.map(({ id }) => id),
      [second.id],
    );
    const { called } = await store.calledSince(seen.next);
    assert.equal(called.find(({ id }) => id === first.id)?.state.pings, 7);
  });

  test("a hub that listens again notes for all since when nobody did", async () => {
    const database = await createDatabase();
    await using first = await open(database);
    await using second = await open(database);
    await using scope = await openScope(database);
    const both = [first.noteListening(true), second.noteListening(true)];
    assert.deepEqual(await Promise.all(both), [null, null]);
    const passedMs = 60_000;
    await scope.scope.transaction((schema) =>
      sql`update note set value = value - ${passedMs} where name = 'listening_at'`.execute(schema),
    );
    const lasting = await first.noteListening(false);
    const gap = await second.noteListening(true);
    assert.ok(lasting !== null && gap !== null && gap.to - gap.from >= passedMs);
    assert.equal(gap.from, lasting.from, "who cannot be called itself ends nothing");
    assert.deepEqual(await first.noteListening(true), gap);
  });
}

function runContract({ open, createDatabase }: ContractStores): void {
  test("runs, their events and jobs that people changed are found by every hub", async () => {
    const database = await createDatabase();
    await using store = await open(database);
    await using other = await open(database);
    const { next } = await other.runsChangedSince(null);
    const { last } = await other.jobEdits(null, 10);
    const event = runEventOf({
      kind: "started",
      at: now,
      metadata: { heartbeat_s: 1 },
      metrics: { n: 1 },
    });
    const taken = await store.takeEvents([event], now);
    const found = await other.runsChangedSince(next);
    const [run] = taken.changed;
    assert.ok(run !== undefined);
    const changedIn = found.changed[0]?.changedIn ?? 0;
    assert.deepEqual(found.changed, [{ ...run, changedIn }]);
    const [stored, ...more] = await other.eventsStoredSince([run.id], next);
    assert.equal(more.length, 0);
    const { key, siteId, type, runId, kind, at, status, metrics, metadata } = event;
    assert.deepEqual(stored?.event, {
      key,
      siteId,
      type,
      runId,
      kind,
      at,
      status,
      metrics,
      metadata,
    });
    const lost = await store.loseSilentRuns({
      now: now + 60_000,
      listenedMs: 60_000,
      graceMs: 10_000,
      limit: 9,
    });
    assert.equal(lost.length, 1);
    const again = await other.runsChangedSince(found.next);
    assert.deepEqual(
      again.changed.map(({ id }) => id),
      [run.id],
    );
    const [job] = await store.jobs({ limit: 9 });
    assert.ok(job !== undefined);
    const audit = auditOf({ resource: "job", resourceId: job.id });
    await store.changeJob(job.id, { slowAfterSeconds: 5 }, job.version, audit);
    const edits = await other.jobEdits(last, 10);
    assert.deepEqual(
      edits.edits.map(({ id }) => id),
      [job.id],
    );
    assert.equal(edits.last, edits.edits[0]?.sequence);
  });
}
