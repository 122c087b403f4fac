import assert from "node:assert/strict";
import { test } from "node:test";
import type { RuleReplayView } from "@belfry/contract";
import { lanesOf, placed, replayScope, replayTitle, ticksOf } from "./ring-lanes.ts";

const hourMs = 3_600_000;
const from = new Date(2026, 10, 16).getTime();
const span = { from, to: from + 168 * hourMs };

type Ring = RuleReplayView["rings"][number];

function ring(name: string, hour: number, hours: number | null, mountpoint = "/"): Ring {
  return {
    subject: { kind: "host", id: `id of ${name}`, name },
    series: { mountpoint },
    started_at: new Date(from + hour * hourMs).toISOString(),
    ended_at: hours === null ? null : new Date(from + (hour + hours) * hourMs).toISOString(),
    value: hour,
  };
}

function replayOf(rings: readonly Ring[], isTruncated = false): RuleReplayView {
  return {
    from: new Date(span.from).toISOString(),
    to: new Date(span.to).toISOString(),
    subjects: 7,
    resolution_seconds: 300,
    rings: [...rings],
    rings_truncated: isTruncated,
  };
}

test("every series of a subject has a lane, those that rang most first; what still rings ends with the span", () => {
  const lanes = lanesOf(
    replayOf([
      ring("web", 1, 2),
      ring("db", 2, 1),
      ring("web", 5, null),
      ring("web", 6, 1, "/var"),
    ]),
  );
  assert.deepEqual(
    lanes.map(({ subject, series, rings }) => [subject.name, series["mountpoint"], rings.length]),
    [
      ["web", "/", 2],
      ["db", "/", 1],
      ["web", "/var", 1],
    ],
  );
  assert.deepEqual(lanes[0]?.rings[1], {
    from: from + 5 * hourMs,
    to: span.to,
    isOpen: true,
    value: 5,
  });
});

const places: readonly (readonly [
  what: string,
  hours: readonly [number, number],
  left: number,
  width: number,
])[] = [
  ["in the middle", [42, 84], 0.25, 0.25],
  ["that began before", [-10, 84], 0, 0.5],
  ["that is shorter than can be seen", [84, 84], 0.5, 0.004],
];
for (const [what, [begin, end], left, width] of places) {
  test(`a ring ${what} is ${width} wide at ${left}`, () => {
    const found = placed({ from: from + begin * hourMs, to: from + end * hourMs }, span);
    assert.deepEqual(found, { left, width });
  });
}

test("marks stand at midnights of a week and at round hours of a day, none at the very end", () => {
  const week = ticksOf(span);
  assert.ok(week.every(({ at }) => new Date(at).getHours() === 0));
  assert.equal(week.length, 6);
  const day = ticksOf({ from: span.to - 24 * hourMs, to: span.to });
  assert.ok(day.every(({ at }) => new Date(at).getHours() % 6 === 0));
  for (const { left } of [...week, ...day]) assert.ok(left > 0 && left < 0.94);
});

const titles: readonly (readonly [rings: number, isTruncated: boolean, title: string])[] = [
  [0, false, "It would not have rung in 7 d"],
  [1, false, "It would have rung once in 7 d"],
  [4, false, "It would have rung 4 times in 7 d"],
  [500, true, "It would have rung 500 times and more in 7 d"],
];
for (const [count, isTruncated, title] of titles) {
  test(title, () => {
    const rings = Array.from({ length: count }, (_, i) => ring("web", i % 100, 1));
    assert.equal(replayTitle(replayOf(rings, isTruncated), span), title);
  });
}

test("it is said of how many it rang, and how closely that was looked at", () => {
  assert.equal(
    replayScope(replayOf([ring("web", 1, 1), ring("db", 1, 1)]), "host"),
    "On 2 of 7 hosts, looked at every 5 min",
  );
  assert.equal(replayScope(replayOf([]), "host"), "Of 7 hosts, looked at every 5 min");
});
