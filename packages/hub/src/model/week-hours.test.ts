import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { WeeklyHours } from "@belfry/contract";
import { isActive, nextChange } from "./week-hours.ts";

interface Row {
  readonly says: string;
  readonly hours: WeeklyHours;
  readonly timezone?: string;
  readonly at: string;
  readonly active: boolean;
}

const office: WeeklyHours = { days: ["mon", "fri"], from: "08:30", to: "17:00" };
const night: WeeklyHours = { days: ["fri"], from: "22:00", to: "06:00" };
const late: WeeklyHours = { days: ["sun"], from: "20:00", to: "24:00" };
const whole: WeeklyHours = { days: ["sat"], from: "00:00", to: "00:00" };

// 2026-01-05 is a Monday.
const rows: readonly Row[] = [
  { says: "the first minute counts", hours: office, at: "2026-01-05T08:30:00Z", active: true },
  { says: "the one before does not", hours: office, at: "2026-01-05T08:29:59.999Z", active: false },
  { says: "the last instant counts", hours: office, at: "2026-01-05T16:59:59.999Z", active: true },
  { says: "the end does not", hours: office, at: "2026-01-05T17:00:00Z", active: false },
  { says: "another day does not", hours: office, at: "2026-01-06T12:00:00Z", active: false },
  { says: "a night begins", hours: night, at: "2026-01-09T22:00:00Z", active: true },
  { says: "a night ends on the day after", hours: night, at: "2026-01-10T05:59:00Z", active: true },
  { says: "and is over then", hours: night, at: "2026-01-10T06:00:00Z", active: false },
  {
    says: "the morning of its day is another night",
    hours: night,
    at: "2026-01-09T05:00:00Z",
    active: false,
  },
  { says: "up to midnight", hours: late, at: "2026-01-11T23:59:59Z", active: true },
  {
    says: "midnight is Monday, not Sunday",
    hours: late,
    at: "2026-01-12T00:00:00Z",
    active: false,
  },
  {
    says: "the same time twice is a whole day",
    hours: whole,
    at: "2026-01-10T23:59:00Z",
    active: true,
  },
  { says: "and no more", hours: whole, at: "2026-01-11T00:00:00Z", active: false },
  {
    says: "the zone decides the hour",
    hours: office,
    timezone: "Asia/Kolkata",
    at: "2026-01-05T03:00:00Z",
    active: true,
  },
  {
    says: "the zone decides the day",
    hours: office,
    timezone: "Pacific/Auckland",
    at: "2026-01-04T20:00:00Z",
    active: true,
  },
  {
    says: "summer time moves with the clock on the wall",
    hours: office,
    timezone: "Europe/Vienna",
    at: "2026-07-06T06:30:00Z",
    active: true,
  },
  {
    says: "both of two hours that come twice",
    hours: { days: ["sun"], from: "02:00", to: "03:00" },
    timezone: "Europe/Vienna",
    at: "2026-10-25T01:30:00Z",
    active: true,
  },
];

describe("hours of the week", () => {
  for (const row of rows) {
    test(row.says, () => {
      assert.equal(isActive([row.hours], row.timezone ?? "UTC", Date.parse(row.at)), row.active);
    });
  }

  test("any of several", () => {
    assert.equal(isActive([office, night], "UTC", Date.parse("2026-01-09T23:00:00Z")), true);
    assert.equal(isActive([], "UTC", Date.parse("2026-01-09T23:00:00Z")), false);
  });
});

describe("the next change of hours", () => {
  const twice: WeeklyHours = { days: ["sun"], from: "02:30", to: "03:00" };
  const always: WeeklyHours = {
    days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    from: "00:00",
    to: "24:00",
  };
  const changes: readonly {
    readonly says: string;
    readonly hours: readonly WeeklyHours[];
    readonly timezone?: string;
    readonly at: string;
    readonly next: string | null;
  }[] = [
    {
      says: "begins today",
      hours: [office],
      at: "2026-01-05T08:00:00Z",
      next: "2026-01-05T08:30:00Z",
    },
    {
      says: "ends today",
      hours: [office],
      at: "2026-01-05T08:30:00Z",
      next: "2026-01-05T17:00:00Z",
    },
    {
      says: "is days away",
      hours: [office],
      at: "2026-01-05T17:00:00Z",
      next: "2026-01-09T08:30:00Z",
    },
    {
      says: "of a night is on the day after",
      hours: [night],
      at: "2026-01-09T23:00:00Z",
      next: "2026-01-10T06:00:00Z",
    },
    {
      says: "is not where one span follows another",
      hours: [office, { days: ["mon"], from: "17:00", to: "18:00" }],
      at: "2026-01-05T12:00:00Z",
      next: "2026-01-05T18:00:00Z",
    },
    {
      says: "never comes of what is always",
      hours: [always],
      at: "2026-01-05T12:00:00Z",
      next: null,
    },
    {
      says: "is by the clock of the zone",
      hours: [office],
      timezone: "Asia/Kolkata",
      at: "2026-01-05T00:00:00Z",
      next: "2026-01-05T03:00:00Z",
    },
    {
      says: "comes with the change of clocks that repeats hours",
      hours: [twice],
      timezone: "Europe/Vienna",
      at: "2026-10-25T00:30:00Z",
      next: "2026-10-25T01:00:00Z",
    },
    {
      says: "comes a second time in the hours that are repeated",
      hours: [twice],
      timezone: "Europe/Vienna",
      at: "2026-10-25T01:00:00Z",
      next: "2026-10-25T01:30:00Z",
    },
    {
      says: "comes with the change of clocks that leaves out its beginning",
      hours: [{ days: ["sun"], from: "02:30", to: "04:00" }],
      timezone: "Europe/Vienna",
      at: "2026-03-29T00:00:00Z",
      next: "2026-03-29T01:00:00Z",
    },
  ];
  for (const { says, hours, timezone = "UTC", at, next } of changes) {
    test(`${says}`, () => {
      const found = nextChange(hours, timezone, Date.parse(at));
      assert.equal(found, next === null ? null : Date.parse(next));
      assert.equal(nextChange(hours, timezone, Date.parse(at)), found, "asked twice");
    });
  }
});
