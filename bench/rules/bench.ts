/**
 * One round over 1,000 rules and 150,000 series: 500 hosts of 300 series each, of which every rule looks at one of each
 * host, so 500,000 conditions; a tenth over a span. In one process, without a store: what a round costs the event loop.
 */
import type { AlertRuleInput, RuleCondition } from "@belfry/contract";
import { RuleRunner } from "../../packages/hub/src/rules/rule-runner.ts";
import type { RuleSubject } from "../../packages/hub/src/rules/subject.ts";
import type { BenchReport } from "../report.ts";

const rulesCount = 1_000;
const seriesPerHost = 300;
const intervalMs = 15_000;

/** Measures rounds. `short`: fifty hosts. */
export async function run({ short }: { readonly short: boolean }): Promise<BenchReport> {
  const hosts = short ? 50 : 500;
  const rounds = short ? 6 : 12;
  const before = residentMb();
  const { runner, tick } = createHosts(hosts);
  await runner.load();
  let spent = 0;
  let taken = 0;
  for (let round = 0; round < rounds; round += 1) {
    taken = measure(() => tick());
    const began = process.cpuUsage();
    await runner.round();
    const { user, system } = process.cpuUsage(began);
    // The first ones draw plans.
    if (round >= rounds / 2) spent += (user + system) / 1000;
  }
  const measured = rounds - Math.ceil(rounds / 2);
  const perRound = spent / measured;
  const conditions = hosts * rulesCount;
  const row = { budget: null, atMost: true } as const;
  return {
    name: "rules",
    rows: [
      { ...row, what: `CPU of a round, ${conditions} conditions`, value: perRound, unit: "ms" },
      { ...row, what: "CPU of a condition", value: (perRound * 1e6) / conditions, unit: "ns" },
      {
        ...row,
        what: "of a core, a round every 15 s",
        value: (perRound / intervalMs) * 100,
        unit: "%",
      },
      {
        ...row,
        what: `CPU to take in a sample of ${hosts * seriesPerHost} series`,
        value: taken,
        unit: "ms",
      },
      { ...row, what: "memory", value: residentMb() - before, unit: "MB" },
    ],
    notes: [
      `${hosts} hosts of ${seriesPerHost} series, ${rulesCount} rules, beside the built-in ones.`,
    ],
  };
}

function createHosts(hosts: number): { readonly runner: RuleRunner; readonly tick: () => void } {
  let now = 1_800_000_000_000;
  const series = Array.from({ length: seriesPerHost }, (_, i) => ({
    name: `bench_metric_${i % 100}`,
    labels: { device: `d${Math.floor(i / 100)}` },
  }));
  const subjects = new Map<string, RuleSubject>(
    Array.from({ length: hosts }, (_, i) => [`host:${i}`, subjectOf(i)] as const),
  );
  const rules = Array.from({ length: rulesCount }, (_, i) => ({
    id: `own-${i}`,
    version: 1,
    createdAt: 0,
    updatedAt: 0,
    rule: ruleOf(i),
  }));
  const runner = new RuleRunner({
    clock: { now: () => now, monotonicMs: () => performance.now() },
    store: {
      rules: () => Promise.resolve(rules),
      readAlive: () => Promise.resolve(undefined),
      ruleStates: () => Promise.resolve([]),
      commitRules: () => Promise.resolve("stored"),
      latestOf: () => Promise.resolve([]),
      rawOf: () => Promise.resolve([]),
      bucketsOfNames: () => Promise.resolve([]),
    },
    subject: (source) => subjects.get(source),
    sources: () => subjects.keys(),
    onSignals: () => undefined,
    onError: (error) => {
      throw error;
    },
  });
  const times = new Float64Array(1);
  const values = new Float64Array(seriesPerHost);
  return {
    runner,
    tick() {
      now += intervalMs;
      times[0] = now;
      for (const source of subjects.keys()) {
        for (let i = 0; i < seriesPerHost; i += 1) values[i] = (now / 1000 + i) % 90;
        runner.take([{ source, series, times, values }]);
      }
    },
  };
}

function subjectOf(i: number): RuleSubject {
  return {
    kind: "host",
    id: String(i),
    name: `host-${i}`,
    labels: {},
    intervalMs,
    clockOffsetMs: 0,
    isWatched: true,
    origin: {},
  };
}

function ruleOf(i: number): AlertRuleInput {
  const device = {
    name: "device",
    value: `d${Math.floor(i / 100) % 3}`,
    is_regex: false,
    is_equal: true,
  };
  const metric = { name: `bench_metric_${i % 100}`, matchers: [device] };
  const over = { over_seconds: 300, operator: ">", value: 100 } as const;
  const condition: RuleCondition =
    i % 10 === 0
      ? { kind: "threshold", metric, aggregate: "avg", ...over }
      : { kind: "threshold", metric, aggregate: "last", operator: ">", value: 100 + i };
  return {
    name: `rule ${i}`,
    enabled: true,
    severity: "warning",
    subject: "host",
    matchers: [],
    condition,
    for_seconds: 60,
    recovery_for_seconds: 60,
    labels: {},
    description: "",
  };
}

/** CPU of this process, in ms. */
function measure(work: () => void): number {
  const began = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

function residentMb(): number {
  return process.memoryUsage.rss() / 1e6;
}
