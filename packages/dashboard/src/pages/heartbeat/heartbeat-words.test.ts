import assert from "node:assert/strict";
import { test } from "node:test";
import { cronOf, scheduleText, utcText } from "./heartbeat-words.ts";

const periods: readonly (readonly [seconds: number, cron: string])[] = [
  [30, "* * * * *"],
  [300, "*/5 * * * *"],
  [420, "*/6 * * * *"],
  [3000, "*/30 * * * *"],
  [3600, "0 */1 * * *"],
  [18_000, "0 */4 * * *"],
  [86_400, "0 0 * * *"],
  [604_800, "0 0 * * *"],
];
for (const [seconds, cron] of periods) {
  test(`every ${seconds} s is called at ${cron}, never less often`, () => {
    assert.equal(cronOf({ kind: "period", seconds }), cron);
  });
}

test("a schedule of cron stands as it is", () => {
  const schedule = { kind: "cron", expression: "5 4 * * *", timezone: "Europe/Vienna" } as const;
  assert.equal(cronOf(schedule), "5 4 * * *");
  assert.equal(scheduleText(schedule), "at 5 4 * * * in Europe/Vienna");
  assert.equal(scheduleText({ kind: "period", seconds: 300 }), "every 5 min");
});

test("times are said in UTC whatever zone they were written in", () => {
  assert.equal(utcText("2026-03-29T03:30:00+02:00"), "2026-03-29 01:30");
});
