/**
 * From a job to a real Prometheus and a real VictoriaMetrics: events through a real sidecar end as samples, each with its
 * value and time, while the receiver is away and the sidecar is killed in between; queries find them. And what a real Prometheus
 * refuses is told apart: late, too old, far ahead.
 */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { JobEvent } from "@belfry/contract";
import type { EventSink } from "../../packages/relay/src/event-sink.ts";
import { sinkParts } from "../../packages/relay/src/sinks/event-sink.contract.ts";
import { prometheusKind } from "../../packages/relay/src/sinks/prometheus/kind.ts";
import { jobRecord } from "../../packages/relay/src/sinks/record.kit.ts";
import { commandPath, until } from "../kit/hub.ts";
import {
  prometheusProgram,
  startReceiver,
  victoriaProgram,
  type RunningReceiver,
} from "../kit/receiver.ts";

interface Sidecar extends AsyncDisposable {
  readonly url: string;
  kill(): Promise<void>;
}

async function startSidecar(spoolFolder: string, config: object): Promise<Sidecar> {
  const integrations = [{ type: "prometheus", name: "metrics", config }];
  const child = spawn(process.execPath, [commandPath, "sidecar", "--listen", "127.0.0.1:0"], {
    env: {
      PATH: process.env["PATH"],
      SPOOL_DIR: spoolFolder,
      INTEGRATIONS_CONFIG: JSON.stringify(integrations),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => void (output += chunk.toString()));
  }
  const url = await until("the sidecar listens", () => {
    if (child.exitCode !== null) throw new Error(output);
    return /listening on (http:\S+)/.exec(output)?.[1];
  });
  return { url, kill: () => kill(child), [Symbol.asyncDispose]: () => kill(child) };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

/** The events of a run that took `seconds` and ended at `endMs`. */
function runOf(job: string, number: number, endMs: number, seconds: number): JobEvent[] {
  const event = (
    kind: JobEvent["event"]["kind"],
    atMs: number,
    change: Partial<JobEvent["event"]> = {},
  ): JobEvent => {
    const id = `${job}-${number}`;
    const { event: whole } = jobRecord(`${id}-${kind}`, {
      entity: { id, business_key: job },
      event: {
        kind,
        at: new Date(atMs).toISOString(),
        status: "running",
        metrics: {},
        metadata: {},
        ...change,
      },
    });
    return whole;
  };
  const beginMs = endMs - seconds * 1000;
  return [
    event("started", beginMs),
    event("progress", beginMs + 10, {
      metrics: { progress_current: number, progress_total: 100 },
    }),
    event("metric", beginMs + 20, { metrics: { rows_read: number * 10 } }),
    event("finished", endMs, {
      status: number % 5 === 0 ? "failed" : "succeeded",
      metrics: { duration_s: seconds, cpu_user_s: number / 8, mem_max_mb: number },
    }),
  ];
}

async function post(sidecar: Sidecar, events: readonly JobEvent[]): Promise<void> {
  const body = JSON.stringify({ events });
  const answer = await fetch(`${sidecar.url}/v1/events/batch`, { method: "POST", body });
  assert.equal(answer.status, 202, await answer.text());
}

/** Samples by job: `[epoch ms, value]`, rising. */
async function samplesOf(
  receiver: RunningReceiver,
  name: string,
): Promise<Record<string, readonly (readonly [number, number])[]>> {
  const found = await receiver.find(name);
  return Object.fromEntries(found.map(({ labels, samples }) => [labels["job"], samples]));
}

for (const program of [prometheusProgram, victoriaProgram]) {
  describe(`a real ${program.name}`, { skip: program.missing }, () => {
    it("has every sample of every run, though it and the sidecar were gone in between", async () => {
      const spoolFolder = await mkdtemp(join(tmpdir(), "belfry-remote-write-"));
      try {
        await using receiver = await startReceiver(program);
        const config = { url: receiver.writeUrl, labels: { cluster: "eu1" }, timeout: 5 };
        // Runs of two jobs, one each second up to now.
        const runs = 40;
        const beginMs = Date.now() - (runs + 5) * 1000;
        const part = (from: number, to: number): JobEvent[] =>
          Array.from({ length: to - from }, (_, i) => from + i).flatMap((i) =>
            ["daily", "größe 🔔"].flatMap((job) => runOf(job, i, beginMs + i * 1000, 0.5)),
          );
        {
          await using sidecar = await startSidecar(spoolFolder, config);
          await post(sidecar, part(0, 10));
          await until("the first runs", () => hasRuns(receiver, 10), 30_000);
          await receiver.kill();
          await post(sidecar, part(10, 20));
          await receiver.start();
          await until("the runs of meanwhile", () => hasRuns(receiver, 20), 60_000);
          await post(sidecar, part(20, 30));
          await sidecar.kill();
        }
        await using sidecar = await startSidecar(spoolFolder, config);
        await post(sidecar, part(30, 40));
        await until("all runs", () => hasRuns(receiver, 40), 30_000);
        await compare(receiver, beginMs, runs);
        assert.match(await metricsOf(sidecar), /belfry_relay_dead_letters\{[^}]*\} 0\b/);
      } finally {
        await rm(spoolFolder, { recursive: true, force: true });
      }
    });
  });
}

for (const program of [prometheusProgram, victoriaProgram]) {
  describe(`what a hub hands on, in a real ${program.name}`, { skip: program.missing }, () => {
    it("is there as of a blackbox_exporter and a node_exporter", async () => {
      await using receiver = await startReceiver(program);
      await using sink = sinkFor(receiver);
      assert.equal((await sink.health(AbortSignal.timeout(5_000))).status, "healthy");
      const at = new Date(baseMs).toISOString();
      const subject = { id: "m1", name: 'größe "shop"', labels: { team: "core" } };
      const monitor = { ...subject, kind: "http", target: "https://example.org/?a=1" };
      const answers = await sink.deliver(
        [
          {
            kind: "check",
            id: "1",
            at,
            monitor,
            result: "down",
            reason: "status",
            status: "down",
            latency_ms: 125,
            value: -1,
            location: "local",
          },
          {
            kind: "status",
            id: "2",
            at,
            subject: { ...subject, kind: "monitor" },
            from: "up",
            to: "down",
            reason: "status",
          },
          { kind: "host", id: "3", at, host: subject, figures: { load1: 0.5, cpu_ratio: 0.25 } },
        ],
        AbortSignal.timeout(10_000),
      );
      assert.deepEqual(
        answers.map(({ kind }) => kind),
        ["sent", "sent", "sent"],
      );
      for (const [query, expected] of [
        ['probe_success{kind="http",instance="https://example.org/?a=1"}', 0],
        ['probe_duration_seconds{monitor="m1"}', 0.125],
        [
          'probe_success * on (monitor) group_left (name) belfry_monitor_info{label_team="core"}',
          0,
        ],
        ['sum(belfry_monitor_status{name="größe \\"shop\\""})', 1],
        ['belfry_monitor_status{status="down"}', 1],
        ['node_load1{host="m1"}', 0.5],
        ["belfry_host_cpu_ratio", 0.25],
      ] as const) {
        const found = async (): Promise<boolean> => (await receiver.value(query)) === expected;
        await until(query, found);
      }
    });
  });
}

async function metricsOf(sidecar: Sidecar): Promise<string> {
  return (await fetch(`${sidecar.url}/metrics`)).text();
}

async function hasRuns(receiver: RunningReceiver, count: number): Promise<boolean> {
  const found = Object.values(await samplesOf(receiver, "belfry_run_duration_seconds"));
  return found.length === 2 && found.every((samples) => samples.length === count);
}

async function compare(receiver: RunningReceiver, beginMs: number, runs: number): Promise<void> {
  const each = (
    offsetMs: number,
    valueOf: (i: number, atMs: number) => number | null,
  ): (readonly [number, number])[] =>
    Array.from({ length: runs }, (_, i) => beginMs + i * 1000 + offsetMs).flatMap((atMs, i) => {
      const value = valueOf(i, atMs);
      return value === null ? [] : [[atMs, value] as const];
    });
  const isFailed = (i: number): boolean => i % 5 === 0;
  const wanted: [name: string, samples: (readonly [number, number])[]][] = [
    ["belfry_run_duration_seconds", each(0, () => 0.5)],
    ["belfry_run_cpu_user_seconds", each(0, (i) => i / 8)],
    ["belfry_run_memory_max_bytes", each(0, (i) => i * 1_048_576)],
    ["belfry_run_rows_read", each(-480, (i) => i * 10)],
    ["belfry_job_progress_ratio", each(-490, (i) => i / 100)],
    ["belfry_job_last_run_timestamp_seconds", each(-500, (_, atMs) => atMs / 1000)],
    [
      "belfry_job_last_success_timestamp_seconds",
      each(0, (i, atMs) => (isFailed(i) ? null : atMs / 1000)),
    ],
    ['belfry_job_status{status="failed"}', statusSamples(beginMs, runs, isFailed)],
  ];
  for (const [name, samples] of wanted) {
    const found = await samplesOf(receiver, name);
    assert.deepEqual(Object.keys(found).toSorted(), ["daily", "größe 🔔"], name);
    for (const job of Object.keys(found))
      assert.deepEqual(found[job], samples, `${name} of ${job}`);
  }
  const [one] = await receiver.find('belfry_run_rows_read{job="daily"}');
  const { __name__: _name, ...labels } = one?.labels ?? {};
  assert.deepEqual(labels, {
    app: "etl",
    cluster: "eu1",
    job: "daily",
    site: "fab1",
    type: "job",
  });
  const failed = 'count_over_time(belfry_job_last_failure_timestamp_seconds{job="daily"}[1h])';
  assert.equal(await receiver.value(failed), runs / 5);
  const age = 'time() - last_over_time(belfry_job_last_success_timestamp_seconds{job="daily"}[1h])';
  const seconds = (await receiver.value(age)) ?? 0;
  assert.ok(seconds > 1 && seconds < 600, String(seconds));
}

/** Of each run two: 0 at its start, and at its end 1 if it failed. */
function statusSamples(
  beginMs: number,
  runs: number,
  isFailed: (i: number) => boolean,
): (readonly [number, number])[] {
  return Array.from({ length: runs }, (_, i) => i).flatMap((i) => [
    [beginMs + i * 1000 - 500, 0] as const,
    [beginMs + i * 1000, isFailed(i) ? 1 : 0] as const,
  ]);
}

function sinkFor(receiver: RunningReceiver): EventSink {
  const parsed = prometheusKind.parseSettings({ url: receiver.writeUrl });
  if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems));
  return prometheusKind.create(parsed.value, sinkParts());
}

async function deliver(sink: EventSink, agesSeconds: readonly number[]): Promise<string[]> {
  const records = agesSeconds.map((seconds) =>
    jobRecord(`${seconds}`, {
      event: { at: new Date(baseMs - seconds * 1000).toISOString(), metrics: { age: seconds } },
    }),
  );
  const answers = await sink.deliver(records, AbortSignal.timeout(30_000));
  return answers.map((answer) => ("why" in answer ? `${answer.kind} ${answer.why}` : answer.kind));
}

const baseMs = Date.now();

async function ages(receiver: RunningReceiver): Promise<readonly number[]> {
  const found = await receiver.find("belfry_run_age", 7200);
  return found.flatMap(({ samples }) => samples.map(([, value]) => value));
}

const day = 86_400;

describe("what a real Prometheus refuses", { skip: prometheusProgram.missing }, () => {
  it("is no dead letter when it is late, and one when it is too old", async () => {
    await using receiver = await startReceiver(prometheusProgram);
    await using sink = sinkFor(receiver);
    assert.equal((await sink.health(AbortSignal.timeout(5_000))).status, "healthy");
    assert.deepEqual(await deliver(sink, [30, 20]), ["sent", "sent"]);
    assert.deepEqual(await deliver(sink, [25, 3 * day, 10]), [
      "sent",
      "refused HTTP 400: out of bounds",
      "sent",
    ]);
    assert.deepEqual(await ages(receiver), [30, 20, 10]);
    assert.deepEqual(await deliver(sink, [30, 20, 10, 5]), Array(4).fill("sent"));
    assert.deepEqual(await ages(receiver), [30, 20, 10, 5]);
  });

  it("is taken late within out_of_order_time_window", async () => {
    const config = "storage: {tsdb: {out_of_order_time_window: 30m}}\n";
    await using receiver = await startReceiver(prometheusProgram, { config });
    await using sink = sinkFor(receiver);
    assert.deepEqual(await deliver(sink, [20]), ["sent"]);
    assert.deepEqual(await deliver(sink, [25, 3 * day, 10]), [
      "sent",
      "refused HTTP 500: too old sample",
      "sent",
    ]);
    assert.deepEqual(await ages(receiver), [25, 20, 10]);
    assert.deepEqual(await deliver(sink, [25, 20, 10]), ["sent", "sent", "sent"]);
    assert.deepEqual(await ages(receiver), [25, 20, 10]);
  });

  it("is a wrong setting while it does not receive at all", async () => {
    const closed = {
      ...prometheusProgram,
      args: (folder: string, port: number) =>
        prometheusProgram.args(folder, port).filter((one) => !one.includes("remote-write")),
    };
    await using receiver = await startReceiver(closed);
    await using sink = sinkFor(receiver);
    const [answer] = await deliver(sink, [1]);
    assert.match(answer ?? "", /^misconfigured HTTP 404: remote write receiver/);
    assert.equal((await sink.health(AbortSignal.timeout(5_000))).status, "degraded");
  });
});
