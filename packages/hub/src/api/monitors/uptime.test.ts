import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Status } from "@belfry/contract";
import type { StatusInterval } from "../parts.ts";
import { statusBar, uptimeOf } from "./uptime.ts";

/** `up 0-50, down 50-` */
function intervals(text: string): StatusInterval[] {
  return text.split(", ").flatMap((part) => {
    const match = /^(\w+) (\d+)-(\d*)$/.exec(part);
    if (match === null) return [];
    const [, status, from, to] = match;
    return [
      {
        status: status as Status,
        reason: null,
        from: Number(from),
        to: to === "" ? null : Number(to),
      },
    ];
  });
}

describe("uptime", () => {
  const rows: { of: string; ratio: number | null; up: number; down: number; rest: number }[] = [
    { of: "", ratio: null, up: 0, down: 0, rest: 100 },
    { of: "up 0-", ratio: 1, up: 100, down: 0, rest: 0 },
    { of: "up 0-50, down 50-", ratio: 0.5, up: 50, down: 50, rest: 0 },
    { of: "up 0-25, degraded 25-50, down 50-100", ratio: 0.5, up: 50, down: 50, rest: 0 },
    { of: "up 0-30, unknown 30-90, down 90-", ratio: 0.75, up: 30, down: 10, rest: 60 },
    { of: "paused 0-50, maintenance 50-", ratio: null, up: 0, down: 0, rest: 100 },
    { of: "down 0-20, up 90-200", ratio: 1 / 3, up: 10, down: 20, rest: 70 },
  ];
  for (const { of, ratio, up, down, rest } of rows) {
    test(`of [${of}] within 0–100 is ${ratio}`, () => {
      assert.deepEqual(uptimeOf(intervals(of), { from: 0, to: 100 }), {
        ratio,
        upMs: up,
        downMs: down,
        uncountedMs: rest,
      });
    });
  }
});

describe("the bar of statuses", () => {
  const rows: { of: string; bar: (Status | null)[] }[] = [
    { of: "", bar: [null, null, null, null] },
    { of: "up 0-", bar: ["up", "up", "up", "up"] },
    { of: "pending 10-11, up 11-", bar: ["up", "up", "up", "up"] },
    { of: "up 30-40, down 40-41, up 41-", bar: [null, "down", "up", "up"] },
    { of: "up 0-60, degraded 60-61, up 61-80, down 80-", bar: ["up", "up", "degraded", "down"] },
    {
      of: "up 0-25, unknown 25-30, up 30-50, unknown 50-70, up 70-",
      bar: ["up", "up", "unknown", "up"],
    },
    { of: "up 0-10, up 10-20, paused 20-", bar: ["up", "paused", "paused", "paused"] },
  ];
  for (const { of, bar } of rows) {
    test(`of [${of}] in four slots is ${bar.join(" ")}`, () => {
      assert.deepEqual(statusBar(intervals(of), { from: 0, to: 100 }, 4), bar);
    });
  }
});
