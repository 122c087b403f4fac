import assert from "node:assert/strict";
import { test } from "node:test";
import type { KeptEventView } from "@belfry/contract";
import { isPulse, lineOf, type LogLine } from "./event-words.ts";
import { eventOf } from "./run.kit.ts";

const lines: readonly (readonly [what: string, event: KeptEventView, line: LogLine])[] = [
  [
    "a line of the job's own log",
    eventOf("event", { metadata: { level: "WARN", message: "odd", context: { row: 7 } } }),
    { level: "warn", word: "warn", text: "odd", more: '{"row":7}' },
  ],
  [
    "a level nobody knows",
    eventOf("event", { metadata: { level: "loud", message: "a", context: [1] } }),
    { level: "info", word: "loud", text: "a", more: "[1]" },
  ],
  [
    "progress with all it may say",
    eventOf("progress", {
      metrics: { progress_pct: 33.333, progress_current: 1, progress_total: 3 },
      metadata: { message: "reading" },
    }),
    { level: "info", word: "progress", text: "33.3 % · 1 of 3 · reading", more: "" },
  ],
  [
    "a figure with its unit",
    eventOf("metric", { metrics: { rows: 4711 }, metadata: { unit: "rows" } }),
    { level: "info", word: "metric", text: "rows 4,711 rows", more: "" },
  ],
  [
    "the beginning, without what the page shows elsewhere",
    eventOf("started", { metadata: { process: { pid: 1 }, heartbeat_s: 10, source: "ftp" } }),
    { level: "good", word: "started", text: "", more: '{"source":"ftp"}' },
  ],
  [
    "a good end",
    eventOf("finished", { status: "succeeded" }),
    { level: "good", word: "succeeded", text: "", more: "" },
  ],
  [
    "a bad end",
    eventOf("finished", {
      status: "failed",
      metadata: { error: "full", error_type: "OSError", error_stack: "at a" },
    }),
    { level: "error", word: "failed", text: "OSError: full", more: "" },
  ],
  [
    "an error",
    eventOf("error", { metadata: { message: "no" } }),
    { level: "error", word: "failed", text: "no", more: "" },
  ],
  [
    "a canceled run",
    eventOf("canceled", { metadata: { reason: "enough" } }),
    { level: "warn", word: "canceled", text: "enough", more: "" },
  ],
  [
    "a heartbeat",
    eventOf("heartbeat", { metrics: { cpu_user_s: 0.5 } }),
    { level: "debug", word: "heartbeat", text: "CPU, user 500 ms", more: "" },
  ],
];
for (const [what, event, line] of lines) {
  test(`${what} is said`, () => assert.deepEqual(lineOf(event), line));
}

test("only heartbeats are left out", () => {
  assert.deepEqual(
    (["heartbeat", "progress", "event"] as const).map((kind) => isPulse(eventOf(kind))),
    [true, false, false],
  );
});
