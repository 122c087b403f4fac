/**
 * Calendar events beside systemd's own answers over ten years in six zones: `testdata/calendar-times.json`, which
 * `BELFRY_RECORD_SYSTEMD=1` writes anew where `systemd-analyze` is. What comes around changes of clocks is recorded as it
 * is, everything else of a year as its number and hash.
 */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { calendarTimes, parseCalendar } from "./heartbeat-calendar.ts";
import type { NextAfter } from "./cron-times.ts";
import { changesOf, decade, hourMs, isLongForm, walk, zones } from "./schedule-decade.kit.ts";

const file = new URL("./testdata/calendar-times.json", import.meta.url);

const expressions = [
  "daily",
  "weekly",
  "monthly",
  "quarterly",
  "yearly",
  "02:30",
  "01:45",
  "02:00",
  "03:00",
  "0,2:00,30",
  "1..3:0/15",
  "Mon..Fri 09:00",
  "Sun 02:30",
  "Sat,Sun 23:59:59",
  "*-*-1..7 02:15",
  "Mon *-*-1..7 06:00",
  "*-*~1 00:30",
  "*-*~3/1 12:00",
  "*-02-29 06:00",
  "*-1/3-15 04:05:06",
];

/** What is recorded around a change of clocks: from so long before to so long after. */
const aroundMs = 3 * hourMs;
/** Of expressions with more times a year than this the short form walks through one year of ten. */
const manyTimes = 110;

interface Recorded {
  readonly expression: string;
  readonly timezone: string;
  /** By year, without what is around changes: how many times, and their hash. */
  readonly years: Readonly<Record<string, readonly [count: number, hash: string]>>;
  /** By change (seconds of Unix time): seconds from it. */
  readonly around: Readonly<Record<string, readonly number[]>>;
}

interface Recording {
  readonly systemd: string;
  readonly events: readonly Recorded[];
}

/** Guarantee: the file was written by `record`. */
function readRecording(): Recording {
  return JSON.parse(readFileSync(file, "utf8")) as Recording;
}

if (process.env["BELFRY_RECORD_SYSTEMD"] === "1") {
  const version = execFileSync("systemd-analyze", ["--version"], { encoding: "utf8" });
  const systemd = /^systemd (\d+)/.exec(version)?.[1] ?? "";
  const events = expressions.flatMap((one) => zones.map((timezone) => record(one, timezone)));
  const lines = events.map((event) => `    ${JSON.stringify(event)}`).join(",\n");
  writeFileSync(file, `{\n  "systemd": "${systemd}",\n  "events": [\n${lines}\n  ]\n}\n`);
}

describe("calendar events beside what systemd says of ten years", () => {
  const { events } = readRecording();

  it("are recorded in every zone", () => {
    const wanted = expressions.flatMap((one) => zones.map((timezone) => `${one} ${timezone}`));
    assert.deepEqual(
      events.map(({ expression, timezone }) => `${expression} ${timezone}`),
      wanted,
    );
  });

  for (const timezone of zones) {
    it(`come at the same times in ${timezone}`, () => {
      const own = events.filter((event) => event.timezone === timezone);
      own.forEach((event, i) => compare(event, i));
    });
  }
});

function compare({ expression, timezone, years, around }: Recorded, index: number): void {
  const next = nextOf(expression, timezone);
  const changes = Object.keys(around).map((seconds) => Number(seconds) * 1000);
  for (const change of changes) {
    const recorded = around[change / 1000];
    const ours = walk(next, change - aroundMs - 1, change + aroundMs);
    const seconds = ours.map((at) => (at - change) / 1000);
    assert.deepEqual(seconds, recorded, `${expression} around ${new Date(change).toISOString()}`);
  }
  Object.entries(years).forEach(([year, [count, hash]], i) => {
    if (count > manyTimes && !isLongForm && i !== index % 10) return;
    const from = Date.UTC(Number(year), 0, 1);
    const ours = walk(next, from - 1, Date.UTC(Number(year) + 1, 0, 1));
    const found = summary(ours.filter((at) => !isAround(at, changes)));
    assert.deepEqual(found, [count, hash], `${expression} in ${year}`);
  });
}

function nextOf(expression: string, timezone: string): NextAfter {
  const event = parseCalendar(expression);
  assert.ok(event.kind === "ok", expression);
  return calendarTimes(event.value, timezone);
}

function isAround(at: number, changes: readonly number[]): boolean {
  return changes.some((change) => at >= change - aroundMs && at < change + aroundMs);
}

function summary(times: readonly number[]): [count: number, hash: string] {
  const text = times.map((at) => at / 1000).join(" ");
  return [times.length, createHash("sha256").update(text).digest("hex").slice(0, 16)];
}

function record(expression: string, timezone: string): Recorded {
  const changes = changesOf(timezone).filter((at) => at >= decade.from && at < decade.to);
  const times: number[] = [];
  const around: Record<string, number[]> = {};
  // systemd 252 gives up at some changes with steps of hours (`Infinite loop in calendar calculation`, so at `0/6:15` in
  // São Paulo and `3/6:15` in Berlin): there are none among the expressions.
  const edges = [decade.from, ...changes.flatMap((at) => [at - aroundMs, at + aroundMs])];
  edges.forEach((from, i) => {
    const to = edges[i + 1] ?? decade.to;
    const found = systemdTimes(expression, timezone, from, to);
    if (i % 2 === 0) {
      for (const at of found) times.push(at);
    } else {
      const change = from + aroundMs;
      around[change / 1000] = found.map((at) => (at - change) / 1000);
    }
  });
  const years = Object.fromEntries(
    Array.from({ length: 10 }, (_, i) => {
      const year = 2016 + i;
      const own = times.filter((at) => new Date(at).getUTCFullYear() === year);
      return [year, summary(own)];
    }),
  );
  return { expression, timezone, years, around };
}

/** From `from` to `to`; fails where systemd gives up in between. */
function systemdTimes(expression: string, timezone: string, from: number, to: number): number[] {
  // As many as we know of and some more: all that systemd has until then, or it disagrees.
  const own = walk(nextOf(expression, timezone), from - 1, to).length;
  const base = new Date(from - 1000).toISOString().slice(0, 19).replace("T", " ");
  const { stdout, stderr } = spawnSync(
    "systemd-analyze",
    ["calendar", `--base-time=${base} UTC`, `--iterations=${own + 50}`, expression],
    {
      encoding: "utf8",
      env: { ...process.env, TZ: timezone, LC_ALL: "C" },
      maxBuffer: 1e9,
    },
  );
  const line =
    timezone === "UTC"
      ? /(?:Next elapse|Iter\. #\d+): \w+ (\S+) (\S+) UTC/g
      : /\(in UTC\): \w+ (\S+) (\S+) UTC/g;
  const all = [...stdout.matchAll(line)].map(([, date, time]) => Date.parse(`${date}T${time}Z`));
  const times = all.filter((at) => at < to);
  assert.ok(times.length >= own || stderr === "", `${expression} ${timezone}: ${stderr}`);
  return times;
}
