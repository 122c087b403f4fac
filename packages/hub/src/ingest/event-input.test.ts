import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { deepestEvent, longestEvent, readEvent } from "./event-input.ts";

const now = Date.UTC(2026, 0, 2);

/** An event as the SDK sends it, with changes; undefined takes a field away. */
function sent(over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    idempotency_key: "k1",
    site_id: "fab1",
    app: { app_id: "a1", name: "batch", version: "1.0" },
    entity: { type: "job", id: "r1", parent_id: null, business_key: "daily", sub_key: null },
    event: {
      kind: "finished",
      at: "2026-01-01T00:00:00.123456+00:00",
      status: "succeeded",
      metrics: { duration_s: 1.5 },
      metadata: { a: 1 },
    },
    ...over,
  };
}

const eventWith = (over: object) => sent({ event: { ...(sent()["event"] as object), ...over } });
const entityWith = (over: object) => sent({ entity: { ...(sent()["entity"] as object), ...over } });
const sha256 = (text: string): string => `sha:${text.length}`;

function read(value: unknown) {
  const parsed = readEvent(value, now, sha256);
  assert.ok(parsed.kind === "ok", JSON.stringify(parsed));
  return parsed.value;
}

describe("an event", () => {
  test("is read as it is sent", () => {
    assert.deepEqual(read(sent()), {
      key: "k1",
      siteId: "fab1",
      appName: "batch",
      appId: "a1",
      appVersion: "1.0",
      type: "job",
      runId: "r1",
      parentRunId: null,
      businessKey: "daily",
      subKey: null,
      kind: "finished",
      at: Date.UTC(2026, 0, 1) + 123,
      status: "succeeded",
      metrics: { duration_s: 1.5 },
      metadata: { a: 1 },
      trace: null,
    });
  });

  const times: readonly (readonly [unknown, string])[] = [
    ["2026-01-01T10:00:00Z", "2026-01-01T10:00:00.000Z"],
    ["2026-01-01T10:00:00.123456789Z", "2026-01-01T10:00:00.123Z"],
    ["2026-01-01T10:00:00.5+02:00", "2026-01-01T08:00:00.500Z"],
    ["2026-01-01T10:00:00+0200", "2026-01-01T08:00:00.000Z"],
    ["2026-01-01 10:00:00", "2026-01-01T10:00:00.000Z"],
    [1_767_225_600.25, "2026-01-01T00:00:00.250Z"],
    ["1767225600", "2026-01-01T00:00:00.000Z"],
  ];
  for (const [at, expected] of times) {
    test(`of ${String(at)} happened at ${expected}`, () => {
      assert.equal(new Date(read(eventWith({ at })).at).toISOString(), expected);
    });
  }

  const words: readonly (readonly [string, string])[] = [
    ["success", "succeeded"],
    ["Completed", "succeeded"],
    ["error", "failed"],
    ["cancelled", "canceled"],
  ];
  for (const [word, status] of words) {
    test(`whose status is ${word} ${status}`, () => {
      assert.equal(read(eventWith({ status: word })).status, status);
    });
  }

  test("may leave out what is optional", () => {
    const bare = read({
      site_id: "",
      app: {},
      entity: { id: 7 },
      event: { kind: "started", at: 1, metrics: [], metadata: null },
    });
    const { runId, appName, type, metrics, metadata, businessKey } = bare;
    assert.deepEqual(
      { runId, appName, type, metrics, metadata, businessKey },
      { runId: "7", appName: "unknown", type: "job", metrics: {}, metadata: {}, businessKey: null },
    );
  });

  test("without a key has one that follows from what it says", () => {
    const [a, b] = [sent({ idempotency_key: undefined }), sent({ idempotency_key: null })];
    assert.equal(read(a).key, read(b).key);
    assert.match(read(a).key, /^sha:/);
  });

  test("names its parent in its metadata, but never itself", () => {
    const own = read(eventWith({ metadata: { parent_job_id: "p1" } }));
    assert.equal(own.parentRunId, "p1");
    assert.equal(read(entityWith({ parent_id: "r1" })).parentRunId, null);
  });

  const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });
  const bad: readonly (readonly [string, unknown, string, RegExp])[] = [
    ["that is text", "x", "", /expected an object/],
    ["without a site", sent({ site_id: null }), "site_id", /is required/],
    ["without an app", sent({ app: undefined }), "app", /is required/],
    ["whose entity is a list", sent({ entity: [1] }), "entity", /expected an object, found \[1\]/],
    ["without an id", entityWith({ id: undefined }), "entity.id", /is required/],
    ["of no kind", eventWith({ kind: "begun" }), "event.kind", /one of started.*found "begun"/],
    ["without a time", eventWith({ at: undefined }), "event.at", /is required/],
    ["of no time", eventWith({ at: "yesterday" }), "event.at", /ISO 8601.*found "yesterday"/],
    ["of tomorrow's morrow", eventWith({ at: "2026-01-04" + "T00:00:00Z" }), "event.at", /ahead/],
    ["that ends strangely", eventWith({ status: "meh" }), "event.status", /one of succeeded/],
    ["with text for a number", eventWith({ metrics: { a: "1" } }), "event.metrics.a", /a number/],
    ["with U+0000", eventWith({ metadata: { a: ["\0"] } }), "event.metadata.a.0", /U\+0000/],
    ["that is deep", eventWith({ metadata: nested(deepestEvent) }), "", /deeper than/],
    ["that is long", eventWith({ metadata: { a: "x".repeat(longestEvent) } }), "", /characters/],
  ];
  for (const [name, value, path, message] of bad) {
    test(`${name} is refused`, () => {
      const parsed = readEvent(value, now, sha256);
      assert.ok(parsed.kind === "bad");
      const [problem] = parsed.problems;
      if (path !== "") assert.equal(problem?.path, path);
      assert.match(problem?.message ?? "", message);
    });
  }
});
