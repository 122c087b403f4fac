import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostDetailView } from "@belfry/contract";
import { incidentOf } from "../../live/incident.kit.ts";
import { uptimeDays } from "../../live/past.ts";
import type { LiveListener } from "../../live/stream.ts";
import { hostDetailOf, hostOf } from "../hosts/host.kit.ts";
import { createHostModel, type HostModel, type HostModelParts } from "./host-model.ts";
import { stopClock } from "../../live/clock.kit.ts";

/** Stands for the hub: one host, its uptime and its incidents, and a stream that says what a test has it say. */
class Hub {
  host: HostDetailView | null = hostDetailOf("a");
  readonly asked = { host: 0, uptime: 0, incidents: 0 };
  readonly watched: (string | readonly string[])[] = [];
  listener: LiveListener = {};

  readonly client: HostModelParts["client"] = {
    host: () => {
      this.asked.host += 1;
      if (this.host !== null) return Promise.resolve({ kind: "ok", value: this.host });
      return Promise.resolve({
        kind: "failed",
        failure: {
          kind: "problem",
          status: 404,
          code: "not_found",
          title: "",
          detail: "",
          advice: "",
          problems: [],
        },
      });
    },
    uptime: (_id, span) => {
      this.asked.uptime += 1;
      const days = (span.to - span.from) / 86_400_000;
      return Promise.resolve({
        kind: "ok",
        value: {
          from: "",
          to: "",
          ratio: days / 100,
          up_seconds: 0,
          down_seconds: 0,
          uncounted_seconds: 0,
          intervals: [],
        },
      });
    },
    incidents: ({ cursor }) => {
      this.asked.incidents += 1;
      const items = [incidentOf(cursor === undefined ? "newest" : "older")];
      return Promise.resolve({
        kind: "ok",
        value: { items, next_cursor: cursor === undefined ? "more" : null },
      });
    },
  };
  readonly live: HostModelParts["live"] = {
    listen: (listener) => {
      this.listener = { ...this.listener, ...listener };
      return () => void (this.listener = {});
    },
    watchHosts: (hosts) => void this.watched.push(hosts),
  };
}

interface World extends Disposable {
  readonly hub: Hub;
  readonly model: HostModel;
  pass(ms: number): Promise<void>;
}

async function begin(): Promise<World> {
  const clock = stopClock();
  const hub = new Hub();
  const { client, live } = hub;
  const model = createHostModel("id of a", { client, live, now: () => Date.now() });
  await clock.pass(0);
  return {
    hub,
    model,
    pass: (ms) => clock.pass(ms),
    [Symbol.dispose]() {
      model[Symbol.dispose]();
      clock[Symbol.dispose]();
    },
  };
}

test("a host is shown with its uptimes and incidents, and watched until it is left", async () => {
  const world = await begin();
  assert.equal(world.model.view.value?.name, "a");
  assert.deepEqual(
    world.model.past.uptimes.value.map((uptime) => uptime?.ratio),
    uptimeDays.map((days) => days / 100),
  );
  await world.model.past.olderIncidents();
  assert.deepEqual(
    world.model.past.incidents.value?.items.map(({ id }) => id),
    ["newest", "older"],
  );
  world.model.past.putIncident({ ...incidentOf("older"), acknowledged_at: "2026-01-02T00:00:00Z" });
  assert.ok(world.model.past.incidents.value?.items[1]?.acknowledged_at);
  world[Symbol.dispose]();
  assert.deepEqual(world.hub.watched, [["id of a"], []]);
});

test("figures change as they are heard; what else is known is read again a little later", async () => {
  using world = await begin();
  const { heard } = world.model;
  const before = heard.value;
  for (const cpu of [0.5, 0.6]) {
    world.hub.listener.hosts?.([hostOf("other"), hostOf("a", { figures: { cpu_ratio: cpu } })]);
  }
  assert.equal(world.model.view.value?.figures.cpu_ratio, 0.6);
  assert.equal(world.model.view.value?.silent_after, 30, "the rest stays");
  assert.equal(heard.value, before + 2);
  assert.equal(world.hub.asked.host, 1);
  await world.pass(5000);
  assert.equal(world.hub.asked.host, 2);
});

test("another status has the uptimes read at once", async () => {
  using world = await begin();
  const before = world.hub.asked.uptime;
  world.hub.listener.hosts?.([hostOf("a")]);
  assert.equal(world.hub.asked.uptime, before);
  world.hub.listener.hosts?.([hostOf("a", { status: "down" })]);
  assert.equal(world.hub.asked.uptime, before + uptimeDays.length);
});

test("a host that is deleted, or was never there, is missing", async () => {
  using world = await begin();
  world.hub.listener.monitors?.({ changed: [], deleted: ["id of a"] });
  assert.equal(world.model.failure.value, "missing");
  world.hub.host = null;
  world.model.refresh();
  await world.pass(0);
  assert.equal(world.model.failure.value, "missing");
});
