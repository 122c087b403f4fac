import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createAgent, type Agent } from "./agent.ts";
import type { CollectorParts, CollectorSpec } from "./collect/collector.ts";
import { gauge } from "./collect/metric.ts";
import type { Sample } from "./sample/series-table.ts";
import { TestTime } from "./send/clock.kit.ts";

const settings = {
  roots: { proc: "/proc", sys: "/sys", root: "" },
  diskPath: "/",
  topProcesses: 10,
  containerSocket: null,
  intervalMs: 5_000,
};

/** A collector that does what a test tells it to. */
function collector(
  name: string,
  pace: CollectorSpec["pace"],
  collect: (
    parts: CollectorParts,
    metric: CollectorSpec["metrics"][number],
  ) => void | Promise<void>,
): CollectorSpec {
  const metric = gauge(`node_${name}`, "What the test says.");
  return {
    name,
    pace,
    metrics: [metric],
    create: (_, parts) => ({
      collect: () => collect(parts, metric),
      [Symbol.dispose]: () => undefined,
    }),
  };
}

interface Watch extends AsyncDisposable {
  readonly agent: Agent;
  readonly time: TestTime;
  /** Monotonic ms of every sample. */
  readonly times: number[];
  readonly samples: Sample[];
  readonly logged: string[];
  /** What the latest sample has. */
  shown(): Readonly<Record<string, number>>;
}

function watch(...collectors: CollectorSpec[]): Watch {
  const time = new TestTime();
  const samples: Sample[] = [];
  const times: number[] = [];
  const logged: string[] = [];
  const log = (fields: object, message: string): void =>
    void logged.push(`${message} ${JSON.stringify(fields)}`);
  const agent = createAgent(settings, {
    clock: time.clock,
    after: time.after,
    log: { info: log, warn: log },
    collectors,
    onSample: (sample) => {
      samples.push(sample);
      times.push(time.clock.monotonicMs());
    },
  });
  return {
    agent,
    time,
    times,
    samples,
    logged,
    shown: () => {
      const { series = [], values = [], present } = agent.latest ?? {};
      const here = series.map(({ metric }, i) => [metric.name, values[i] ?? Number.NaN] as const);
      return Object.fromEntries(here.filter((_, i) => present?.[i] !== 0));
    },
    async [Symbol.asyncDispose]() {
      const stopped = agent[Symbol.asyncDispose]();
      time.pass(60_000);
      await stopped;
    },
  };
}

/** Lets promises settle. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("an agent", () => {
  it("samples at once, half a second later, and then at whole intervals", async () => {
    await using host = watch(
      collector("one", "core", ({ section }, one) => section.put(one, {}, 1)),
    );
    assert.equal(host.agent.latest, null, "nothing is sampled before the agent is there");
    host.time.pass(0);
    assert.deepEqual(host.times, [0]);
    host.time.pass(16_000);
    assert.deepEqual(host.times, [0, 500, 5_000, 10_000, 15_000]);
    assert.equal(host.samples[2]?.at, 1_790_000_005_000);
    assert.equal(host.agent.latest, host.samples[4]);
  });

  it("leaves out ticks it was too busy for, and keeps its rhythm", async () => {
    let busyMs = 0;
    const time = new TestTime();
    const times: number[] = [];
    await using _ = createAgent(settings, {
      clock: {
        now: time.clock.now,
        monotonicMs: () => time.clock.monotonicMs() + busyMs,
      },
      after: time.after,
      log: { info: () => undefined, warn: () => undefined },
      collectors: [],
      onSample: () => {
        times.push(time.clock.monotonicMs() + busyMs);
        if (times.length === 3) busyMs += 12_300;
      },
    });
    time.pass(20_000);
    assert.deepEqual(times, [0, 500, 5_000, 22_300, 25_000, 30_000]);
  });

  it("repeats what slow collectors found last until it is too old", async () => {
    let rounds = 0;
    const slow = collector("slow", 60, ({ section }, metric) => {
      rounds += 1;
      if (rounds > 2) return new Promise(() => undefined);
      section.put(metric, {}, rounds);
      return undefined;
    });
    await using host = watch(slow);
    host.time.pass(5_000);
    assert.deepEqual(host.shown(), { node_slow: 1 });
    host.time.pass(55_000);
    assert.deepEqual(host.shown(), { node_slow: 1 });
    host.time.pass(5_000);
    assert.deepEqual(host.shown(), { node_slow: 2 });
    host.time.pass(60_000);
    assert.deepEqual(host.shown(), { node_slow: 2 }, "its third round is under way");
    host.time.pass(30_000);
    assert.deepEqual(host.shown(), {}, "its third round hangs");
  });

  it("waits for a hung collector and for nobody else, and never starts it twice", async () => {
    let started = 0;
    const release = Promise.withResolvers<void>();
    const hung = collector("hung", 15, async ({ section }, metric) => {
      started += 1;
      if (started === 1) await release.promise;
      section.put(metric, {}, started);
    });
    const well = collector("well", 15, ({ section, monotonicMs }, metric) =>
      section.put(metric, {}, monotonicMs()),
    );
    await using host = watch(hung, well);
    host.time.pass(300_000);
    assert.equal(started, 1);
    assert.equal(host.times.length, 62);
    assert.deepEqual(Object.keys(host.shown()), ["node_well"]);
    const [state] = host.agent.collectors;
    assert.equal(state?.fault, "no answer within 20 s");
    assert.equal(state?.faults, 1);
    release.resolve();
    await settle();
    host.time.pass(5_000);
    assert.deepEqual(Object.keys(host.shown()), ["node_well"], "what came too late is not shown");
    host.time.pass(15_000);
    await settle();
    host.time.pass(5_000);
    assert.equal(host.shown()["node_hung"], 2);
    assert.equal(host.agent.collectors[0]?.fault, null);
  });

  it("counts every fault, logs it once until it changes, and shows nothing of it", async () => {
    let fault: string | null = null;
    const core = collector("core", "core", ({ section }, metric) => {
      section.put(metric, {}, 1);
      if (fault !== null) throw new Error(fault);
    });
    await using host = watch(core);
    host.time.pass(5_000);
    assert.deepEqual(host.shown(), { node_core: 1 });
    fault = "EIO: i/o error, read";
    host.time.pass(15_000);
    assert.deepEqual(host.shown(), {});
    assert.equal(host.agent.collectors[0]?.faults, 3);
    fault = "EACCES: permission denied";
    host.time.pass(10_000);
    fault = null;
    host.time.pass(5_000);
    assert.deepEqual(host.shown(), { node_core: 1 });
    assert.deepEqual(host.logged, [
      'collector failed {"collector":"core","fault":"EIO: i/o error, read"}',
      'collector failed {"collector":"core","fault":"EACCES: permission denied"}',
      'collector works again {"collector":"core"}',
    ]);
  });

  it("has the same details until something in them changes", async () => {
    let processes = 1;
    const facts = collector("facts", 15, ({ facts: sheet }) =>
      sheet.set("processes", { total: processes, by_cpu: [], by_memory: [] }),
    );
    await using host = watch(facts);
    host.time.pass(1_000);
    const first = host.agent.details;
    assert.equal(first.processes?.total, 1);
    assert.equal(first.read_at, "2026-09-21T14:13:20.090Z");
    host.time.pass(60_000);
    assert.equal(host.agent.details, first);
    processes = 2;
    host.time.pass(15_000);
    assert.notEqual(host.agent.details, first);
    assert.equal(host.agent.details.processes?.total, 2);
  });

  it("stops although a collector hangs", async () => {
    const hung = collector("hung", 15, () => new Promise(() => undefined));
    const host = watch(hung);
    host.time.pass(1_000);
    await host[Symbol.asyncDispose]();
    const { length } = host.samples;
    host.time.pass(60_000);
    assert.equal(host.samples.length, length);
  });
});
