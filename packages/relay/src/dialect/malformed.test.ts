import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createParser, JobEventSchema } from "@belfry/contract";
import fc from "fast-check";
import { context, dialectA, dialectB, flatC } from "./dialect.kit.ts";
import { readEvents } from "./read-events.ts";
import { verdictsOf } from "./verdict.ts";

const parse = createParser(JobEventSchema);

describe("what is malformed", () => {
  const withEvent = (changes: object): unknown => ({
    ...dialectA,
    event: { ...dialectA.event, ...changes },
  });
  const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });
  const time = "expected a time (RFC 3339, or seconds since 1970), found";
  const rows: readonly (readonly [string, unknown, string, string])[] = [
    [
      "a number",
      7,
      "",
      "expected an event, a list of events, or an object with a list of events, found 7",
    ],
    [
      "nothing",
      undefined,
      "",
      "expected an event, a list of events, or an object with a list of events, found null",
    ],
    ["a list with text in it", ["x"], "", 'expected an object, found "x"'],
    ["no site", { ...dialectA, site_id: undefined }, "site_id", "is required"],
    ["a site that is a number", { ...dialectA, site_id: 5 }, "site_id", "expected text, found 5"],
    ["no app", { ...dialectA, app: undefined }, "app", "is required"],
    [
      "an entity that is a list",
      { ...dialectA, entity: [] },
      "entity",
      "expected an object, found []",
    ],
    ["no event", { ...dialectA, event: null }, "event", "expected an object, found null"],
    ["no id", { ...dialectA, entity: {} }, "entity.id", "is required"],
    [
      "an empty id",
      { ...dialectA, entity: { id: "" } },
      "entity.id",
      "expected text of 1 to 200 characters, found 0",
    ],
    ["no kind", withEvent({ kind: undefined }), "event.kind", "is required"],
    [
      "an unknown kind",
      withEvent({ kind: "exploded" }),
      "event.kind",
      'expected one of started, progress, metric, event, heartbeat, finished, error, canceled, found "exploded"',
    ],
    [
      "a kind that JavaScript knows",
      withEvent({ kind: "constructor" }),
      "event.kind",
      'expected one of started, progress, metric, event, heartbeat, finished, error, canceled, found "constructor"',
    ],
    [
      "an unknown state",
      withEvent({ status: "fine" }),
      "event.status",
      'expected one of running, succeeded, failed, canceled, found "fine"',
    ],
    ["a time that is none", withEvent({ at: "yesterday" }), "event.at", `${time} "yesterday"`],
    [
      "30 February",
      withEvent({ at: "2026-02-30T00:00:00Z" }),
      "event.at",
      `${time} "2026-02-30T00:00:00Z"`,
    ],
    [
      "hour 24",
      withEvent({ at: "2026-01-01T24:00:00Z" }),
      "event.at",
      `${time} "2026-01-01T24:00:00Z"`,
    ],
    [
      "an offset of a day",
      withEvent({ at: "2026-01-01T00:00:00+24:00" }),
      "event.at",
      `${time} "2026-01-01T00:00:00+24:00"`,
    ],
    [
      "the year 99",
      withEvent({ at: "0099-01-01T00:00:00Z" }),
      "event.at",
      `${time} "0099-01-01T00:00:00Z"`,
    ],
    ["a time before 1970", withEvent({ at: -1 }), "event.at", `${time} -1`],
    ["NaN for a time", withEvent({ at: Number.NaN }), "event.at", `${time} NaN`],
    ["a time beyond all", withEvent({ at: 1e300 }), "event.at", `${time} 1e+300`],
    [
      "NaN for a metric",
      withEvent({ metrics: { a: Number.NaN } }),
      "event.metrics.a",
      "expected a finite number, found NaN",
    ],
    [
      "text for a metric",
      withEvent({ metrics: { a: "1" } }),
      "event.metrics.a",
      'expected a finite number, found "1"',
    ],
    [
      "a list of metrics",
      withEvent({ metrics: [1] }),
      "event.metrics",
      "expected an object, found [1]",
    ],
    [
      "text for metadata",
      withEvent({ metadata: "x" }),
      "event.metadata",
      'expected an object, found "x"',
    ],
    [
      "U+0000 in a name",
      { ...dialectA, app: { name: "a\u0000b" } },
      "app.name",
      "expected text without the character U+0000",
    ],
    [
      "U+0000 in metadata",
      withEvent({ metadata: { a: ["\u0000"] } }),
      "event.metadata.a[0]",
      "expected text without the character U+0000",
    ],
    [
      "U+0000 in a key of metadata",
      withEvent({ metadata: { "a\u0000": 1 } }),
      "event.metadata",
      "expected names without the character U+0000",
    ],
    [
      "a key that is too long",
      { ...dialectA, idempotency_key: "k".repeat(201) },
      "idempotency_key",
      "expected text of at most 200 characters, found 201",
    ],
    [
      "a metric's name that is too long",
      withEvent({ metrics: { ["m".repeat(201)]: 1 } }),
      "event.metrics",
      "expected names of at most 200 characters, found one of 201",
    ],
    [
      "metadata that is too deep",
      withEvent({ metadata: deep(17) }),
      `event.metadata${".a".repeat(16)}`,
      "expected at most 16 levels of objects and lists",
    ],
    [
      "too many metrics",
      withEvent({ metrics: Object.fromEntries(Array.from({ length: 501 }, (_, i) => [i, i])) }),
      "event.metrics",
      "expected at most 500 metrics, found 501",
    ],
    [
      "an event that is too large",
      withEvent({ metadata: { a: "x".repeat(300_000) } }),
      "",
      "expected an event of at most 262144 bytes, found 300559",
    ],
    [
      "a trace id in upper case",
      { ...dialectA, trace: { trace_id: "A".repeat(32), span_id: "" } },
      "trace.trace_id",
      `expected 32 hexadecimal digits in lower case, found "${"A".repeat(32)}"`,
    ],
    [
      "a flat event without its run",
      { ...flatC, entity_id: undefined },
      "entity_id",
      "is required",
    ],
    [
      "a flat event of kind 6",
      { ...flatC, event_kind: 6 },
      "event_kind",
      "expected one of started, progress, metric, event, heartbeat, finished, error, canceled, found 6",
    ],
    [
      "a flat event of type 2",
      { ...flatC, entity_type: 2 },
      "entity_type",
      "expected text, found 2",
    ],
    [
      "camelCase with a wrong time",
      { entityId: "r", eventKind: "STARTED", siteId: "s", timestamp: {} },
      "timestamp",
      `${time} {}`,
    ],
  ];
  for (const [what, body, path, message] of rows) {
    it(`refuses ${what}`, () => {
      const { taken, refused } = readEvents(body, context());
      assert.deepEqual(taken, []);
      assert.deepEqual(
        refused.map((one) => [one.path, one.message]),
        [[path, message]],
      );
    });
  }

  it("refuses a body of too many events as a whole", () => {
    const { refused } = readEvents([1, 2, 3], context({ limits: { maxEvents: 2 } }));
    assert.deepEqual(refused, [
      { index: -1, path: "", message: "expected at most 2 events, found 3" },
    ]);
  });

  it("takes the good of a mixed list, and says of each what became of it", () => {
    const read = readEvents(
      [dialectA, { ...dialectA, site_id: 1, app: 2 }, dialectB, null],
      context(),
    );
    assert.equal(read.taken.length, 2);
    assert.deepEqual(verdictsOf(read, [1]), [
      { index: 0, status: "taken", idempotency_key: dialectA.idempotency_key },
      {
        index: 1,
        status: "refused",
        errors: [
          { path: "app", message: "expected an object, found 2" },
          { path: "site_id", message: "expected text, found 1" },
        ],
      },
      { index: 2, status: "repeated", idempotency_key: read.taken[1]?.idempotency_key },
      {
        index: 3,
        status: "refused",
        errors: [{ path: "", message: "expected an object, found null" }],
      },
    ]);
  });
});

describe("any body", () => {
  const anything = fc.anything({
    withNullPrototype: true,
    withBigInt: true,
    withSparseArray: true,
  });
  const loose = fc.record(
    {
      idempotency_key: anything,
      site_id: fc.oneof(fc.string(), anything),
      app: fc.oneof(fc.record({ name: anything, version: anything }), anything),
      entity: fc.oneof(fc.record({ id: fc.string(), type: anything }), anything),
      event: fc.oneof(
        fc.record({
          kind: fc.oneof(fc.constantFrom("started", "progress", "finished"), anything),
          at: fc.oneof(fc.double(), fc.string(), anything),
          status: fc.oneof(fc.string(), anything),
          metrics: fc.oneof(fc.dictionary(fc.string(), fc.double()), anything),
          metadata: fc.oneof(
            fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()),
            anything,
          ),
        }),
        anything,
      ),
      entity_id: anything,
      event_kind: anything,
      timestamp: anything,
    },
    { requiredKeys: [] },
  );

  it("never throws, and what is taken fits the contract", () => {
    fc.assert(
      fc.property(
        fc.oneof(anything, loose, fc.array(loose), fc.record({ events: anything })),
        (body) => {
          const { taken, refused, places } = readEvents(body, context());
          assert.equal(taken.length, places.length);
          for (const event of taken) {
            const back: unknown = JSON.parse(JSON.stringify(event));
            const parsed = parse(back);
            assert.deepEqual(parsed.kind === "bad" ? parsed.problems : [], []);
          }
          for (const { index, message } of refused) assert.ok(index >= -1 && message.length > 0);
        },
      ),
      { numRuns: 500 },
    );
  });
});
