import assert from "node:assert/strict";
import { test } from "node:test";
import { signal, type Signal } from "@preact/signals";
import type { MonitorView, SeriesRangeView } from "@belfry/contract";
import { rangeMs } from "../../chart/resolution.ts";
import type { Range, Span } from "../../route/route.ts";
import { createChartModel, type ChartModel } from "./chart-model.ts";
import { stopClock } from "../../live/clock.kit.ts";

const id = "0198c0de-0000-7000-8000-000000000001";
const begunAt = Date.UTC(2026, 0, 10);
const checkedEveryMs = 60_000;

interface Asked {
  readonly match: string;
  readonly span: Span;
  readonly step: number | null;
}

interface World extends Disposable {
  readonly model: ChartModel;
  readonly view: Signal<{ readonly range: Range; readonly zoom: Span | null }>;
  readonly monitor: Signal<MonitorView | null>;
  readonly heard: Signal<number>;
  readonly asked: Asked[];
  goDown(isDown: boolean): void;
  pass(ms: number): Promise<void>;
}

function monitorOf(change: Partial<MonitorView> = {}): MonitorView {
  return {
    id,
    name: "a",
    kind: "http",
    url: null,
    expected_status: null,
    enabled: true,
    interval: checkedEveryMs / 1000,
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
    status_since: "2025-01-01T00:00:00Z",
    flapping: false,
    last_check: null,
    version: 1,
    created_at: "2025-01-01T00:00:00Z",
    updated_at: "2025-01-01T00:00:00Z",
    ...change,
  };
}

/** One sample for each check within the span, as the hub would have it; buckets when a step is asked for. */
function seriesOf(
  labels: Record<string, string>,
  span: Span,
  step: number | null,
): SeriesRangeView {
  const every = step === null ? checkedEveryMs : step * 1000;
  const times: number[] = [];
  for (let at = Math.ceil(span.from / every) * every; at <= span.to; at += every) times.push(at);
  const ones = times.map(() => 1);
  const columns = {
    min: ones,
    max: ones.map(() => 3),
    sum: ones.map(() => 2),
    count: ones,
    last: ones,
  };
  return {
    from_ms: span.from,
    to_ms: span.to,
    step_seconds: step,
    items: [
      step === null
        ? { name: "d", labels, times_ms: times, values: ones }
        : { name: "d", labels, starts_ms: times, ...columns },
    ],
  };
}

async function begin(monitor: MonitorView | null, phases = true): Promise<World> {
  const clock = stopClock(begunAt);
  const view: World["view"] = signal({ range: "1h", zoom: null });
  const known = signal(monitor);
  const heard = signal(0);
  const asked: Asked[] = [];
  let isDown = false;
  const model = createChartModel(id, {
    client: {
      series: async (match, span, step) => {
        asked.push({ match, span, step });
        if (isDown) return { kind: "failed", failure: { kind: "unreachable" } };
        const ofPhases = match.includes("phase");
        const value = seriesOf(ofPhases ? { phase: "connect" } : {}, span, step);
        const locations = known.value?.locations ?? [];
        if (!ofPhases && locations.length > 0) {
          const each = locations.map((location) => seriesOf({ location }, span, step).items);
          return { kind: "ok", value: { ...value, items: each.flat() } };
        }
        return { kind: "ok", value: ofPhases && !phases ? { ...value, items: [] } : value };
      },
      uptime: async () => ({
        kind: "ok",
        value: {
          from: "",
          to: "",
          ratio: 1,
          up_seconds: 0,
          down_seconds: 0,
          uncounted_seconds: 0,
          intervals: [],
        },
      }),
    },
    view,
    monitor: known,
    heard,
    now: () => Date.now(),
  });
  const world: World = {
    model,
    view,
    monitor: known,
    heard,
    asked,
    goDown: (down) => (isDown = down),
    pass: (ms) => clock.pass(ms),
    [Symbol.dispose]() {
      model[Symbol.dispose]();
      clock[Symbol.dispose]();
    },
  };
  await world.pass(0);
  return world;
}

function timesOf(model: ChartModel): readonly number[] {
  return model.chart.value?.timeline.times ?? [];
}

test("waits until the monitor is known, then shows the range of the address", async () => {
  using world = await begin(null);
  assert.equal(world.asked.length, 0);
  world.monitor.value = monitorOf();
  await world.pass(0);
  const { chart } = world.model;
  assert.deepEqual(chart.value?.span, { from: begunAt - rangeMs["1h"], to: begunAt });
  assert.equal(timesOf(world.model).length, 61);
  assert.deepEqual([...(chart.value?.timeline.columns.keys() ?? [])], ["connect"]);
});

test("after a check only what is new is fetched, and what has left the range is dropped", async () => {
  using world = await begin(monitorOf());
  const before = timesOf(world.model);
  await world.pass(10 * checkedEveryMs);
  world.heard.value += 1;
  await world.pass(2000);
  const span = world.asked.at(-1)?.span;
  assert.equal(span?.from, before.at(-1));
  const after = timesOf(world.model);
  assert.equal(after.at(-1), begunAt + 10 * checkedEveryMs);
  assert.equal(new Set(after).size, after.length);
  assert.ok((after[0] ?? 0) >= begunAt + 10 * checkedEveryMs - rangeMs["1h"]);
});

test("a monitor that is checked every second is followed every two", async () => {
  using world = await begin(monitorOf());
  const before = world.asked.length;
  for (let i = 0; i < 6; i += 1) {
    world.heard.value += 1;
    await world.pass(1000);
  }
  assert.equal((world.asked.length - before) / 2, 3);
});

test("nothing moves while somebody looks closely, nor while zoomed in", async () => {
  using world = await begin(monitorOf());
  world.model.hold(true);
  world.heard.value += 1;
  await world.pass(10_000);
  assert.equal(world.asked.length, 2);
  world.model.hold(false);
  await world.pass(2000);
  assert.equal(world.asked.length, 4);
  const zoom = { from: begunAt - 600_000, to: begunAt };
  world.view.value = { range: "1h", zoom };
  await world.pass(0);
  assert.deepEqual(world.model.chart.value?.span, zoom);
  world.heard.value += 1;
  await world.pass(10_000);
  assert.equal(world.asked.length, 6);
});

test("a long range comes in buckets, with the slowest of each", async () => {
  using world = await begin(monitorOf());
  world.view.value = { range: "7d", zoom: null };
  await world.pass(0);
  const { chart } = world.model;
  assert.equal(chart.value?.step, 1800);
  assert.equal(chart.value?.timeline.columns.get("connect")?.[0], 2);
  assert.equal(chart.value?.timeline.columns.get("slowest")?.[0], 3);
});

test("a kind without phases shows the whole", async () => {
  using world = await begin(monitorOf({ kind: "tcp" }), false);
  assert.deepEqual([...(world.model.chart.value?.timeline.columns.keys() ?? [])], ["response"]);
});

test("another interval is another chart; another status is none", async () => {
  using world = await begin(monitorOf());
  world.monitor.value = monitorOf({ status: "down" });
  await world.pass(0);
  assert.equal(world.asked.length, 2);
  world.monitor.value = monitorOf({ interval: 30 });
  await world.pass(0);
  assert.equal(world.asked.length, 4);
});

test("a failure keeps what is shown and says so until it works again", async () => {
  using world = await begin(monitorOf());
  world.goDown(true);
  world.model.reload();
  await world.pass(0);
  assert.equal(world.model.failed.value, true);
  assert.equal(timesOf(world.model).length, 61);
  world.goDown(false);
  world.model.reload();
  await world.pass(0);
  assert.equal(world.model.failed.value, false);
});

test("a monitor with several locations has a line for each, at times they share", async () => {
  using world = await begin(monitorOf({ locations: ["local", "paris"] }));
  const chart = world.model.chart.value ?? assert.fail();
  assert.deepEqual([...chart.timeline.columns.keys()], ["from local", "from paris"]);
  assert.equal(chart.step, checkedEveryMs / 1000);
  assert.equal(world.asked.at(-1)?.step, checkedEveryMs / 1000);
});
