import assert from "node:assert/strict";
import { test } from "node:test";
import { agoChangesInMs, formatAgo, formatDuration, formatLong, formatMoment } from "./time.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const durations: readonly (readonly [ms: number, text: string])[] = [
  [0, "0 s"],
  [340, "340 ms"],
  [42 * second, "42 s"],
  [59.7 * second, "1 min"],
  [3 * minute + 5 * second, "3 min 5 s"],
  [4 * hour, "4 h"],
  [12 * day + 3 * hour + 59 * minute, "12 d 3 h"],
];
for (const [ms, text] of durations) {
  test(`${ms} ms reads ${text}`, () => assert.equal(formatDuration(ms), text));
}

const agos: readonly (readonly [ms: number, text: string])[] = [
  [0, "now"],
  [12 * second, "12 s ago"],
  [119 * second, "1 min ago"],
  [5 * hour + 59 * minute, "5 h ago"],
  [12 * day, "12 d ago"],
  [-5 * second, "in 5 s"],
];
for (const [ms, text] of agos) {
  test(`${ms} ms ago reads ${text}`, () => assert.equal(formatAgo(10 * day, 10 * day + ms), text));
}

const longs: readonly (readonly [ms: number, text: string])[] = [
  [10 * second, "1 minute"],
  [59 * minute, "59 minutes"],
  [hour, "1 hour"],
  [12 * day + 23 * hour, "12 days"],
  [800 * day, "2 years"],
];
for (const [ms, text] of longs) {
  test(`${ms} ms of uptime read ${text}`, () => assert.equal(formatLong(ms), text));
}

test("a text that counts seconds is made anew every second, one that counts hours rarely", () => {
  assert.equal(agoChangesInMs(0, 5 * second), second);
  assert.equal(agoChangesInMs(0, 5 * minute), 15 * second);
  assert.equal(agoChangesInMs(0, 5 * hour), 10 * minute);
});

test("another day's time says the day", () => {
  const now = new Date(2026, 4, 7, 12, 0, 0).getTime();
  assert.match(formatMoment(now - hour, now), /11:00:00/);
  assert.match(formatMoment(now - day, now), /6.*12:00$/);
});
