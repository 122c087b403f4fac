import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CronExpressionParser } from "cron-parser";
import { cronTimes } from "./cron-times.ts";

const zones = [
  "UTC",
  "Europe/Vienna",
  "America/New_York",
  "Australia/Sydney",
  "Asia/Kolkata",
  "America/St_Johns",
];
const expressions = ["0 12 * * *", "30 5 1 * *", "*/15 9-16 * * 1-5", "0 0 29 2 *", "15 22 * * 0"];
const years = Array.from({ length: 10 }, (_, i) => 2025 + i);

describe("times of cron beside an independent library, over ten years", () => {
  for (const timezone of zones) {
    it(`agree in ${timezone}`, () => {
      for (const expression of expressions) {
        const next = cronTimes(expression, timezone);
        for (const year of years) {
          // The weeks in which clocks change anywhere among the zones, and one in which they do not.
          for (const [month, day] of [
            [2, 6],
            [2, 27],
            [3, 2],
            [9, 2],
            [9, 23],
            [10, 1],
            [5, 15],
          ] as const) {
            const from = Date.UTC(year, month, day);
            const theirs = CronExpressionParser.parse(expression, {
              currentDate: new Date(from),
              tz: timezone,
            });
            let at: number | null = from;
            for (let i = 0; i < 3; i += 1) {
              at = next(at ?? 0);
              const other = theirs.next().getTime();
              assert.equal(at, other, `${expression} ${timezone} ${new Date(other).toISOString()}`);
            }
          }
        }
      }
    });
  }

  it("come at the first instant after the gap where the clocks leave the time out", () => {
    const next = cronTimes("30 2 * * *", "Europe/Vienna");
    const at = next(Date.UTC(2026, 2, 28, 12));
    assert.equal(new Date(at ?? 0).toISOString(), "2026-03-29T01:00:00.000Z");
  });

  it("come once, the first time, where the clocks show the time twice", () => {
    const next = cronTimes("30 2 * * *", "Europe/Vienna");
    const first = next(Date.UTC(2026, 9, 24, 12)) ?? 0;
    const second = next(first) ?? 0;
    assert.deepEqual(
      [new Date(first).toISOString(), new Date(second).toISOString()],
      ["2026-10-25T00:30:00.000Z", "2026-10-26T01:30:00.000Z"],
    );
  });
});
