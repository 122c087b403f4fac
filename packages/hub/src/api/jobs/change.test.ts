import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JobView, Json, ProblemDocument, RunView } from "@belfry/contract";
import { openTestHub, startOfTime, type TestHub } from "../hub.kit.ts";
import { sent, type SentEvent } from "./events.kit.ts";

async function send(hub: TestHub, ...events: readonly SentEvent[]): Promise<void> {
  const answer = await hub.ask("POST", "/api/v1/events", { body: events.map(sent) });
  assert.equal(answer.status, 200, answer.text);
}

/** The only job there is. */
async function jobOf(hub: TestHub): Promise<JobView> {
  const answer = await hub.ask("GET", "/api/v1/jobs");
  const [job, ...more] = answer.json<{ items: readonly JobView[] }>().items;
  assert.equal(more.length, 0);
  return job ?? assert.fail("there is no job");
}

async function runsOf(hub: TestHub, query = ""): Promise<readonly RunView[]> {
  const answer = await hub.ask("GET", `/api/v1/runs${query}`);
  return answer.json<{ items: readonly RunView[] }>().items;
}

async function change(hub: TestHub, body: Json): Promise<JobView> {
  const { id } = await jobOf(hub);
  const answer = await hub.ask("PATCH", `/api/v1/jobs/${id}`, { body });
  assert.equal(answer.status, 200, answer.text);
  return answer.json<JobView>();
}

const time = (seconds: number): string => new Date(startOfTime + seconds * 1000).toISOString();
const hourly = { kind: "cron", cron: "0 * * * *", grace_seconds: 60 };

describe("PATCH /api/v1/jobs/:id", () => {
  test("sets a schedule with what it leaves out, and takes it away", async (t) => {
    const hub = await openTestHub(t);
    await send(hub, {});
    const set = await change(hub, { schedule: hourly });
    assert.deepEqual(set.schedule, { ...hourly, timezone: "UTC" });
    assert.deepEqual(set.expected_times, [time(3600), time(7200), time(10_800)]);
    assert.deepEqual([set.next_expected_at, set.late_since, set.version], [time(3600), null, 2]);
    const gone = await change(hub, { schedule: null, slow_after_seconds: 5 });
    assert.deepEqual([gone.schedule, gone.expected_times, gone.next_expected_at], [null, [], null]);
    assert.deepEqual([gone.slow_after_seconds, gone.slow_limit_seconds, gone.version], [5, 5, 3]);
    const audit = await hub.ask("GET", "/api/v1/audit");
    const [entry] = audit.json<{ items: readonly Record<string, unknown>[] }>().items;
    assert.deepEqual([entry?.["action"], entry?.["resource"]], ["update", "job"]);
  });

  test("changes only what was seen, where that is asked for", async (t) => {
    const hub = await openTestHub(t);
    await send(hub, {});
    const { id } = await jobOf(hub);
    const url = `/api/v1/jobs/${id}`;
    const ask = (version: string) =>
      hub.ask("PATCH", url, { body: { slow_after_seconds: 1 }, headers: { "if-match": version } });
    const first = await ask('"1"');
    assert.deepEqual([first.status, first.headers["etag"]], [200, '"2"']);
    assert.equal((await ask('"1"')).status, 412);
    assert.equal((await hub.ask("GET", url)).headers["etag"], '"2"');
    assert.equal((await jobOf(hub)).version, 2);
  });

  const unfit: readonly (readonly [Json, string, RegExp])[] = [
    [{ schedule: { kind: "cron", cron: "61 * * * *" } }, "schedule.cron", /minute: 61/],
    [{ schedule: { kind: "cron", cron: "0 0 30 2 *" } }, "schedule.cron", /never comes/],
    [{ schedule: { ...hourly, timezone: "Mars/Base" } }, "schedule.timezone", /IANA/],
    [{ schedule: { ...hourly, grace_seconds: -1 } }, "schedule.grace_seconds", /found -1/],
    [{ schedule: { kind: "cron" } }, "schedule.cron", /is required/],
    [{ schedule: { kind: "interval" } }, "schedule.interval_seconds", /is required/],
    [{ schedule: { kind: "interval", cron: "x" } }, "schedule.cron", /not a known key/],
    [{ schedule: { kind: "daily" } }, "schedule.kind", /expected cron or interval/],
    [{ slow_after_seconds: 0 }, "slow_after_seconds", /found 0/],
    [{ name: "x" }, "name", /not a known key/],
  ];
  for (const [body, path, message] of unfit) {
    test(`refuses ${JSON.stringify(body)} at ${path}`, async (t) => {
      const hub = await openTestHub(t);
      await send(hub, {});
      const { id } = await jobOf(hub);
      const answer = await hub.ask("PATCH", `/api/v1/jobs/${id}`, { body });
      const { errors } = answer.json<ProblemDocument>();
      const found = errors?.find((one) => one.path === path);
      assert.equal(answer.status, 422);
      assert.match(found?.message ?? `nothing at ${path}: ${answer.text}`, message);
      assert.equal((await jobOf(hub)).version, 1);
    });
  }

  test("answers 404 where there is no job", async (t) => {
    const hub = await openTestHub(t);
    for (const method of ["PATCH", "DELETE"]) {
      const url = "/api/v1/jobs/01890000-0000-7000-8000-000000000000";
      const answer = await hub.ask(method, url, method === "PATCH" ? { body: {} } : {});
      assert.equal(answer.status, 404);
    }
  });
});

describe("DELETE /api/v1/jobs/:id", () => {
  test("deletes a job with its runs, events and series; subruns stay", async (t) => {
    const hub = await openTestHub(t);
    const metrics = { duration_s: 1 };
    await send(
      hub,
      { kind: "finished", at: 1, metrics },
      { run: "s1", parent: "r1", sub: "part", kind: "finished", at: 1, metrics },
    );
    const find = async (name: string): Promise<JobView | undefined> =>
      (await hub.ask("GET", `/api/v1/jobs?q=${name}`))
        .json<{ items: readonly JobView[] }>()
        .items.find((one) => one.name === name);
    const { id } = (await find("daily")) ?? assert.fail("there is no job");
    const answer = await hub.ask("DELETE", `/api/v1/jobs/${id}`);
    assert.equal(answer.status, 204, answer.text);
    assert.equal((await hub.ask("GET", `/api/v1/jobs/${id}`)).status, 404);
    const left = await runsOf(hub);
    assert.deepEqual(
      left.map(({ run_id, parent_id }) => [run_id, parent_id]),
      [["s1", null]],
    );
    assert.ok((await find("part")) !== undefined);
    const series = await hub.ask(
      "GET",
      `/api/v1/series?match=${encodeURIComponent('{job="daily"}')}`,
    );
    assert.deepEqual(series.json<{ items: unknown[] }>().items, []);
  });

  test("is refused while a run goes on, and for one that never ended an hour after its last word", async (t) => {
    const hub = await openTestHub(t);
    await send(hub, {});
    const { id } = await jobOf(hub);
    const refused = await hub.ask("DELETE", `/api/v1/jobs/${id}`);
    assert.equal(refused.status, 409);
    assert.match(refused.text, /The run \\"r1\\" goes on/);
    hub.clock.move(3_600_000);
    assert.equal((await hub.ask("DELETE", `/api/v1/jobs/${id}`)).status, 204);
  });
});

describe("a job that is expected", () => {
  test("is late when no run began in time, and not any more when one began", async (t) => {
    const hub = await openTestHub(t);
    await send(hub, { kind: "finished", at: 0 });
    await change(hub, { schedule: { kind: "interval", interval_seconds: 600, grace_seconds: 60 } });
    hub.clock.move(659_000);
    assert.deepEqual((await jobOf(hub)).troubles, []);
    hub.clock.move(1000);
    const late = await jobOf(hub);
    assert.deepEqual([late.troubles, late.late_since], [["late"], time(600)]);
    assert.equal(late.next_expected_at, time(1200));
    const metrics = await hub.ask("GET", "/metrics");
    assert.match(metrics.text, /\nbelfry_jobs_late 1\n/);
    assert.match(metrics.text, /\nbelfry_runs\{status="succeeded"\} 1\n/);
    assert.match(metrics.text, /\nbelfry_job_events_total\{result="taken"\} 1\n/);
    assert.match(metrics.text, /\nbelfry_queue_depth\{queue="events"\} 0\n/);
    await send(hub, { run: "r2", kind: "finished", at: 660 });
    const back = await jobOf(hub);
    assert.deepEqual(
      [back.troubles, back.late_since, back.next_expected_at],
      [[], null, time(1260)],
    );
  });

  test("keeps being late when its schedule is set again as it was", async (t) => {
    const hub = await openTestHub(t);
    await send(hub, { kind: "finished", at: 0 });
    await change(hub, { schedule: hourly });
    hub.clock.move(2 * 3_600_000);
    const again = await change(hub, { schedule: hourly });
    assert.equal(again.late_since, time(3600));
    const other = await change(hub, { schedule: { ...hourly, grace_seconds: 61 } });
    assert.equal(other.late_since, null);
  });
});

describe("a run that promised heartbeats", () => {
  const metadata = { heartbeat_s: 10 };

  test("is lost after three of them and three seconds, until a newer word of it", async (t) => {
    const hub = await openTestHub(t);
    await send(hub, { metadata });
    await hub.pass(32_000);
    assert.equal((await runsOf(hub))[0]?.status, "running");
    await hub.pass(1000);
    const lost = await runsOf(hub, "?status=lost");
    assert.deepEqual(
      lost.map(({ run_id }) => run_id),
      ["r1"],
    );
    const job = await jobOf(hub);
    assert.deepEqual([job.troubles, job.recent, job.counts.lost], [["lost"], ["lost"], 1]);
    const found = await hub.ask("GET", "/api/v1/jobs?status=lost");
    assert.equal(found.json<{ items: unknown[] }>().items.length, 1);
    await send(hub, { kind: "event", at: -5 }, { kind: "started", at: -1, metadata });
    assert.equal((await runsOf(hub))[0]?.status, "lost", "what was under way changes nothing");
    await send(hub, { kind: "heartbeat", at: 40 });
    assert.deepEqual((await jobOf(hub)).troubles, []);
    await hub.pass(33_000);
    assert.equal((await runsOf(hub))[0]?.status, "lost");
    await send(hub, { kind: "finished", at: 20, status: "succeeded" });
    assert.equal((await runsOf(hub))[0]?.status, "succeeded");
  });

  test("is not lost while it is heard, and never after its end", async (t) => {
    const hub = await openTestHub(t);
    await send(hub, { metadata }, { run: "r2", metadata }, { run: "r2", kind: "finished", at: 1 });
    await send(hub, { run: "r3" });
    for (let at = 20; at <= 80; at += 20) {
      await hub.pass(20_000);
      await send(hub, { kind: "heartbeat", at });
    }
    const statuses = (await runsOf(hub)).map(({ run_id, status }) => `${run_id} ${status}`);
    assert.deepEqual(statuses.toSorted(), ["r1 running", "r2 succeeded", "r3 running"]);
  });

  test("is not lost by a hub that was held up: it has its time anew", async (t) => {
    const hub = await openTestHub(t);
    await send(hub, { metadata });
    hub.clock.move(3_600_000);
    await hub.pass(32_000);
    assert.equal((await runsOf(hub))[0]?.status, "running");
    await hub.pass(2000);
    assert.equal((await runsOf(hub))[0]?.status, "lost");
  });
});

describe("durations of a job", () => {
  const done = (i: number, seconds: number): SentEvent => ({
    run: `r${i}`,
    kind: "finished",
    status: "succeeded",
    at: i * 100,
    metrics: { duration_s: seconds },
  });

  test("are learned from succeeded runs, and tell which run was slow when it ended", async (t) => {
    const hub = await openTestHub(t);
    await send(hub, ...[1, 2, 3, 4].map((i) => done(i, 10)));
    assert.equal((await jobOf(hub)).durations, null);
    await send(hub, done(5, 10));
    const { durations, slow_limit_seconds } = await jobOf(hub);
    assert.deepEqual(durations, { runs: 5, typical_seconds: 10, p95_seconds: 10 });
    assert.equal(slow_limit_seconds, 15);
    await send(hub, done(6, 16));
    assert.deepEqual((await jobOf(hub)).troubles, ["slow"]);
    await send(hub, done(7, 16), done(8, 16), done(9, 16), done(10, 16), done(11, 16));
    await send(hub, done(12, 16));
    assert.equal((await jobOf(hub)).durations?.p95_seconds, 16);
    const slow = (await runsOf(hub)).filter(({ is_slow }) => is_slow).map(({ run_id }) => run_id);
    assert.ok(slow.includes("r6"), "what it taught afterwards changes nothing");
    assert.ok(!slow.includes("r12"));
  });

  test("are told of a run that still goes on; what people set goes first", async (t) => {
    const hub = await openTestHub(t);
    await send(hub, {});
    await change(hub, { slow_after_seconds: 60 });
    hub.clock.move(60_000);
    assert.deepEqual((await jobOf(hub)).troubles, []);
    hub.clock.move(1000);
    assert.deepEqual((await jobOf(hub)).troubles, ["slow"]);
    assert.equal((await runsOf(hub))[0]?.is_slow, true);
  });
});
