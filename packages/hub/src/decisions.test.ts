/** From outcomes to incidents through the real store: judging, commit queue and alerting, wired as the hub wires them. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Alerting } from "./alert/alerting.ts";
import { CommitQueue } from "./commit-queue.ts";
import { createJudgingTable } from "./judge/judging.ts";
import { createId } from "./model/id.ts";
import type { Incident } from "./model/incident.ts";
import { exampleMonitor } from "./model/monitor.kit.ts";
import type { Outcome } from "./model/outcome.ts";
import { createStore } from "./store/open.ts";

type Store = Awaited<ReturnType<typeof createStore>>;

const retention = { rawMs: 1e9, fiveMinutesMs: 1e9, hourMs: 1e9, maxBytes: null };

async function withFolder(work: (file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "belfry-decisions-"));
  try {
    await work(join(folder, "belfry.db"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const open = (database: string): Promise<Store> =>
  createStore({ database, retention }, { log: { info: () => undefined, error: () => undefined } });

const monitor = exampleMonitor();

const up: Outcome = {
  result: "up",
  durationMs: 1,
  measurements: {},
  statusCode: 200,
  certificateDays: null,
};
const down: Outcome = {
  result: "down",
  reason: "refused",
  message: "refused",
  durationMs: 1,
  measurements: {},
  statusCode: null,
  evidence: { address: "127.0.0.1" },
};

interface Hub extends AsyncDisposable {
  readonly alerting: Alerting;
  /** What the clock shows. */
  readonly time: { now: number };
  readonly told: Incident[];
  play(outcomes: readonly Outcome[], from: number): Promise<void>;
}

/** The part of the hub between a probe and an incident. */
async function startHub(store: Store): Promise<Hub> {
  const told: Incident[] = [];
  const time = { now: 5000 };
  const alerting = new Alerting({
    clock: { now: () => time.now },
    store,
    createId,
    subjectOf: (id) =>
      id === monitor.id
        ? { subject: { kind: "monitor", id, name: monitor.name }, labels: monitor.labels }
        : undefined,
    tiesOf: () => [],
    parentsOf: () => [],
    checkSiblings: () => null,
    policy: async () => ({ channels: [], routes: [], silences: [], maintenance: [] }),
    describe: () => assert.fail("nobody is told"),
    onNotices: () => assert.fail("nobody is told"),
    onIncidents: (incidents) => told.push(...incidents),
    onError: (error) => assert.fail(String(error)),
  });
  const queue = new CommitQueue(
    { tickMs: 1, maxChecks: 1000 },
    {
      commit: (change) => store.commit(change),
      onError: (error) => assert.fail(String(error)),
      onDropped: () => assert.fail("dropped"),
      onCommitted: () => alerting.wake(),
    },
  );
  const table = createJudgingTable();
  const [known] = await store.loadMonitors();
  table.add(monitor.id, known?.state, { intervalIsOpen: true, at: 1000 });
  return {
    alerting,
    time,
    told,
    async play(outcomes, from) {
      for (const [index, outcome] of outcomes.entries()) {
        const at = from + index * 1000;
        const decision = table.decide({ monitor, outcome, at, endedAt: at + 1, location: "local" });
        assert.ok(decision);
        const { state, statusChange, failedCheck, transition } = decision;
        queue.add({
          monitorId: monitor.id,
          state,
          statusChange,
          failedCheck,
          transition,
          frame: null,
          afterCommit: () => undefined,
        });
      }
      await queue.flush();
    },
    async [Symbol.asyncDispose]() {
      await queue[Symbol.asyncDispose]();
      await alerting[Symbol.asyncDispose]();
    },
  };
}

async function until<T>(condition: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await condition();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function create(store: Store): Promise<void> {
  return store.createMonitor(
    monitor,
    { monitorId: monitor.id, status: "pending", reason: null, at: 1000 },
    {
      at: 1000,
      actor: "test",
      action: "create",
      resource: "monitor",
      resourceId: monitor.id,
      detail: {},
    },
  );
}

describe("decisions", { timeout: 20_000 }, () => {
  test("open one incident with the first failure's evidence, and resolve it", () =>
    withFolder(async (file) => {
      await using store = await open(file);
      await create(store);
      await using hub = await startHub(store);
      await hub.play([up, down, down, down], 2000);
      const [incident] = await until(async () => {
        const incidents = await store.openIncidents();
        return incidents.length > 0 ? incidents : undefined;
      });
      assert.equal(incident?.openedAt, 3000);
      assert.deepEqual(incident.evidence, { address: "127.0.0.1" });
      await hub.play([up], 6000);
      await until(async () => (await store.incident(incident.id))?.resolvedAt ?? undefined);
      assert.equal((await store.incident(incident.id))?.resolvedAt, 6000);
      assert.deepEqual(await store.pendingTransitions(10), []);
      assert.equal(hub.told.length, 2);
    }));

  test("survive an end between the commit and alerting: the incident is opened after the next start", () =>
    withFolder(async (file) => {
      {
        await using store = await open(file);
        await create(store);
        await using hub = await startHub(store);
        await hub.alerting[Symbol.asyncDispose]();
        await hub.play([up, down, down], 2000);
        assert.deepEqual(await store.openIncidents(), []);
      }
      await using store = await open(file);
      await using hub = await startHub(store);
      hub.alerting.wake();
      await until(async () => (await store.openIncidents())[0]);
      await hub.play([down, down], 9000);
      assert.equal(hub.told.length, 1, "no second incident for the same outage");
    }));

  test("count on where they stood: one failure before the end and one after make two", () =>
    withFolder(async (file) => {
      {
        await using store = await open(file);
        await create(store);
        await using hub = await startHub(store);
        await hub.play([up, down], 2000);
      }
      await using store = await open(file);
      await using hub = await startHub(store);
      await hub.play([down], 9000);
      const incident = await until(async () => (await store.openIncidents())[0]);
      assert.equal(incident.openedAt, 3000);
    }));

  test("an acknowledgement stays with the incident when it is resolved", () =>
    withFolder(async (file) => {
      await using store = await open(file);
      await create(store);
      await using hub = await startHub(store);
      await hub.play([down, down], 2000);
      const { id } = await until(async () => (await store.openIncidents())[0]);
      assert.equal((await hub.alerting.acknowledge(id, "key ops"))?.acknowledgedAt, 5000);
      hub.time.now = 7000;
      assert.equal((await hub.alerting.acknowledge(id, "key ops"))?.acknowledgedAt, 5000);
      await hub.play([up], 8000);
      await until(async () => (await store.incident(id))?.resolvedAt ?? undefined);
      assert.equal((await store.incident(id))?.acknowledgedAt, 5000);
      const audit = await store.auditEntries({ limit: 10 });
      assert.equal(audit.filter((entry) => entry.action === "acknowledge").length, 1);
      assert.equal(await hub.alerting.acknowledge(createId<"incident">(1), "x"), undefined);
    }));

  test("a monitor that is deleted or paused takes its open incident with it", () =>
    withFolder(async (file) => {
      await using store = await open(file);
      await create(store);
      await using hub = await startHub(store);
      await hub.play([down, down], 2000);
      await hub.alerting.close(monitor.id, 9000);
      assert.deepEqual(await store.openIncidents(), []);
      assert.equal(hub.told.at(-1)?.resolvedAt, 9000);
    }));
});
