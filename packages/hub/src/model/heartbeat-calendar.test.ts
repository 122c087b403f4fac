import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { calendarProblems, calendarTimes, parseCalendar } from "./heartbeat-calendar.ts";

/** The next times as systemd writes them: UTC. */
function next(expression: string, timezone: string, from: string, count: number): string[] {
  const event = parseCalendar(expression);
  assert.ok(event.kind === "ok", expression);
  const after = calendarTimes(event.value, timezone);
  const times: string[] = [];
  let at: number | null = Date.parse(from);
  while (times.length < count) {
    at = after(at);
    if (at === null) break;
    times.push(new Date(at).toISOString().slice(0, 19));
  }
  return times;
}

const from = "2026-02-10T10:11:12Z";

/** Expressions of systemd.time(7), and the times that follow from the rules told there. */
const published: readonly (readonly [expression: string, first: string, second: string])[] = [
  ["Sat,Thu,Mon..Wed,Sat..Sun", "2026-02-11T00:00:00", "2026-02-12T00:00:00"],
  ["Mon,Sun 12-*-* 2,1:23", "2012-01-01T01:23:00", ""],
  ["Wed *-1", "2026-04-01T00:00:00", "2026-07-01T00:00:00"],
  ["Wed..Wed,Wed *-1", "2026-04-01T00:00:00", "2026-07-01T00:00:00"],
  ["Wed, 17:48", "2026-02-11T17:48:00", "2026-02-18T17:48:00"],
  ["Mon..Sat,Tue 12-10-15 1:2:3", "2012-10-15T01:02:03", ""],
  ["*-*-7 0:0:0", "2026-03-07T00:00:00", "2026-04-07T00:00:00"],
  ["10-15", "2026-10-15T00:00:00", "2027-10-15T00:00:00"],
  ["monday *-12-* 17:00", "2026-12-07T17:00:00", "2026-12-14T17:00:00"],
  ["Mon,Fri *-*-3,1,2 *:30:45", "2026-03-02T00:30:45", "2026-03-02T01:30:45"],
  ["12,14,13,12:20,10,30", "2026-02-10T12:10:00", "2026-02-10T12:20:00"],
  ["12..14:10,20,30", "2026-02-10T12:10:00", "2026-02-10T12:20:00"],
  ["mon,fri *-1/2-1,3 *:30:45", "2026-05-01T00:30:45", "2026-05-01T01:30:45"],
  ["03-05 08:05:40", "2026-03-05T08:05:40", "2027-03-05T08:05:40"],
  ["08:05:40", "2026-02-11T08:05:40", "2026-02-12T08:05:40"],
  ["05:40", "2026-02-11T05:40:00", "2026-02-12T05:40:00"],
  ["Sat,Sun 12-05 08:05:40", "2026-12-05T08:05:40", "2027-12-05T08:05:40"],
  ["Sat,Sun 08:05:40", "2026-02-14T08:05:40", "2026-02-15T08:05:40"],
  ["2003-03-05 05:40", "", ""],
  ["2027-03-05", "2027-03-05T00:00:00", ""],
  ["*:*:0/20", "2026-02-10T10:11:20", "2026-02-10T10:11:40"],
  ["*:2/3", "2026-02-10T10:14:00", "2026-02-10T10:17:00"],
  ["*-*~03", "2026-02-26T00:00:00", "2026-03-29T00:00:00"],
  ["*-02~01", "2026-02-28T00:00:00", "2027-02-28T00:00:00"],
  ["Mon *-05~07/1", "2026-05-25T00:00:00", "2027-05-31T00:00:00"],
  ["*-02-29", "2028-02-29T00:00:00", "2032-02-29T00:00:00"],
  ["minutely", "2026-02-10T10:12:00", "2026-02-10T10:13:00"],
  ["hourly", "2026-02-10T11:00:00", "2026-02-10T12:00:00"],
  ["daily", "2026-02-11T00:00:00", "2026-02-12T00:00:00"],
  ["weekly", "2026-02-16T00:00:00", "2026-02-23T00:00:00"],
  ["monthly", "2026-03-01T00:00:00", "2026-04-01T00:00:00"],
  ["quarterly", "2026-04-01T00:00:00", "2026-07-01T00:00:00"],
  ["semiannually", "2026-07-01T00:00:00", "2027-01-01T00:00:00"],
  ["annually", "2027-01-01T00:00:00", "2028-01-01T00:00:00"],
  ["yearly", "2027-01-01T00:00:00", "2028-01-01T00:00:00"],
  ["daily UTC", "2026-02-11T00:00:00", "2026-02-12T00:00:00"],
  ["weekly Pacific/Auckland", "2026-02-15T11:00:00", "2026-02-22T11:00:00"],
];

describe("a calendar event", () => {
  for (const [expression, ...expected] of published) {
    it(`${expression} comes when systemd.time(7) says`, () => {
      const start =
        expression.includes("12-") && /\b12-(\*|10)-/.test(expression)
          ? "2011-12-31T23:00:00Z"
          : from;
      const wanted = expected.filter((time) => time !== "");
      assert.deepEqual(
        next(expression, "UTC", start, wanted.length === 0 ? 1 : wanted.length),
        wanted,
      );
    });
  }

  it("does not come at a time that the clocks leave out", () => {
    assert.deepEqual(next("02:30", "Europe/Vienna", "2026-03-28T12:00:00Z", 2), [
      "2026-03-30T00:30:00",
      "2026-03-31T00:30:00",
    ]);
  });

  it("comes once where the clocks show a time twice", () => {
    assert.deepEqual(next("02:30", "Europe/Vienna", "2026-10-24T12:00:00Z", 2), [
      "2026-10-25T00:30:00",
      "2026-10-26T01:30:00",
    ]);
  });

  const wrong: readonly (readonly [expression: string, why: RegExp])[] = [
    ["", /empty/],
    ["Foo 02:00", /"Foo" is no weekday/],
    ["25:00", /25 is not within 0 and 23/],
    ["*-13-01", /13 is not within 1 and 12/],
    ["*:0/0", /step must be at least 1/],
    ["daily 02:00", /nothing may stand beside daily/],
    ["1-2-3-4", /is no date/],
    ["02:00 03:00", /03:00 is too much/],
    ["*-02-30", /never comes/],
    ["2003-03-05", /never comes/],
    ["*-*~03/7", /has no second day/],
  ];
  for (const [expression, why] of wrong) {
    it(`is refused: ${JSON.stringify(expression)}`, () => {
      const [problem] = calendarProblems(expression, "UTC", "expression", Date.parse(from));
      assert.match(problem?.message ?? "", why);
    });
  }
});
