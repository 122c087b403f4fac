import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JobEvent } from "./event.ts";
import { errorMetadata, lineOf, maxLineLength, textOf } from "./text.ts";

const event = (metadata: Readonly<Record<string, unknown>>): JobEvent => ({
  idempotency_key: "k-0",
  site_id: "s",
  app: { app_id: null, name: "a", version: null },
  entity: { type: "job", id: "r", parent_id: null, business_key: "j", sub_key: null },
  event: {
    kind: "started",
    at: "2026-01-01T00:00:00.000Z",
    status: "running",
    metrics: { a: 1.5 },
    metadata,
  },
  trace: { trace_id: "1".repeat(32), span_id: "2".repeat(16) },
});

describe("lineOf", () => {
  it("is the event as JSON", () => {
    const one = event({ text: 'quotes " and\nlines', list: [1, { a: null }] });
    assert.deepEqual(JSON.parse(lineOf(one)), one);
    assert.ok(!lineOf(one).includes("\n"));
  });

  it("tells apart events of one run that differ in what is usually the same", () => {
    const one = event({});
    const moved = { ...one, site_id: "other", app: { ...one.app, name: "b" } };
    for (const each of [one, moved, one]) assert.deepEqual(JSON.parse(lineOf(each)), each);
  });

  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  for (const [name, value, why] of [
    ["a cycle", cycle, /circular/],
    ["a BigInt", 1n, /BigInt/],
    ["a toJSON that throws", { toJSON: () => assert.fail("mine") }, /mine/],
    ["more than there is room for", "x".repeat(maxLineLength), /longer than 128 KiB/],
  ] as const) {
    it(`leaves out metadata with ${name}, and says so`, () => {
      const parsed: unknown = JSON.parse(lineOf(event({ value })));
      const { metadata } = (parsed as JobEvent).event;
      assert.match(String(metadata["sdk_metadata_left_out"]), why);
    });
  }

  it("holds nothing that PostgreSQL refuses, and keeps what only looks like it", () => {
    const value = "a\0b \ud800 \\u0000 \\\0 \u00e9 \u{1f600}";
    const parsed: unknown = JSON.parse(lineOf(event({ value })));
    assert.equal(
      (parsed as JobEvent).event.metadata["value"],
      "a\ufffdb \ufffd \\u0000 \\\ufffd \u00e9 \u{1f600}",
    );
  });
});

describe("textOf", () => {
  for (const [name, value, text] of [
    ["text", "abc", "abc"],
    ["too long a text", "abcdefghijk", "abcdefghij"],
    ["half a character at the cut", "abcdefghi\u{1f600}", "abcdefghi\ufffd"],
    ["a number", 7, "7"],
    ["nothing", undefined, "undefined"],
    ["a symbol", Symbol("x"), "Symbol(x)"],
    ["an object that cannot be text", Object.create(null), "(unprintab"],
    ["U+0000", "a\0", "a\ufffd"],
  ] as const) {
    it(`makes text of ${name}`, () => assert.equal(textOf(value, 10).slice(0, 10), text));
  }
});

describe("errorMetadata", () => {
  it("tells message, type, stack and cause", () => {
    const error = new RangeError("too far", { cause: new Error("the map") });
    const { error_stack, ...rest } = errorMetadata(error);
    assert.deepEqual(rest, {
      error: "too far",
      error_type: "RangeError",
      error_cause: "Error: the map",
    });
    assert.match(String(error_stack), /text\.test\.ts/);
  });

  it("survives an error whose getters throw", () => {
    const error = new Error("x");
    Object.defineProperty(error, "message", { get: () => assert.fail("mine") });
    assert.deepEqual(errorMetadata(error), { error: "(unprintable)", error_type: "unknown" });
  });
});
