import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AlertRuleInput, RuleCondition } from "@belfry/contract";
import fc from "fast-check";
import { RuleRunner, roundMs } from "./rule-runner.ts";
import { onlyRule } from "./rule-set.ts";
import { replay, replayOne, resolutionOf, type Ring } from "./replay.ts";
import type { RuleSubject } from "./subject.ts";

const source = "host:0199a0c0-0000-7000-8000-000000000001";
const start = 1_800_000_000_000;
const key = { name: "node_load1", labels: {} };
const subject: RuleSubject = {
  kind: "host",
  id: source.slice(5),
  name: "web",
  labels: {},
  intervalMs: roundMs,
  clockOffsetMs: 0,
  isWatched: true,
  origin: {},
};
const metric = { name: key.name, matchers: [] };
const ruleOf = (condition: RuleCondition, seconds = 30): AlertRuleInput => ({
  name: "tried",
  enabled: true,
  severity: "warning",
  subject: "host",
  matchers: [],
  condition,
  for_seconds: seconds,
  recovery_for_seconds: seconds,
  labels: {},
  description: "",
});

/** One sample a round; null: none. */
type Values = readonly (number | null)[];

/** What the rule does while it runs, as rings. */
async function run(rule: AlertRuleInput, values: Values): Promise<readonly Ring[]> {
  let now = start;
  const rings: Ring[] = [];
  const series = [key];
  const runner = new RuleRunner({
    clock: { now: () => now, monotonicMs: () => 0 },
    store: {
      rules: () => Promise.resolve([{ id: "own", version: 1, createdAt: 0, updatedAt: 0, rule }]),
      readAlive: () => Promise.resolve(undefined),
      ruleStates: () => Promise.resolve([]),
      commitRules({ signals }) {
        for (const { state, evidence } of signals) {
          const last = rings.at(-1);
          if (state === "raised") {
            const { kind, id, name } = subject;
            const value = Number(evidence["value"]);
            rings.push({
              subject: { kind, id, name },
              series: {},
              startedAt: now,
              endedAt: null,
              value,
            });
          } else if (last !== undefined) rings[rings.length - 1] = { ...last, endedAt: now };
        }
        return Promise.resolve("stored");
      },
      latestOf: () => Promise.resolve([]),
      rawOf: () => Promise.resolve([]),
      bucketsOfNames: () => Promise.resolve([]),
    },
    subject: () => subject,
    sources: () => [source],
    onSignals: () => undefined,
    onError: (error) => assert.fail(String(error)),
  });
  await runner.load();
  for (const value of values) {
    if (value !== null) {
      const [times, column] = [Float64Array.of(now), Float64Array.of(value)];
      runner.take([{ source, series, times, values: column }]);
    }
    await runner.round();
    now += roundMs;
  }
  return rings;
}

function replayed(rule: AlertRuleInput, values: Values): Promise<readonly Ring[]> {
  const samples = values.flatMap((value, i) =>
    value === null ? [] : [[start + i * roundMs, value] as const],
  );
  const [times, column] = [samples.map(([at]) => at), samples.map(([, value]) => value)];
  const range = { from: start, to: start + (values.length - 1) * roundMs };
  return replayOne({ source, subject }, [{ key, times, values: column }], onlyRule(rule), {
    range,
    stepMs: roundMs,
    turn: () => Promise.resolve(),
  });
}

const conditions: readonly RuleCondition[] = [
  { kind: "threshold", metric, aggregate: "last", operator: ">", value: 5, recover_value: 3 },
  { kind: "threshold", metric, aggregate: "avg", over_seconds: 60, operator: ">", value: 5 },
  { kind: "rate", metric, over_seconds: 120, operator: ">", value: 0.2 },
  { kind: "change", metric, over_seconds: 60, relative: false, operator: ">=", value: 4 },
  { kind: "absence", metric, over_seconds: 60 },
  { kind: "prediction", metric, over_seconds: 120, within_seconds: 120, operator: ">", value: 12 },
];

describe("a replay", () => {
  it("is what running would have done on the same data", async () => {
    const value = fc.option(fc.integer({ min: 0, max: 10 }), { freq: 6, nil: null });
    const values = fc.array(value, { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...conditions),
        fc.constantFrom(0, 15, 45),
        values,
        async (condition, seconds, given) => {
          const rule = ruleOf(condition, seconds);
          assert.deepEqual(await replayed(rule, [1, ...given]), await run(rule, [1, ...given]));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("reads rollups where the range is long, and says so", async () => {
    const hour = 3_600_000;
    assert.deepEqual(
      [6, 7, 24 * 31, 24 * 32].map((hours) => resolutionOf({ from: 0, to: hours * hour })),
      [15_000, 300_000, 300_000, hour],
    );
    const asked: number[] = [];
    const starts = Float64Array.from({ length: 288 }, (_, i) => start + i * 300_000);
    const last = starts.map((_, i) => (i >= 100 && i < 110 ? 9 : 1));
    const found = await replay(
      ruleOf({ kind: "threshold", metric, aggregate: "last", operator: ">", value: 5 }, 0),
      { from: start, to: start + 24 * hour },
      [{ source, subject }],
      {
        monotonicMs: () => performance.now(),
        store: {
          latestOf: () => Promise.resolve([]),
          rawOf: () => Promise.resolve([]),
          bucketsOfNames(_source, _names, _range, stepMs) {
            asked.push(stepMs);
            return Promise.resolve([
              { key, starts, min: last, max: last, sum: last, count: last.map(() => 1), last },
            ]);
          },
        },
      },
    );
    assert.deepEqual(asked, [300_000]);
    assert.equal(found.resolutionMs, 300_000);
    assert.deepEqual(
      found.rings.map(({ startedAt, endedAt, value }) => [
        startedAt - start,
        (endedAt ?? 0) - start,
        value,
      ]),
      [[101 * 300_000, 111 * 300_000, 9]],
    );
  });

  it("looks only at the subjects a rule is about", async () => {
    const rule = {
      ...ruleOf(conditions[0] ?? assert.fail()),
      matchers: [{ name: "subject", value: "db.*", is_regex: true, is_equal: true }],
    };
    const parts = {
      monotonicMs: () => 0,
      store: {
        latestOf: () => assert.fail("it is read"),
        rawOf: () => assert.fail("it is read"),
        bucketsOfNames: () => assert.fail("it is read"),
      },
    };
    const found = await replay(rule, { from: start, to: start + 1 }, [{ source, subject }], parts);
    assert.equal(found.subjects, 0);
  });
});
