import assert from "node:assert/strict";
import { test } from "node:test";
import type { HistoryRow, LiveCheck, MonitorView } from "@belfry/contract";
import { parseFailure, type Reply } from "../../api/failure.ts";
import { incidentOf } from "../../live/incident.kit.ts";
import { uptimeDays } from "../../live/past.ts";
import type { LiveListener } from "../../live/stream.ts";
import { createMonitorModel, type MonitorModel } from "./monitor-model.ts";
import { stopClock } from "../../live/clock.kit.ts";

const id = "0198c0de-0000-7000-8000-000000000001";
const since = "2026-01-01T00:00:00Z";

const monitor: MonitorView = {
  id,
  name: "a",
  kind: "tcp",
  url: null,
  expected_status: null,
  enabled: true,
  interval: 60,
  timeout: 10,
  settings: {},
  labels: {},
  depends_on: [],
  locations: [],
  quorum: null,
  judging: {
    down_after: 2,
    up_after: 1,
    retry_interval: null,
    degraded_response_time: null,
    degraded_certificate_days: 14,
  },
  target: "a",
  status: "up",
  status_since: since,
  flapping: false,
  last_check: null,
  version: 1,
  created_at: since,
  updated_at: since,
};

function rowOf(minute: number): HistoryRow {
  return {
    timestamp: new Date(minute * 60_000).toISOString(),
    status: "UP",
    status_code: null,
    latency_ms: 1,
    error_message: null,
    reason: null,
    location: "local",
  };
}

function checkOf(change: Partial<LiveCheck> = {}): LiveCheck {
  return { id, status: "up", status_since: since, flapping: false, last_check: null, ...change };
}

interface World extends Disposable {
  readonly model: MonitorModel;
  /** What was asked for, in order: `monitor`, `uptime`, `incidents`, `history`. */
  readonly asked: string[];
  /** What the hub says of the monitor from now on. */
  answerWith(reply: Reply<MonitorView>): void;
  hear(tell: (listener: LiveListener) => void): void;
  pass(ms: number): Promise<void>;
}

async function begin(): Promise<World> {
  const clock = stopClock();
  const asked: string[] = [];
  const listeners = new Set<LiveListener>();
  let monitorReply: Reply<MonitorView> = { kind: "ok", value: monitor };
  const model = createMonitorModel(id, {
    client: {
      monitor: async () => {
        asked.push("monitor");
        return monitorReply;
      },
      uptime: async (_id, span) => {
        asked.push("uptime");
        const days = (span.to - span.from) / 86_400_000;
        const seconds = { up_seconds: 0, down_seconds: 0, uncounted_seconds: 0 };
        return {
          kind: "ok",
          value: { from: "", to: "", ratio: 1 / days, ...seconds, intervals: [] },
        };
      },
      incidents: async ({ cursor }) => {
        asked.push("incidents");
        const items = [incidentOf(cursor === undefined ? "new" : "old")];
        return { kind: "ok", value: { items, next_cursor: cursor === undefined ? "more" : null } };
      },
      history: async (_id, { status, cursor }) => {
        asked.push(`history ${status ?? "all"}`);
        const items = [rowOf(cursor === undefined ? 2 : 1)];
        return { kind: "ok", value: { items, next_cursor: cursor === undefined ? "more" : null } };
      },
    },
    live: {
      listen: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      watch: () => undefined,
    },
    now: () => Date.now(),
  });
  const world: World = {
    model,
    asked,
    answerWith: (reply) => (monitorReply = reply),
    hear(tell) {
      for (const listener of listeners) tell(listener);
    },
    pass: (ms) => clock.pass(ms),
    [Symbol.dispose]() {
      model[Symbol.dispose]();
      assert.equal(listeners.size, 0);
      clock[Symbol.dispose]();
    },
  };
  await world.pass(0);
  world.asked.length = 0;
  return world;
}

test("a page begins with all there is to know", async () => {
  using world = await begin();
  const { model } = world;
  assert.equal(model.view.value?.name, "a");
  assert.deepEqual(
    model.past.uptimes.value.map((uptime) => uptime?.ratio),
    uptimeDays.map((days) => 1 / days),
  );
  assert.equal(model.past.incidents.value?.items.length, 1);
  assert.equal(model.history.value?.items.length, 1);
});

test("checks change the state at once, and the list of checks no more than every two seconds", async () => {
  using world = await begin();
  for (let i = 0; i < 5; i += 1) world.hear((listener) => listener.checks?.([checkOf()]));
  assert.equal(world.model.heard.value, 5);
  await world.pass(2000);
  assert.deepEqual(world.asked, ["history all"]);
});

test("a change of status has uptime fetched as well; a check of another monitor nothing", async () => {
  using world = await begin();
  world.hear((listener) => listener.checks?.([checkOf({ id: "other", status: "down" })]));
  await world.pass(5000);
  assert.deepEqual(world.asked, []);
  world.hear((listener) => listener.checks?.([checkOf({ status: "down" })]));
  assert.equal(world.model.view.value?.status, "down");
  await world.pass(0);
  assert.deepEqual(
    world.asked,
    uptimeDays.map(() => "uptime"),
  );
});

test("older pages stand behind the newer ones, and end", async () => {
  using world = await begin();
  const { model } = world;
  await model.past.olderIncidents();
  await model.past.olderIncidents();
  assert.deepEqual(
    model.past.incidents.value?.items.map((one) => one.id),
    ["new", "old"],
  );
  await model.olderChecks();
  await model.olderChecks();
  assert.equal(model.history.value?.items.length, 2);
  model.past.putIncident({ ...incidentOf("old"), acknowledged_at: since });
  assert.deepEqual(
    model.past.incidents.value?.items.map((one) => one.acknowledged_at),
    [null, since],
  );
});

test("only failures are listed when only they are wanted", async () => {
  using world = await begin();
  world.model.showFailuresOnly(true);
  await world.pass(0);
  assert.deepEqual(world.asked, ["history DOWN,TIMEOUT,ERROR,UNKNOWN"]);
});

test("a monitor that somebody deletes is missing, one that somebody changes is read again", async () => {
  using world = await begin();
  world.answerWith({ kind: "ok", value: { ...monitor, name: "b" } });
  world.hear((listener) => listener.monitors?.({ changed: [id], deleted: [] }));
  await world.pass(0);
  assert.equal(world.model.view.value?.name, "b");
  world.hear((listener) => listener.monitors?.({ changed: [], deleted: [id] }));
  assert.equal(world.model.failure.value, "missing");
});

test("what cannot be read keeps the page as it was; what is not there is missing", async () => {
  using world = await begin();
  world.answerWith({ kind: "failed", failure: { kind: "unreachable" } });
  world.model.refresh();
  await world.pass(0);
  assert.equal(world.model.view.value?.name, "a");
  assert.deepEqual(world.model.failure.value, { kind: "unreachable" });
  world.answerWith({ kind: "failed", failure: parseFailure(404, "") });
  world.hear((listener) => listener.reset?.({}));
  await world.pass(0);
  assert.equal(world.model.failure.value, "missing");
});

test("uptime is fetched every minute, for as long as the page is there", async () => {
  const world = await begin();
  await world.pass(60_000);
  assert.equal(world.asked.length, uptimeDays.length);
  world[Symbol.dispose]();
});
