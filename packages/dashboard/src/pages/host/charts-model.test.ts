import assert from "node:assert/strict";
import { test } from "node:test";
import { signal, type Signal } from "@preact/signals";
import type { HostDetailView } from "@belfry/contract";
import type { Client } from "../../api/client.ts";
import type { Range, Span } from "../../route/route.ts";
import { hostDetailOf } from "../hosts/host.kit.ts";
import { createChartsModel, type ChartsModel } from "./charts-model.ts";
import { columnOf } from "./host-series.ts";
import { stopClock } from "../../live/clock.kit.ts";

const begunAt = Date.UTC(2026, 0, 10);
const minute = 60_000;

interface Asked {
  readonly names: readonly string[];
  readonly span: Span;
  readonly step: number;
}

/** Stands for the hub: has a sample of every series asked for in every bucket from `from` on, but for a silence. */
class Hub {
  readonly asked: Asked[] = [];
  from = 0;
  silence: Span = { from: 0, to: 0 };
  isDown = false;
  readonly client: Pick<Client, "hostSeries" | "uptime"> = {
    hostSeries: (_id, names, span, step) => {
      this.asked.push({ names, span, step });
      if (this.isDown) {
        return Promise.resolve({ kind: "failed", failure: { kind: "unreachable" } });
      }
      const every = step * 1000;
      const starts_ms: number[] = [];
      for (let at = Math.floor(span.from / every) * every; at < span.to; at += every) {
        starts_ms.push(at);
      }
      const avg = starts_ms.map((at) =>
        at < this.from || (at >= this.silence.from && at < this.silence.to) ? null : at,
      );
      const items = names.map((name) => ({ name, labels: {}, avg, min: null, max: null }));
      return Promise.resolve({ kind: "ok", value: { step, starts_ms, items } });
    },
    uptime: (_id, span) =>
      Promise.resolve({
        kind: "ok",
        value: {
          from: new Date(span.from).toISOString(),
          to: new Date(span.to).toISOString(),
          ratio: 1,
          up_seconds: 0,
          down_seconds: 0,
          uncounted_seconds: 0,
          intervals: [],
        },
      }),
  };
}

interface World extends Disposable {
  readonly hub: Hub;
  readonly model: ChartsModel;
  readonly view: Signal<{ readonly range: Range; readonly zoom: Span | null }>;
  readonly heard: Signal<number>;
  readonly isSeen: Signal<boolean>;
  /** What was asked for since the last call: steps and spans of the first of each pair. */
  take(): readonly Asked[];
  pass(ms: number): Promise<void>;
}

async function begin(
  change: Parameters<typeof hostDetailOf>[1] = {},
  prepare: (hub: Hub) => void = () => undefined,
): Promise<World> {
  const clock = stopClock(begunAt);
  const hub = new Hub();
  prepare(hub);
  const view = signal<{ range: Range; zoom: Span | null }>({ range: "5m", zoom: null });
  const host = signal<HostDetailView | null>(hostDetailOf("a", change));
  const heard = signal(0);
  const isSeen = signal(true);
  const model = createChartsModel("a", {
    client: hub.client,
    view,
    host,
    heard,
    isSeen,
    width: () => 600,
    now: () => Date.now(),
  });
  await clock.pass(0);
  return {
    hub,
    model,
    view,
    heard,
    isSeen,
    take: () => hub.asked.splice(0),
    pass: (ms) => clock.pass(ms),
    [Symbol.dispose]() {
      model[Symbol.dispose]();
      clock[Symbol.dispose]();
    },
  };
}

test("a range is asked for in two pieces, in buckets no shorter than from one sample to the next", async () => {
  using world = await begin();
  const asked = world.take();
  assert.deepEqual(
    asked.map(({ span, step }) => [span.to - span.from, step]),
    [
      [5 * minute, 5],
      [5 * minute, 5],
    ],
  );
  world.view.value = { range: "24h", zoom: null };
  await world.pass(0);
  assert.equal(world.take()[0]?.step, 300);
  assert.equal(world.model.charts.value?.step, 300);
});

test("after a sample only what is new is fetched, from the last bucket on", async () => {
  using world = await begin();
  world.take();
  await world.pass(20_000);
  world.heard.value += 1;
  await world.pass(1000);
  const [asked] = world.take();
  assert.ok(asked);
  assert.equal(asked.span.from, begunAt - 5000);
  const times = world.model.charts.value?.machine.timeline.times ?? [];
  assert.equal(times.at(-1), begunAt + 20_000);
  assert.ok((times[0] ?? 0) >= begunAt + 21_000 - 5 * minute, "what left the span is let go");
  assert.equal(new Set(times).size, times.length);
});

test("wide buckets are not fetched anew with every sample", async () => {
  using world = await begin();
  world.view.value = { range: "24h", zoom: null };
  await world.pass(0);
  world.take();
  for (let i = 0; i < 8; i += 1) {
    await world.pass(5000);
    world.heard.value += 1;
  }
  assert.deepEqual(world.take(), []);
  await world.pass(30_000);
  assert.equal(world.take().length, 2);
});

test("nothing is fetched while nobody looks, while somebody looks closely, or while zoomed in", async () => {
  using world = await begin();
  world.take();
  const hear = async (): Promise<number> => {
    world.heard.value += 1;
    await world.pass(10_000);
    return world.take().length;
  };
  world.isSeen.value = false;
  assert.equal(await hear(), 0);
  world.isSeen.value = true;
  await world.pass(10_000);
  assert.equal(world.take().length, 2, "what was missed is fetched");
  world.model.hold(true);
  assert.equal(await hear(), 0);
  world.model.hold(false);
  await world.pass(1000);
  assert.equal(world.take().length, 2);
  world.view.value = { range: "5m", zoom: { from: begunAt - minute, to: begunAt } };
  await world.pass(0);
  world.take();
  assert.equal(await hear(), 0);
});

test("a silence is a gap", async () => {
  using world = await begin({}, (hub) => {
    hub.silence = { from: begunAt - 2 * minute, to: begunAt - minute };
  });
  const series = world.model.charts.value?.machine;
  assert.ok(series);
  const values = columnOf(series, "node_load1") ?? [];
  assert.equal(values.filter((value) => value === null).length, 1);
});

test("a new host is shown from its first sample on, also where that is older than the host", async () => {
  const created_at = new Date(begunAt - 2 * minute).toISOString();
  using world = await begin({ created_at }, (hub) => (hub.from = begunAt - 20 * minute));
  world.view.value = { range: "1h", zoom: null };
  await world.pass(0);
  const span = world.model.charts.value?.span;
  assert.ok(span);
  assert.ok(Math.abs(span.from - (begunAt - 20 * minute)) <= minute);
});

test("what failed is said, and tried again with the next sample", async () => {
  using world = await begin({}, (hub) => (hub.isDown = true));
  assert.equal(world.model.failed.value, true);
  world.hub.isDown = false;
  world.heard.value += 1;
  await world.pass(1000);
  assert.equal(world.model.failed.value, false);
  assert.ok(world.model.charts.value);
});
