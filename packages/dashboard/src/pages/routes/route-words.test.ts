import assert from "node:assert/strict";
import { test } from "node:test";
import { hoursWords, termsWords } from "./route-words.ts";

const plain = {
  group_by: [],
  group_wait_seconds: 0,
  digest_seconds: null,
  remind_seconds: null,
  most_per_hour: 60,
  send_resolved: true,
};

test("a plain route has nothing to say", () => {
  assert.deepEqual(termsWords(plain), []);
  assert.equal(hoursWords({ active: null }), null);
});

test("what differs is said", () => {
  const route = {
    group_by: ["team", "env"],
    group_wait_seconds: 30,
    digest_seconds: 3600,
    remind_seconds: 14_400,
    most_per_hour: 5,
    send_resolved: false,
  };
  assert.deepEqual(termsWords(route), [
    "together by team, env",
    "waits 30 s for others",
    "a digest every 1 h",
    "reminds every 4 h",
    "at most 5 an hour",
    "not told when it is over",
  ]);
});

test("hours have their days and their zone", () => {
  const active = {
    timezone: "Europe/Vienna",
    hours: [
      { days: ["mon" as const, "fri" as const], from: "08:00", to: "18:00" },
      { days: ["sun" as const], from: "22:00", to: "06:00" },
    ],
  };
  assert.equal(hoursWords({ active }), "Mon, Fri 08:00–18:00; Sun 22:00–06:00 (Europe/Vienna)");
});
