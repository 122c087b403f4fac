/**
 * Times of cron over ten years in six zones. Between changes of clocks everybody agrees, so there the reference is an
 * independent library (cron-parser). Around the changes conventions differ: there the reference is the convention
 * itself, written down a second time, and the table below says where cron-parser has another one.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CronExpressionParser } from "cron-parser";
import { cronTimes } from "./cron-times.ts";
import { windowAt } from "./maintenance-window.ts";
import {
  changesOf,
  decade,
  hourMs,
  isLongForm,
  minuteMs,
  modelTimes,
  stretchesOf,
  walk,
  zones,
} from "./schedule-decade.kit.ts";

/** At most once a week: every time of the ten years is compared. */
const sparse = ["30 5 * * 0", "0 0 29 2 *", "45 0 1-7 1-12/3 *"];
/** Of these some times of every half-year, and all of them around changes of clocks. */
const dense = [
  "0 2 * * *",
  "30 2 * * *",
  "0 0 * * *",
  "*/15 9-16 * * 1-5",
  "0 */2 * * *",
  "15,45 1-3 * * *",
  "15 22 13 * 5",
  "0 12 1,15 * *",
];
/** Those that changes of clocks touch. */
const touched = [
  ...dense,
  "15 1 * * *",
  "30 0 * * *",
  "0 3 * * *",
  "*/15 * * * *",
  "30 * * * *",
  "*/30 2 * * *",
  "0 1-4 * * *",
  "30 2 * * 0",
  "30 1,2 1,15 * 0",
  "5 2 1 * *",
];
/** Times of each dense expression that the short form compares in each half-year. */
const someTimes = 5;
/** Conventions differ from so long before a change to so long after. */
const beforeMs = 3 * hourMs;
const afterMs = 27 * hourMs;

/** The times of the other library; where it gives up, those before. */
function theirTimes(expression: string, tz: string, from: number, to: number, most?: number) {
  const theirs = CronExpressionParser.parse(expression, { currentDate: new Date(from), tz });
  const next = (): number | null => {
    try {
      return theirs.next().getTime();
    } catch (error) {
      if (error instanceof Error && error.message.includes("loop limit exceeded")) return null;
      throw error;
    }
  };
  return walk(next, from, to, most);
}

/** Spans without a change of clocks, of at most a year. */
function* quietSpans(timezone: string): Iterable<readonly [from: number, to: number]> {
  for (const { from, to } of stretchesOf(timezone)) {
    for (let year = 2016; year < 2026; year += 1) {
      const begin = Math.max(from + afterMs, Date.UTC(year, 0, 1));
      const end = Math.min(to - beforeMs, Date.UTC(year + 1, 0, 1));
      if (begin < end) yield [begin, end];
    }
  }
}

describe("times of cron beside an independent library, over ten years", () => {
  for (const timezone of zones) {
    it(`agree in ${timezone} wherever clocks do not change`, () => {
      const spans = [...quietSpans(timezone)];
      let compared = 0;
      for (const expression of [...sparse, ...dense]) {
        const all = isLongForm || sparse.includes(expression);
        const most = all ? Number.POSITIVE_INFINITY : someTimes;
        const next = cronTimes(expression, timezone);
        for (const [from, to] of spans) {
          const ours = walk(next, from, to, most);
          const theirs = theirTimes(expression, timezone, from, to, most);
          assert.deepEqual(ours.map(iso), theirs.map(iso), expression);
          compared += ours.length;
        }
      }
      assert.ok(compared > 800, `${compared} times were compared`);
    });
  }
});

describe("times of cron around every change of clocks of ten years", () => {
  for (const timezone of zones) {
    const changes = changesOf(timezone).filter((at) => at >= decade.from && at < decade.to);
    if (changes.length === 0) continue;
    const stretches = stretchesOf(timezone);
    it(`follow the rules in ${timezone} (${changes.length} changes)`, () => {
      for (const expression of touched) {
        const next = cronTimes(expression, timezone);
        for (const change of changes) {
          const [from, to] = [change - beforeMs, change + afterMs];
          const model = modelTimes(expression, stretches, from, to);
          const ours = walk(next, from - 1, to);
          assert.deepEqual(ours.map(iso), model.map(iso), `${expression}, ${iso(change)}`);
        }
      }
    });

    it(`open windows by the same rules in ${timezone}`, () => {
      const durationMs = 10 * minuteMs;
      const some = isLongForm ? changes : changes.slice(-4);
      for (const cron of touched) {
        const schedule = { kind: "cron", cron, timezone, duration_seconds: 600 } as const;
        for (const change of some) {
          const model = modelTimes(cron, stretches, change - 4 * hourMs, change + 4 * hourMs);
          for (let at = change - beforeMs; at < change + beforeMs; at += 5 * minuteMs) {
            const began = model.findLast((one) => one <= at && at < one + durationMs) ?? null;
            const found = windowAt(schedule, at)?.startsAt ?? null;
            assert.equal(found, began, `${cron}, ${iso(at)}`);
          }
        }
      }
    });
  }
});

/** What the other library says where it has another convention: times from 3 hours before the change to 27 after. */
const differences: readonly {
  readonly says: string;
  readonly expression: string;
  readonly timezone: string;
  readonly change: string;
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}[] = [
  {
    says: "a time in the gap comes at its end; there, an hour later than it would have come",
    expression: "30 2 * * *",
    timezone: "Europe/Berlin",
    change: "2016-03-27T01:00:00Z",
    ours: ["2016-03-27T01:00:00Z", "2016-03-28T00:30:00Z"],
    theirs: ["2016-03-27T01:30:00Z", "2016-03-28T00:30:00Z"],
  },
  {
    says: "the same at midnight",
    expression: "30 0 * * *",
    timezone: "America/Sao_Paulo",
    change: "2016-10-16T03:00:00Z",
    ours: ["2016-10-16T03:00:00Z", "2016-10-17T02:30:00Z"],
    theirs: ["2016-10-16T03:30:00Z", "2016-10-17T02:30:00Z"],
  },
  {
    says: "with steps what is in the gap does not come; there it is moved",
    expression: "*/30 2 * * *",
    timezone: "America/New_York",
    change: "2016-03-13T07:00:00Z",
    ours: ["2016-03-14T06:00:00Z", "2016-03-14T06:30:00Z"],
    theirs: [
      "2016-03-13T07:00:00Z",
      "2016-03-13T07:30:00Z",
      "2016-03-14T06:00:00Z",
      "2016-03-14T06:30:00Z",
    ],
  },
  {
    says: "with steps what clocks show twice comes twice; there once",
    expression: "*/30 2 * * *",
    timezone: "Europe/Berlin",
    change: "2016-10-30T01:00:00Z",
    ours: [
      "2016-10-30T00:00:00Z",
      "2016-10-30T00:30:00Z",
      "2016-10-30T01:00:00Z",
      "2016-10-30T01:30:00Z",
      "2016-10-31T01:00:00Z",
      "2016-10-31T01:30:00Z",
    ],
    theirs: [
      "2016-10-30T00:00:00Z",
      "2016-10-30T00:30:00Z",
      "2016-10-31T01:00:00Z",
      "2016-10-31T01:30:00Z",
    ],
  },
  {
    says: "where clocks jump by half an hour a time in the gap comes; there it is lost",
    expression: "0 2 * * *",
    timezone: "Australia/Lord_Howe",
    change: "2016-10-01T15:30:00Z",
    ours: ["2016-10-01T15:30:00Z", "2016-10-02T15:00:00Z"],
    theirs: ["2016-10-02T15:00:00Z"],
  },
  {
    says: "where clocks go back by half an hour the other library finds nothing any more",
    expression: "0 3 * * *",
    timezone: "Australia/Lord_Howe",
    change: "2016-04-02T15:00:00Z",
    ours: ["2016-04-02T16:30:00Z", "2016-04-03T16:30:00Z"],
    theirs: [],
  },
];

describe("where conventions differ:", () => {
  for (const { says, expression, timezone, change, ours, theirs } of differences) {
    it(`${says} (${expression}, ${timezone})`, () => {
      const from = Date.parse(change) - beforeMs;
      const to = Date.parse(change) + afterMs;
      assert.deepEqual(walk(cronTimes(expression, timezone), from, to).map(iso), ours);
      assert.deepEqual(theirTimes(expression, timezone, from, to).map(iso), theirs);
    });
  }
});

function iso(at: number): string {
  return new Date(at).toISOString().replace(".000Z", "Z");
}
