import assert from "node:assert/strict";
import { test } from "node:test";
import { signal, type Signal } from "@preact/signals";
import type { LiveCheck, MonitorView } from "@belfry/contract";
import type { Status } from "@belfry/contract/status";
import type { Client, MonitorPage } from "../../api/client.ts";
import type { Reply } from "../../api/failure.ts";
import type { LiveListener } from "../../live/stream.ts";
import { plainOverview, type OverviewView } from "../../route/route.ts";
import { createOverview, type OverviewModel } from "./overview-model.ts";
import { stopClock } from "../../live/clock.kit.ts";

function monitor(id: string, status: Status = "up"): MonitorView {
  return {
    id,
    name: id,
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
    target: id,
    status,
    status_since: "2026-01-01T00:00:00Z",
    flapping: false,
    last_check: null,
    version: 1,
    created_at: "2026-01-01T00:00:00Z",
    updated_at: "2026-01-01T00:00:00Z",
  };
}

function check(id: string, status: Status): LiveCheck {
  return { id, status, status_since: "2026-01-02T00:00:00Z", flapping: false, last_check: null };
}

type ListCall = Parameters<Client["listMonitors"]>;

interface World extends Disposable {
  readonly model: OverviewModel;
  readonly view: Signal<OverviewView>;
  /** The hub's monitors, in its order. */
  monitors: MonitorView[];
  /** Set to have the next answers fail. */
  isDown: boolean;
  readonly asked: ListCall[];
  readonly watched: (readonly string[])[];
  hear(listener: (listener: LiveListener) => void): void;
  /** Lets time pass, and what it set off come to its end. */
  pass(ms: number): Promise<void>;
}

/** A model with a hub that pages strictly by its own cursors, and time that stands still. */
async function begin(monitors: MonitorView[]): Promise<World> {
  const clock = stopClock();
  const listeners = new Set<LiveListener>();
  const view = signal<OverviewView>(plainOverview);
  const asked: ListCall[] = [];
  const watched: (readonly string[])[] = [];
  async function listMonitors(...call: ListCall): Promise<Reply<MonitorPage>> {
    asked.push(call);
    await Promise.resolve();
    if (world.isDown) return { kind: "failed", failure: { kind: "unreachable" } };
    const [filter, { cursor, limit }] = call;
    const fits = world.monitors.filter((one) => one.name.includes(filter.q));
    const start = cursor === null ? 0 : Number(cursor);
    const items = fits.slice(start, start + limit);
    const end = start + items.length;
    const next_cursor = end < fits.length ? String(end) : null;
    return { kind: "ok", value: { items, next_cursor, total: fits.length } };
  }
  const model = createOverview({
    client: { listMonitors, summaries: async () => ({ kind: "ok", value: { items: [] } }) },
    live: {
      listen: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      watch: (ids) => void watched.push(ids),
    },
    view,
    now: () => Date.now(),
  });
  const world: World = {
    model,
    view,
    monitors,
    isDown: false,
    asked,
    watched,
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
  await world.pass(1);
  return world;
}

const names = (count: number): MonitorView[] =>
  Array.from({ length: count }, (_, i) => monitor(`m${i}`));

test("loads a page at a time, and each only once", async () => {
  using world = await begin(names(230));
  const { model } = world;
  assert.deepEqual([model.ids.value.length, model.total.value], [100, 230]);
  model.more();
  model.more();
  await world.pass(0);
  assert.equal(model.ids.value.length, 200);
  model.more();
  await world.pass(0);
  model.more();
  await world.pass(0);
  assert.equal(model.ids.value.length, 230);
  assert.equal(new Set(model.ids.value).size, 230);
  assert.equal(world.asked.length, 3);
});

test("a check changes its row at once, and the order a little later", async () => {
  using world = await begin(names(3));
  const { model } = world;
  world.monitors = [monitor("m2", "down"), monitor("m0"), monitor("m1")];
  world.hear((listener) => listener.checks?.([check("m2", "down")]));
  assert.equal(model.row("m2")?.value.status, "down");
  assert.deepEqual(model.ids.value, ["m0", "m1", "m2"]);
  await world.pass(2000);
  assert.deepEqual(model.ids.value, ["m2", "m0", "m1"]);
});

test("a check that changes no status does not have the list fetched", async () => {
  using world = await begin(names(3));
  world.hear((listener) => listener.checks?.([check("m2", "up")]));
  await world.pass(10_000);
  assert.equal(world.asked.length, 1);
});

test("nothing moves under a pointer, and everything once it has left", async () => {
  using world = await begin(names(2));
  const { model } = world;
  model.hold(true);
  world.monitors = [monitor("m1", "down"), monitor("m0")];
  world.hear((listener) => listener.checks?.([check("m1", "down")]));
  await world.pass(10_000);
  assert.deepEqual(model.ids.value, ["m0", "m1"]);
  model.hold(false);
  await world.pass(2000);
  assert.deepEqual(model.ids.value, ["m1", "m0"]);
});

test("monitors that others make and delete come and go", async () => {
  using world = await begin(names(2));
  world.monitors = [monitor("m1"), monitor("new")];
  world.hear((listener) => listener.monitors?.({ changed: ["new"], deleted: ["m0"] }));
  await world.pass(500);
  assert.deepEqual(world.model.ids.value, ["m1", "new"]);
  assert.equal(world.model.total.value, 2);
});

test("another search is asked for once the typing pauses; until then the old answer stays", async () => {
  using world = await begin(names(30));
  for (const q of ["m", "m1", "m11"]) {
    world.view.value = { ...plainOverview, q };
    await world.pass(50);
  }
  assert.equal(world.model.loading.value, true);
  assert.equal(world.model.ids.value.length, 30);
  await world.pass(120);
  assert.deepEqual(world.model.ids.value, ["m11"]);
  assert.equal(world.asked.length, 2);
});

test("a refresh keeps as many rows as were loaded", async () => {
  using world = await begin(names(300));
  world.model.more();
  await world.pass(0);
  world.hear((listener) => listener.reset?.({}));
  await world.pass(0);
  assert.equal(world.model.ids.value.length, 200);
  assert.equal(world.asked.at(-1)?.[1].limit, 200);
  world.model.more();
  await world.pass(0);
  assert.equal(world.model.ids.value.length, 300);
});

test("a failure keeps what is shown, and says so until it works again", async () => {
  using world = await begin(names(2));
  world.isDown = true;
  world.model.refresh();
  await world.pass(0);
  assert.deepEqual(world.model.failure.value, { kind: "unreachable" });
  assert.equal(world.model.ids.value.length, 2);
  world.isDown = false;
  world.model.refresh();
  await world.pass(0);
  assert.equal(world.model.failure.value, null);
});

test("only what is in view is watched, and nothing any more once it is over", async () => {
  const world = await begin(names(3));
  world.model.see(["m1", "m2"]);
  assert.deepEqual(world.watched.at(-1), ["m1", "m2"]);
  world[Symbol.dispose]();
  assert.deepEqual(world.watched.at(-1), []);
});
