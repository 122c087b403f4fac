import assert from "node:assert/strict";
import { test } from "node:test";
import { Type } from "typebox";
import type { CheckKind, Probe } from "../model/check-kind.ts";
import { systemClock } from "../model/clock.ts";
import { createId, type MonitorId } from "../model/id.ts";
import type { Monitor } from "../model/monitor.ts";
import type { Outcome } from "../model/outcome.ts";
import { createProber } from "./check.ts";
import { defineKind } from "./kind.ts";

const up: Outcome = {
  result: "up",
  durationMs: 1,
  measurements: {},
  statusCode: null,
  certificateDays: null,
};

function kindWith(probe: Probe, made: () => void = () => {}): ReadonlyMap<string, CheckKind> {
  const kind = defineKind({
    kind: "odd",
    title: "",
    description: "",
    schema: Type.Object({}),
    secrets: [],
    metrics: [],
    real: true,
    problemsOf: () => [],
    targetOf: () => "",
    hostOf: () => "",
    createProbe: () => {
      made();
      return probe;
    },
  });
  return new Map([["odd", kind]]);
}

function monitorOf(id: MonitorId, version: number, kind = "odd"): Monitor {
  return {
    id,
    name: "a",
    kind,
    settings: {},
    labels: {},
    dependsOn: [],
    enabled: true,
    intervalMs: 1_000,
    timeoutMs: 20,
    judging: {
      downAfter: 1,
      upAfter: 1,
      retryIntervalMs: null,
      degradedAfterMs: null,
      degradedCertificateDays: null,
    },
    version,
    createdAt: 0,
    updatedAt: 0,
  };
}

const unexpected = (error: unknown): void => assert.fail(String(error));
const id = createId<"monitor">(0);
const { signal } = new AbortController();

test("a probe is prepared once for each version of a monitor", async () => {
  let made = 0;
  const prober = createProber(
    kindWith(
      async () => up,
      () => (made += 1),
    ),
    { clock: systemClock, onDefect: unexpected },
  );
  await prober.check(monitorOf(id, 1), signal);
  await prober.check(monitorOf(id, 1), signal);
  assert.equal(made, 1);
  await prober.check(monitorOf(id, 2), signal);
  assert.equal(made, 2);
  prober.forget(id);
  await prober.check(monitorOf(id, 2), signal);
  assert.equal(made, 3);
});

const defects: readonly (readonly [says: string, probe: Probe])[] = [
  [
    "throws",
    () => {
      throw new Error("secret geheim");
    },
  ],
  [
    "rejects",
    async () => {
      throw new TypeError("secret geheim");
    },
  ],
  ["rejects with no error", () => Promise.reject({ secret: "geheim" })],
];

for (const [says, probe] of defects) {
  test(`a probe that ${says} is a fault of Belfry, and what it said goes to the log alone`, async () => {
    const told: unknown[] = [];
    const prober = createProber(kindWith(probe), {
      clock: systemClock,
      onDefect: (error) => told.push(error),
    });
    const outcome = await prober.check(monitorOf(id, 1), signal);
    assert.ok(outcome.result === "unknown");
    assert.equal(outcome.reason, "internal");
    assert.equal(outcome.message, "the odd check failed inside of Belfry");
    assert.equal(told.length, 1);
  });
}

test("a probe that never ends is given up", async () => {
  const prober = createProber(
    kindWith(() => new Promise(() => {})),
    { clock: systemClock, onDefect: unexpected },
  );
  const outcome = await prober.check(monitorOf(id, 1), signal);
  assert.ok(outcome.result === "unknown");
  assert.equal(outcome.message, "the odd check did not end in time");
});

test("a monitor of a kind that is not there is a fault of Belfry", async () => {
  const prober = createProber(new Map(), { clock: systemClock, onDefect: () => {} });
  const outcome = await prober.check(monitorOf(id, 1, "gone"), signal);
  assert.equal(outcome.result, "unknown");
});
