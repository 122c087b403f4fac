import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { EventSinkParts } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";
import { eventSinkContract, sinkParts, type EventSinkFixture } from "../event-sink.contract.ts";
import { startStrictServer } from "../http/strict-server.kit.ts";
import { jobRecord } from "../record.kit.ts";
import { startElasticsearch, type Elasticsearch } from "./elasticsearch.kit.ts";
import { elkKind } from "./kind.ts";
import { templateVersion } from "./template.ts";

const rightKey = "VnVhQ2ZHY0JDZGJrUW0=";
const wrongKey = "d3Jvbmcta2V5LXdyb25n";

async function createFixture(
  target: "dated" | "data_stream",
  flavour: "elasticsearch" | "opensearch",
): Promise<EventSinkFixture> {
  const server = await startElasticsearch({ authorization: `ApiKey ${rightKey}`, flavour });
  const config = { elasticsearch_url: server.url, target, api_key: rightKey };
  return {
    config,
    arrived: () => Promise.resolve(server.documents.map(({ id }) => id)),
    away: server.away,
    refuse(ids) {
      const reason = "failed to parse field [metadata] of type [flattened]";
      for (const id of ids) {
        server.state.errors.set(id, { status: 400, type: "mapper_parsing_exception", reason });
      }
      return Promise.resolve();
    },
    throttle: (afterMs) => server.throttle(afterMs),
    misconfigured: { config: { ...config, api_key: wrongKey }, secret: wrongKey },
    hang: () => server.hang(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

for (const [target, flavour] of [
  ["dated", "elasticsearch"],
  ["data_stream", "elasticsearch"],
  ["data_stream", "opensearch"],
] as const) {
  describe(`${target} on a fake of ${flavour}`, () => {
    eventSinkContract({
      kind: elkKind,
      createFixture: () => createFixture(target, flavour),
      wrong: [
        {
          what: "an address of another kind",
          config: { elasticsearch_url: "es:9200" },
          path: "elasticsearch_url",
        },
        {
          what: "a password in the address",
          config: { elasticsearch_url: "http://a:b@es" },
          path: "elasticsearch_url",
        },
        { what: "upper case", config: { index_prefix: "Wafer" }, path: "index_prefix" },
        { what: "a hidden stream", config: { data_stream: ".ds" }, path: "data_stream" },
        { what: "a user alone", config: { username: "elastic" }, path: "password" },
        { what: "a target it does not know", config: { target: "alias" }, path: "target" },
        { what: "a key of two lines", config: { api_key: "a\r\nb" }, path: "api_key" },
        { what: "an authority that is none", config: { ca: "ca.pem" }, path: "ca" },
      ],
      knowsIds: true,
    });
  });
}

function open(server: { readonly url: string }, config: object = {}, parts?: EventSinkParts) {
  const parsed = elkKind.parseSettings({ elasticsearch_url: server.url, ...config });
  if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems));
  return elkKind.create(parsed.value, parts ?? sinkParts());
}

async function deliverTo(
  server: { readonly url: string },
  records: readonly SinkRecord[],
  config: object = {},
) {
  await using sink = open(server, config);
  return await sink.deliver(records, AbortSignal.timeout(10_000));
}

const sources = ({ documents }: Elasticsearch): Readonly<Record<string, unknown>>[] =>
  documents.map(({ source }) => source);

describe("a document", () => {
  it("has the names of ECS, and those of the Monitoring Component", async () => {
    await using server = await startElasticsearch();
    const trace = { trace_id: "0af7651916cd43dd8448eb211c80319c", span_id: "b7ad6b7169203331" };
    const metadata = { error: "no space", error_type: "OSError", error_stack: "at x", lot: "A7" };
    const metrics = { duration_s: 1.5, mem_max_mb: 64, "rows.bad": 3 };
    const event = {
      at: "2026-01-31T23:59:59.500+01:00",
      status: "failed",
      metrics,
      metadata,
    } as const;
    await deliverTo(server, [jobRecord("a", { event, trace })]);
    const [document] = server.documents;
    assert.equal(document?.index, "wafer-monitor-2026.01.31");
    assert.deepEqual(document.source, {
      "@timestamp": "2026-01-31T22:59:59.500Z",
      ecs: { version: "8.17.0" },
      event: {
        id: "a",
        kind: "event",
        category: ["process"],
        type: ["end"],
        action: "finished",
        outcome: "failure",
        module: "belfry",
        dataset: "belfry.job",
        duration: 1_500_000_000,
        start: "2026-01-31T22:59:58.000Z",
        end: "2026-01-31T22:59:59.500Z",
      },
      service: { name: "etl", version: "1.0" },
      trace: { id: trace.trace_id },
      span: { id: trace.span_id },
      message: "no space",
      error: { message: "no space", type: "OSError", stack_trace: "at x" },
      labels: { site_id: "fab1", app_name: "etl", entity_type: "job" },
      timestamp: "2026-01-31T22:59:59.500Z",
      idempotency_key: "a",
      site_id: "fab1",
      app_name: "etl",
      app_version: "1.0",
      app_id: "7a1c",
      entity_type: "job",
      entity_id: "run-1",
      parent_id: null,
      business_key: "daily-batch",
      sub_key: null,
      event_kind: "finished",
      status: "failed",
      duration_s: 1.5,
      cpu_user_s: null,
      cpu_system_s: null,
      mem_max_mb: 64,
      metrics: { rows_bad: 3 },
      metadata,
    });
  });

  it("of a line of a log has its level and message", async () => {
    await using server = await startElasticsearch();
    const metadata = { level: "warn", message: "disk is slow", context: { disk: "sda" } };
    const event = { kind: "event", status: null, metrics: {}, metadata } as const;
    await deliverTo(server, [jobRecord("a", { event })]);
    const [source] = sources(server);
    assert.deepEqual([source?.["log"], source?.["message"]], [{ level: "warn" }, "disk is slow"]);
    assert.deepEqual(source?.["metadata"], metadata);
  });

  for (const { at, index } of [
    { at: "2026-01-31T23:30:00-02:00", index: "wafer-monitor-2026.02.01" },
    { at: "2026-02-01T00:30:00+01:00", index: "wafer-monitor-2026.01.31" },
  ]) {
    it(`of ${at} is in ${index}`, async () => {
      await using server = await startElasticsearch();
      await deliverTo(server, [jobRecord("a", { event: { at } })]);
      assert.equal(server.documents[0]?.index, index);
    });
  }

  it("of a check, a change of a status and a host has its own dataset", async () => {
    await using server = await startElasticsearch();
    const at = "2026-01-31T00:00:00.000Z";
    const subject = { id: "m1", name: "shop", labels: { team: "a" } };
    const answers = await deliverTo(server, [
      {
        kind: "check",
        id: "c1",
        at,
        monitor: { ...subject, kind: "http", target: "https://example.org/" },
        result: "down",
        reason: "timeout",
        status: "down",
        latency_ms: 12.5,
        value: -1,
        location: "default",
      },
      {
        kind: "status",
        id: "s1",
        at,
        subject: { ...subject, kind: "host" },
        from: "up",
        to: "down",
        reason: null,
      },
      { kind: "host", id: "h1", at, host: subject, figures: { cpu_ratio: 0.25, load1: 1 } },
    ]);
    assert.deepEqual(answers, Array(3).fill({ kind: "sent" }));
    const [check, status, host] = sources(server);
    assert.deepEqual(
      sources(server).map((source) => (source["event"] as { dataset: string }).dataset),
      ["belfry.check", "belfry.status", "belfry.host"],
    );
    assert.deepEqual(check?.["belfry"], {
      monitor: { id: "m1", name: "shop", kind: "http", target: "https://example.org/" },
      result: "down",
      reason: "timeout",
      latency_ms: 12.5,
      value: -1,
    });
    assert.deepEqual([status?.["status"], status?.["host"]], ["down", { id: "m1", name: "shop" }]);
    assert.deepEqual(host?.["host"], { id: "m1", name: "shop", cpu: { usage: 0.25 } });
    assert.deepEqual(host?.["metrics"], { cpu_ratio: 0.25, load1: 1 });
  });

  it("fits whatever a job's metadata and names of metrics are", async () => {
    await using server = await startElasticsearch();
    let deep: unknown = "bottom";
    for (let i = 0; i < 60; i += 1) deep = i % 2 === 0 ? { deeper: deep } : [deep];
    const metadata = { deep, "nul\0key": { "another\0": 1 }, long: "x".repeat(40_000), "": 1 };
    const metrics = { "": 1, " ": 2, "load1.more": 3, ".": 4, duration_s: -5 };
    const entity = { business_key: "k".repeat(400) };
    const answers = await deliverTo(server, [
      jobRecord("a", { event: { metadata, metrics }, entity }),
      jobRecord("🔔".repeat(200)),
    ]);
    assert.deepEqual(answers, [{ kind: "sent" }, { kind: "sent" }]);
    assert.match(server.documents[1]?.id ?? "", /^[0-9a-f]{64}$/);
  });
});

describe("what Elasticsearch says of a document", () => {
  for (const { type, reason, status, expected } of [
    { status: 400, type: "mapper_parsing_exception", reason: "x", expected: "refused" },
    { status: 400, type: "document_parsing_exception", reason: "x", expected: "refused" },
    {
      status: 429,
      type: "es_rejected_execution_exception",
      reason: "rejected execution",
      expected: "retry",
    },
    { status: 503, type: "unavailable_shards_exception", reason: "x", expected: "retry" },
    { status: 500, type: "node_closed_exception", reason: "x", expected: "retry" },
    {
      status: 429,
      type: "cluster_block_exception",
      reason: "blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark]",
      expected: "retry",
    },
    {
      status: 403,
      type: "cluster_block_exception",
      reason: "blocked by: [FORBIDDEN/12/index read-only / allow delete (api)];",
      expected: "retry",
    },
    {
      status: 403,
      type: "cluster_block_exception",
      reason: "blocked by: [FORBIDDEN/8/index write (api)];",
      expected: "misconfigured",
    },
    { status: 404, type: "index_not_found_exception", reason: "x", expected: "misconfigured" },
    { status: 400, type: "index_closed_exception", reason: "x", expected: "misconfigured" },
    { status: 403, type: "security_exception", reason: "x", expected: "misconfigured" },
    {
      status: 400,
      type: "illegal_argument_exception",
      reason: "Limit of total fields [1000] has been exceeded",
      expected: "misconfigured",
    },
  ]) {
    it(`${status} ${type} (${reason}): ${expected}, and nothing of the others`, async () => {
      await using server = await startElasticsearch();
      server.state.errors.set("b", { status, type, reason });
      const records = ["a", "b", "c"].map((id) => jobRecord(id));
      const answers = await deliverTo(server, records);
      assert.deepEqual(
        answers.map(({ kind }) => kind),
        ["sent", expected, "sent"],
      );
      assert.ok(answers[1]?.kind !== "sent" && answers[1]?.why.includes(type));
    });
  }

  it("goes into the failure store: delivered, counted, told", async () => {
    await using server = await startElasticsearch();
    server.state.diverted.add("b");
    const said: string[] = [];
    await using sink = open(server, { target: "data_stream" }, sinkParts(said));
    const signal = AbortSignal.timeout(5_000);
    const answers = await sink.deliver([jobRecord("a"), jobRecord("b")], signal);
    assert.deepEqual(answers, [{ kind: "sent" }, { kind: "sent" }]);
    assert.match(said.join("\n"), /failure store.*"documents":1/);
    const { status, details } = await sink.health(signal);
    assert.deepEqual([status, details["failure_store"]], ["degraded", 1]);
  });

  it("is too large: halves, until it stands alone", async () => {
    await using server = await startElasticsearch();
    server.state.mostBytes = 8_000;
    const large = jobRecord("b", { event: { metadata: { text: "x".repeat(8_000) } } });
    const records = [jobRecord("a"), large, jobRecord("c")];
    const answers = await deliverTo(server, records, { template: false });
    assert.deepEqual(
      answers.map(({ kind }) => kind),
      ["sent", "refused", "sent"],
    );
  });

  for (const { what, answer } of [
    { what: "a page with 200", answer: { status: 200, body: "<html>" } },
    { what: "too few items", answer: { status: 200, body: '{"items":[]}' } },
    { what: "a proxy's 400", answer: { status: 400, body: "<h1>plain HTTP to HTTPS port</h1>" } },
    { what: "a redirect", answer: { status: 301, headers: { location: "/" } } },
  ]) {
    it(`${what} refuses nothing`, async () => {
      await using server = await startStrictServer(() => answer);
      const [delivery] = await deliverTo(server, [jobRecord("a")], { template: false });
      assert.equal(delivery?.kind, "misconfigured");
    });
  }

  it("tells no secret that Elasticsearch repeats", async () => {
    await using server = await startElasticsearch();
    const reason = `no right for ${rightKey}`;
    server.state.errors.set("a", { status: 403, type: "security_exception", reason });
    const [answer] = await deliverTo(server, [jobRecord("a")], { api_key: rightKey });
    assert.deepEqual(answer, {
      kind: "misconfigured",
      why: "security_exception: no right for ***",
    });
  });

  it("is packed, and has the key or the user", async () => {
    await using server = await startStrictServer(() => ({ status: 401 }));
    const user = { username: "elastic", password: "changeme" };
    await deliverTo(server, [jobRecord("a")], user);
    await deliverTo(server, [jobRecord("a")], { ...user, api_key: "k", template: false });
    const [basic, key] = server.requests.map(({ headers }) => headers);
    assert.equal(basic?.["authorization"], `Basic ${btoa("elastic:changeme")}`);
    assert.deepEqual([key?.["authorization"], key?.["content-encoding"]], ["ApiKey k", "gzip"]);
  });
});

describe("the index template", () => {
  const name = "wafer-monitor-template";

  it("is put once, and again when it is gone", async () => {
    await using server = await startElasticsearch();
    let monotonicMs = 0;
    const parts = { ...sinkParts(), clock: { now: Date.now, monotonicMs: () => monotonicMs } };
    await using sink = open(server, {}, parts);
    const deliver = async (id: string): Promise<void> => {
      await sink.deliver([jobRecord(id)], AbortSignal.timeout(5_000));
    };
    const puts = (): number => server.requests.filter(({ method }) => method === "PUT").length;
    await deliver("a");
    await deliver("b");
    assert.deepEqual([puts(), server.templates.get(name)?.["version"]], [1, templateVersion]);
    server.templates.clear();
    await deliver("c");
    assert.equal(puts(), 1);
    monotonicMs += 300_000;
    await deliver("d");
    assert.equal(puts(), 2);
    server.templates.clear();
    const missing = { status: 404, type: "index_not_found_exception", reason: "no such index" };
    server.state.errors.set("e", missing);
    await deliver("e");
    await deliver("f");
    assert.equal(puts(), 3);
  });

  for (const { version, puts } of [
    { version: templateVersion - 1, puts: 1 },
    { version: templateVersion + 1, puts: 0 },
    { version: undefined, puts: 0 },
  ]) {
    it(`of version ${version} ${puts === 1 ? "is replaced" : "stays"}`, async () => {
      await using server = await startElasticsearch();
      server.templates.set(name, { index_patterns: ["wafer-monitor-*"], version });
      await deliverTo(server, [jobRecord("a")]);
      assert.equal(server.requests.filter(({ method }) => method === "PUT").length, puts);
    });
  }

  it("that may not be put is told once; documents go all the same", async () => {
    await using server = await startElasticsearch();
    server.state.mayPutTemplates = false;
    const said: string[] = [];
    await using sink = open(server, {}, sinkParts(said));
    const signal = AbortSignal.timeout(5_000);
    for (const id of ["a", "b"]) {
      assert.deepEqual(await sink.deliver([jobRecord(id)], signal), [{ kind: "sent" }]);
    }
    assert.equal(said.length, 1);
    assert.equal((await sink.health(signal)).status, "degraded");
  });

  it("that is refused holds everything back, with the innermost reason", async () => {
    const error = { reason: "is invalid", caused_by: { reason: "same priority as [theirs]" } };
    await using server = await startStrictServer(({ method }) =>
      method === "GET" ? { status: 404 } : { status: 400, body: JSON.stringify({ error }) },
    );
    const [delivery] = await deliverTo(server, [jobRecord("a")]);
    const why = `index template ${name}: same priority as [theirs]`;
    assert.deepEqual(delivery, { kind: "misconfigured", why });
  });
});

describe("health", () => {
  for (const [cluster, expected] of [
    ["green", "healthy"],
    ["yellow", "degraded"],
    ["red", "unhealthy"],
  ] as const) {
    it(`of a ${cluster} cluster is ${expected}`, async () => {
      await using server = await startElasticsearch();
      server.state.health = cluster;
      await using sink = open(server);
      const { status, details } = await sink.health(AbortSignal.timeout(5_000));
      assert.deepEqual([status, details["cluster_status"]], [expected, cluster]);
    });
  }
});
