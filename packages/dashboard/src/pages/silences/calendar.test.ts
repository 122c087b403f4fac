import assert from "node:assert/strict";
import { test } from "node:test";
import { monthAfter, monthOf, monthTitle, weeksOf } from "./calendar.ts";

const months: readonly (readonly [month: string, weeks: number, first: number, last: number])[] = [
  ["2026-11", 6, 26, 6],
  ["2026-02", 5, 26, 1],
  ["2027-02", 4, 1, 28],
];
for (const [month, count, first, last] of months) {
  test(`${month} has ${count} weeks from Monday ${first} to Sunday ${last}`, () => {
    const weeks = weeksOf(month, []);
    assert.equal(weeks.length, count);
    assert.equal(weeks[0]?.[0]?.day, first);
    assert.equal(weeks.at(-1)?.[6]?.day, last);
  });
}

test("a span falls on every day it touches, and on none it only ends with", () => {
  const from = new Date(2026, 10, 3, 23).getTime();
  const to = new Date(2026, 10, 5).getTime();
  const days = weeksOf("2026-11", [{ from, to }]).flat();
  assert.deepEqual(
    days.filter(({ spans }) => spans.length > 0).map(({ day }) => day),
    [3, 4],
  );
});

test("months follow each other over the end of a year", () => {
  assert.equal(monthAfter("2026-12", 1), "2027-01");
  assert.equal(monthAfter("2026-01", -1), "2025-12");
  assert.equal(monthOf(new Date(2026, 0, 31).getTime()), "2026-01");
  assert.equal(monthTitle("2026-11"), "November 2026");
});
