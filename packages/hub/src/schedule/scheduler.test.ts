import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import type { Clock } from "../model/clock.ts";
import { createId, type MonitorId } from "../model/id.ts";
import { exampleMonitor } from "../model/monitor.kit.ts";
import type { Monitor } from "../model/monitor.ts";
import { Scheduler } from "./scheduler.ts";
import { spreadOf } from "./slots.ts";

const clock: Clock = { now: () => Date.now(), monotonicMs: () => Date.now() };

beforeEach(() => mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 }));
afterEach(() => mock.timers.reset());

function monitorOf(name: string, intervalMs: number): Monitor {
  return exampleMonitor({ id: createId(Date.now()), name, intervalMs });
}

interface Trial {
  readonly scheduler: Scheduler;
  /** Start times since the beginning, by monitor name. */
  readonly starts: Map<string, number[]>;
  readonly lags: number[];
  readonly skips: { overrun: number; stall: number };
  /** Ends the running check of a monitor. */
  finish(name: string, retryMs?: number): Promise<void>;
  aborted: string[];
  /** Moves time on in steps of 100 ms. */
  pass(ms: number): Promise<void>;
}

/** `takesMs`: how long a check takes, or null: until `finish`. */
function trial(
  takesMs: number | null,
  limits = { maxConcurrent: 100, maxConcurrentPerHost: 100 },
  hostOf = (monitor: Monitor): string => monitor.name.slice(0, 1),
): Trial {
  const begin = Date.now();
  const starts = new Map<string, number[]>();
  const ends = new Map<string, (retryMs: number | null) => void>();
  const lags: number[] = [];
  const aborted: string[] = [];
  const skips = { overrun: 0, stall: 0 };
  const scheduler = new Scheduler(limits, {
    clock,
    hostOf,
    onStart: (lag) => lags.push(lag),
    onSkip: (cause, count) => {
      skips[cause] += count;
    },
    run: (monitor, signal) =>
      new Promise((resolve) => {
        const list = starts.get(monitor.name) ?? [];
        list.push(Date.now() - begin);
        starts.set(monitor.name, list);
        signal.addEventListener("abort", () => {
          aborted.push(monitor.name);
          resolve(null);
        });
        if (takesMs === null) ends.set(monitor.name, resolve);
        else setTimeout(() => resolve(null), takesMs);
      }),
  });
  return {
    scheduler,
    starts,
    lags,
    skips,
    aborted,
    async finish(name, retryMs) {
      ends.get(name)?.(retryMs ?? null);
      await settle();
    },
    async pass(ms) {
      for (let passed = 0; passed < ms; passed += 100) {
        mock.timers.tick(100);
        await settle();
      }
    },
  };
}

/** Lets promises that are already decided run on. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
}

describe("scheduler", () => {
  test("checks a new monitor at once and then on its slots, without drift", async () => {
    const t = trial(300);
    t.scheduler.add(monitorOf("a", 1000), 0);
    await t.pass(4000);
    assert.deepEqual(t.starts.get("a"), [100, 1000, 2000, 3000, 4000]);
    assert.deepEqual(t.skips, { overrun: 0, stall: 0 });
  });

  test("never overlaps: slots during a long check are skipped and counted", async () => {
    const t = trial(2500);
    t.scheduler.add(monitorOf("a", 1000), 0);
    await t.pass(6000);
    assert.deepEqual(t.starts.get("a"), [100, 3000, 6000]);
    assert.equal(t.skips.overrun, 4);
  });

  test("a retry comes before the next slot and moves no slot", async () => {
    const t = trial(null);
    t.scheduler.add(monitorOf("a", 10_000), 0);
    await t.pass(100);
    await t.finish("a", 2000);
    await t.pass(2000);
    assert.deepEqual(t.starts.get("a"), [100, 2100]);
    await t.finish("a");
    await t.pass(8000);
    assert.deepEqual(t.starts.get("a"), [100, 2100, 10_000]);
  });

  test("a retry later than the next slot is left to the slot", async () => {
    const t = trial(null);
    t.scheduler.add(monitorOf("a", 1000), 0);
    await t.pass(100);
    await t.finish("a", 5000);
    await t.pass(1000);
    assert.deepEqual(t.starts.get("a"), [100, 1000]);
  });

  test("slots that passed during a stall are skipped, not made up for", async () => {
    const t = trial(10);
    t.scheduler.add(monitorOf("a", 1000), 0);
    await t.pass(1500);
    mock.timers.setTime(Date.now() + 5000);
    await t.pass(1000);
    assert.equal(t.skips.stall, 4);
    assert.equal(t.starts.get("a")?.length, 4);
  });

  test("bounds how many run at once, and the first that waited goes first", async () => {
    const t = trial(null, { maxConcurrent: 2, maxConcurrentPerHost: 2 });
    for (const [i, name] of ["a", "b", "c", "d"].entries()) {
      t.scheduler.add(monitorOf(name, 60_000), i);
    }
    await t.pass(100);
    assert.deepEqual([...t.starts.keys()], ["a", "b"]);
    assert.equal(t.scheduler.waiting, 2);
    await t.finish("b");
    assert.deepEqual([...t.starts.keys()], ["a", "b", "c"]);
    await t.pass(1000);
    await t.finish("a");
    assert.deepEqual([...t.starts.keys()], ["a", "b", "c", "d"]);
    assert.ok((t.lags.at(-1) ?? 0) >= 1, "the wait is part of the lag");
  });

  test("a crowded host does not hold up the others", async () => {
    const t = trial(null, { maxConcurrent: 10, maxConcurrentPerHost: 1 });
    for (const name of ["a1", "a2", "b1"]) t.scheduler.add(monitorOf(name, 60_000), 0);
    await t.pass(100);
    assert.deepEqual([...t.starts.keys()], ["a1", "b1"]);
    await t.finish("a1");
    assert.deepEqual([...t.starts.keys()], ["a1", "b1", "a2"]);
  });

  test("targets without a host share no bound", async () => {
    const t = trial(null, { maxConcurrent: 10, maxConcurrentPerHost: 1 }, () => "");
    for (const name of ["a1", "a2", "b1"]) t.scheduler.add(monitorOf(name, 60_000), 0);
    await t.pass(100);
    assert.equal(t.starts.size, 3);
  });

  test("removing a monitor aborts its check and leaves nothing behind", async () => {
    const t = trial(null);
    const monitor = monitorOf("a", 1000);
    t.scheduler.add(monitor, 0);
    await t.pass(100);
    t.scheduler.remove(monitor.id);
    await t.pass(5000);
    assert.deepEqual(t.aborted, ["a"]);
    assert.deepEqual(t.starts.get("a"), [100]);
    assert.deepEqual([t.scheduler.running, t.scheduler.waiting, t.scheduler.size], [0, 0, 0]);
  });

  test("checkNow joins the check that runs, or starts one and keeps the slots", async () => {
    const t = trial(500);
    const monitor = monitorOf("a", 10_000);
    t.scheduler.add(monitor, 0);
    await t.pass(100);
    let joined = false;
    void t.scheduler.checkNow(monitor.id).then(() => (joined = true));
    await t.pass(600);
    assert.equal(joined, true);
    assert.equal(t.starts.get("a")?.length, 1);
    void t.scheduler.checkNow(monitor.id);
    await t.pass(9400);
    assert.deepEqual(t.starts.get("a"), [100, 700, 10_000]);
    assert.equal(await t.scheduler.checkNow("none" as MonitorId), false);
  });

  test("after a start each is checked within min(interval, 60 s), spread out", async () => {
    const t = trial(1, { maxConcurrent: 1000, maxConcurrentPerHost: 1000 });
    const monitors = Array.from({ length: 200 }, (_, i) =>
      monitorOf(`m${i}`, i < 100 ? 10_000 : 86_400_000),
    );
    t.scheduler.addSpread(monitors);
    await t.pass(61_000);
    const first = [...t.starts].map(([name, times]) => ({
      short: Number(name.slice(1)) < 100,
      at: times[0] ?? 0,
    }));
    assert.equal(first.length, 200);
    assert.ok(first.filter((one) => one.short).every((one) => one.at <= 10_100));
    assert.ok(first.every((one) => one.at <= 60_100));
    const busiest = Math.max(
      ...Map.groupBy(first, (one) => Math.floor(one.at / 1000))
        .values()
        .map((group) => group.length),
    );
    assert.ok(busiest < 40, `at most ${busiest} began in one second`);
  });

  test("retiring monitors waits for what runs of them, and aborts what takes too long", async () => {
    const t = trial(null);
    const [quick, slow] = [monitorOf("quick", 1000), monitorOf("slow", 1000)];
    for (const monitor of [quick, slow]) t.scheduler.add(monitor, 0);
    await t.pass(100);
    let isOver = false;
    const retired = t.scheduler.retire([quick.id, slow.id], 2000).then(() => (isOver = true));
    await t.finish("quick");
    await t.pass(1900);
    assert.deepEqual([isOver, t.aborted], [false, []]);
    await t.pass(100);
    await retired;
    assert.deepEqual(t.aborted, ["slow"]);
    await t.pass(5000);
    assert.deepEqual([t.starts.get("quick")?.length, t.starts.get("slow")?.length], [1, 1]);
    assert.equal(t.scheduler.size, 0);
  });

  test("stopping aborts what runs, waits for it and starts nothing more", async () => {
    const t = trial(null);
    t.scheduler.add(monitorOf("a", 1000), 0);
    await t.pass(100);
    await t.scheduler[Symbol.asyncDispose]();
    await t.pass(3000);
    assert.deepEqual(t.aborted, ["a"]);
    assert.deepEqual(t.starts.get("a"), [100]);
  });

  test("the spread of ids is even", () => {
    const spreads = Array.from({ length: 1000 }, () => spreadOf(createId<"monitor">(1)));
    assert.ok(spreads.every((spread) => spread >= 0 && spread < 1));
    const mean = spreads.reduce((a, b) => a + b) / 1000;
    assert.ok(mean > 0.4 && mean < 0.6, `mean ${mean}`);
  });
});
