import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JobSchedule } from "@belfry/contract";
import fc from "fast-check";
import { expectationOf, scheduleProblems, type RunSpan } from "./job-schedule.ts";

const at = (text: string): number => Date.parse(text);
const cron = (expression: string, over: object = {}): JobSchedule => ({
  kind: "cron",
  cron: expression,
  timezone: "UTC",
  grace_seconds: 300,
  ...over,
});
const interval = (seconds: number, grace = 60): JobSchedule => ({
  kind: "interval",
  interval_seconds: seconds,
  grace_seconds: grace,
});
/** A run that took so many seconds; null: it is under way. */
const run = (began: string, seconds: number | null = 60): RunSpan => ({
  beganAt: at(began),
  activeUntil: seconds === null ? null : at(began) + seconds * 1000,
});

interface Row {
  readonly says: string;
  readonly schedule: JobSchedule;
  readonly setAt: string;
  readonly last?: RunSpan;
  readonly now: string;
  readonly due: string | null;
  readonly next: string;
}

const daily = cron("0 2 * * *");
const hourly = cron("0 * * * *");
const rows: readonly Row[] = [
  {
    says: "a schedule set just now expects nothing of the past, however long ago the last run was",
    schedule: daily,
    setAt: "2026-01-10T12:00:00Z",
    last: run("2026-01-01T02:00:00Z"),
    now: "2026-01-10T12:00:00Z",
    due: "2026-01-11T02:00:00Z",
    next: "2026-01-11T02:00:00Z",
  },
  {
    says: "a job that never ran is expected from when the schedule was set",
    schedule: daily,
    setAt: "2026-01-10T12:00:00Z",
    now: "2026-01-11T03:00:00Z",
    due: "2026-01-11T02:00:00Z",
    next: "2026-01-12T02:00:00Z",
  },
  {
    says: "a run that begins on the second answers its time",
    schedule: daily,
    setAt: "2026-01-01T00:00:00Z",
    last: run("2026-01-11T02:00:00Z"),
    now: "2026-01-11T03:00:00Z",
    due: "2026-01-12T02:00:00Z",
    next: "2026-01-12T02:00:00Z",
  },
  {
    says: "a run a little early answers the time after it, which is not told as the next one any more",
    schedule: daily,
    setAt: "2026-01-01T00:00:00Z",
    last: run("2026-01-11T01:56:00Z"),
    now: "2026-01-11T01:58:00Z",
    due: "2026-01-12T02:00:00Z",
    next: "2026-01-12T02:00:00Z",
  },
  {
    says: "a run by hand in the evening does not answer the night's time",
    schedule: daily,
    setAt: "2026-01-01T00:00:00Z",
    last: run("2026-01-10T20:00:00Z"),
    now: "2026-01-11T01:00:00Z",
    due: "2026-01-11T02:00:00Z",
    next: "2026-01-11T02:00:00Z",
  },
  {
    says: "without grace a run may still begin a minute early: clocks differ",
    schedule: cron("0 2 * * *", { grace_seconds: 0 }),
    setAt: "2026-01-01T00:00:00Z",
    last: run("2026-01-11T01:59:30Z"),
    now: "2026-01-11T02:00:30Z",
    due: "2026-01-12T02:00:00Z",
    next: "2026-01-12T02:00:00Z",
  },
  {
    says: "early is at most a quarter of what lies between two times",
    schedule: cron("* * * * *"),
    setAt: "2026-01-01T00:00:00Z",
    last: run("2026-01-11T02:00:30Z", 1),
    now: "2026-01-11T02:01:10Z",
    due: "2026-01-11T02:01:00Z",
    next: "2026-01-11T02:02:00Z",
  },
  {
    says: "a late run answers what was missed before it",
    schedule: daily,
    setAt: "2026-01-01T00:00:00Z",
    last: run("2026-01-14T09:00:00Z"),
    now: "2026-01-14T09:10:00Z",
    due: "2026-01-15T02:00:00Z",
    next: "2026-01-15T02:00:00Z",
  },
  {
    says: "times that pass while a run is under way are answered by it",
    schedule: hourly,
    setAt: "2026-01-01T00:00:00Z",
    last: run("2026-01-11T02:00:00Z", null),
    now: "2026-01-11T04:30:00Z",
    due: null,
    next: "2026-01-11T05:00:00Z",
  },
  {
    says: "so are they once it has ended",
    schedule: hourly,
    setAt: "2026-01-01T00:00:00Z",
    last: run("2026-01-11T02:00:00Z", 2 * 3600 + 60),
    now: "2026-01-11T04:30:00Z",
    due: "2026-01-11T05:00:00Z",
    next: "2026-01-11T05:00:00Z",
  },
  {
    says: "an interval counts from beginning to beginning",
    schedule: interval(600),
    setAt: "2026-01-01T00:00:00Z",
    last: run("2026-01-11T02:00:00Z"),
    now: "2026-01-11T02:05:00Z",
    due: "2026-01-11T02:10:00Z",
    next: "2026-01-11T02:10:00Z",
  },
  {
    says: "an interval that has passed goes on being told in its own steps",
    schedule: interval(600),
    setAt: "2026-01-01T00:00:00Z",
    last: run("2026-01-11T02:00:00Z"),
    now: "2026-01-11T02:25:00Z",
    due: "2026-01-11T02:10:00Z",
    next: "2026-01-11T02:30:00Z",
  },
  {
    says: "an interval set when the last run is long ago counts from then",
    schedule: interval(600),
    setAt: "2026-01-11T12:00:00Z",
    last: run("2026-01-11T02:00:00Z"),
    now: "2026-01-11T12:00:00Z",
    due: "2026-01-11T12:10:00Z",
    next: "2026-01-11T12:10:00Z",
  },
  {
    says: "an interval waits for the end of a run that takes longer",
    schedule: interval(600),
    setAt: "2026-01-01T00:00:00Z",
    last: run("2026-01-11T02:00:00Z", 1500),
    now: "2026-01-11T02:25:30Z",
    due: "2026-01-11T02:25:00Z",
    next: "2026-01-11T02:30:00Z",
  },
  {
    says: "a time that a clock change leaves out comes at the first instant after the gap",
    schedule: cron("30 2 * * *", { timezone: "Europe/Vienna" }),
    setAt: "2026-03-28T12:00:00Z",
    now: "2026-03-28T12:00:00Z",
    due: "2026-03-29T01:00:00Z",
    next: "2026-03-29T01:00:00Z",
  },
  {
    says: "a time that comes twice is expected the first time",
    schedule: cron("30 2 * * *", { timezone: "Europe/Vienna" }),
    setAt: "2026-10-24T12:00:00Z",
    last: run("2026-10-25T00:30:00Z"),
    now: "2026-10-25T01:40:00Z",
    due: "2026-10-26T01:30:00Z",
    next: "2026-10-26T01:30:00Z",
  },
  {
    says: "so are several times of a day",
    schedule: cron("30 2,14 * * *", { timezone: "Europe/Vienna" }),
    setAt: "2026-10-24T18:00:00Z",
    last: run("2026-10-25T00:30:00Z"),
    now: "2026-10-25T01:40:00Z",
    due: "2026-10-25T13:30:00Z",
    next: "2026-10-25T13:30:00Z",
  },
  {
    says: "steps go on through an hour that comes twice",
    schedule: cron("*/30 * * * *", { timezone: "Europe/Vienna" }),
    setAt: "2026-10-24T18:00:00Z",
    last: run("2026-10-25T00:30:00Z"),
    now: "2026-10-25T00:40:00Z",
    due: "2026-10-25T01:00:00Z",
    next: "2026-10-25T01:00:00Z",
  },
];

describe("what is expected of a job:", () => {
  for (const { says, schedule, setAt, last, now, due, next } of rows) {
    test(says, () => {
      const found = expectationOf(schedule, at(setAt), last ?? null, at(now));
      const text = (ms: number | null): string | null => (ms === null ? null : iso(ms));
      assert.equal(text(found.dueAt), due);
      assert.equal(iso(found.upcoming[0] ?? 0), next);
      assert.equal(found.upcoming.length, 3);
      const graceMs = schedule.grace_seconds * 1000;
      assert.equal(found.lateAt, found.dueAt === null ? null : found.dueAt + graceMs);
    });
  }

  test("upcoming times ascend and lie ahead, and what is due is after the schedule was set", () => {
    const schedules = [daily, hourly, cron("*/7 3 * * 1-5"), interval(61), interval(86_400)];
    const times = fc.integer({ min: at("2026-01-01T00:00:00Z"), max: at("2027-01-01T00:00:00Z") });
    const property = fc.property(
      fc.constantFrom(...schedules),
      times,
      times,
      fc.option(fc.nat({ max: 1e8 })),
      fc.nat({ max: 1e9 }),
      (schedule, setAt, beganAt, tookMs, passedMs) => {
        const last = { beganAt, activeUntil: tookMs === null ? null : beganAt + tookMs };
        const now = Math.max(setAt, beganAt + (tookMs ?? 0)) + passedMs;
        const { dueAt, upcoming } = expectationOf(schedule, setAt, last, now);
        assert.ok(upcoming.every((time, i) => time > (upcoming[i - 1] ?? now)));
        assert.ok(dueAt === null ? tookMs === null : dueAt > setAt);
        assert.ok(dueAt === null || dueAt >= (last.activeUntil ?? 0));
      },
    );
    fc.assert(property, { numRuns: 200 });
  });
});

describe("a schedule", () => {
  const now = at("2026-01-01T00:00:00Z");
  for (const fine of ["0 2 * * *", "*/5 0 2 * * MON-FRI", "@daily", " 0 0 L * * "]) {
    test(`may be ${JSON.stringify(fine)}`, () => {
      assert.deepEqual(scheduleProblems(cron(fine), now), []);
    });
  }

  const unfit: readonly (readonly [JobSchedule, string, RegExp])[] = [
    [cron("61 * * * *"), "cron", /Invalid value for minute: 61/],
    [cron("* * * *"), "cron", /expected five or six fields of cron, found "\* \* \* \*"/],
    [cron("2026-01-02T00:00:00"), "cron", /expected five or six fields/],
    [cron("0 0 1 1 * * 2020"), "cron", /expected five or six fields/],
    [cron("0 0 30 2 *"), "cron", /never comes/],
    [cron("0 2 * * *", { timezone: "Mars/Base" }), "timezone", /IANA name.*"Mars\/Base"/],
    [cron("0 2 * * *", { timezone: "+02:00" }), "timezone", /IANA name/],
    [cron("0 2 * * *", { timezone: "" }), "timezone", /IANA name/],
  ];
  for (const [schedule, path, message] of unfit) {
    test(`is refused at ${path}: ${JSON.stringify(schedule)}`, () => {
      const [problem, ...more] = scheduleProblems(schedule, now);
      assert.equal(problem?.path, path);
      assert.match(problem?.message ?? "", message);
      assert.deepEqual(more, []);
    });
  }
});

function iso(ms: number): string {
  return new Date(ms).toISOString().replace(".000", "");
}
