import assert from "node:assert/strict";
import { test } from "node:test";
import type { UptimeView } from "@belfry/contract";
import { segmentsOf, shadesOf } from "./shades.ts";

const iso = (ms: number): string => new Date(ms).toISOString();
const span = { from: 1000, to: 2000 };
const intervals: UptimeView["intervals"] = [
  { status: "down", reason: "refused", from: iso(1900), to: null },
  { status: "up", reason: null, from: iso(500), to: iso(1500) },
  { status: "maintenance", reason: null, from: iso(1500), to: iso(1900) },
  { status: "down", reason: "timeout", from: iso(100), to: iso(400) },
];

test("intervals are cut to the span, put in order, and those outside are left out", () => {
  assert.deepEqual(
    segmentsOf(intervals, span).map(({ status, left, width, to }) => [status, left, width, to]),
    [
      ["up", 0, 0.5, 1500],
      ["maintenance", 0.5, 0.4, 1900],
      ["down", 0.9, 0.1, null],
    ],
  );
});

test("down time is shaded loudly, time that says nothing quietly, the rest not at all", () => {
  assert.deepEqual(shadesOf(intervals, span), [
    { tone: "quiet", from: 1500, to: 1900 },
    { tone: "down", from: 1900, to: 2000 },
  ]);
});
