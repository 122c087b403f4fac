import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { EventSink, RecordDelivery } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";
import { eventSinkContract, sinkParts, type EventSinkFixture } from "../event-sink.contract.ts";
import { jobRecord } from "../record.kit.ts";
import { otlpKind } from "./kind.ts";
import { collectorKey, startCollector, type Collector } from "./otlp-collector.kit.ts";

const wrongKey = "a-key-that-is-wrong";

async function createFixture(): Promise<EventSinkFixture> {
  const collector = await startCollector();
  const config = { endpoint: collector.url, headers: { "X-Api-Key": collectorKey } };
  return {
    config,
    arrived: () =>
      Promise.resolve(collector.logs.map(({ attributes }) => String(attributes["log.record.uid"]))),
    away: collector.away,
    refuse(ids) {
      for (const id of ids) collector.refuse(id);
      return Promise.resolve();
    },
    throttle: (afterMs) => collector.throttle(afterMs),
    misconfigured: { config: { ...config, headers: { "X-Api-Key": wrongKey } }, secret: wrongKey },
    hang: () => collector.hang(),
    [Symbol.asyncDispose]: () => collector[Symbol.asyncDispose](),
  };
}

const endpoint = "http://a:4318";

eventSinkContract({
  kind: otlpKind,
  createFixture,
  wrong: [
    { what: "no address", config: {}, path: "endpoint" },
    { what: "an address of another kind", config: { endpoint: "grpc://a" }, path: "endpoint" },
    {
      what: "an address of a signal that is none",
      config: { endpoint, logs_endpoint: "http://a:99999/" },
      path: "logs_endpoint",
    },
    {
      what: "nothing to send",
      config: { endpoint, logs: false, metrics: false, traces: false },
      path: "logs",
    },
    { what: "another compression", config: { endpoint, compression: "br" }, path: "compression" },
  ],
  knowsIds: false,
});

interface Open extends AsyncDisposable {
  readonly sink: EventSink;
  readonly collector: Collector;
  readonly said: string[];
}

async function open(config: object = {}): Promise<Open> {
  const collector = await startCollector();
  const said: string[] = [];
  const parsed = otlpKind.parseSettings({
    endpoint: collector.url,
    headers: { "x-api-key": collectorKey },
    ...config,
  });
  if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems));
  const sink = otlpKind.create(parsed.value, sinkParts(said));
  return {
    sink,
    collector,
    said,
    async [Symbol.asyncDispose]() {
      await sink[Symbol.asyncDispose]();
      await collector[Symbol.asyncDispose]();
    },
  };
}

async function deliver(
  { sink }: Open,
  records: readonly SinkRecord[],
): Promise<readonly RecordDelivery[]> {
  return sink.deliver(records, AbortSignal.timeout(10_000));
}

async function kindsOf(world: Open, records: readonly SinkRecord[]): Promise<string[]> {
  return (await deliver(world, records)).map(({ kind }) => kind);
}

const at = "2026-01-02T03:04:05.678901Z";
const nanos = "1767323045678901000";

describe("a finished run", () => {
  it("is a span from its start to its end, with its error", async () => {
    await using world = await open();
    const trace = { trace_id: "0af7651916cd43dd8448eb211c80319c", span_id: "b7ad6b7169203331" };
    const metadata = { error: "no disk", error_type: "IoError", stack: "at a\nat b" };
    const metrics = { duration_s: 1.5, rows: 7 };
    const event = { kind: "finished", at, status: "failed", metrics, metadata } as const;
    assert.deepEqual(await kindsOf(world, [jobRecord("a", { event, trace })]), ["sent"]);
    const [span] = world.collector.traces;
    const { attributes, ...item } = span?.item ?? {};
    const exception = [
      { key: "exception.type", value: { stringValue: "IoError" } },
      { key: "exception.message", value: { stringValue: "no disk" } },
      { key: "exception.stacktrace", value: { stringValue: "at a\nat b" } },
    ];
    assert.deepEqual(item, {
      traceId: trace.trace_id,
      spanId: trace.span_id,
      name: "daily-batch",
      kind: 1,
      startTimeUnixNano: "1767323044178901000",
      endTimeUnixNano: nanos,
      events: [{ timeUnixNano: nanos, name: "exception", attributes: exception }],
      status: { code: 2, message: "no disk" },
    });
    assert.deepEqual(span?.resource, {
      "service.name": "etl",
      "service.version": "1.0",
      "service.namespace": "fab1",
    });
    assert.equal(span.attributes["belfry.run.id"], "run-1");
    assert.equal(span.attributes["belfry.metric.rows"], "7");
    assert.ok(Array.isArray(attributes));
  });

  for (const { what, event, status } of [
    { what: "succeeded", event: { kind: "finished", status: null }, status: { code: 1 } },
    { what: "was canceled", event: { kind: "canceled", status: "canceled" }, status: {} },
    {
      what: "failed without a word",
      event: { kind: "error", status: "failed" },
      status: { code: 2 },
    },
  ] as const) {
    it(`that ${what} says so; without a duration it has no length`, async () => {
      await using world = await open({ logs: false, metrics: false });
      const whole = { ...event, at, metrics: {}, metadata: {} };
      await deliver(world, [jobRecord("a", { event: whole })]);
      const item = world.collector.traces[0]?.item ?? {};
      assert.deepEqual(item["status"], status);
      assert.equal(item["startTimeUnixNano"], item["endTimeUnixNano"]);
      assert.equal(item["events"], undefined);
      assert.equal(world.collector.requests.length, 1);
    });
  }

  it("has its subjobs below it, and the same ids at every delivery", async () => {
    const runs = [
      jobRecord("a", { entity: { id: "sub", parent_id: "main", type: "subjob" } }),
      jobRecord("b", { entity: { id: "main" } }),
      jobRecord("c", { entity: { id: "main" }, siteId: "fab2" }),
    ];
    const taken: unknown[][] = [];
    for (let i = 0; i < 2; i += 1) {
      await using world = await open();
      await deliver(world, runs);
      taken.push(world.collector.traces.map(({ item }) => Object.values(idsOf(item))));
      const [sub, main, other] = world.collector.traces.map(({ item }) => idsOf(item));
      assert.equal(sub?.traceId, main?.traceId);
      assert.equal(sub?.parentSpanId, main?.spanId);
      assert.equal(main?.parentSpanId, undefined);
      assert.notEqual(other?.traceId, main?.traceId);
    }
    assert.deepEqual(taken[0], taken[1]);
  });

  it("that tells its trace has subjobs that find its span by what it told before", async () => {
    await using world = await open();
    const trace_id = "0af7651916cd43dd8448eb211c80319c";
    const main = { entity: { id: "main" }, trace: { trace_id, span_id: "00000000000000aa" } };
    const sub = {
      entity: { id: "sub", parent_id: "main", type: "subjob" },
      trace: { trace_id, span_id: "00000000000000bb" },
    };
    await deliver(world, [
      jobRecord("a", { ...main, event: { kind: "started", status: "running" } }),
      jobRecord("b", sub),
      jobRecord("c", main),
      jobRecord("d", { ...sub, entity: { ...sub.entity, parent_id: "never heard of" } }),
    ]);
    assert.deepEqual(
      world.collector.traces.map(({ item }) => idsOf(item)),
      [
        { traceId: trace_id, spanId: "00000000000000bb", parentSpanId: "00000000000000aa" },
        { traceId: trace_id, spanId: "00000000000000aa", parentSpanId: undefined },
        { traceId: trace_id, spanId: "00000000000000bb", parentSpanId: undefined },
      ],
    );
  });
});

function idsOf({ traceId, spanId, parentSpanId }: Readonly<Record<string, unknown>>) {
  return { traceId, spanId, parentSpanId };
}

describe("log records", () => {
  const subject = { id: "m1", name: "shop", labels: { team: "core" } };
  const monitor = { ...subject, kind: "http", target: "https://example.org/" };
  const check = { kind: "check", id: "c", at, monitor, latency_ms: 250, value: -1 } as const;
  const rows: {
    what: string;
    record: SinkRecord;
    expected: readonly [name: string, severity: number, text: string] | undefined;
  }[] = [
    {
      what: "a start",
      record: jobRecord("a", { event: { kind: "started", status: "running", at } }),
      expected: ["belfry.run.started", 9, "daily-batch: started, running"],
    },
    {
      what: "a line of a log, with its level",
      record: jobRecord("a", {
        entity: { sub_key: "part" },
        event: { kind: "event", at, metadata: { level: "Warning", message: "low on space" } },
      }),
      expected: ["belfry.run.event", 13, "daily-batch/part: low on space"],
    },
    {
      what: "a line of a log with a level that is none",
      record: jobRecord("a", {
        entity: { business_key: null },
        event: { kind: "event", at, status: null, metadata: { level: "constructor" } },
      }),
      expected: ["belfry.run.event", 9, "job: event"],
    },
    {
      what: "a heartbeat",
      record: jobRecord("a", { event: { kind: "heartbeat", status: "running", at } }),
      expected: ["belfry.run.heartbeat", 5, "daily-batch: heartbeat, running"],
    },
    {
      what: "a failure",
      record: jobRecord("a", {
        event: { kind: "finished", status: "failed", at, metadata: { error: "no disk" } },
      }),
      expected: ["belfry.run.finished", 17, "daily-batch: no disk"],
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
      expected: ["belfry.host.status", 17, "shop: up → down (silent)"],
    },
    {
      what: "a check that failed",
      record: { ...check, result: "down", reason: "status", status: "up", location: "local" },
      expected: ["belfry.check", 13, "shop: down (status), https://example.org/"],
    },
    {
      what: "nothing of a check that went well",
      record: { ...check, result: "up", reason: null, status: "up", location: "local" },
      expected: undefined,
    },
    {
      what: "nothing of a host's figures",
      record: { kind: "host", id: "h", at, host: subject, figures: { load1: 1 } },
      expected: undefined,
    },
  ];
  for (const { what, record, expected } of rows) {
    it(`are there of ${what}`.replace("there of nothing", "not there"), async () => {
      await using world = await open();
      assert.deepEqual(await kindsOf(world, [record]), ["sent"]);
      const found = world.collector.logs.map(({ item }) => {
        assert.equal(item["timeUnixNano"], nanos);
        return [item["eventName"], item["severityNumber"], bodyOf(item)];
      });
      assert.deepEqual(found, expected === undefined ? [] : [expected]);
    });
  }
});

function bodyOf(item: Readonly<Record<string, unknown>>): unknown {
  return (item["body"] as { readonly stringValue: unknown }).stringValue;
}

describe("gauges", () => {
  it("are there of runs, checks and hosts, never with the id of a run", async () => {
    await using world = await open({ resource_attributes: { "service.name": "mine" } });
    const subject = { id: "h1", name: "db1", labels: { rack: "7" } };
    const monitor = { ...subject, id: "m1", kind: "tcp", target: "db:5432" };
    const metrics = { duration_s: 2, mem_max_mb: 1, "rows read": 9 };
    await deliver(world, [
      jobRecord("a", { event: { at, metrics } }),
      jobRecord("b", { event: { kind: "progress", at, metrics: { progress_pct: 25 } } }),
      {
        kind: "check",
        id: "c",
        at,
        monitor,
        result: "up",
        reason: null,
        status: "up",
        latency_ms: 250,
        value: 250,
        location: "local",
      },
      { kind: "host", id: "d", at, host: subject, figures: { cpu_ratio: 0.5, disk_ratio: 0.25 } },
    ]);
    const found = world.collector.metrics.map(({ name, unit, item, attributes, resource }) => {
      assert.equal(resource["service.name"], "mine");
      assert.equal(item["timeUnixNano"], nanos);
      assert.equal(attributes["belfry.run.id"], undefined);
      return [name, unit, item["asDouble"]];
    });
    assert.deepEqual(found, [
      ["belfry.run.duration", "s", 2],
      ["belfry.run.memory.max", "By", 1_048_576],
      ["belfry.run.rows_read", "", 9],
      ["belfry.job.progress", "1", 0.25],
      ["probe.success", "", 1],
      ["probe.duration", "s", 0.25],
      ["system.cpu.utilization", "1", 0.5],
      ["belfry.host.disk_ratio", "", 0.25],
    ]);
    const host = world.collector.metrics.at(-1);
    assert.equal(host?.resource["host.name"], "db1");
    assert.equal(host.attributes["label.rack"], "7");
  });
});

describe("the sink otlp", () => {
  it("sends a signal where it is told to, or not at all, packed or not", async () => {
    await using world = await open({ metrics: false, compression: "none" });
    await using other = await startCollector();
    await using moved = await open({ traces_endpoint: `${other.url}/base/v1/traces` });
    await deliver(world, [jobRecord("a")]);
    await deliver(moved, [jobRecord("a")]);
    assert.deepEqual(
      world.collector.requests.map(({ path, headers }) => [path, headers["content-encoding"]]),
      [
        ["/v1/logs", undefined],
        ["/v1/traces", undefined],
      ],
    );
    assert.deepEqual(
      [moved.collector.logs, moved.collector.traces, other.traces].map(({ length }) => length),
      [1, 0, 1],
    );
  });

  it("does not send again what one signal took while another is away", async () => {
    await using world = await open();
    world.collector.answer("metrics", {
      status: 503,
      headers: { "retry-after": "3" },
      body: "busy",
    });
    const records = [jobRecord("a"), jobRecord("b")];
    assert.deepEqual(await deliver(world, records), [
      { kind: "retry", why: "metrics: HTTP 503: busy", afterMs: 3000 },
      { kind: "retry", why: "metrics: HTTP 503: busy", afterMs: 3000 },
    ]);
    assert.deepEqual(await kindsOf(world, records), ["sent", "sent"]);
    const { logs, traces } = world.collector;
    assert.deepEqual([logs.length, traces.length], [2, 2]);
    await deliver(world, records);
    assert.equal(logs.length, 4);
  });

  const partial = (rejected: unknown, errorMessage: string) => ({
    status: 200,
    body: JSON.stringify({ partialSuccess: { rejectedLogRecords: rejected, errorMessage } }),
  });
  for (const { what, answer, expected } of [
    {
      what: "rejects everything",
      answer: partial("2", "no room"),
      expected: ["refused", "refused"],
    },
    {
      what: "rejects some, and does not say which",
      answer: partial("1", ""),
      expected: ["refused", "refused"],
    },
    {
      what: "takes everything, with a word",
      answer: partial("0", "old form"),
      expected: ["sent", "sent"],
    },
    {
      what: "says something else",
      answer: { status: 200, body: "fine" },
      expected: ["sent", "sent"],
    },
    { what: "is away behind a proxy", answer: { status: 502 }, expected: ["retry", "retry"] },
    { what: "is not there", answer: { status: 404 }, expected: ["misconfigured", "misconfigured"] },
  ]) {
    it(`asks once when a collector ${what}`, async () => {
      await using world = await open({ metrics: false, traces: false });
      world.collector.answer("logs", answer);
      const answers = await deliver(world, [jobRecord("a"), jobRecord("b")]);
      assert.deepEqual(
        answers.map(({ kind }) => kind),
        expected,
      );
      assert.equal(world.collector.requests.length, 1);
      assert.equal(world.said.length, what === "takes everything, with a word" ? 1 : 0);
    });
  }

  for (const status of [413, 400, 500]) {
    it(`sends halves after ${status}`, async () => {
      await using world = await open({ metrics: false, traces: false });
      world.collector.answer("logs", { status }, { status });
      const records = ["a", "b", "c"].map((id) => jobRecord(id));
      const answers = await kindsOf(world, records);
      // The first two as half of three, and the first of them as half of two.
      assert.deepEqual(answers, ["sent", "sent", "sent"]);
      assert.equal(world.collector.requests.length, 5);
    });
  }

  it("refuses what has no time, or one before 1970", async () => {
    await using world = await open();
    const records = ["", "1969-12-31T23:59:59Z", at].map((time, i) =>
      jobRecord(`${i}`, { event: { at: time } }),
    );
    assert.deepEqual(await kindsOf(world, records), ["refused", "refused", "sent"]);
  });

  it("keeps within what receivers keep: attributes, and lengths of texts", async () => {
    await using world = await open();
    const metadata = Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [`key ${i}`, i === 0 ? "x".repeat(100_000) : i]),
    );
    const long = jobRecord("a", { event: { at, metadata: { ...metadata, half: "\ud800" } } });
    assert.deepEqual(await kindsOf(world, [long]), ["sent"]);
    const attributes = world.collector.logs[0]?.attributes ?? {};
    assert.equal(Object.keys(attributes).length, 128);
    assert.equal(String(attributes["belfry.metadata.key 0"]).length, 32_769);
  });
});
