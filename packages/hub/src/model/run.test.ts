import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  applyEvent,
  durationSecondsOf,
  longestRunMetadata,
  mostRunMetadata,
  mostRunMetrics,
  silenceMsOf,
  startedAtOf,
  statusOf,
  type RunEvent,
  type RunState,
} from "./run.ts";

function eventOf(over: Partial<RunEvent> = {}): RunEvent {
  return {
    key: "k",
    siteId: "fab1",
    appName: "batch",
    appId: null,
    appVersion: null,
    type: "job",
    runId: "r1",
    parentRunId: null,
    businessKey: "daily",
    subKey: null,
    kind: "started",
    at: 1000,
    status: null,
    metrics: {},
    metadata: {},
    trace: null,
    ...over,
  };
}

function runOf(...events: readonly Partial<RunEvent>[]): RunState {
  let run: RunState | undefined;
  for (const event of events) run = applyEvent(run, eventOf(event));
  assert.ok(run !== undefined);
  return run;
}

const started = { kind: "started", at: 1000 } as const;

const ends: readonly (readonly [string, Partial<RunEvent>, string])[] = [
  ["finished without a status succeeded", { kind: "finished" }, "succeeded"],
  ["finished and running succeeded", { kind: "finished", status: "running" }, "succeeded"],
  ["finished with an error failed", { kind: "finished", metadata: { error: "x" } }, "failed"],
  ["finished and failed failed", { kind: "finished", status: "failed" }, "failed"],
  ["finished and canceled is canceled", { kind: "finished", status: "canceled" }, "canceled"],
  ["error failed, whatever its status says", { kind: "error", status: "running" }, "failed"],
  ["canceled is canceled", { kind: "canceled" }, "canceled"],
  ["progress with a status goes on", { kind: "progress", status: "failed" }, "running"],
  ["a metric goes on", { kind: "metric" }, "running"],
];

describe("a run", () => {
  for (const [name, event, status] of ends) {
    test(`whose event is ${name}`, () => {
      assert.equal(statusOf(runOf(started, { at: 2000, ...event })), status);
    });
  }

  test("is not opened again by a late `started`, which tells when it began", () => {
    const run = runOf({ kind: "finished", at: 5000 }, started);
    assert.equal(statusOf(run), "succeeded");
    assert.deepEqual([startedAtOf(run), durationSecondsOf(run)], [1000, 4]);
    assert.equal(statusOf(runOf({ kind: "finished", at: 5000 }, { at: 9000 })), "succeeded");
  });

  test("of which only the end is heard began as long before as its client measured", () => {
    const run = runOf({ kind: "finished", at: 60_000, metrics: { duration_s: 10.5 } });
    assert.deepEqual([startedAtOf(run), durationSecondsOf(run)], [49_500, 10.5]);
  });

  test("takes the duration its client measured before the times of its events", () => {
    const run = runOf(started, { kind: "finished", at: 9000, metrics: { duration_s: 7.25 } });
    assert.deepEqual([startedAtOf(run), durationSecondsOf(run)], [1000, 7.25]);
  });

  test("ends as its newest end says; of two at once a failure is believed", () => {
    const failed = { kind: "error", at: 2000 } as const;
    assert.equal(statusOf(runOf(failed, { kind: "finished", at: 3000 })), "succeeded");
    assert.equal(statusOf(runOf({ kind: "finished", at: 2000 }, failed)), "failed");
  });

  test("keeps the newest progress, by count where no percentage is given", () => {
    const run = runOf(
      { kind: "progress", at: 3000, metrics: { progress_current: 1, progress_total: 4 } },
      { kind: "progress", at: 2000, metrics: { progress_pct: 90 } },
      { kind: "heartbeat", at: 4000 },
    );
    const value = { ratio: 0.25, current: 1, total: 4 };
    assert.deepEqual(run.progress, { at: 3000, value });
  });

  const ratios: readonly (readonly [Readonly<Record<string, number>>, number | null])[] = [
    [{ progress_pct: (2 / 3) * 100, progress_current: 2, progress_total: 3 }, 2 / 3],
    [{ progress_pct: 0.07 * 100 }, 0.07],
    [{ progress_pct: 120 }, 1],
    [{ progress_current: 3 }, null],
  ];
  for (const [metrics, ratio] of ratios) {
    test(`takes ${JSON.stringify(metrics)} for a ratio of ${ratio}`, () => {
      const run = runOf({ kind: "progress", at: 1, metrics });
      assert.equal(run.progress?.value.ratio, ratio);
    });
  }

  test("keeps what its progress said when heartbeats repeat the figures", () => {
    const metrics = { progress_pct: 50 };
    const run = runOf(
      { kind: "progress", at: 1, metrics, metadata: { message: "half" } },
      { kind: "heartbeat", at: 2, metrics },
    );
    assert.deepEqual([run.progress?.at, run.message?.value.text], [2, "half"]);
    const without = runOf({ kind: "progress", at: 3, metrics });
    assert.equal(without.message?.value.text, null);
  });

  test("puts metadata of its end over that of its beginning, by key; lines of its log have their own", () => {
    const run = runOf(
      { kind: "finished", at: 9, metadata: { rows: 7, host: "b" } },
      { kind: "started", at: 1, metadata: { host: "a", pid: 1 } },
      { kind: "event", at: 5, metadata: { level: "info", message: "x" } },
      { kind: "progress", at: 6, metadata: { message: "half", phase: "load" } },
      { kind: "metric", at: 7, metrics: { a: 1 }, metadata: { unit: "s" } },
    );
    const said = Object.entries(run.metadata).map(([name, { value }]) => [name, value]);
    assert.deepEqual(Object.fromEntries(said), { host: "b", phase: "load", pid: 1, rows: 7 });
  });

  test("keeps a bounded number of metadata, and none that is very large", () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`m${1000 + i}`, i]));
    const large = "x".repeat(longestRunMetadata);
    const run = runOf({ kind: "started", at: 1, metadata: { ...many, a: large, b: 1 } });
    assert.equal(Object.keys(run.metadata).length, mostRunMetadata);
    assert.deepEqual([run.metadata["a"], run.metadata["b"]?.value], [undefined, 1]);
  });

  const promises: readonly (readonly [string, unknown, number | null])[] = [
    ["of 10 s is silent after 33 s", 10, 33_000],
    ["of 0.2 s is silent after 3.6 s", 0.2, 3_600],
    ["of 0 promises nothing", 0, null],
    ["of text promises nothing", "10", null],
    ["of two days promises nothing", 172_800, null],
  ];
  for (const [name, seconds, silence] of promises) {
    test(`a heartbeat ${name}`, () => {
      const run = runOf({ kind: "started", at: 1, metadata: { heartbeat_s: seconds } });
      assert.equal(silenceMsOf(run), silence);
    });
  }

  test("keeps the error of the event that failed it", () => {
    const metadata = { error: "no space", error_type: "OSError", error_stack: "at a\nat b" };
    const run = runOf(started, { kind: "finished", at: 2, status: "failed", metadata });
    const value = { message: "no space", type: "OSError", stack: "at a\nat b" };
    assert.deepEqual(run.error?.value, value);
  });

  test("keeps the latest value of each metric, of a bounded number", () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`m${1000 + i}`, i]));
    const run = runOf({ at: 2, metrics: { a: 2 } }, { at: 1, metrics: { a: 1, ...many } });
    assert.equal(run.metrics["a"]?.value, 2);
    assert.equal(Object.keys(run.metrics).length, mostRunMetrics);
  });

  test("is the same in whatever order and however often its events come", () => {
    const text = fc.constantFrom(null, "a", "b");
    const event = fc.record({
      appVersion: text,
      parentRunId: text,
      businessKey: text,
      subKey: text,
      type: fc.constantFrom("job", "subjob"),
      kind: fc.constantFrom(
        ...(["started", "progress", "heartbeat", "metric", "event", "finished", "error"] as const),
        "canceled" as const,
      ),
      at: fc.integer({ min: 0, max: 4 }),
      status: fc.constantFrom(null, "running", "succeeded", "failed", "canceled"),
      metrics: fc.dictionary(
        fc.constantFrom("duration_s", "progress_pct", "progress_current", "x"),
        fc.integer({ min: -1, max: 3 }),
        { noNullPrototype: true },
      ),
      metadata: fc.dictionary(fc.constantFrom("error", "message", "n"), fc.constantFrom("p", "q"), {
        noNullPrototype: true,
      }),
    });
    const told = fc.array(event, { minLength: 1, maxLength: 8 }).chain((events) =>
      fc.record({
        events: fc.constant(events),
        again: fc.array(fc.nat({ max: events.length - 1 }), { maxLength: 8 }).chain((more) => {
          const all = [...events.keys(), ...more];
          return fc.shuffledSubarray(all, { minLength: all.length });
        }),
      }),
    );
    fc.assert(
      fc.property(told, ({ events, again }) => {
        const other = again.flatMap((index) => events[index] ?? []);
        assert.deepEqual(runOf(...other), runOf(...events));
      }),
      { numRuns: 2000 },
    );
  });
});
