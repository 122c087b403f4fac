import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { EventSink } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";
import { eventSinkContract, sinkParts, type EventSinkFixture } from "../event-sink.contract.ts";
import { startStrictServer } from "../http/strict-server.kit.ts";
import { jobRecord } from "../record.kit.ts";
import { prometheusKind } from "./kind.ts";
import { receiverToken, startReceiver, type Receiver } from "./receiver.kit.ts";

const wrongToken = "a-token-that-is-wrong";

/** No series has the id of a record: here it is the type of its entity, which is a label. */
const record: typeof jobRecord = (id, change) =>
  jobRecord(id, { ...change, entity: { type: id, ...change?.entity } });

async function createFixture(): Promise<EventSinkFixture> {
  const receiver = await startReceiver();
  const config = { url: `${receiver.url}/api/v1/write`, bearer_token: receiverToken };
  return {
    config,
    arrived() {
      const types = [...receiver.series.values()].map(({ labels }) => labels["type"] ?? "");
      return Promise.resolve([...new Set(types)]);
    },
    away: receiver.away,
    refuse(ids) {
      for (const id of ids) receiver.refuse("type", id);
      return Promise.resolve();
    },
    throttle: (afterMs) => receiver.throttle(afterMs),
    misconfigured: { config: { ...config, bearer_token: wrongToken }, secret: wrongToken },
    hang: () => receiver.hang(),
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  };
}

const url = "http://a/api/v1/write";

eventSinkContract({
  kind: prometheusKind,
  createFixture,
  record,
  wrong: [
    { what: "no address", config: {}, path: "url" },
    { what: "an address of another kind", config: { url: "tcp://a" }, path: "url" },
    { what: "an address with no such port", config: { url: "http://a:99999/" }, path: "url" },
    {
      what: "two ways to say who one is",
      config: { url, bearer_token: "a", username: "b" },
      path: "bearer_token",
    },
    { what: "a password without a name", config: { url, password: "b" }, path: "username" },
    { what: "a name with a colon", config: { url, username: "a:b" }, path: "username" },
    { what: "a label that is reserved", config: { url, labels: { __a: "b" } }, path: "labels.__a" },
    { what: "a prefix that is no name", config: { url, prefix: "my-" }, path: "prefix" },
    { what: "no certificates as ca", config: { url, ca: "ca.pem" }, path: "ca" },
  ],
  knowsIds: true,
});

interface Open extends AsyncDisposable {
  readonly sink: EventSink;
  readonly receiver: Receiver;
  readonly said: string[];
}

async function open({
  takesLate = false,
  ...config
}: { readonly takesLate?: boolean } & Record<string, unknown> = {}): Promise<Open> {
  const receiver = await startReceiver({ takesLate });
  const said: string[] = [];
  const sink = sinkWith({ url: receiver.url, bearer_token: receiverToken, ...config }, said);
  return {
    sink,
    receiver,
    said,
    async [Symbol.asyncDispose]() {
      await sink[Symbol.asyncDispose]();
      await receiver[Symbol.asyncDispose]();
    },
  };
}

function sinkWith(config: object, said: string[] = []): EventSink {
  const parsed = prometheusKind.parseSettings(config);
  if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems));
  return prometheusKind.create(parsed.value, sinkParts(said));
}

const startMs = Date.now() - 60_000;

/** A finished run of one job, so many seconds after the start of the test. */
function finished(seconds: number, change: Partial<Record<string, number>> = {}): SinkRecord {
  const at = new Date(startMs + seconds * 1000).toISOString();
  const metrics = { duration_s: seconds, ...change } as Record<string, number>;
  return jobRecord(`run-${seconds}`, { event: { at, metrics } });
}

async function answersOf(sink: EventSink, records: readonly SinkRecord[]): Promise<string[]> {
  const answers = await sink.deliver(records, AbortSignal.timeout(10_000));
  return answers.map(({ kind }) => kind);
}

function durations(receiver: Receiver): number[] {
  return receiver.samples("belfry_run_duration_seconds").map(([, value]) => value);
}

describe("the sink prometheus", () => {
  it("brings samples of one request in order; of one time the last one counts", async () => {
    await using world = await open();
    const records = [finished(3), finished(1), finished(2), finished(2, { duration_s: 20 })];
    assert.deepEqual(await answersOf(world.sink, records), Array(4).fill("sent"));
    assert.deepEqual(durations(world.receiver), [1, 20, 3]);
    assert.equal(world.receiver.requests.length, 1);
  });

  it("makes no dead letters of what was delivered before", async () => {
    await using world = await open();
    const records = [1, 2, 3, 4, 5].map((seconds) => finished(seconds));
    assert.deepEqual(await answersOf(world.sink, records), Array(5).fill("sent"));
    await using again = sinkWith({ url: world.receiver.url, bearer_token: receiverToken });
    const more = [...records, finished(6)];
    assert.deepEqual(await answersOf(again, more), Array(6).fill("sent"));
    assert.deepEqual(durations(world.receiver), [1, 2, 3, 4, 5, 6]);
  });

  it("leaves out what is late at a strict receiver, and only that; then it knows without asking", async () => {
    await using world = await open();
    await answersOf(world.sink, [finished(5)]);
    // The figure `rows` is not late: its series has nothing yet.
    assert.deepEqual(await answersOf(world.sink, [finished(2, { rows: 7 }), finished(6)]), [
      "sent",
      "sent",
    ]);
    assert.deepEqual(durations(world.receiver), [5, 6]);
    assert.deepEqual(world.receiver.samples("belfry_run_rows"), [[startMs + 2000, 7]]);
    assert.equal(world.said.length, 1);
    assert.match(world.said[0] ?? "", /out of order/);
    const before = world.receiver.requests.length;
    assert.deepEqual(await answersOf(world.sink, [finished(3), finished(7)]), ["sent", "sent"]);
    assert.deepEqual(durations(world.receiver), [5, 6, 7]);
    assert.equal(world.receiver.requests.length, before + 1);
    const { details } = await world.sink.health(AbortSignal.timeout(5_000));
    // Of the first late record everything but `rows`, of the second everything.
    assert.deepEqual(details, { response_code: 204, samples_left_out: 14 });
  });

  it("leaves out another value for a time that is taken", async () => {
    await using world = await open();
    await answersOf(world.sink, [finished(5)]);
    const answers = await answersOf(world.sink, [finished(5, { duration_s: 6, rows: 7 })]);
    assert.deepEqual(answers, ["sent"]);
    assert.deepEqual(durations(world.receiver), [5]);
    assert.deepEqual(world.receiver.samples("belfry_run_rows"), [[startMs + 5000, 7]]);
    assert.deepEqual(world.said, []);
  });

  it("sends what is late to a receiver that takes it", async () => {
    await using world = await open({ takesLate: true });
    await answersOf(world.sink, [finished(5)]);
    await answersOf(world.sink, [finished(2)]);
    assert.deepEqual(durations(world.receiver), [5, 2]);
  });

  it("asks nobody about records without figures", async () => {
    await using world = await open();
    const line = jobRecord("a", { event: { kind: "event", metrics: {} } });
    assert.deepEqual(await answersOf(world.sink, [line]), ["sent"]);
    assert.equal(world.receiver.requests.length, 0);
  });

  it("refuses what is far ahead of the clock, or has no time, and sends the rest", async () => {
    await using world = await open();
    const ahead = jobRecord("a", { event: { at: new Date(Date.now() + 900_000).toISOString() } });
    const none = jobRecord("b", { event: { at: "" } });
    const answers = await answersOf(world.sink, [ahead, finished(1), none]);
    assert.deepEqual(answers, ["refused", "sent", "refused"]);
    assert.deepEqual(durations(world.receiver), [1]);
  });

  for (const { status, body, expected } of [
    { status: 400, body: "out of bounds", expected: "refused" },
    { status: 500, body: "too old sample", expected: "refused" },
    { status: 409, body: "add 1 samples: out of order sample", expected: "sent" },
    { status: 400, body: "(err-mimir-sample-duplicate-timestamp)", expected: "sent" },
    { status: 400, body: "received a series with an invalid label", expected: "refused" },
    { status: 413, body: "", expected: "refused" },
    { status: 429, body: "", expected: "retry" },
    { status: 500, body: "head is broken", expected: "retry" },
    { status: 404, body: "remote write receiver needs to be enabled", expected: "misconfigured" },
    { status: 403, body: "out of order", expected: "misconfigured" },
  ]) {
    it(`answers ${status} ${body} with ${expected}`, async () => {
      await using server = await startStrictServer(() => ({ status, body }));
      await using sink = sinkWith({ url: server.url });
      assert.deepEqual(await answersOf(sink, [finished(1)]), [expected]);
    });
  }

  it("says who it is by name and password too, and never tells it", async () => {
    const given: (string | string[] | undefined)[] = [];
    await using server = await startStrictServer(({ headers }) => {
      given.push(headers["authorization"]);
      return { status: 401, body: "no: s3cret-word" };
    });
    await using sink = sinkWith({ url: server.url, username: "me", password: "s3cret-word" });
    const answers = await sink.deliver([finished(1)], AbortSignal.timeout(5_000));
    assert.deepEqual(answers, [{ kind: "misconfigured", why: "HTTP 401: no: ***" }]);
    assert.deepEqual(given, [`Basic ${Buffer.from("me:s3cret-word").toString("base64")}`]);
  });
});
