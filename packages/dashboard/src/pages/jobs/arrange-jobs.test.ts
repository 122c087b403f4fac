import assert from "node:assert/strict";
import { test } from "node:test";
import type { JobView } from "@belfry/contract";
import { plainJobs, type JobsView } from "../../route/job-route.ts";
import { jobOf, partOf, runOf, timeAt } from "../run/run.kit.ts";
import { arrangeJobs, countStates, withRun } from "./arrange-jobs.ts";

const jobs: readonly JobView[] = [
  jobOf("export 10", { app: "shop" }),
  jobOf("export 2", { app: "shop" }),
  jobOf("dump", { type: "subjob", last_run: partOf("r", "dump", [0, 1]) }),
  jobOf("backup", { troubles: ["failed", "late"] }),
  jobOf("mail", { troubles: ["slow"] }),
  jobOf("import", { last_run: runOf("i", { status: "running" }) }),
  jobOf("new", { last_run: null, recent: [] }),
];

const asked: readonly (readonly [what: string, view: Partial<JobsView>, names: string])[] = [
  ["everything", {}, "backup,mail,import,export 2,export 10,new"],
  ["with parts", { subjobs: true }, "backup,mail,import,dump,export 2,export 10,new"],
  ["of a state", { states: ["failed", "running"] }, "backup,import"],
  ["by words", { q: " SHOP  2 " }, "export 2"],
  ["by what is nowhere", { q: "xyz" }, ""],
];
for (const [what, view, names] of asked) {
  test(`${what}: trouble first, then what runs, then by name`, () => {
    const found = arrangeJobs(jobs, { ...plainJobs, ...view });
    assert.equal(found.map(({ name }) => name).join(), names);
  });
}

test("a job counts once, by the worst that holds", () => {
  assert.deepEqual(
    countStates(jobs, false).map(({ state, count }) => `${count} ${state}`),
    ["1 failed", "1 slow", "1 running", "1 waiting", "2 succeeded"],
  );
});

test("a word of a newer run takes the place of the last one, and its troubles", () => {
  const job = jobOf("a", {
    troubles: ["failed", "late"],
    recent: ["failed", "succeeded"],
    last_run: runOf("old", { status: "failed" }),
  });
  const running = runOf("new", { status: "running", started_at: timeAt(60) });
  const begun = withRun(job, running);
  assert.deepEqual(
    [begun.last_run?.id, begun.troubles, begun.recent],
    ["new", [], ["running", "failed", "succeeded"]],
  );
  const ended = withRun(begun, { ...running, status: "lost", is_slow: true });
  assert.deepEqual(
    [ended.troubles, ended.recent],
    [
      ["lost", "slow"],
      ["lost", "failed", "succeeded"],
    ],
  );
});

test("a late word of an older run changes nothing", () => {
  const job = jobOf("a", { last_run: runOf("new", { started_at: timeAt(60) }) });
  assert.equal(withRun(job, runOf("old", { status: "failed" })), job);
});
