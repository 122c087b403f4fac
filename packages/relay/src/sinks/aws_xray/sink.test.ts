/** On a fake of X-Ray (`xray.kit.ts`); requests are signed and sent by the real AWS SDK. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  AwsFault,
  fakeConfig,
  fieldsOf,
  listOf,
  startFakeAws,
  type FakeAws,
  type Fields,
} from "../aws/aws.kit.ts";
import { eventSinkContract, sinkParts, type EventSinkFixture } from "../event-sink.contract.ts";
import { jobRecord } from "../record.kit.ts";
import type { EventSink } from "../../event-sink.ts";
import type { JobRecord } from "../../sink-record.ts";
import { segmentIdOf } from "./ids.ts";
import { createKnownRuns } from "./known-runs.ts";
import { awsXrayKind } from "./kind.ts";
import { createFakeXRay, keyOf, type FakeXRay } from "./xray.kit.ts";

interface World extends AsyncDisposable {
  readonly aws: FakeAws;
  readonly xray: FakeXRay;
}

async function startWorld(): Promise<World> {
  const xray = createFakeXRay();
  const aws = await startFakeAws([xray.service]);
  return { aws, xray, [Symbol.asyncDispose]: () => aws[Symbol.asyncDispose]() };
}

async function createFixture(): Promise<EventSinkFixture> {
  const world = await startWorld();
  const { aws, xray } = world;
  const config = fakeConfig(aws.server.url);
  const wrongKey = "a-secret-key-that-is-wrong";
  return {
    config,
    // The same event makes the same document, which replaces itself.
    arrived: () => Promise.resolve([...new Set(xray.taken.map(keyOf))]),
    away: aws.server.away,
    refuse(ids) {
      for (const id of ids) xray.unprocessed.set(id, "InvalidSegment");
      return Promise.resolve();
    },
    throttle: (afterMs) => aws.throttle(afterMs),
    misconfigured: { config: { ...config, aws_secret_access_key: wrongKey }, secret: wrongKey },
    hang: () => aws.server.hang(),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

eventSinkContract({
  kind: awsXrayKind,
  createFixture,
  wrong: [
    {
      what: "half a pair of keys",
      config: { aws_secret_access_key: "secret" },
      path: "aws_access_key_id",
    },
    {
      what: "a token without keys",
      config: { aws_session_token: "token" },
      path: "aws_access_key_id",
    },
    { what: "a region that is none", config: { aws_region: "EU" }, path: "aws_region" },
    { what: "a service without a name", config: { service_name: "" }, path: "service_name" },
    { what: "an address that is none", config: { endpoint: "ftp://a" }, path: "endpoint" },
  ],
  knowsIds: true,
  bareKind: "finished",
});

function openSink({ aws }: World): EventSink {
  const parsed = awsXrayKind.parseSettings(fakeConfig(aws.server.url));
  if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems));
  return awsXrayKind.create(parsed.value, sinkParts());
}

async function kindsOf(sink: EventSink, records: readonly JobRecord[]): Promise<string[]> {
  const answers = await sink.deliver(records, AbortSignal.timeout(20_000));
  return answers.map((answer) => answer.kind);
}

const start = Date.parse("2026-11-21T12:00:00.000Z");

interface RunParts {
  readonly id: string;
  readonly parent?: string;
  readonly atMs?: number;
  readonly trace?: string;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** A record of a run; `atMs` after `start`. Its key is `<id>-<kind>`. */
function runRecord(
  kind: "started" | "progress" | "finished" | "failed" | "canceled",
  { id, parent, atMs = 0, trace, metrics = {}, metadata = {} }: RunParts,
): JobRecord {
  const status = { started: "running", progress: "running", finished: "succeeded" } as const;
  return jobRecord(`${id}-${kind}`, {
    entity: {
      id,
      parent_id: parent ?? null,
      type: parent === undefined ? "job" : "subjob",
      business_key: `job of ${id}`,
    },
    event: {
      kind: kind === "failed" ? "finished" : kind,
      status: kind === "failed" || kind === "canceled" ? kind : status[kind],
      at: new Date(start + atMs).toISOString(),
      metrics,
      metadata,
    },
    ...(trace === undefined ? {} : { trace: { trace_id: trace, span_id: "00f067aa0ba902b7" } }),
  });
}

function only<T>(list: Iterable<T>): T {
  const [one, ...others] = list;
  assert.ok(one !== undefined && others.length === 0);
  return one;
}

const trace = "4efaaf4d1e8720b39541901950019ee5";

describe("segments of X-Ray", () => {
  it("have the Monitoring Component's form", async () => {
    await using world = await startWorld();
    await using sink = openSink(world);
    const metrics = { duration_s: 2.5, cpu_user_s: 1, cpu_system_s: 0.5, mem_max_mb: 64 };
    const metadata = { lot: "A7" };
    await kindsOf(sink, [
      runRecord("finished", { id: "run-1", atMs: 2_500, trace, metrics, metadata }),
    ]);
    assert.deepEqual(only(world.xray.taken), {
      id: segmentIdOf("run-1"),
      name: "etl.job",
      trace_id: "1-4efaaf4d-1e8720b39541901950019ee5",
      start_time: start / 1000,
      end_time: start / 1000 + 2.5,
      annotations: {
        site_id: "fab1",
        app_name: "etl",
        status: "succeeded",
        entity_type: "job",
        job: "job of run-1",
        run_id: "run-1",
      },
      metadata: {
        wafer_monitor: {
          idempotency_key: "run-1-finished",
          site_id: "fab1",
          app_name: "etl",
          app_version: "1.0",
          entity_type: "job",
          entity_id: "run-1",
          business_key: "job of run-1",
          sub_key: null,
          status: "succeeded",
          ...metrics,
          metadata,
        },
      },
      service: { name: "wafer-monitor", version: "1.0" },
    });
  });

  it("are open from the start of a run to its end", async () => {
    await using world = await startWorld();
    await using sink = openSink(world);
    await kindsOf(sink, [runRecord("started", { id: "a" })]);
    assert.equal(only(world.xray.segments.values())["in_progress"], true);
    await kindsOf(sink, [runRecord("progress", { id: "a", atMs: 500 })]);
    await kindsOf(sink, [runRecord("finished", { id: "a", atMs: 1_000 })]);
    const { in_progress, start_time, end_time } = only(world.xray.segments.values());
    assert.deepEqual(
      [in_progress, start_time, end_time],
      [undefined, start / 1000, start / 1000 + 1],
    );
    assert.equal(world.xray.taken.length, 2);
  });

  it("are closed after a restart as they would have been without", async () => {
    await using world = await startWorld();
    const runs = { id: "a", trace };
    {
      await using sink = openSink(world);
      await kindsOf(sink, [
        runRecord("started", runs),
        runRecord("started", { id: "b", parent: "a" }),
      ]);
    }
    await using sink = openSink(world);
    const metrics = { duration_s: 3 };
    await kindsOf(sink, [
      runRecord("finished", { id: "b", parent: "a", atMs: 3_000, metrics, trace }),
      runRecord("finished", { ...runs, atMs: 3_000, metrics }),
    ]);
    assert.equal(world.xray.segments.size, 2);
    for (const segment of world.xray.segments.values()) {
      assert.deepEqual([segment["start_time"], segment["in_progress"]], [start / 1000, undefined]);
    }
  });

  it("come once when start and end come together, and never open again after the end", async () => {
    await using world = await startWorld();
    await using sink = openSink(world);
    const answers = await kindsOf(sink, [
      runRecord("started", { id: "a" }),
      runRecord("finished", { id: "a", atMs: 10 }),
      runRecord("finished", { id: "b", atMs: 10 }),
      runRecord("started", { id: "b" }),
    ]);
    assert.deepEqual(answers, ["sent", "sent", "sent", "sent"]);
    assert.deepEqual(world.xray.taken.map(keyOf), ["a-finished", "b-finished"]);
    await kindsOf(sink, [runRecord("started", { id: "a" })]);
    assert.equal(world.xray.taken.length, 2);
  });

  it("make one trace of a run and the runs below it, whether or not their events have one", async () => {
    for (const given of [{ trace }, {}]) {
      await using world = await startWorld();
      await using sink = openSink(world);
      await kindsOf(sink, [
        runRecord("started", { id: "root", ...given }),
        runRecord("started", { id: "child", parent: "root" }),
        runRecord("started", { id: "grandchild", parent: "child" }),
      ]);
      const [root, child, grandchild] = world.xray.taken;
      assert.equal(new Set(world.xray.taken.map((one) => one["trace_id"])).size, 1);
      assert.deepEqual([root?.["type"], root?.["parent_id"]], [undefined, undefined]);
      assert.deepEqual([child?.["type"], child?.["parent_id"]], ["subsegment", root?.["id"]]);
      assert.deepEqual(
        [grandchild?.["parent_id"], grandchild?.["name"]],
        [child?.["id"], "job of grandchild"],
      );
    }
  });

  it("have the time of a root's id in their trace, where it holds one", async () => {
    await using world = await startWorld();
    await using sink = openSink(world);
    const id = "019aa5f2-8c00-7abc-8def-0123456789ab";
    await kindsOf(sink, [runRecord("started", { id })]);
    const [, seconds] = String(only(world.xray.taken)["trace_id"]).split("-");
    assert.equal(Number.parseInt(seconds ?? "", 16), Math.floor(0x019aa5f28c00 / 1000));
  });

  it("say why a run failed", async () => {
    await using world = await startWorld();
    await using sink = openSink(world);
    const error_stack = [
      "TypeError: no rows",
      "    at save (/app/job.js:12:7)",
      "    at async file:///app/main.js:3:1",
      '  File "/app/job.py", line 9, in load',
      "    at Job.run(Job.java:40)",
    ].join("\n");
    const metadata = {
      error: "no rows",
      error_type: "TypeError",
      error_stack,
      error_cause: "no disk",
    };
    await kindsOf(sink, [
      runRecord("failed", { id: "a", metadata }),
      runRecord("canceled", { id: "b" }),
    ]);
    const [failed, canceled] = world.xray.taken;
    assert.deepEqual([failed?.["fault"], failed?.["error"]], [true, true]);
    const exceptions = listOf(fieldsOf(failed?.["cause"])["exceptions"]).map(fieldsOf);
    const [first, second] = exceptions;
    assert.deepEqual([first?.["message"], first?.["type"]], ["no rows", "TypeError"]);
    assert.deepEqual([first?.["cause"], second?.["message"]], [second?.["id"], "no disk"]);
    assert.deepEqual(first?.["stack"], [
      { path: "/app/job.js", line: 12, label: "save" },
      { path: "async file:///app/main.js", line: 3, label: "" },
      { path: "/app/job.py", line: 9, label: "load" },
      { path: "Job.java", line: 40, label: "Job.run" },
    ]);
    assert.deepEqual(
      [canceled?.["fault"], canceled?.["error"], canceled?.["cause"]],
      [undefined, undefined, undefined],
    );
  });

  for (const { what, parts, left } of [
    { what: "metadata", parts: { metadata: { lot: "ü".repeat(40_000) } }, left: "metadata" },
    {
      what: "figures",
      parts: {
        metrics: Object.fromEntries(
          Array.from({ length: 4_000 }, (_, i) => [`figure number ${i}`, i]),
        ),
      },
      left: "metrics, metadata and stack",
    },
  ]) {
    it(`stay below 64 kB by leaving out ${what}`, async () => {
      await using world = await startWorld();
      await using sink = openSink(world);
      assert.deepEqual(await kindsOf(sink, [runRecord("failed", { id: "a", ...parts })]), ["sent"]);
      const own = fieldsOf(fieldsOf(only(world.xray.taken)["metadata"])["wafer_monitor"]);
      assert.equal(own["belfry_left_out"], left);
    });
  }
});

describe("requests to X-Ray", () => {
  it("hold no more than 50 documents", async () => {
    await using world = await startWorld();
    await using sink = openSink(world);
    const records = Array.from({ length: 120 }, (_, i) => runRecord("finished", { id: `a-${i}` }));
    assert.deepEqual(new Set(await kindsOf(sink, records)), new Set(["sent"]));
    assert.deepEqual(world.xray.requests, [50, 50, 20]);
  });

  for (const { code, expected } of [
    { code: "InvalidSegment", expected: "refused" },
    { code: "ThrottledException", expected: "retry" },
    { code: "InternalFailure", expected: "retry" },
  ]) {
    it(`are read item by item: ${code} is ${expected}`, async () => {
      await using world = await startWorld();
      world.xray.unprocessed.set("b-finished", code);
      await using sink = openSink(world);
      const records = ["a", "b", "c"].map((id) => runRecord("finished", { id }));
      assert.deepEqual(await kindsOf(sink, records), ["sent", expected, "sent"]);
      assert.deepEqual(world.xray.requests, [3]);
    });
  }

  it("are tried in halves when X-Ray does not say which document it did not process", async () => {
    await using world = await startWorld();
    world.xray.unprocessed.set("b-finished", "InvalidSegment");
    world.xray.namesIds = false;
    await using sink = openSink(world);
    const records = ["a", "b", "c"].map((id) => runRecord("finished", { id }));
    assert.deepEqual(await kindsOf(sink, records), ["sent", "refused", "sent"]);
    assert.equal(world.xray.segments.size, 2);
  });

  for (const { fault, expected } of [
    { fault: new AwsFault("ThrottledException", "slow down", 429), expected: "retry" },
    { fault: new AwsFault("InvalidRequestException", "no"), expected: "refused" },
    { fault: new AwsFault("AccessDeniedException", "no", 403), expected: "misconfigured" },
    { fault: new AwsFault("InternalFailure", "sorry", 500), expected: "retry" },
  ]) {
    it(`answer ${fault.name} with ${expected}`, async () => {
      await using world = await startWorld();
      world.aws.fail("/TraceSegments", fault);
      await using sink = openSink(world);
      const records = ["a", "b"].map((id) => runRecord("finished", { id }));
      assert.deepEqual(await kindsOf(sink, records), [expected, expected]);
    });
  }
});

it("known runs are forgotten from the oldest on", () => {
  const runs = createKnownRuns(2);
  const note = (id: string, kind: "started" | "progress") =>
    runs.note(runRecord(kind, { id }).event);
  note("a", "started");
  note("b", "started");
  note("a", "progress");
  note("c", "started");
  assert.equal(note("b", "progress").startedAt, undefined);
  const first: Fields = { ...note("c", "progress") };
  assert.equal(first["startedAt"], start);
});
