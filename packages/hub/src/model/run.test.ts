import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  applyEvent,
  durationSecondsOf,
  mostRunMetrics,
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
    const value = { ratio: 0.25, current: 1, total: 4, message: null };
    assert.deepEqual(run.progress, { at: 3000, value });
  });

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
