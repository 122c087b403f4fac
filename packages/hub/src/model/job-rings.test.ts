import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JobRing } from "@belfry/contract";
import { createId } from "./id.ts";
import { decideJobRings, silencedJob, type JobFacts } from "./job-rings.ts";
import type { KeptRun } from "./job.ts";
import { emptyRun, type RunState } from "./run.ts";

const now = 1_000_000_000;
const minute = 60_000;
const job: JobFacts["job"] = {
  id: createId<"job">(1),
  siteId: "fab1",
  appName: "batch",
  type: "job",
  name: "daily",
};

interface Told {
  readonly beganAgo?: number;
  readonly seconds?: number;
  readonly limit?: number;
  readonly isSub?: boolean;
  readonly error?: { readonly type: string; readonly message: string };
}

/** A run that began some time ago and, unless it goes on, took some seconds. */
function runOf(status: NonNullable<KeptRun["status"]>, told: Told = {}): KeptRun {
  const beganAt = now - (told.beganAgo ?? minute);
  const seconds = told.seconds ?? 10;
  const at = beganAt + seconds * 1000;
  const end = status === "running" || status === "lost" ? null : { at, value: status };
  const state: RunState = {
    ...emptyRun,
    firstAt: beganAt,
    lastAt: at,
    startHeard: true,
    end,
    parentRunId: told.isSub === true ? { at: beganAt, value: "parent" } : null,
    error: told.error === undefined ? null : { at, value: { stack: null, ...told.error } },
  };
  return {
    id: createId<"run">(beganAt),
    siteId: "fab1",
    appName: "batch",
    runId: "r1",
    jobId: job.id,
    parentId: null,
    state,
    status,
    startedAt: beganAt,
    slowLimitSeconds: told.limit ?? null,
    events: 2,
    eventsDropped: 0,
    createdAt: beganAt,
    updatedAt: at,
  };
}

/** Facts in which one run is the last of all, and of its kind. */
function factsOf(last: KeptRun | null, over: Partial<JobFacts> = {}): JobFacts {
  const decided = last !== null && last.status !== "running" && last.status !== "canceled";
  return {
    job,
    last,
    decided: decided ? last : null,
    succeeded: last?.status === "succeeded" ? last : null,
    due: null,
    alertOn: null,
    ringing: [],
    ...over,
  };
}

const good = runOf("succeeded", { beganAgo: 10 * minute });
const failed = runOf("failed", { beganAgo: 5 * minute });
const running = runOf("running", { limit: 600 });
const slow = runOf("succeeded", { seconds: 30, limit: 20 });
const dueAgo = (lateAgo: number, missedAgo: number | null) => ({
  at: now - lateAgo - minute,
  lateAt: now - lateAgo,
  missedAt: missedAgo === null ? null : now - missedAgo,
});

interface Row {
  readonly says: string;
  readonly facts: JobFacts;
  readonly watched?: boolean;
  readonly ringing: readonly JobRing[];
  readonly signals?: string;
  /** From now, ms. */
  readonly lookIn?: number;
}

const rows: readonly Row[] = [
  { says: "nothing rings of a job that does well", facts: factsOf(good), ringing: [] },
  { says: "nor of one of which nothing is known", facts: factsOf(null), ringing: [] },
  {
    says: "a run that failed rings",
    facts: factsOf(failed),
    ringing: ["failed"],
    signals: "raised job_failed",
  },
  {
    says: "a job that fails again rings on: nothing is raised twice",
    facts: factsOf(failed, { ringing: ["failed"] }),
    ringing: ["failed"],
  },
  {
    says: "a run that goes on after one that failed changes nothing",
    facts: factsOf(running, { decided: failed, ringing: ["failed"] }),
    ringing: ["failed"],
    lookIn: 600_001 - minute,
  },
  {
    says: "the next success ends it",
    facts: factsOf(good, { ringing: ["failed"] }),
    ringing: [],
    signals: "cleared job_failed",
  },
  {
    says: "a canceled run neither rings nor ends anything",
    facts: factsOf(runOf("canceled"), { decided: failed, ringing: ["failed"] }),
    ringing: ["failed"],
  },
  {
    says: "a run that failed before another one succeeded does not ring",
    facts: factsOf(good, { decided: good }),
    ringing: [],
  },
  {
    says: "lost after failed is raised before the other is cleared",
    facts: factsOf(runOf("lost"), { ringing: ["failed"] }),
    ringing: ["lost"],
    signals: "raised job_lost, cleared job_failed",
  },
  {
    says: "a lost run that is heard again, with nothing before it",
    facts: factsOf(running, { ringing: ["lost"] }),
    ringing: [],
    signals: "cleared job_lost",
    lookIn: 600_001 - minute,
  },
  { says: "a slow run rings", facts: factsOf(slow), ringing: ["slow"], signals: "raised job_slow" },
  {
    says: "it rings on while the next one runs",
    facts: factsOf(running, { decided: slow, succeeded: slow, ringing: ["slow"] }),
    ringing: ["slow"],
  },
  {
    says: "a run that takes too long rings while it runs, once somebody who listened looks",
    facts: factsOf(runOf("running", { limit: 59.999 })),
    watched: true,
    ringing: ["slow"],
    signals: "raised job_slow",
  },
  {
    says: "and not when another event of it arrives",
    facts: factsOf(runOf("running", { limit: 30 })),
    ringing: [],
    lookIn: 30_001 - minute,
  },
  {
    says: "a job that is not late yet is looked at when it would be",
    facts: factsOf(good, { due: dueAgo(-minute, -2 * minute) }),
    watched: true,
    ringing: [],
    lookIn: minute,
  },
  {
    says: "a late job rings, and is looked at when the next time has passed too",
    facts: factsOf(good, { due: dueAgo(0, -minute) }),
    watched: true,
    ringing: ["late"],
    signals: "raised job_late",
    lookIn: minute,
  },
  {
    says: "late is not said because an event arrives: what began may wait in a sidecar",
    facts: factsOf(good, { due: dueAgo(minute, null) }),
    ringing: [],
    lookIn: -minute,
  },
  {
    says: "a job that missed the next time too never started",
    facts: factsOf(good, { due: dueAgo(minute, 0), ringing: ["late"] }),
    watched: true,
    ringing: ["late", "never_started"],
    signals: "raised job_never_started",
  },
  {
    says: "its next start ends both",
    facts: factsOf(running, { decided: good, succeeded: good, ringing: ["late", "never_started"] }),
    ringing: [],
    signals: "cleared job_late, cleared job_never_started",
    lookIn: 600_001 - minute,
  },
  {
    says: "a subjob that failed does not ring: its run tells",
    facts: factsOf(runOf("failed", { isSub: true })),
    ringing: [],
  },
  {
    says: "unless people want it to",
    facts: factsOf(runOf("failed", { isSub: true }), { alertOn: ["failed"] }),
    ringing: ["failed"],
    signals: "raised job_failed",
  },
  {
    says: "a subjob that is expected is late like any other",
    facts: factsOf(runOf("succeeded", { isSub: true }), { due: dueAgo(0, null) }),
    watched: true,
    ringing: ["late"],
    signals: "raised job_late",
  },
  {
    says: "what people switch off is over, and is not looked for",
    facts: factsOf(failed, { alertOn: [], ringing: ["failed", "late"], due: dueAgo(0, -minute) }),
    watched: true,
    ringing: [],
    signals: "cleared job_failed, cleared job_late",
  },
];

describe("what rings of a job:", () => {
  for (const { says, facts, watched = false, ringing, signals = "", lookIn } of rows) {
    test(says, () => {
      const found = decideJobRings(facts, { now, watched });
      const told = found.signals.map(({ state, rule }) => `${state} ${rule}`).join(", ");
      assert.deepEqual([found.ringing, told], [ringing, signals]);
      assert.equal(found.lookAt, lookIn === undefined ? null : now + lookIn);
      const again = decideJobRings({ ...facts, ringing: found.ringing }, { now, watched });
      assert.deepEqual([again.signals, again.ringing], [[], found.ringing], "it settles");
    });
  }

  test("a signal says what failed, where and since when, on one line", () => {
    const error = { type: "OSError", message: `disk\nfull \u0000\u001b[31m ${"x".repeat(9000)}` };
    const run = runOf("failed", { error });
    const [signal] = decideJobRings(factsOf(run), { now, watched: false }).signals;
    assert.equal(signal?.key, `job_failed:job:${job.id}`);
    assert.deepEqual(signal?.subject, { kind: "job", id: job.id, name: "daily" });
    assert.deepEqual(signal?.labels, { job: "daily", app: "batch", site: "fab1", type: "job" });
    assert.match(signal?.message ?? "", /^OSError: disk full \[31m x+…$/);
    assert.ok((signal?.message.length ?? 0) <= 500);
    assert.deepEqual([signal?.at, signal?.decidedAt], [run.state.end?.at, now]);
    assert.deepEqual([signal?.evidence["run"], signal?.evidence["run_id"]], [run.id, "r1"]);
  });

  test("a client's clock that is ahead moves nothing into the future", () => {
    const run = runOf("failed", { beganAgo: -60 * minute });
    const [signal] = decideJobRings(factsOf(run), { now, watched: false }).signals;
    assert.equal(signal?.at, now);
  });

  test("a job that is gone is over, whatever rang", () => {
    const signals = silencedJob(job, ["failed", "late"], now);
    assert.deepEqual(
      signals.map(({ state, rule, key }) => [state, rule, key]),
      [
        ["cleared", "job_failed", `job_failed:job:${job.id}`],
        ["cleared", "job_late", `job_late:job:${job.id}`],
      ],
    );
  });
});
