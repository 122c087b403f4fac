import assert from "node:assert/strict";
import { test } from "node:test";
import type { SeriesRangeView } from "@belfry/contract";
import { runOf, timeAt } from "../run/run.kit.ts";
import { paceOf, selectorOf } from "./charts-model.ts";
import { withRuns } from "./job-model.ts";
import { panelsOf } from "./panels.ts";
import { isZone, scheduleWords, timeIn } from "./schedule-words.ts";

test("names of any kind are quoted in the selector of a job's series", () => {
  assert.equal(
    selectorOf({ name: 'a "b" \\ \n', app: "x", site: "" }),
    '{job="a \\"b\\" \\\\ \\n",app="x",site=""}',
  );
});

test("the pace is that of the last runs; without any it is an hour", () => {
  const runs = [300, 200, 100].map((at) => runOf(`${at}`, { started_at: timeAt(at) }));
  assert.equal(paceOf(runs), 100);
  assert.equal(paceOf(runs.slice(0, 1)), 3600);
});

test("runs heard of change in their places; new ones stand where they belong", () => {
  const list = [300, 200, 100].map((at) => runOf(`${at}`, { started_at: timeAt(at) }));
  const heard = [
    runOf("200", { started_at: timeAt(200), status: "failed" }),
    runOf("250", { started_at: timeAt(250) }),
    runOf("50", { started_at: timeAt(50) }),
  ];
  assert.deepEqual(
    withRuns(list, heard).map(({ id, status }) => `${id} ${status}`),
    ["300 succeeded", "250 succeeded", "200 failed", "100 succeeded"],
  );
});

test("a schedule is said as it was set, and its times in any zone", () => {
  const grace = { grace_seconds: 0 };
  assert.equal(
    scheduleWords({ kind: "interval", interval_seconds: 900, ...grace }),
    "every 15 min",
  );
  assert.equal(
    scheduleWords({ kind: "cron", cron: "0 3 * * *", timezone: "UTC", ...grace }),
    "0 3 * * * (UTC)",
  );
  assert.equal(timeIn(Date.UTC(2026, 0, 1, 20), "Asia/Tokyo"), "Fri, Jan 2, 05:00");
  assert.equal(timeIn(Date.UTC(2026, 0, 1, 20, 0, 7), "UTC"), "Thu, Jan 1, 20:00:07");
  assert.deepEqual([isZone("Europe/Vienna"), isZone("Mars/Olympus")], [true, false]);
});

const raw = (name: string, ...values: readonly number[]): SeriesRangeView["items"][number] => ({
  name,
  labels: {},
  times_ms: values.map((_, i) => i * 1000),
  values: [...values],
});

test("panels are made of what is there: time first, own figures by name, progress not at all", () => {
  const view: SeriesRangeView = {
    from_ms: 0,
    to_ms: 9000,
    step_seconds: null,
    items: [
      raw("belfry_run_rows", 1, 2),
      raw("belfry_run_progress_pct", 100, 100),
      raw("belfry_run_event_loop_lag_max_s", 0.01, 0.02),
      raw("belfry_run_duration_seconds", 5, 90),
      raw("belfry_run_memory_max_bytes", 1024, 2048),
    ],
  };
  const panels = panelsOf(view, 60);
  assert.deepEqual(
    panels.map(({ title }) => title),
    ["Duration", "Peak memory", "Longest event-loop lag", "rows"],
  );
  const [duration] = panels;
  assert.deepEqual(
    duration?.lines.map(({ title }) => title),
    ["Took", "Slow"],
  );
  assert.deepEqual(duration?.timeline.columns.get("limit"), [60, 60]);
  assert.equal(duration?.unit.format(90), "1 min 30 s");
  assert.equal(panels[2]?.unit.format(0.02), "20 ms");
});
