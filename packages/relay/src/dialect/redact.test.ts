import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JobEvent } from "@belfry/contract";
import { readEvents } from "./read-events.ts";
import { createRedactor, type RedactionRules } from "./redact.ts";

const event: JobEvent = {
  idempotency_key: "secret-1",
  site_id: "fab1",
  app: { app_id: "a", name: "job secret-2", version: null },
  entity: {
    type: "job",
    id: "secret-3",
    parent_id: null,
    business_key: "for secret-4",
    sub_key: null,
  },
  event: {
    kind: "progress",
    at: "2026-01-02T03:04:05.000Z",
    status: "running",
    metrics: { pin: 1234, progress_pct: 3 },
    metadata: {
      Password: { nested: "x" },
      list: [{ api_token_2: "y", text: "secret-5 and secret-6" }],
      "a.b": "stays",
      count: 7,
    },
  },
};

function redact(rules: RedactionRules, given: JobEvent = event): JobEvent {
  const made = createRedactor(rules);
  assert.equal(made.kind, "ok");
  return made.kind === "ok" ? made.value(given) : given;
}

describe("redaction", () => {
  it("takes out values by name at any depth and texts by pattern, and leaves ids", () => {
    const before = structuredClone(event);
    assert.deepEqual(redact({ keys: ["password", "*token*", "PIN"], patterns: ["secret-\\d"] }), {
      ...event,
      app: { app_id: "a", name: "job [redacted]", version: null },
      entity: { ...event.entity, business_key: "for [redacted]" },
      event: {
        ...event.event,
        metrics: { progress_pct: 3 },
        metadata: {
          Password: "[redacted]",
          list: [{ api_token_2: "[redacted]", text: "[redacted] and [redacted]" }],
          "a.b": "stays",
          count: 7,
        },
      },
    });
    assert.deepEqual(event, before);
  });

  it("reads a name as it is written, but for the star", () => {
    assert.deepEqual(redact({ keys: ["a.b"], patterns: [] }).event.metadata["a.b"], "[redacted]");
    assert.deepEqual(redact({ keys: ["axb", "list.*"], patterns: [] }), event);
  });

  it("refuses patterns that are none, and those that fit everything", () => {
    const wanted = "expected a regular expression that does not fit the empty text, found";
    assert.deepEqual(createRedactor({ keys: [], patterns: ["fine", "(", "x*"] }), {
      kind: "bad",
      problems: [
        { path: "patterns[1]", message: `${wanted} (` },
        { path: "patterns[2]", message: `${wanted} x*` },
      ],
    });
  });

  it("comes before anything else sees an event", () => {
    const made = createRedactor({ keys: ["password"], patterns: [] });
    assert.ok(made.kind === "ok");
    const { taken } = readEvents(event, { now: 0, random: () => "r", redact: made.value });
    assert.deepEqual(taken[0]?.event.metadata["Password"], "[redacted]");
  });
});
