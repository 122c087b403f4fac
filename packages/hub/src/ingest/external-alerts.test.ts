import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExternalAlert } from "../model/external-alert.ts";
import { ExternalAlerts } from "./external-alerts.ts";

const minuteMs = 60_000;

const alertOf = (fingerprint: string, endsAt: number, updatedAt: number): ExternalAlert => ({
  fingerprint,
  labels: { alertname: fingerprint },
  annotations: {},
  startsAt: 0,
  endsAt,
  generatorUrl: "",
  updatedAt,
});

/** Alerts that fire in a map; what was over is in `ended`. */
function open(firing: readonly ExternalAlert[]) {
  const clock = { wall: 10 * minuteMs, monotonic: 0 };
  const state = { failing: false, ended: [] as string[], told: 0, errors: 0 };
  const kept = new Map(firing.map((one) => [one.fingerprint, one]));
  const alerts = new ExternalAlerts({
    clock: { now: () => clock.wall, monotonicMs: () => clock.monotonic },
    store: {
      takeExternalAlerts: async (taken) => {
        for (const one of taken) kept.set(one.fingerprint, one);
        return { signals: taken.length };
      },
      endExternalAlerts: async (fingerprints) => {
        for (const one of fingerprints) kept.delete(one);
        state.ended.push(...fingerprints);
        return { signals: fingerprints.length };
      },
      externalAlerts: async ({ endsBy = Number.POSITIVE_INFINITY }) => {
        if (state.failing) throw new Error("busy");
        return [...kept.values()].filter(({ endsAt }) => endsAt <= endsBy);
      },
    },
    onSignals: () => void (state.told += 1),
    onError: () => void (state.errors += 1),
  });
  /** Looks every five seconds for so long. */
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 5_000) {
      clock.wall += 5_000;
      clock.monotonic += 5_000;
      await alerts.look();
    }
  };
  return { alerts, clock, state, pass };
}

test("an alert is over when its end passes without a word of it", async () => {
  const { alerts, clock, state, pass } = open([]);
  await alerts.take([alertOf("a", clock.wall + minuteMs, clock.wall)]);
  await alerts.take([]);
  assert.equal(state.told, 1);
  await pass(55_000);
  assert.deepEqual(state.ended, []);
  await alerts.take([alertOf("a", clock.wall + minuteMs, clock.wall)]);
  await pass(55_000);
  assert.deepEqual(state.ended, []);
  await pass(5_000);
  assert.deepEqual(state.ended, ["a"]);
  assert.equal(state.told, 3);
});

test("an alert of before the start is given five minutes to be told again", async () => {
  const { state, pass } = open([alertOf("old", minuteMs, 0)]);
  await pass(295_000);
  assert.deepEqual(state.ended, []);
  await pass(5_000);
  assert.deepEqual(state.ended, ["old"]);
});

const interruptions: readonly (readonly [
  string,
  (hub: ReturnType<typeof open>) => Promise<void>,
])[] = [
  [
    "a stall of the process",
    async ({ clock, alerts }) => {
      clock.wall += 10 * minuteMs;
      clock.monotonic += 10 * minuteMs;
      await alerts.look();
    },
  ],
  [
    "a jump of the clock",
    async ({ clock, pass }) => {
      clock.wall += 10 * minuteMs;
      await pass(5_000);
    },
  ],
  [
    "a store that failed",
    async ({ state, pass }) => {
      state.failing = true;
      await pass(10 * minuteMs);
      state.failing = false;
      assert.equal(state.errors, 120);
    },
  ],
];
for (const [what, interrupt] of interruptions) {
  test(`after ${what} what was heard of before is given five minutes`, async () => {
    const hub = open([]);
    await hub.pass(6 * minuteMs);
    await hub.alerts.take([alertOf("a", hub.clock.wall + minuteMs, hub.clock.wall)]);
    await interrupt(hub);
    await hub.pass(290_000);
    assert.deepEqual(hub.state.ended, []);
    await hub.pass(15_000);
    assert.deepEqual(hub.state.ended, ["a"]);
  });
}

test("looks by itself until it is disposed of", async () => {
  const { alerts } = open([]);
  alerts.start();
  await alerts[Symbol.asyncDispose]();
});
