/** On the relay's fakes of AWS; requests are signed and sent by the real AWS SDK. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { XRay } from "@aws-sdk/client-xray";
import {
  AwsFault,
  fakeConfig,
  fakeKeys,
  startFakeAws,
  type FakeAws,
} from "../../../relay/src/sinks/aws/aws.kit.ts";
import {
  createFakeLogs,
  createFakeMetrics,
} from "../../../relay/src/sinks/aws_cloudwatch/cloudwatch.kit.ts";
import { awsCloudwatchKind } from "../../../relay/src/sinks/aws_cloudwatch/kind.ts";
import { awsXrayKind } from "../../../relay/src/sinks/aws_xray/kind.ts";
import { createFakeXRay } from "../../../relay/src/sinks/aws_xray/xray.kit.ts";
import { sinkParts } from "../../../relay/src/sinks/event-sink.contract.ts";
import { awkwardTexts } from "../../../relay/src/sinks/record.kit.ts";
import type { EventSinkKind } from "../../../relay/src/event-sink.ts";
import { CloudWatchEmitter, monitoredLambdaHandler, XRayEmitter } from "../aws.ts";
import { MemoryEmitter, SeveralEmitters } from "../emit/simple.ts";
import type { JobEvent } from "../event.ts";
import { startRun } from "../start.ts";

async function startWorld() {
  const metrics = createFakeMetrics();
  const logs = createFakeLogs();
  const xray = createFakeXRay();
  const aws = await startFakeAws([metrics.service, logs.service, xray.service]);
  return { aws, metrics, logs, xray, [Symbol.asyncDispose]: () => aws[Symbol.asyncDispose]() };
}

function clientsOf({ server }: FakeAws) {
  const { region, ...credentials } = fakeKeys;
  const config = { region, credentials, endpoint: server.url, maxAttempts: 1 };
  return {
    metrics: new CloudWatch(config),
    logs: new CloudWatchLogs(config),
    xray: new XRay(config),
  };
}

/** Events of runs of all kinds, with text that is hard to write. */
function someEvents(): readonly JobEvent[] {
  const emitter = new MemoryEmitter();
  for (const text of ["plain", ...awkwardTexts]) {
    const metadata = { [text]: text };
    const run = startRun({
      job: text,
      app: { name: text, version: "1" },
      emitter,
      metadata,
      parent: null,
    });
    const child = startRun({ job: `child ${text}`, parent: run, emitter });
    run.progress(0.5);
    run.metric(text, 7);
    run.event("warn", text);
    child.fail(new TypeError(text, { cause: text }));
    if (text.length % 2 === 0) run.finish({ huge: "ü".repeat(40_000) });
    else run.cancel(text);
  }
  return emitter.events;
}

async function deliverBySidecar(
  kind: EventSinkKind,
  config: object,
  events: readonly JobEvent[],
): Promise<void> {
  const parsed = kind.parseSettings(config);
  if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems));
  await using sink = kind.create(parsed.value, sinkParts());
  const records = events.map((event) => ({
    kind: "job_event" as const,
    id: event.idempotency_key,
    at: event.event.at,
    event: { ...event },
  }));
  const answers = await sink.deliver(records, AbortSignal.timeout(20_000));
  assert.deepEqual(new Set(answers.map((answer) => answer.kind)), new Set(["sent"]));
}

const silent = { onProblem: () => undefined };

describe("events straight to AWS", () => {
  it("are in CloudWatch what the sidecar makes of them", async () => {
    await using direct = await startWorld();
    await using sidecar = await startWorld();
    const events = someEvents();
    const { metrics, logs } = clientsOf(direct.aws);
    const place = { computePlatform: "ecs", instanceId: "i-1" };
    const emitter = new CloudWatchEmitter({ metrics, logs, ownMetrics: true, ...place });
    for (const event of events) emitter.send(event);
    assert.equal(await emitter.flush(20_000), true);
    await emitter.close();
    const config = { compute_platform: "ecs", instance_id: "i-1", own_metrics: true };
    const whole = { ...fakeConfig(sidecar.aws.server.url), ...config };
    await deliverBySidecar(awsCloudwatchKind, whole, events);
    assert.ok(direct.metrics.taken.length > 50);
    assert.deepEqual(direct.metrics.taken, sidecar.metrics.taken);
    assert.deepEqual(direct.logs.taken, sidecar.logs.taken);
    assert.deepEqual(direct.logs.streams, sidecar.logs.streams);
  });

  it("are in X-Ray what the sidecar makes of them", async () => {
    await using direct = await startWorld();
    await using sidecar = await startWorld();
    const { xray } = clientsOf(direct.aws);
    const emitter = new XRayEmitter({ client: xray });
    const events = someEvents();
    const starts = events.filter(({ event }) => event.kind === "started");
    const others = events.filter(({ event }) => event.kind !== "started");
    for (const some of [starts, others]) {
      for (const event of some) emitter.send(event);
      assert.equal(await emitter.flush(20_000), true);
      await deliverBySidecar(awsXrayKind, fakeConfig(sidecar.aws.server.url), some);
    }
    await emitter.close();
    assert.equal(direct.xray.taken.length, 2 * starts.length);
    assert.deepEqual(direct.xray.taken, sidecar.xray.taken);
  });

  it("are one document when a run starts and ends before they are sent", async () => {
    await using world = await startWorld();
    const emitter = new XRayEmitter({ client: clientsOf(world.aws).xray });
    startRun({ job: "a", emitter }).finish();
    await emitter.close();
    assert.equal(world.xray.taken.length, 1);
    assert.equal(world.xray.taken[0]?.["in_progress"], undefined);
  });
});

describe("events straight to AWS, in trouble,", () => {
  it("are logged once when metrics are not taken at first", async () => {
    await using world = await startWorld();
    const { metrics, logs } = clientsOf(world.aws);
    const emitter = new CloudWatchEmitter({ metrics, logs, pauseMs: 1, maxPauseMs: 5, ...silent });
    world.aws.fail("PutMetricData", new AwsFault("InternalServiceFault", "sorry", 500));
    startRun({ job: "a", emitter }).finish();
    assert.equal(await emitter.flush(5_000), false);
    world.aws.fail("PutMetricData", null);
    assert.equal(await emitter.flush(5_000), true);
    await emitter.close();
    assert.equal(world.logs.taken.length, 2);
    assert.equal(world.metrics.taken.filter(({ name }) => name === "JobCompleted").length, 1);
  });

  it("are dropped one by one when they are refused, and the loss is told", async () => {
    await using world = await startWorld();
    const told: string[] = [];
    const { logs } = clientsOf(world.aws);
    const emitter = new CloudWatchEmitter({ logs, onProblem: (message) => told.push(message) });
    const run = startRun({ job: "a", emitter });
    world.logs.refused.add(`${run.id}-1`);
    run.event("info", "one");
    run.event("info", "two");
    run.finish();
    await emitter.flush(5_000);
    assert.equal(emitter.dropped, 1);
    await emitter.close();
    assert.deepEqual(
      world.logs.taken.map((one) => one["idempotency_key"]),
      [`${run.id}-0`, `${run.id}-2`, `${run.id}-3`],
    );
    assert.match(told.join(), /refused and dropped: CloudWatch: InvalidParameterException/);
  });

  it("are counted as lost when CloudWatch Logs does not take their time, or X-Ray a document", async () => {
    await using world = await startWorld();
    world.logs.retentionMs = -60_000;
    const { logs, xray } = clientsOf(world.aws);
    const toLogs = new CloudWatchEmitter({ logs, ...silent });
    const toXRay = new XRayEmitter({ client: xray, ...silent });
    const run = startRun({ job: "a", emitter: new SeveralEmitters([toLogs, toXRay]) });
    run.finish();
    world.xray.unprocessed.set(`${run.id}-1`, "InvalidSegment");
    await Promise.all([toLogs.close(), toXRay.close()]);
    assert.deepEqual([toLogs.dropped, toXRay.dropped], [2, 1]);
  });

  it("hold up nobody when AWS never answers", async () => {
    await using world = await startWorld();
    await world.aws.server.hang();
    const emitter = new XRayEmitter({
      client: clientsOf(world.aws).xray,
      timeoutMs: 100,
      ...silent,
    });
    startRun({ job: "a", emitter }).finish();
    const from = performance.now();
    assert.equal(await emitter.flush(5_000), false);
    assert.ok(performance.now() - from < 2_000);
    await emitter.close();
  });

  for (const [name, status, pattern] of [
    ["AccessDeniedException", 403, /settings look wrong/],
    ["ThrottledException", 429, /cannot be delivered and wait:/],
  ] as const) {
    it(`wait after ${name}`, async () => {
      await using world = await startWorld();
      const told: string[] = [];
      const { xray } = clientsOf(world.aws);
      const emitter = new XRayEmitter({
        client: xray,
        maxPauseMs: 5,
        onProblem: (message) => told.push(message),
      });
      world.aws.fail("/TraceSegments", new AwsFault(name, "no", status));
      startRun({ job: "a", emitter }).finish();
      await emitter.flush(5_000);
      world.aws.fail("/TraceSegments", null);
      assert.equal(await emitter.flush(5_000), true);
      await emitter.close();
      assert.equal(world.xray.taken.length, 1);
      assert.match(told.join(), pattern);
    });
  }
});

describe("a monitored handler of Lambda", () => {
  const context = {
    awsRequestId: "c6af9ac6",
    functionName: "resize",
    invokedFunctionArn: "arn:aws:lambda:eu-central-1:1:function:resize",
    getRemainingTimeInMillis: () => 3_000,
  };

  it("answers after its events were handed over", async () => {
    await using world = await startWorld();
    const { metrics, xray } = clientsOf(world.aws);
    const memory = new MemoryEmitter();
    const emitter = new SeveralEmitters([
      memory,
      new CloudWatchEmitter({ metrics, computePlatform: "lambda" }),
      new XRayEmitter({ client: xray }),
    ]);
    process.env["_X_AMZN_TRACE_ID"] =
      "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1";
    try {
      const handler = monitoredLambdaHandler(
        { emitter, site: "fab1" },
        (event: number, { awsRequestId }: typeof context, run) => {
          run.progress(0.5);
          return `${awsRequestId} ${event}`;
        },
      );
      assert.equal(await handler(7, context), "c6af9ac6 7");
    } finally {
      delete process.env["_X_AMZN_TRACE_ID"];
    }
    assert.ok(world.metrics.taken.some(({ name }) => name === "JobCompleted"));
    assert.equal(world.xray.taken[0]?.["trace_id"], "1-67891233-abcdef012345678912345678");
    const { entity, event } = memory.events[0] ?? {};
    assert.equal(entity?.business_key, "resize");
    assert.deepEqual(event?.metadata["lambda"], {
      request_id: "c6af9ac6",
      function_arn: "arn:aws:lambda:eu-central-1:1:function:resize",
    });
    await emitter.close();
  });

  it("throws what it threw", async () => {
    const emitter = new MemoryEmitter();
    const error = new Error("no rows");
    const handler = monitoredLambdaHandler({ job: "a", emitter }, () => {
      throw error;
    });
    await assert.rejects(handler(null, {}), (thrown) => thrown === error);
    assert.equal(emitter.events.at(-1)?.event.status, "failed");
  });

  it("waits no longer than the function has time", async () => {
    await using world = await startWorld();
    await world.aws.server.hang();
    const emitter = new XRayEmitter({
      client: clientsOf(world.aws).xray,
      timeoutMs: 500,
      ...silent,
    });
    const from = performance.now();
    const handler = monitoredLambdaHandler({ emitter }, () => 7);
    assert.equal(await handler(null, { getRemainingTimeInMillis: () => 300 }), 7);
    assert.ok(performance.now() - from < 400);
    await emitter.close();
  });

  it("is called whatever its context is", async () => {
    const emitter = new MemoryEmitter();
    const context = {
      getRemainingTimeInMillis: () => {
        throw new Error("no");
      },
    };
    assert.equal(await monitoredLambdaHandler({ emitter }, () => 7)(null, context), 7);
  });
});
