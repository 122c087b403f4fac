import assert from "node:assert/strict";
import { test } from "node:test";
import { jobRings, type JobSchedule } from "@belfry/contract";
import { changeOf, draftOf, ringNames } from "./schedule-draft.ts";

const schedules: readonly (readonly [what: string, schedule: JobSchedule | null])[] = [
  ["no schedule", null],
  ["a calendar", { kind: "cron", cron: "0 3 * * *", timezone: "Asia/Tokyo", grace_seconds: 90 }],
  ["days", { kind: "interval", interval_seconds: 172_800, grace_seconds: 0 }],
  ["minutes", { kind: "interval", interval_seconds: 900, grace_seconds: 300 }],
  ["odd seconds", { kind: "interval", interval_seconds: 61, grace_seconds: 1 }],
];
for (const [what, schedule] of schedules) {
  test(`${what} survives the way through the form`, () => {
    const job = { schedule, slow_after_seconds: 90.5, alert_on: ["lost" as const] };
    assert.deepEqual(changeOf(draftOf(job, "Europe/Vienna")), job);
  });
}

test("a new schedule is in the zone of whoever makes it, in words and units people use", () => {
  const draft = draftOf(
    { schedule: null, slow_after_seconds: null, alert_on: null },
    "Europe/Vienna",
  );
  assert.deepEqual([draft.timezone, draft.grace, draft.slowAfter], ["Europe/Vienna", "5", ""]);
  const day = draftOf(
    {
      schedule: { kind: "interval", interval_seconds: 7200, grace_seconds: 60 },
      slow_after_seconds: null,
      alert_on: null,
    },
    "UTC",
  );
  assert.deepEqual([day.every, day.unit], ["2", "hours"]);
});

test("what is no number is sent as none, for the hub to refuse", () => {
  const draft = { ...draftOf({ schedule: null, slow_after_seconds: null, alert_on: null }, "UTC") };
  const change = changeOf({ ...draft, kind: "interval", every: "often", slowAfter: "x" });
  const sent = JSON.parse(JSON.stringify(change)) as unknown;
  assert.deepEqual(sent, {
    schedule: { kind: "interval", interval_seconds: null, grace_seconds: 300 },
    slow_after_seconds: null,
    alert_on: null,
  });
});

test("everything that may ring can be chosen", () => {
  assert.deepEqual(
    ringNames.map(([name]) => name),
    [...jobRings],
  );
});
