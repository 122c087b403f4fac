import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SinkRecord } from "../../sink-record.ts";
import { jobRecord } from "../record.kit.ts";
import { samplesOf, type SampleNames } from "./record-samples.ts";

const at = "2026-01-02T03:04:05.678Z";
const seconds = Date.parse(at) / 1000;
const subject = { id: "m1", name: "shop", labels: { team: "core", "a-b": "c" } };

/** `name{label="value",…} value`, as in an exposition. */
function linesOf(record: SinkRecord, names: Partial<SampleNames> = {}): string[] {
  const samples = samplesOf(record, { prefix: "", labels: {}, ...names }) ?? [];
  return samples.map(({ labels, value, timeMs }) => {
    assert.equal(timeMs, Date.parse(record.at));
    const own = labels.filter(([name]) => name !== "__name__");
    const text = own.map(([name, one]) => `${name}="${one}"`).join(",");
    return `${labels.find(([name]) => name === "__name__")?.[1]}{${text}} ${value}`;
  });
}

const job = 'app="etl",job="daily-batch",site="fab1"';

function states(held: string): string[] {
  return ["running", "succeeded", "failed", "canceled"].map(
    (one) => `belfry_job_status{${job},status="${one}",type="job"} ${one === held ? 1 : 0}`,
  );
}

function event(change: Parameters<typeof jobRecord>[1] & object): SinkRecord {
  return jobRecord("a", {
    ...change,
    event: { at, metrics: {}, metadata: {}, status: null, ...change.event },
  });
}

describe("samples of a record", () => {
  const own = `{${job},type="job"}`;
  const rows: { what: string; record: SinkRecord; lines: string[] }[] = [
    {
      what: "started",
      record: event({ event: { kind: "started", status: "running" } }),
      lines: [`belfry_job_last_run_timestamp_seconds${own} ${seconds}`, ...states("running")],
    },
    {
      what: "progress, by counts before percentages",
      record: event({
        event: {
          kind: "progress",
          metrics: { progress_current: 1, progress_total: 4, progress_pct: 30 },
        },
      }),
      lines: [`belfry_job_progress_ratio${own} 0.25`],
    },
    {
      what: "progress above all there is",
      record: event({ event: { kind: "progress", metrics: { progress_pct: 104 } } }),
      lines: [`belfry_job_progress_ratio${own} 1`],
    },
    {
      what: "a heartbeat",
      record: event({ event: { kind: "heartbeat", metrics: { duration_s: 3, progress_pct: 30 } } }),
      lines: [
        `belfry_job_last_heartbeat_timestamp_seconds${own} ${seconds}`,
        `belfry_job_progress_ratio${own} 0.3`,
      ],
    },
    {
      what: "metrics; two of one name are one",
      record: event({ event: { kind: "metric", metrics: { "rows.read": 7, rows_read: 8 } } }),
      lines: [`belfry_run_rows_read${own} 7`],
    },
    { what: "a line of its log", record: event({ event: { kind: "event" } }), lines: [] },
    {
      what: "a run that went well",
      record: event({
        event: {
          kind: "finished",
          status: "succeeded",
          metrics: { duration_s: 1.5, cpu_user_s: 0.4, cpu_system_s: 0.1, mem_max_mb: 2, rows: 9 },
        },
      }),
      lines: [
        `belfry_job_last_end_timestamp_seconds${own} ${seconds}`,
        `belfry_job_last_success_timestamp_seconds${own} ${seconds}`,
        `belfry_run_duration_seconds${own} 1.5`,
        `belfry_run_cpu_user_seconds${own} 0.4`,
        `belfry_run_cpu_system_seconds${own} 0.1`,
        `belfry_run_memory_max_bytes${own} 2097152`,
        `belfry_run_rows${own} 9`,
        ...states("succeeded"),
      ],
    },
    {
      what: "a run whose end names an error and no status",
      record: event({ event: { kind: "finished", metadata: { error: "no disk" } } }),
      lines: [
        `belfry_job_last_end_timestamp_seconds${own} ${seconds}`,
        `belfry_job_last_failure_timestamp_seconds${own} ${seconds}`,
        ...states("failed"),
      ],
    },
    {
      what: "a run that was canceled",
      record: event({ event: { kind: "canceled" } }),
      lines: [`belfry_job_last_end_timestamp_seconds${own} ${seconds}`, ...states("canceled")],
    },
    {
      what: "a subjob without a name for anything",
      record: event({
        siteId: "",
        app: { name: "" },
        entity: { type: "subjob", business_key: null, sub_key: "part" },
        event: { kind: "metric", metrics: { a: 1 } },
      }),
      lines: ['belfry_run_a{sub_job="part",type="subjob"} 1'],
    },
    {
      what: "a check that found its target down",
      record: {
        kind: "check",
        id: "c",
        at,
        monitor: { ...subject, kind: "http", target: "https://example.org/" },
        result: "down",
        reason: "status",
        status: "down",
        latency_ms: 250,
        value: -1,
        location: "local",
      },
      lines: [
        'probe_success{instance="https://example.org/",kind="http",monitor="m1"} 0',
        'probe_duration_seconds{instance="https://example.org/",kind="http",monitor="m1"} 0.25',
        'belfry_monitor_info{instance="https://example.org/",kind="http",label_a_b="c",label_team="core",monitor="m1",name="shop"} 1',
      ],
    },
    {
      what: "a check from elsewhere that could not tell",
      record: {
        kind: "check",
        id: "c",
        at,
        monitor: { ...subject, labels: {}, kind: "tcp", target: "db:5432" },
        result: "unknown",
        reason: "own_network",
        status: "up",
        latency_ms: null,
        value: -1,
        location: "fab2",
      },
      lines: [
        'belfry_monitor_info{instance="db:5432",kind="tcp",location="fab2",monitor="m1",name="shop"} 1',
      ],
    },
    {
      what: "a change of a status",
      record: {
        kind: "status",
        id: "s",
        at,
        subject: { ...subject, kind: "host" },
        from: "up",
        to: "down",
        reason: "silent",
      },
      lines: ["pending", "up", "degraded", "down", "unknown", "maintenance", "paused"].map(
        (one) =>
          `belfry_host_status{host="m1",name="shop",status="${one}"} ${one === "down" ? 1 : 0}`,
      ),
    },
    {
      what: "figures of a host",
      record: {
        kind: "host",
        id: "h",
        at,
        host: { ...subject, labels: {} },
        figures: { load1: 0.5, boot_time: 1_700_000_000, cpu_ratio: 0.25, odd: Number.NaN },
      },
      lines: [
        'node_load1{host="m1",instance="shop"} 0.5',
        'node_boot_time_seconds{host="m1",instance="shop"} 1700000000',
        'belfry_host_cpu_ratio{host="m1",instance="shop"} 0.25',
        'belfry_host_info{host="m1",instance="shop"} 1',
      ],
    },
  ];
  for (const { what, record, lines } of rows) {
    it(`are those of ${what}`, () => assert.deepEqual(linesOf(record), lines));
  }

  it("have a prefix and labels of the configuration, which those of the record win over", () => {
    const record = event({ event: { kind: "progress", metrics: { progress_pct: 50 } } });
    assert.deepEqual(linesOf(record, { prefix: "my_", labels: { job: "x", cluster: "eu1" } }), [
      'my_belfry_job_progress_ratio{app="etl",cluster="eu1",job="daily-batch",site="fab1",type="job"} 0.5',
    ]);
  });

  it("are not to be had of a record whose time cannot be read", () => {
    const names = { prefix: "", labels: {} };
    assert.equal(samplesOf(jobRecord("a", { event: { at: "yesterday" } }), names), undefined);
  });
});
