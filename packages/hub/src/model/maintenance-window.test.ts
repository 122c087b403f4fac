import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { WindowSchedule } from "@belfry/contract";
import { CronExpressionParser } from "cron-parser";
import { isOpen, nextWindows, windowAt, windowScheduleProblems } from "./maintenance-window.ts";

const hour = 3_600_000;
const iso = (at: number): string => new Date(at).toISOString().replace(".000Z", "Z");

const daily = (at: string, hours: number, timezone = "UTC"): WindowSchedule => ({
  kind: "daily",
  at,
  duration_seconds: hours * 3600,
  timezone,
});
const monthly = (days: (number | "last")[], timezone = "UTC"): WindowSchedule => ({
  kind: "monthly",
  days,
  at: "22:00",
  duration_seconds: 7200,
  timezone,
});
const cron = (expression: string, seconds: number, timezone = "UTC"): WindowSchedule => ({
  kind: "cron",
  cron: expression,
  duration_seconds: seconds,
  timezone,
});

interface Row {
  readonly says: string;
  readonly schedule: WindowSchedule;
  readonly from: string;
  /** The next windows: begin and end. */
  readonly windows: readonly (readonly [string, string])[];
}

const rows: readonly Row[] = [
  {
    says: "once, before it",
    schedule: { kind: "once", starts_at: "2026-02-01T22:00:00Z", ends_at: "2026-02-02T02:00:00Z" },
    from: "2026-01-01T00:00:00Z",
    windows: [["2026-02-01T22:00:00Z", "2026-02-02T02:00:00Z"]],
  },
  {
    says: "once, while it is open",
    schedule: { kind: "once", starts_at: "2026-02-01T22:00:00Z", ends_at: "2026-02-02T02:00:00Z" },
    from: "2026-02-02T01:59:59Z",
    windows: [["2026-02-01T22:00:00Z", "2026-02-02T02:00:00Z"]],
  },
  {
    says: "once, when it is over",
    schedule: { kind: "once", starts_at: "2026-02-01T22:00:00Z", ends_at: "2026-02-02T02:00:00Z" },
    from: "2026-02-02T02:00:00Z",
    windows: [],
  },
  {
    says: "a weekly window over midnight and over the week's end",
    schedule: {
      kind: "weekly",
      days: ["sun"],
      at: "23:00",
      duration_seconds: 4 * 3600,
      timezone: "UTC",
    },
    from: "2026-01-12T01:00:00Z",
    windows: [
      ["2026-01-11T23:00:00Z", "2026-01-12T03:00:00Z"],
      ["2026-01-18T23:00:00Z", "2026-01-19T03:00:00Z"],
    ],
  },
  {
    says: "the last day of the month, whichever it is",
    schedule: monthly(["last"]),
    from: "2028-01-31T23:59:59Z",
    windows: [
      ["2028-01-31T22:00:00Z", "2028-02-01T00:00:00Z"],
      ["2028-02-29T22:00:00Z", "2028-03-01T00:00:00Z"],
      ["2028-03-31T22:00:00Z", "2028-04-01T00:00:00Z"],
    ],
  },
  {
    says: "a day that a month does not have is left out",
    schedule: monthly([31]),
    from: "2026-02-01T00:00:00Z",
    windows: [
      ["2026-03-31T22:00:00Z", "2026-04-01T00:00:00Z"],
      ["2026-05-31T22:00:00Z", "2026-06-01T00:00:00Z"],
    ],
  },
  {
    says: "the same day named twice is one window",
    schedule: monthly([28, "last"]),
    from: "2026-02-01T00:00:00Z",
    windows: [
      ["2026-02-28T22:00:00Z", "2026-03-01T00:00:00Z"],
      ["2026-03-28T22:00:00Z", "2026-03-29T00:00:00Z"],
    ],
  },
  {
    says: "the first Monday of a quarter, by cron",
    schedule: cron("0 4 * 1,4,7,10 MON#1", 3600),
    from: "2026-01-06T00:00:00Z",
    windows: [
      ["2026-04-06T04:00:00Z", "2026-04-06T05:00:00Z"],
      ["2026-07-06T04:00:00Z", "2026-07-06T05:00:00Z"],
    ],
  },
  {
    says: "of windows that overlap the one that began last is told first",
    schedule: cron("0 */6 * * *", 8 * 3600),
    from: "2026-01-05T07:00:00Z",
    windows: [
      ["2026-01-05T06:00:00Z", "2026-01-05T14:00:00Z"],
      ["2026-01-05T12:00:00Z", "2026-01-05T20:00:00Z"],
    ],
  },
  // Changes of clocks, in six zones.
  {
    says: "Vienna, spring: the time does not exist, so it opens when the gap is over, for two whole hours",
    schedule: daily("02:30", 2, "Europe/Vienna"),
    from: "2026-03-28T12:00:00Z",
    windows: [
      ["2026-03-29T01:00:00Z", "2026-03-29T03:00:00Z"],
      ["2026-03-30T00:30:00Z", "2026-03-30T02:30:00Z"],
    ],
  },
  {
    says: "Vienna, spring: two hours over the gap are two hours",
    schedule: daily("01:00", 2, "Europe/Vienna"),
    from: "2026-03-28T12:00:00Z",
    windows: [["2026-03-29T00:00:00Z", "2026-03-29T02:00:00Z"]],
  },
  {
    says: "Vienna, autumn: the time comes twice and counts once",
    schedule: daily("02:30", 2, "Europe/Vienna"),
    from: "2026-10-24T12:00:00Z",
    windows: [
      ["2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z"],
      ["2026-10-26T01:30:00Z", "2026-10-26T03:30:00Z"],
    ],
  },
  {
    says: "New York, spring",
    schedule: daily("02:00", 1, "America/New_York"),
    from: "2026-03-07T12:00:00Z",
    windows: [
      ["2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z"],
      ["2026-03-09T06:00:00Z", "2026-03-09T07:00:00Z"],
    ],
  },
  {
    says: "New York, autumn",
    schedule: daily("01:30", 1, "America/New_York"),
    from: "2026-10-31T12:00:00Z",
    windows: [
      ["2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"],
      ["2026-11-02T06:30:00Z", "2026-11-02T07:30:00Z"],
    ],
  },
  {
    says: "Lord Howe's clocks change by half an hour",
    schedule: daily("02:15", 1, "Australia/Lord_Howe"),
    from: "2026-10-02T20:00:00Z",
    windows: [
      ["2026-10-03T15:30:00Z", "2026-10-03T16:30:00Z"],
      ["2026-10-04T15:15:00Z", "2026-10-04T16:15:00Z"],
    ],
  },
  {
    says: "Cairo's clocks change at midnight",
    schedule: daily("00:00", 1, "Africa/Cairo"),
    from: "2026-04-23T12:00:00Z",
    windows: [
      ["2026-04-23T22:00:00Z", "2026-04-23T23:00:00Z"],
      ["2026-04-24T21:00:00Z", "2026-04-24T22:00:00Z"],
    ],
  },
  {
    says: "Auckland's summer is the other way round",
    schedule: daily("02:30", 1, "Pacific/Auckland"),
    from: "2026-09-25T20:00:00Z",
    windows: [
      ["2026-09-26T14:00:00Z", "2026-09-26T15:00:00Z"],
      ["2026-09-27T13:30:00Z", "2026-09-27T14:30:00Z"],
    ],
  },
  {
    says: "Kolkata's clocks do not change",
    schedule: daily("02:30", 1, "Asia/Kolkata"),
    from: "2026-03-28T22:00:00Z",
    windows: [
      ["2026-03-29T21:00:00Z", "2026-03-29T22:00:00Z"],
      ["2026-03-30T21:00:00Z", "2026-03-30T22:00:00Z"],
    ],
  },
];

describe("maintenance windows", () => {
  for (const { says, schedule, from, windows } of rows) {
    test(says, () => {
      const told = nextWindows(
        schedule,
        Date.parse(from),
        windows.length === 0 ? 5 : windows.length,
      );
      assert.deepEqual(
        told.map(({ startsAt, endsAt }) => [iso(startsAt), iso(endsAt)]),
        windows,
      );
      for (const { startsAt, endsAt } of told) {
        assert.equal(isOpen(schedule, startsAt), true, "the first instant is in it");
        assert.equal(isOpen(schedule, endsAt - 1), true, "as is the last one before its end");
      }
    });
  }

  test("a window is closed right before it begins and at its end", () => {
    const schedule = daily("02:30", 2, "Europe/Vienna");
    const [window] = nextWindows(schedule, Date.parse("2026-03-28T12:00:00Z"), 1);
    assert.ok(window !== undefined);
    assert.equal(windowAt(schedule, window.startsAt - 1), null);
    assert.deepEqual(windowAt(schedule, window.startsAt + 1), window);
    assert.equal(windowAt(schedule, window.endsAt), null);
  });

  test("windows that meet or overlap leave no gap", () => {
    for (const schedule of [daily("00:00", 24), cron("*/10 * * * *", 900)]) {
      for (
        let at = Date.parse("2026-03-28T00:00:00Z");
        at < Date.parse("2026-03-30T00:00:00Z");
        at += 61_000
      ) {
        assert.equal(isOpen(schedule, at), true, iso(at));
      }
    }
  });

  test("whatever was asked before, the answer is the same", () => {
    const schedule = cron("*/7 3 * * *", 120, "Europe/Vienna");
    const begin = Date.parse("2026-03-29T00:30:00Z");
    const instants = Array.from({ length: 400 }, (_, i) => begin + ((i * 7919) % 400) * 15_000);
    for (const at of instants) {
      assert.deepEqual(windowAt(schedule, at), windowAt({ ...schedule }, at), iso(at));
    }
  });

  for (const { says, schedule, problems } of [
    {
      says: "an end before the beginning",
      schedule: {
        kind: "once",
        starts_at: "2026-02-02T00:00:00Z",
        ends_at: "2026-02-01T00:00:00Z",
      },
      problems: [["ends_at", "expected a time after starts_at"]],
    },
    {
      says: "no time of the day",
      schedule: daily("24:00", 1),
      problems: [["at", "expected a time before 24:00, which is 00:00 of the next day"]],
    },
    {
      says: "no zone",
      schedule: daily("02:00", 1, "Europe/Wien"),
      problems: [["timezone", 'expected the IANA name of a time zone, found "Europe/Wien"']],
    },
    {
      says: "a cron that never comes",
      schedule: cron("0 0 30 2 *", 60),
      problems: [["cron", '"0 0 30 2 *" never comes']],
    },
    { says: "the last day of the month is fine", schedule: monthly([31, "last"]), problems: [] },
  ] satisfies { says: string; schedule: WindowSchedule; problems: string[][] }[]) {
    test(`problems: ${says}`, () => {
      assert.deepEqual(
        windowScheduleProblems(schedule, 0).map(({ path, message }) => [path, message]),
        problems,
      );
    });
  }
});

/**
 * Ten years in six zones against another library. Days far from a change of clocks are sampled, by schedules that come
 * some times a month; the hours around every change are gone through time by time. (The other library gives up where clocks
 * change by half an hour, as on Lord Howe: that is a row above. Nor do libraries agree on times within the gap:
 * what counts there is in the rows too.)
 */
describe("an independent library says the same", () => {
  const zones = [
    "Europe/Vienna",
    "America/New_York",
    // Changed at midnight, up to 2019.
    "America/Sao_Paulo",
    // Four changes a year, by the moon.
    "Africa/Casablanca",
    "Asia/Kolkata",
    "Pacific/Auckland",
  ];
  const from = Date.parse("2016-01-01T00:00:00Z");
  const until = Date.parse("2026-01-01T00:00:00Z");

  for (const zone of zones) {
    test(`${zone}, ten years`, () => {
      for (const expression of ["45 23 * * 3#1", "0 6 L * *"]) {
        agree(expression, zone, from, until);
      }
    });

    test(`${zone}, the hours around each change of clocks`, () => {
      for (const change of changesOf(zone, from, until)) {
        for (const expression of ["5 * * * *", "*/30 * * * *"]) {
          agree(expression, zone, change - 6 * hour, change + 6 * hour);
        }
      }
    });
  }

  function agree(expression: string, zone: string, begin: number, end: number): void {
    const theirs: string[] = [];
    const dates = CronExpressionParser.parse(expression, {
      tz: zone,
      currentDate: new Date(begin),
    });
    for (let at = dates.next(); at.getTime() < end; at = dates.next())
      theirs.push(iso(at.getTime()));
    const ours = nextWindows(cron(expression, 60, zone), begin + 60_000, theirs.length);
    assert.ok(theirs.length > 0);
    assert.deepEqual(
      ours.map(({ startsAt }) => iso(startsAt)),
      theirs,
      `${expression} in ${zone}`,
    );
  }

  function changesOf(zone: string, begin: number, end: number): number[] {
    const changes: number[] = [];
    let at = Temporal.Instant.fromEpochMilliseconds(begin).toZonedDateTimeISO(zone);
    for (;;) {
      const next = at.getTimeZoneTransition("next");
      if (next === null || next.epochMilliseconds >= end) return changes;
      changes.push(next.epochMilliseconds);
      at = next;
    }
  }
});
