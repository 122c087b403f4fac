import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HeartbeatSchedule, PingKind } from "@belfry/contract";
import { heartbeatHint, hintText } from "./heartbeat-hint.ts";
import { nextAfterOf } from "./heartbeat-schedule.ts";
import { timezoneOf } from "./heartbeat-schedule.ts";

const minuteMs = 60_000;

const cron = (expression: string, timezone = "UTC"): HeartbeatSchedule => ({
  kind: "cron",
  expression,
  timezone,
});
const calendar = (expression: string, timezone = "UTC"): HeartbeatSchedule => ({
  kind: "calendar",
  expression,
  timezone,
});
const period = (seconds: number): HeartbeatSchedule => ({ kind: "period", seconds });

/** Times of a schedule from a day on, each so many minutes later. */
function times(schedule: HeartbeatSchedule, from: string, count: number, later = 0): number[] {
  const start = Date.parse(from);
  const next = nextAfterOf(schedule, start);
  const found: number[] = [];
  for (let at = next(start); at !== null && found.length < count; at = next(at)) {
    found.push(at + later * minuteMs);
  }
  return found;
}

interface Row {
  readonly says: string;
  readonly schedule: HeartbeatSchedule;
  readonly calls: readonly number[];
  readonly kind?: PingKind;
  readonly setAt?: string;
  readonly hint: string | null;
}

const winter = "2026-01-10T00:00:00Z";
const summer = "2026-07-10T00:00:00Z";
const berlin = "Europe/Berlin";

const rows: readonly Row[] = [
  {
    says: "calls that come when they are expected give no hint",
    schedule: cron("0 2 * * *", berlin),
    calls: times(cron("0 2 * * *", berlin), winter, 8, 4),
    hint: null,
  },
  {
    says: "a job in another zone is known by it",
    schedule: cron("0 2 * * *", berlin),
    calls: times(cron("0 2 * * *"), winter, 8, 1),
    hint: "Calls come 1 h later than expected: the job seems to run by the clocks of UTC, and the schedule is in Europe/Berlin.",
  },
  {
    says: "also one that is ahead of the schedule",
    schedule: cron("0 2 * * *"),
    calls: times(cron("0 2 * * *", berlin), summer, 8, 3),
    hint: "Calls come 2 h earlier than expected: the job seems to run by the clocks of Europe/Berlin, and the schedule is in UTC.",
  },
  {
    says: "the night in which clocks change tells zones apart that show the same time else",
    schedule: cron("30 4 * * *", "Europe/Istanbul"),
    calls: times(cron("30 4 * * *", berlin), "2026-03-25T00:00:00Z", 8),
    hint: "Calls come 1 h later than expected: the job seems to run by the clocks of Europe/Berlin, and the schedule is in Europe/Istanbul.",
  },
  {
    says: "half an hour is a zone, too",
    schedule: calendar("Mon..Fri 09:00"),
    calls: times(calendar("Mon..Fri 09:00", "Asia/Kolkata"), winter, 6),
    hint: "Calls come 5 h 30 min earlier than expected: the job seems to run by the clocks of Asia/Kolkata, and the schedule is in UTC.",
  },
  {
    says: "more than half a day apart the zone is still found",
    schedule: cron("0 20 * * *", "America/Los_Angeles"),
    calls: times(cron("0 20 * * *", "Asia/Tokyo"), winter, 6),
    hint: "Calls come 7 h later than expected: the job seems to run by the clocks of Asia/Tokyo, and the schedule is in America/Los_Angeles.",
  },
  {
    says: "of an hourly job no zone of full hours can be told, and none is needed",
    schedule: cron("15 * * * *", berlin),
    calls: times(cron("15 * * * *"), winter, 20),
    hint: null,
  },
  {
    says: "two calls say nothing",
    schedule: cron("0 2 * * *", berlin),
    calls: times(cron("0 2 * * *"), winter, 2),
    hint: null,
  },
  {
    says: "neither do calls from before the schedule was set",
    schedule: cron("0 2 * * *", berlin),
    calls: times(cron("0 2 * * *"), winter, 8),
    setAt: "2026-01-17T00:00:00Z",
    hint: null,
  },
  {
    says: "calls by hand at any time give no hint",
    schedule: cron("0 2 * * *"),
    calls: ["T09:13", "T14:48", "T17:02", "T20:31"].map((time) => Date.parse(`2026-01-12${time}Z`)),
    hint: null,
  },
  {
    says: "ends of runs that take forty minutes are no other schedule",
    schedule: cron("0 2 * * *"),
    calls: times(cron("0 2 * * *"), winter, 8, 20),
    hint: null,
  },
  {
    says: "starts that come twenty minutes later each time are",
    schedule: cron("0 2 * * *"),
    calls: times(cron("20 2 * * *"), winter, 8),
    kind: "start",
    hint: "Calls come 20 min later than expected, each time: the job seems to have another schedule.",
  },
  {
    says: "so are ends that come before the work can have begun",
    schedule: cron("40 2 * * *"),
    calls: times(cron("25 2 * * *"), winter, 8),
    hint: "Calls come 15 min earlier than expected, each time: the job seems to have another schedule.",
  },
  {
    says: "calls that come every hour are not those of a daily job",
    schedule: cron("0 2 * * *"),
    calls: times(cron("0 * * * *"), winter, 20),
    hint: "Calls come about every 1 h, and are expected every 1 d: the job seems to have another schedule.",
  },
  {
    says: "a period that is another one is told",
    schedule: period(3600),
    calls: times(period(900), winter, 12),
    hint: "Calls come about every 15 min, and are expected every 1 h: the job seems to have another schedule.",
  },
  {
    says: "a little more or less is not",
    schedule: period(3600),
    calls: times(period(3900), winter, 12),
    hint: null,
  },
  {
    says: "working days are no other period",
    schedule: cron("0 9 * * 1-5"),
    calls: times(cron("0 9 * * 1-5"), winter, 20, 2),
    hint: null,
  },
];

describe("calls that arrive, held against the schedule:", () => {
  for (const { says, schedule, calls, kind = "success", setAt, hint } of rows) {
    it(says, () => {
      assert.ok(calls.length > 1);
      const pings = calls.map((at) => ({ at, kind })).toReversed();
      const found = heartbeatHint(schedule, pings, setAt === undefined ? 0 : Date.parse(setAt));
      assert.equal(found === null ? null : hintText(found, timezoneOf(schedule)), hint);
    });
  }
});
