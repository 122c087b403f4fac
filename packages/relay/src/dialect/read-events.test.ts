import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createParser, JobEventSchema, type JobEvent } from "@belfry/contract";
import { context, dialectA, dialectB, flatC, normalA, now, receivedAt } from "./dialect.kit.ts";
import { readEvents } from "./read-events.ts";

const parse = createParser(JobEventSchema);

/** The only event of a body; fails when it is refused or does not fit the contract. */
function eventOf(body: unknown): JobEvent {
  const { taken, refused } = readEvents(body, context());
  assert.deepEqual(refused, []);
  const [event] = taken;
  assert.ok(event !== undefined && taken.length === 1);
  assert.equal(parse(event).kind, "ok");
  return event;
}

describe("dialect A", () => {
  it("is the form of the contract, with its time in ms", () => {
    assert.deepEqual(eventOf(dialectA), normalA);
  });

  it("comes as a list, too, and as dialect C in an object", () => {
    const second = { ...dialectA, idempotency_key: "second" };
    for (const body of [[dialectA, second], { events: [dialectA, second] }]) {
      const { taken, texts, places, total, isSingle } = readEvents(body, context());
      assert.deepEqual(
        texts,
        taken.map((event) => JSON.stringify(event)),
      );
      assert.deepEqual(taken, [normalA, { ...normalA, idempotency_key: "second" }]);
      assert.deepEqual([places, total, isSingle], [[0, 1], 2, false]);
    }
  });

  it("may leave empty what does not matter, and its unknown keys are left out", () => {
    const body = {
      idempotency_key: "k",
      site_id: "",
      app: {},
      entity: { id: "r", surprise: 1 },
      event: { kind: "progress", metrics: { a: null } },
      surprise: true,
    };
    assert.deepEqual(eventOf(body), {
      idempotency_key: "k",
      site_id: "",
      app: { app_id: null, name: "", version: null },
      entity: { type: "job", id: "r", parent_id: null, business_key: null, sub_key: null },
      event: { kind: "progress", at: receivedAt, status: null, metrics: {}, metadata: {} },
      received_at: receivedAt,
    });
  });

  it("keeps trace ids, and keys of metadata that mean something to JavaScript", () => {
    const trace = { trace_id: "0af7651916cd43dd8448eb211c80319c", span_id: "b7ad6b7169203331" };
    const metadata: unknown = JSON.parse('{"__proto__":{"a":1},"list":[1,{"b":null}]}');
    const event = eventOf({ ...dialectA, trace, event: { ...dialectA.event, metadata } });
    assert.deepEqual(event.trace, trace);
    assert.equal(JSON.stringify(event.event.metadata), JSON.stringify(metadata));
  });
});

describe("dialect B", () => {
  it("has its parent in the metadata and a key made from what it says", () => {
    const event = eventOf(dialectB);
    assert.match(event.idempotency_key, /^content-[0-9a-f]{32}$/);
    const { idempotency_key: _key, ...rest } = event;
    assert.deepEqual(rest, {
      site_id: "fab1",
      app: {
        app_id: "a0000000-0000-4000-8000-00000000000abcde",
        name: "java-demo",
        version: "1.0",
      },
      entity: {
        type: "subjob",
        id: "b0000000-0000-4000-8000-000000000001",
        parent_id: "c0000000-0000-4000-8000-000000000001",
        business_key: "s-1",
        sub_key: null,
      },
      event: {
        kind: "started",
        at: "2026-01-02T03:04:05.123Z",
        status: "running",
        metrics: { subjobs_total: 3 },
        metadata: { parent_job_id: "c0000000-0000-4000-8000-000000000001" },
      },
      received_at: receivedAt,
    });
  });

  const withEvent = (changes: object): unknown => ({
    ...dialectB,
    event: { ...dialectB.event, ...changes },
  });
  const keysOf = (body: unknown): string[] =>
    readEvents(body, context()).taken.map((event) => event.idempotency_key);

  it("sent again has the same key, in whatever order its fields come and whenever it comes", () => {
    const turned = Object.fromEntries(Object.entries(dialectB).toReversed());
    const later = readEvents(turned, context({ now: now + 5_000 })).taken[0];
    assert.equal(later?.idempotency_key, keysOf(dialectB)[0]);
  });

  it("has another key for anything else it says", () => {
    const others = [{ kind: "finished" }, { metrics: { subjobs_total: 4 } }, { metadata: {} }];
    const keys = [{}, ...others].flatMap((changes) => keysOf(withEvent(changes)));
    assert.equal(new Set(keys).size, 4);
  });

  it("counts two equal events of one request as two, and the request sent again as the same two", () => {
    const keys = keysOf([dialectB, dialectB]);
    assert.equal(new Set(keys).size, 2);
    assert.deepEqual(keysOf([dialectB, dialectB]), keys);
  });

  it("has a random key where it does not say when it happened", () => {
    assert.deepEqual(keysOf(withEvent({ at: undefined })), ["random-1"]);
  });
});

describe("dialect D", () => {
  it("in C: numbers for words, a message in place of a status", () => {
    const event = eventOf(flatC);
    assert.match(event.idempotency_key, /^run-7-progress-1767323045-[0-9a-f]{32}$/);
    const { idempotency_key: _key, ...rest } = event;
    assert.deepEqual(rest, {
      site_id: "fab1",
      app: { app_id: null, name: "c-demo", version: "0.3.0" },
      entity: { type: "subjob", id: "run-7", parent_id: null, business_key: null, sub_key: null },
      event: {
        kind: "progress",
        at: "2026-01-02T03:04:05.000Z",
        status: "running",
        metrics: { progress_pct: 50 },
        metadata: { message: "half of the wafers done" },
      },
      received_at: receivedAt,
    });
  });

  it("in Java: camelCase and upper case", () => {
    const event = eventOf({
      idempotencyKey: "2f0d-finish-x",
      siteId: "fab1",
      appName: "java",
      appVersion: "0.3.0",
      entityType: "WAFER",
      entityId: "w-1",
      eventKind: "FINISHED",
      timestamp: 1767323045.25,
      status: "success",
      metrics: { duration_seconds: 3.5 },
      metadata: { lot: "L1" },
    });
    assert.deepEqual(event, {
      idempotency_key: "2f0d-finish-x",
      site_id: "fab1",
      app: { app_id: null, name: "java", version: "0.3.0" },
      entity: { type: "wafer", id: "w-1", parent_id: null, business_key: null, sub_key: null },
      event: {
        kind: "finished",
        at: "2026-01-02T03:04:05.250Z",
        status: "succeeded",
        metrics: { duration_s: 3.5 },
        metadata: { lot: "L1" },
      },
      received_at: receivedAt,
    });
  });

  it("in R: empty maps are lists", () => {
    const event = eventOf({
      ...flatC,
      event_kind: "canceled",
      status: "canceled",
      metrics: [],
      metadata: [],
    });
    assert.deepEqual(event.event, {
      kind: "canceled",
      at: "2026-01-02T03:04:05.000Z",
      status: "canceled",
      metrics: {},
      metadata: {},
    });
  });

  it("keeps two different events of one second apart, and one that is sent again together", () => {
    const other = { ...flatC, metrics: { progress: 51 } };
    const { taken } = readEvents([flatC, other, flatC], context());
    const [first, second, third] = taken.map((event) => event.idempotency_key);
    assert.notEqual(first, second);
    assert.equal(first, third);
  });

  for (const [number, kind] of [
    [0, "started"],
    [1, "progress"],
    [2, "metric"],
    [3, "finished"],
    [4, "error"],
    [5, "canceled"],
  ] as const) {
    it(`calls kind ${number} ${kind}`, () => {
      assert.equal(eventOf({ ...flatC, event_kind: number, status: null }).event.kind, kind);
    });
  }
});

describe("words for the state", () => {
  for (const [word, status] of [
    ["started", "running"],
    ["in_progress", "running"],
    ["RUNNING", "running"],
    ["success", "succeeded"],
    ["succeeded", "succeeded"],
    ["error", "failed"],
    ["failed", "failed"],
    ["cancelled", "canceled"],
    ["", null],
  ] as const) {
    it(`reads ${JSON.stringify(word)} as ${status}`, () => {
      const event = eventOf({ ...dialectA, event: { ...dialectA.event, status: word } });
      assert.equal(event.event.status, status);
    });
  }
});

describe("times", () => {
  const rows: readonly (readonly [unknown, string])[] = [
    ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"],
    ["2026-01-02T03:04:05.1Z", "2026-01-02T03:04:05.100Z"],
    ["2026-01-02T03:04:05.999999999Z", "2026-01-02T03:04:05.999Z"],
    ["2026-01-02T05:04:05.123456+02:00", "2026-01-02T03:04:05.123Z"],
    ["2026-01-01T21:34:05-0530", "2026-01-02T03:04:05.000Z"],
    ["2026-01-02T05:04:05+02", "2026-01-02T03:04:05.000Z"],
    ["2026-01-02T03:04:05.5", "2026-01-02T03:04:05.500Z"],
    ["2024-02-29T23:59:59+23:59", "2024-02-29T00:00:59.000Z"],
    ["2026-01-02 03:04:05", "2026-01-02T03:04:05.000Z"],
    ["1767323045", "2026-01-02T03:04:05.000Z"],
    ["1767323045.5", "2026-01-02T03:04:05.500Z"],
    [1767323045, "2026-01-02T03:04:05.000Z"],
    [1767323045.123, "2026-01-02T03:04:05.123Z"],
    [1767323045123, "2026-01-02T03:04:05.123Z"],
    [1767323045123456, "2026-01-02T03:04:05.123Z"],
    [0, "1970-01-01T00:00:00.000Z"],
  ];
  for (const [at, expected] of rows) {
    it(`reads ${JSON.stringify(at)} as ${expected}`, () => {
      assert.equal(eventOf({ ...dialectA, event: { ...dialectA.event, at } }).event.at, expected);
    });
  }
});
