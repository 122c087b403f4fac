import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import type { RunView } from "@belfry/contract";
import { createId } from "../model/id.ts";
import type { ChangedRun, JobId, RunRowId } from "../model/job.ts";
import { createBoard } from "./board.ts";
import { createLive, type Live } from "./live.ts";
import { mostRunsAtOnce, mostRunsWaiting } from "./run-feed.ts";

interface Event {
  readonly id: number;
  readonly event: string;
  readonly data: unknown;
}

function viewOf(id: RunRowId, jobId: JobId | null): RunView {
  const none = null;
  return {
    id,
    run_id: "r1",
    site: "fab1",
    app: "batch",
    app_version: none,
    job_id: jobId,
    parent_id: none,
    type: "job",
    business_key: "daily",
    sub_key: none,
    status: "running",
    is_slow: false,
    started_at: none,
    ended_at: none,
    last_event_at: none,
    duration_seconds: none,
    progress: none,
    metrics: {},
    error: none,
    metadata: {},
    trace: none,
    events: 1,
    events_dropped: 0,
    received_at: "2026-01-01T00:00:00.000Z",
    updated_at: "2026-01-01T00:00:00.000Z",
  };
}

/** Live events whose clock only moves when it is told to, over runs that say which ones are above them. */
function setUp(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  let now = 1_000_000;
  const above = new Map<RunRowId, RunRowId[]>();
  const jobs = new Map<RunRowId, JobId>();
  const asked: number[] = [];
  const state = { fails: false };
  const live = createLive({
    clock: { now: () => now, monotonicMs: () => now },
    board: createBoard(),
    async readRuns(ids) {
      asked.push(ids.length);
      if (state.fails) throw new Error("away");
      return ids.map((id) => ({
        view: viewOf(id, jobs.get(id) ?? null),
        above: above.get(id) ?? [],
      }));
    },
  });
  t.after(() => live[Symbol.dispose]());
  return {
    live,
    above,
    jobs,
    asked,
    state,
    pass: async (ms: number): Promise<void> => {
      now += ms;
      t.mock.timers.tick(ms);
      await new Promise(setImmediate);
    },
  };
}

/** Opens a stream; each call gives the events that came since the one before, but counts. */
function open(live: Live, runs: "all" | readonly string[], lastEventId?: string) {
  const stream = live.open({
    monitors: [],
    hosts: [],
    runs,
    lastEventId,
    keyId: undefined,
    onDropped: () => assert.fail("dropped"),
  });
  const texts = (stream ?? assert.fail("not opened"))[Symbol.asyncIterator]();
  return async (): Promise<readonly Event[]> => {
    const { value } = await texts.next();
    return String(value)
      .split("\n\n")
      .flatMap((text): Event[] => {
        const [, id, event, data] = /^id: (\d+)\nevent: (\w+)\ndata: (.*)$/.exec(text) ?? [];
        if (data === undefined || event === undefined || event.endsWith("counts")) return [];
        return [{ id: Number(id), event, data: JSON.parse(data) as unknown }];
      });
  };
}

const change = (id: RunRowId, job: JobId, parentId: RunRowId | null = null): ChangedRun => ({
  id,
  parentId,
  jobIds: [job],
});
const idsIn = (event: Event | undefined): string[] =>
  Array.isArray(event?.data) ? event.data.map(({ id }: { id: string }) => id) : [];

describe("live events of runs", () => {
  test("give each reader the runs it asked for: by id, by job, below a run, or all", async (t) => {
    const { live, above, jobs, pass } = setUp(t);
    const [run, sub, other] = [createId<"run">(1), createId<"run">(1), createId<"run">(1)];
    const [job, subjob] = [createId<"job">(1), createId<"job">(1)];
    jobs.set(run, job);
    above.set(sub, [createId<"run">(1), run]);
    const readers = {
      all: open(live, "all"),
      run: open(live, [run]),
      job: open(live, [job]),
      other: open(live, [other]),
    };
    const none = open(live, []);
    for (const next of [...Object.values(readers), none]) assert.deepEqual(await next(), []);
    live.runsChanged([change(run, job), change(sub, subjob, createId<"run">(1))]);
    await pass(1000);
    const [all, own, ofJob, nothing] = await Promise.all(
      Object.values(readers).map((next) => next()),
    );
    assert.deepEqual(idsIn(all?.[0]), [run, sub]);
    assert.deepEqual(idsIn(own?.[0]), [run, sub]);
    assert.deepEqual(idsIn(ofJob?.[0]), [run]);
    assert.deepEqual(
      nothing?.map(({ event }) => event),
      ["jobs"],
    );
    assert.deepEqual(all?.[1]?.data, { changed: [job, subjob] });
  });

  test("are sent at most once a second, with the latest of each run", async (t) => {
    const { live, asked, pass } = setUp(t);
    const next = open(live, "all");
    await next();
    const [run, job] = [createId<"run">(1), createId<"job">(1)];
    for (let i = 0; i < 50; i += 1) {
      live.runsChanged([change(run, job)]);
      await pass(100);
    }
    assert.ok(asked.length <= 6, `${asked.length} questions in five seconds`);
    assert.ok(asked.every((count) => count === 1));
  });

  test("come in parts when many change: the rest follows a second later", async (t) => {
    const { live, asked, pass } = setUp(t);
    const next = open(live, "all");
    await next();
    const job = createId<"job">(1);
    const many = Array.from({ length: mostRunsAtOnce + 5 }, () => change(createId<"run">(1), job));
    live.runsChanged(many);
    await pass(1000);
    assert.equal(idsIn((await next())[0]).length, mostRunsAtOnce);
    await pass(1000);
    assert.equal(idsIn((await next())[0]).length, 5);
    assert.deepEqual(asked, [mostRunsAtOnce, 5]);
  });

  test("say reset when more change than can be told, or they cannot be read; then they go on", async (t) => {
    const { live, state, pass } = setUp(t);
    const next = open(live, "all");
    await next();
    const [run, job] = [createId<"run">(1), createId<"job">(1)];
    const many = Array.from({ length: mostRunsWaiting + 1 }, () => change(createId<"run">(1), job));
    live.runsChanged(many);
    await pass(1000);
    assert.deepEqual(
      (await next()).map(({ event }) => event),
      ["reset"],
    );
    state.fails = true;
    live.runsChanged([change(run, job)]);
    await pass(1000);
    assert.deepEqual(
      (await next()).map(({ event }) => event),
      ["reset"],
    );
    state.fails = false;
    live.runsChanged([change(run, job)]);
    await pass(1000);
    assert.deepEqual(
      (await next()).map(({ event }) => event),
      ["runs", "jobs"],
    );
  });

  test("tell of jobs that changed without their runs", async (t) => {
    const { live, asked, pass } = setUp(t);
    const next = open(live, [createId<"run">(1)]);
    await next();
    const job = createId<"job">(1);
    live.jobsChanged([job]);
    await pass(1000);
    assert.deepEqual((await next())[0]?.data, { changed: [job] });
    assert.deepEqual(asked, []);
  });

  test("that nobody was told of make whoever comes back fetch everything anew", async (t) => {
    const { live, pass } = setUp(t);
    const job = createId<"job">(1);
    const first = open(live, "all");
    await first();
    live.jobsChanged([job]);
    await pass(1000);
    const { id } = (await first())[0] ?? assert.fail("nothing was told");
    const nothing = open(live, "all", String(id));
    assert.deepEqual(await nothing(), []);
    live.closeAll();
    live.runsChanged([change(createId<"run">(1), job)]);
    const missed = open(live, "all", String(id));
    assert.deepEqual(
      (await missed()).map(({ event }) => event),
      ["reset"],
    );
  });
});
