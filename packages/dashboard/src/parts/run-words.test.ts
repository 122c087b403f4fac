import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunView } from "@belfry/contract";
import { jobStates } from "../route/job-route.ts";
import { jobOf, partOf, runOf, timeAt } from "../pages/run/run.kit.ts";
import { describeRuns } from "./run-strip.ts";
import {
  errorLine,
  lastedWords,
  nameOfRun,
  progressWords,
  ratioOf,
  stateMeaning,
  stateOfJob,
  stateShape,
  stateTitle,
} from "./run-words.ts";

test("every state has a word, a meaning and a shape of its own", () => {
  for (const say of [stateTitle, stateMeaning, stateShape]) {
    assert.equal(new Set(jobStates.map(say)).size, jobStates.length);
  }
});

test("a job is as its worst trouble, else as its last run", () => {
  assert.equal(stateOfJob(jobOf("a", { troubles: ["late", "lost"] })), "lost");
  assert.equal(
    stateOfJob(jobOf("a", { last_run: runOf("r", { status: "canceled" }) })),
    "canceled",
  );
  assert.equal(stateOfJob(jobOf("a", { last_run: null })), "waiting");
});

const names: readonly (readonly [run: RunView, name: string])[] = [
  [runOf("a", { business_key: "nightly", sub_key: "monday" }), "nightly"],
  [partOf("r", "a", [0, 1], { business_key: "nightly", sub_key: "load" }), "load"],
  [runOf("a", { business_key: "", sub_key: null, type: "report" }), "report"],
  [runOf("a", { business_key: null, type: null, run_id: "4711" }), "4711"],
];
for (const [run, name] of names) {
  test(`a run is called ${name}`, () => assert.equal(nameOfRun(run), name));
}

test("a run lasts up to now, as long as it took, or until it was last heard of", () => {
  const open = { ended_at: null, duration_seconds: null } as const;
  const now = Date.parse(timeAt(90));
  assert.equal(lastedWords(runOf("a", { status: "running", ...open }), now), "1 min 30 s");
  assert.equal(lastedWords(runOf("a"), now), "10 s");
  const lost = { status: "lost", ...open, last_event_at: timeAt(4) } as const;
  assert.equal(lastedWords(runOf("a", lost), now), "4.00 s");
  assert.equal(lastedWords(runOf("a", { status: null, ...open }), now), "–");
});

const nothing = { ratio: null, current: null, total: null, message: null, at: timeAt(0) };
const progresses: readonly (readonly [RunView["progress"], number | null, string])[] = [
  [null, null, ""],
  [{ ...nothing, ratio: 0.4, message: "reading" }, 0.4, "reading"],
  [{ ...nothing, current: 3, total: 12, message: "a" }, 0.25, "3 of 12 · a"],
  [{ ...nothing, current: 1234 }, null, "1,234"],
  [{ ...nothing, ratio: 1.7 }, 1, ""],
];
for (const [progress, ratio, words] of progresses) {
  test(`progress of ${JSON.stringify(progress)} is said`, () => {
    assert.equal(ratioOf({ progress }), ratio);
    assert.equal(progressWords({ progress }), words);
  });
}

const errors: readonly (readonly [RunView["error"], string])[] = [
  [null, ""],
  [{ type: "OSError", message: "full\nat a", stack: null }, "OSError: full"],
  [{ type: "Error", message: "Error: twice", stack: null }, "Error: twice"],
  [{ type: "OSError", message: null, stack: null }, "OSError"],
  [{ type: null, message: "full", stack: null }, "full"],
];
for (const [error, line] of errors) {
  test(`what went wrong is one line: ${line}`, () =>
    assert.equal(errorLine({ error, status: "failed" }), line));
}

test("of a lost run it is said what is known", () =>
  assert.match(errorLine({ error: null, status: "lost" }), /No word of it came/));

test("a strip is said in words", () => {
  assert.equal(
    describeRuns(["failed", "succeeded", "succeeded"]),
    "Last runs: 1 failed, 2 succeeded; the newest failed",
  );
  assert.equal(describeRuns([]), "No run yet");
});
