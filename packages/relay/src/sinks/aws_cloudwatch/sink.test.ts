/** On fakes of CloudWatch and CloudWatch Logs (`cloudwatch.kit.ts`); requests are signed and sent by the real AWS SDK. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AwsFault, fakeConfig, fakeKeys } from "../aws/aws.kit.ts";
import { eventSinkContract, type EventSinkFixture } from "../event-sink.contract.ts";
import { jobRecord } from "../record.kit.ts";
import type { SinkRecord } from "../../sink-record.ts";
import { awsCloudwatchKind } from "./kind.ts";
import { kindsOf, openSink, startWorld } from "./world.kit.ts";

async function createFixture(): Promise<EventSinkFixture> {
  const world = await startWorld();
  const { aws, logs } = world;
  const config = fakeConfig(aws.server.url);
  const wrongKey = "a-secret-key-that-is-wrong";
  return {
    config,
    arrived: () => Promise.resolve(logs.taken.map((one) => String(one["idempotency_key"]))),
    away: aws.server.away,
    refuse(ids) {
      for (const id of ids) logs.refused.add(id);
      return Promise.resolve();
    },
    throttle: (afterMs) => aws.throttle(afterMs),
    misconfigured: { config: { ...config, aws_secret_access_key: wrongKey }, secret: wrongKey },
    hang: () => aws.server.hang(),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

eventSinkContract({
  kind: awsCloudwatchKind,
  createFixture,
  wrong: [
    {
      what: "half a pair of keys",
      config: { aws_access_key_id: "AKID" },
      path: "aws_secret_access_key",
    },
    { what: "a region that is none", config: { aws_region: "here" }, path: "aws_region" },
    { what: "a namespace of AWS's own", config: { namespace: "AWS/EC2" }, path: "namespace" },
    { what: "a log group with a blank", config: { log_group_name: "a b" }, path: "log_group_name" },
    {
      what: "a log stream with a colon",
      config: { log_stream_name: "a:b" },
      path: "log_stream_name",
    },
    { what: "an address that is none", config: { endpoint: "aws" }, path: "endpoint" },
    { what: "a time limit of nothing", config: { timeout: 0 }, path: "timeout" },
    { what: "too short messages", config: { max_message_bytes: 100 }, path: "max_message_bytes" },
  ],
  knowsIds: false,
});

/** A record of a time; `agoMs` before now. */
function agoRecord(id: string, agoMs: number): SinkRecord {
  return jobRecord(id, { event: { at: new Date(Date.now() - agoMs).toISOString() } });
}

const hourMs = 3_600_000;

describe("requests to CloudWatch", () => {
  it("hold no more than 1,000 metrics, and compress them", async () => {
    await using world = await startWorld();
    await using sink = openSink(world);
    const records = Array.from({ length: 450 }, (_, i) => jobRecord(`a-${i}`));
    assert.deepEqual(new Set(await kindsOf(sink, records)), new Set(["sent"]));
    assert.deepEqual(world.metrics.requests, [1_000, 1_000, 250]);
    const encodings = world.aws.server.requests
      .filter(({ headers }) => String(headers["x-amz-target"]).endsWith("PutMetricData"))
      .map(({ headers }) => headers["content-encoding"]);
    assert.deepEqual(encodings, ["gzip", "gzip", "gzip"]);
  });

  it("hold no more bytes than are taken, whatever is in them", async () => {
    await using world = await startWorld();
    await using sink = openSink(world);
    const lot = "ü".repeat(100_000);
    const records = Array.from({ length: 12 }, (_, i) =>
      jobRecord(`a-${i}`, { app: { name: "東".repeat(170) }, event: { metadata: { lot } } }),
    );
    const huge = jobRecord("huge", { event: { metadata: { lot: "ü".repeat(600_000) } } });
    assert.deepEqual(new Set(await kindsOf(sink, [...records, huge])), new Set(["sent"]));
    assert.equal(world.logs.taken.length, 13);
    assert.deepEqual(world.logs.taken.at(-1)?.["metadata"], {
      belfry_left_out: "1200010 bytes of metadata",
    });
  });

  it("keep messages below the limit that is set", async () => {
    await using world = await startWorld();
    await using sink = openSink(world, { max_message_bytes: 16_384 });
    const text = "\u0001".repeat(200);
    const entity = { business_key: text + text, sub_key: text + text, id: text, parent_id: text };
    const app = { name: text, version: "\u0001".repeat(100), app_id: text };
    const metrics = Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`figure-${i}`, i]));
    const record = jobRecord(text, { app, entity, siteId: text, event: { metrics } });
    assert.deepEqual(await kindsOf(sink, [record]), ["sent"]);
    const [message] = world.logs.taken;
    assert.ok(JSON.stringify(message).length <= 16_384);
    assert.deepEqual([message?.["entity_id"], message?.["metrics"]], [text, {}]);
  });

  it("are in the order of time, and span no more than a day", async () => {
    await using world = await startWorld();
    await using sink = openSink(world);
    const agos = [1, 80, 3, 30, 200, 0].map((hours, i) => agoRecord(`a-${i}`, hours * hourMs));
    assert.deepEqual(new Set(await kindsOf(sink, agos)), new Set(["sent"]));
    assert.deepEqual(
      world.logs.taken.map((one) => one["idempotency_key"]),
      ["a-4", "a-1", "a-3", "a-2", "a-0", "a-5"],
    );
    assert.equal(world.aws.asked.filter((name) => name === "PutLogEvents").length, 1 + 4);
  });
});

describe("CloudWatch in trouble", () => {
  it("refuses what is too old or too new, and nothing else", async () => {
    await using world = await startWorld();
    await using sink = openSink(world);
    const records = [15 * 24, 1, -3, 0].map((hours, i) => agoRecord(`a-${i}`, hours * hourMs));
    assert.deepEqual(await kindsOf(sink, records), ["refused", "sent", "refused", "sent"]);
  });

  it("refuses what is beyond the log group's retention, and counts none of it", async () => {
    await using world = await startWorld();
    world.logs.retentionMs = 24 * hourMs;
    await using sink = openSink(world);
    const answers = await kindsOf(sink, [
      agoRecord("old", 40 * hourMs),
      agoRecord("new", 20 * hourMs),
    ]);
    assert.deepEqual(answers, ["refused", "sent"]);
    assert.equal(world.metrics.taken.length, 5);
  });

  it("logs a record once when its metrics are not taken at first", async () => {
    await using world = await startWorld();
    await using sink = openSink(world);
    world.aws.fail("PutMetricData", new AwsFault("InternalServiceFault", "sorry", 500));
    const record = jobRecord("a");
    assert.deepEqual(await kindsOf(sink, [record]), ["retry"]);
    world.aws.fail("PutMetricData", null);
    assert.deepEqual(await kindsOf(sink, [record]), ["sent"]);
    assert.deepEqual([world.logs.taken.length, world.metrics.taken.length], [1, 5]);
  });

  it("counts nothing twice when log events are not taken at first", async () => {
    await using world = await startWorld();
    await using sink = openSink(world);
    world.aws.fail("PutLogEvents", new AwsFault("ServiceUnavailableException", "sorry", 503));
    assert.deepEqual(await kindsOf(sink, [jobRecord("a")]), ["retry"]);
    assert.equal(world.metrics.taken.length, 0);
    world.aws.fail("PutLogEvents", null);
    assert.deepEqual(await kindsOf(sink, [jobRecord("a")]), ["sent"]);
    assert.equal(world.metrics.taken.length, 5);
  });

  it("counts again what was counted when the answer did not come", async () => {
    await using world = await startWorld();
    await using sink = openSink(world);
    world.aws.loseAnswerOf("PutMetricData");
    assert.deepEqual(await kindsOf(sink, [jobRecord("a")]), ["retry"]);
    assert.deepEqual(await kindsOf(sink, [jobRecord("a")]), ["sent"]);
    assert.deepEqual([world.logs.taken.length, world.metrics.taken.length], [1, 10]);
  });

  it("finds keys as the AWS SDK does, and says so when there are none", async () => {
    await using world = await startWorld();
    const keys = { aws_access_key_id: undefined, aws_secret_access_key: undefined };
    const before = new Set(Object.keys(process.env));
    try {
      process.env["AWS_EC2_METADATA_DISABLED"] = "true";
      process.env["AWS_CONFIG_FILE"] = process.env["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null";
      await using without = openSink(world, keys);
      const [answer] = await without.deliver([jobRecord("a")], AbortSignal.timeout(20_000));
      assert.equal(answer?.kind, "misconfigured");
      assert.match(answer.why, /credentials/);
      process.env["AWS_ACCESS_KEY_ID"] = fakeKeys.accessKeyId;
      process.env["AWS_SECRET_ACCESS_KEY"] = fakeKeys.secretAccessKey;
      await using found = openSink(world, keys);
      assert.deepEqual(await kindsOf(found, [jobRecord("a")]), ["sent"]);
    } finally {
      for (const name of Object.keys(process.env)) {
        if (!before.has(name)) delete process.env[name];
      }
    }
  });

  it("makes group and stream when they are not there, once", async () => {
    await using world = await startWorld();
    await using sink = openSink(world);
    for (const id of ["a", "b"]) await kindsOf(sink, [jobRecord(id)]);
    assert.deepEqual(
      world.aws.asked.filter((name) => name !== "PutMetricData"),
      ["PutLogEvents", "CreateLogGroup", "CreateLogStream", "PutLogEvents", "PutLogEvents"],
    );
  });

  for (const { what, operation, fault, expected } of [
    {
      what: "no permission to make a group",
      operation: "CreateLogGroup",
      fault: ["AccessDeniedException", 400],
      expected: "misconfigured",
    },
    {
      what: "too many groups",
      operation: "CreateLogGroup",
      fault: ["LimitExceededException", 400],
      expected: "misconfigured",
    },
    {
      what: "a group that is being made",
      operation: "CreateLogGroup",
      fault: ["OperationAbortedException", 400],
      expected: "retry",
    },
    {
      what: "no permission to log",
      operation: "PutLogEvents",
      fault: ["AccessDeniedException", 400],
      expected: "misconfigured",
    },
    {
      what: "no permission to count",
      operation: "PutMetricData",
      fault: ["AccessDenied", 403],
      expected: "misconfigured",
    },
    {
      what: "keys that ran out",
      operation: "PutMetricData",
      fault: ["ExpiredTokenException", 403],
      expected: "misconfigured",
    },
    {
      what: "too many requests",
      operation: "PutMetricData",
      fault: ["Throttling", 400],
      expected: "retry",
    },
    {
      what: "an error of AWS's own",
      operation: "PutMetricData",
      fault: ["InternalServiceFault", 500],
      expected: "retry",
    },
    {
      what: "an invalid value",
      operation: "PutMetricData",
      fault: ["InvalidParameterValueException", 400],
      expected: "refused",
    },
    {
      what: "an invalid combination",
      operation: "PutMetricData",
      fault: ["InvalidParameterCombinationException", 400],
      expected: "refused",
    },
  ] as const) {
    it(`answers ${what} with ${expected}`, async () => {
      await using world = await startWorld();
      await using sink = openSink(world);
      world.aws.fail(operation, new AwsFault(fault[0], "no", fault[1]));
      assert.deepEqual(await kindsOf(sink, [jobRecord("a"), jobRecord("b")]), [expected, expected]);
    });
  }

  it("calls a host that does not exist a wrong setting", async () => {
    await using world = await startWorld();
    await using sink = openSink(world, { endpoint: "http://no-such-host.invalid" });
    const [answer] = await sink.deliver([jobRecord("a")], AbortSignal.timeout(20_000));
    // Without any resolver at hand, nothing is known of the host.
    const expected = answer?.kind === "retry" ? /EAI_AGAIN/ : /ENOTFOUND/;
    assert.match(JSON.stringify(answer), expected);
  });

  it("is healthy where it may send and not ask", async () => {
    await using world = await startWorld();
    await using sink = openSink(world);
    world.aws.fail("ListMetrics", new AwsFault("AccessDenied", "no", 403));
    world.aws.fail("DescribeLogStreams", new AwsFault("AccessDeniedException", "no"));
    const { status, details } = await sink.health(AbortSignal.timeout(5_000));
    assert.deepEqual([status, details], ["healthy", { cloudwatch: "answers", logs: "answers" }]);
  });
});
