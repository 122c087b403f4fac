/** What arrives in CloudWatch, on fakes (`cloudwatch.kit.ts`). */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SinkRecord } from "../../sink-record.ts";
import { awkwardTexts, jobRecord } from "../record.kit.ts";
import { awsCloudwatchKind } from "./kind.ts";
import { kindsOf, openSink, startWorld } from "./world.kit.ts";

describe("CloudWatch", () => {
  it("has the Monitoring Component's metrics and dimensions", async () => {
    await using world = await startWorld();
    await using sink = openSink(world, { instance_id: "i-0abc" });
    await kindsOf(sink, [jobRecord("a")]);
    const dimensions = [
      "SiteId=fab1",
      "AppName=etl",
      "EntityType=job",
      "ComputePlatform=ec2",
      "InstanceId=i-0abc",
    ];
    assert.deepEqual(
      world.metrics.taken.map(({ name, value, unit }) => [name, value, unit]),
      [
        ["JobCompleted", 1, "Count"],
        ["JobDuration", 1.5, "Seconds"],
        ["CPUUserTime", 0.4, "Seconds"],
        ["CPUSystemTime", 0.1, "Seconds"],
        ["MemoryMaxMB", 64, "Megabytes"],
      ],
    );
    assert.deepEqual(world.metrics.taken[0]?.dimensions, [...dimensions, "Status=succeeded"]);
    assert.deepEqual(world.metrics.taken[1]?.dimensions, dimensions);
    assert.ok(world.metrics.taken.every(({ namespace }) => namespace === "WaferMonitor"));
  });

  it("has the Monitoring Component's log events, in a stream that stays", async () => {
    await using world = await startWorld();
    for (const id of ["a", "b"]) {
      await using sink = openSink(world, { instance_id: "i-0abc" });
      const event = { status: id === "a" ? "succeeded" : "failed" } as const;
      await kindsOf(sink, [jobRecord(id, { event })]);
    }
    assert.deepEqual([...world.logs.streams], ["/wafer-monitor/jobs ec2-i-0abc"]);
    const [first, second] = world.logs.taken;
    const { timestamp, ...rest } = first ?? {};
    assert.equal(typeof timestamp, "string");
    assert.deepEqual(rest, {
      level: "INFO",
      idempotency_key: "a",
      site_id: "fab1",
      app: { app_id: "7a1c", name: "etl", version: "1.0" },
      entity_type: "job",
      entity_id: "run-1",
      parent_id: null,
      business_key: "daily-batch",
      sub_key: null,
      event_kind: "finished",
      status: "succeeded",
      compute_platform: "ec2",
      instance_id: "i-0abc",
      metrics: { duration_s: 1.5, cpu_user_s: 0.4, cpu_system_s: 0.1, mem_max_mb: 64 },
      metadata: { lot: "A7" },
    });
    assert.equal(second?.["level"], "ERROR");
  });

  for (const { what, event, expected } of [
    { what: "the start of a run", event: { kind: "started" }, expected: ["MemoryMaxMB"] },
    {
      what: "a heartbeat with figures so far",
      event: { kind: "heartbeat" },
      expected: ["MemoryMaxMB"],
    },
    {
      what: "a canceled run",
      event: { kind: "canceled", status: null, metrics: {} },
      expected: ["JobCompleted"],
    },
    { what: "a line of a log", event: { kind: "event", metrics: {} }, expected: [] },
    {
      what: "values CloudWatch refuses",
      event: { kind: "progress", metrics: { mem_max_mb: 1e200 } },
      expected: [],
    },
  ] as const) {
    it(`has of ${what}: ${expected.join(", ") || "no metrics"}`, async () => {
      await using world = await startWorld();
      await using sink = openSink(world);
      assert.deepEqual(await kindsOf(sink, [jobRecord("a", { event })]), ["sent"]);
      assert.deepEqual(
        world.metrics.taken.map(({ name }) => name),
        expected,
      );
      assert.equal(world.logs.taken.length, 1);
    });
  }

  it("has the jobs' own figures when it is told to", async () => {
    await using world = await startWorld();
    await using sink = openSink(world, { own_metrics: true });
    const event = { kind: "metric", metrics: { größe: 7 } } as const;
    assert.deepEqual(await kindsOf(sink, [jobRecord("a", { event })]), ["sent"]);
    assert.deepEqual(
      world.metrics.taken.map(({ name, value }) => [name, value]),
      [["gr\\u00f6\\u00dfe", 7]],
    );
  });

  it("keeps names apart that are no ASCII", async () => {
    await using world = await startWorld();
    await using sink = openSink(world);
    const names = [...awkwardTexts, "", " ", ":a", "東京", "大阪"];
    await kindsOf(
      sink,
      names.map((name, i) => jobRecord(`a-${i}`, { app: { name }, event: { kind: "progress" } })),
    );
    const found = world.metrics.taken.map(({ dimensions }) => dimensions[1]);
    // Nothing and blanks alone are both unknown.
    assert.equal(new Set(found).size, names.length - 1);
    assert.ok(found.includes("AppName=\\u6771\\u4eac"));
  });
});

describe("settings of CloudWatch", () => {
  it("are the Monitoring Component's, with null for what is not set", () => {
    const parsed = awsCloudwatchKind.parseSettings({
      aws_region: "us-east-1",
      log_group_name: "/wafer-monitor/jobs",
      namespace: "WaferMonitor",
      compute_platform: "ec2",
      instance_id: null,
      aws_access_key_id: null,
      aws_secret_access_key: null,
    });
    assert.equal(parsed.kind, "ok", JSON.stringify(parsed));
    assert.equal(awsCloudwatchKind.parseSettings(null).kind, "bad");
  });

  for (const [what, environment, expected] of [
    ["Lambda", { AWS_LAMBDA_FUNCTION_NAME: "f" }, "lambda"],
    ["ECS", { ECS_CONTAINER_METADATA_URI_V4: "http://169.254.170.2/v4/a" }, "ecs"],
    ["a machine", {}, "ec2"],
  ] as const) {
    it(`find the compute platform by themselves: ${what}`, async () => {
      await using world = await startWorld();
      Object.assign(process.env, environment);
      try {
        await using sink = openSink(world, { compute_platform: "auto" });
        await kindsOf(sink, [jobRecord("a")]);
      } finally {
        for (const name of Object.keys(environment)) delete process.env[name];
      }
      assert.equal(world.logs.taken[0]?.["compute_platform"], expected);
      assert.ok(world.metrics.taken[0]?.dimensions.includes(`ComputePlatform=${expected}`));
    });
  }
});

describe("other records in CloudWatch", () => {
  const subject = { id: "1", name: "api", labels: { team: "core" } };
  const at = new Date().toISOString();

  it("are metrics of checks and hosts, and log events of status changes", async () => {
    await using world = await startWorld();
    await using sink = openSink(world);
    const check = {
      kind: "check",
      monitor: { ...subject, kind: "http", target: "https://example.org/" },
      reason: null,
      status: "up",
      value: 12,
      location: "local",
      at,
    } as const;
    const records: readonly SinkRecord[] = [
      { ...check, id: "1", result: "up", latency_ms: 12.5 },
      { ...check, id: "2", result: "down", latency_ms: null },
      { ...check, id: "3", result: "unknown", latency_ms: null },
      {
        kind: "status",
        id: "4",
        at,
        subject: { ...subject, kind: "monitor" },
        from: "up",
        to: "down",
        reason: null,
      },
      {
        kind: "host",
        id: "5",
        at,
        host: subject,
        figures: { cpu_ratio: 0.5, network_receive_bytes_per_second: 10 },
      },
    ];
    assert.deepEqual(await kindsOf(sink, records), ["sent", "sent", "sent", "sent", "sent"]);
    assert.deepEqual(
      world.metrics.taken.map(({ name, value, unit, dimensions }) => [
        name,
        value,
        unit,
        dimensions.join(),
      ]),
      [
        ["CheckUp", 1, "None", "Monitor=api,CheckKind=http,Location=local"],
        ["CheckLatency", 12.5, "Milliseconds", "Monitor=api,CheckKind=http,Location=local"],
        ["CheckUp", 0, "None", "Monitor=api,CheckKind=http,Location=local"],
        ["cpu_ratio", 0.5, "None", "Host=api"],
        ["network_receive_bytes_per_second", 10, "Bytes/Second", "Host=api"],
      ],
    );
    const [message] = world.logs.taken;
    assert.deepEqual(
      [message?.["level"], message?.["from"], message?.["to"]],
      ["ERROR", "up", "down"],
    );
  });
});
