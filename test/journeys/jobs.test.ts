/**
 * The path of a job's events through a real hub: a run with three subruns, sent in the wrong order and twice over, with the
 * hub killed in between; and kill -9 at random moments, after which nothing that was acknowledged is missing.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { EventsAnswer, JobView, RunTreeView, RunView } from "@belfry/contract";
import { startHub, until, type Hub } from "../kit/hub.ts";

const begin = Date.now() - 60_000;

/** One event; `at` in seconds after the run began. */
function event(run: string, kind: string, at: number, over: object = {}): object {
  const parent = run === "main" || run.startsWith("crash") ? null : "main";
  return {
    idempotency_key: `${run}-${kind}-${at}`,
    site_id: "fab1",
    app: { app_id: null, name: "batch", version: "1.0" },
    entity: {
      type: parent === null ? "job" : "subjob",
      id: run,
      parent_id: parent,
      business_key: "nightly",
      sub_key: parent === null ? null : run,
    },
    event: {
      kind,
      at: new Date(begin + at * 1000).toISOString(),
      status: kind === "finished" ? "succeeded" : "running",
      metrics: {},
      metadata: {},
      ...over,
    },
  };
}

async function keptFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "belfry-jobs-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const post = (hub: Hub, events: readonly object[]): Promise<EventsAnswer> =>
  hub.ask<EventsAnswer>("POST", "/api/v1/events", events);

test("a run with three subruns ends right, in the wrong order, twice over, with a kill in between", async (t) => {
  const dataDir = await keptFolder(t);
  const failed = { status: "failed", metadata: { error: "no space", error_type: "OSError" } };
  const before = [
    event("part-2", "finished", 20),
    event("main", "finished", 30, { metrics: { duration_s: 30, mem_max_mb: 64 } }),
    event("part-3", "finished", 25, failed),
    event("part-1", "started", 1),
    event("part-3", "started", 3),
  ];
  const after = [
    event("part-1", "finished", 10),
    event("main", "progress", 15, { metrics: { progress_pct: 50 } }),
    event("part-2", "started", 2),
    event("main", "started", 0),
  ];
  {
    await using hub = await startHub({ dataDir });
    assert.equal((await post(hub, before)).taken, before.length);
    await hub.end("SIGKILL");
  }
  await using hub = await startHub({ dataDir });
  const answer = await post(hub, [...after, ...before, ...after]);
  assert.deepEqual([answer.taken, answer.duplicates], [after.length, before.length + after.length]);
  const found = await hub.ask<{ items: RunView[] }>("GET", "/api/v1/runs?run_id=main");
  const [first] = found.items;
  const run = await hub.ask<RunTreeView>("GET", `/api/v1/runs/${first?.id}`);
  assert.deepEqual(
    [run.status, run.started_at, run.duration_seconds, run.progress?.ratio, run.events],
    ["succeeded", new Date(begin).toISOString(), 30, 0.5, 3],
  );
  assert.deepEqual(
    run.subruns.map(({ run_id, status, duration_seconds, error }) => [
      run_id,
      status,
      duration_seconds,
      error?.message ?? null,
    ]),
    [
      ["part-1", "succeeded", 9, null],
      ["part-2", "succeeded", 18, null],
      ["part-3", "failed", 22, "no space"],
    ],
  );
  const jobs = await hub.ask<{ items: JobView[] }>("GET", "/api/v1/jobs?q=nightly");
  const job = jobs.items.find(({ name }) => name === "nightly");
  assert.deepEqual([job?.last_run?.run_id, job?.recent], ["main", ["succeeded"]]);
  const list = await hub.ask<{ items: { job_id: string; status: string }[] }>("GET", "/v1/jobs");
  assert.deepEqual(
    list.items.map(({ job_id, status }) => [job_id, status]),
    [["main", "succeeded"]],
  );
  const metric = encodeURIComponent('belfry_run_memory_max_bytes{job="nightly"}');
  const series = await hub.ask<{ items: unknown[] }>("GET", `/api/v1/series?match=${metric}`);
  assert.equal(series.items.length, 1);
});

/** Sends batches until the hub is gone; notes how many events of a run were acknowledged. */
async function sendUntilGone(hub: Hub, run: string, sent: Map<string, number>): Promise<void> {
  for (let n = sent.get(run) ?? 0; ; n += 7) {
    const events = Array.from({ length: 7 }, (_, i) =>
      event(run, "metric", (n + i) / 1000, { metrics: { last: n + i } }),
    );
    try {
      await post(hub, events);
    } catch {
      return;
    }
    sent.set(run, n + events.length);
  }
}

test("kill -9 at random moments loses nothing that was acknowledged", async (t) => {
  const dataDir = await keptFolder(t);
  const sent = new Map<string, number>();
  for (let round = 0; round < 3; round += 1) {
    const runs = [0, 1, 2].map((n) => `crash-${round}-${n}`);
    await using hub = await startHub({ dataDir });
    const senders = runs.map((run) => sendUntilGone(hub, run, sent));
    await until("something is acknowledged", () => runs.every((run) => sent.has(run)) || undefined);
    await delay(Math.random() * 100);
    await hub.end("SIGKILL");
    await Promise.all(senders);
  }
  await using hub = await startHub({ dataDir });
  for (const [run, acknowledged] of sent) {
    const { items } = await hub.ask<{ items: RunView[] }>("GET", `/api/v1/runs?run_id=${run}`);
    const kept = items[0]?.events ?? 0;
    assert.ok(kept >= acknowledged, `${run}: ${acknowledged} were acknowledged, ${kept} are there`);
    assert.equal(kept % 7, 0, "a batch is there as a whole or not at all");
  }
});

const victimPath = fileURLToPath(new URL("./job-victim.ts", import.meta.url));

/** Starts a job of the SDK that goes on for ever; resolves when the hub knows of it. */
async function startVictim(t: TestContext, hub: Hub): Promise<{ kill(): Promise<void> }> {
  const child = spawn(process.execPath, [victimPath], {
    env: { PATH: process.env["PATH"], BELFRY_HUB_URL: hub.url },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data", { signal: AbortSignal.timeout(20_000) });
  return {
    async kill() {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
}

const victims = async (hub: Hub, query = ""): Promise<readonly RunView[]> => {
  const { items } = await hub.ask<{ items: RunView[] }>("GET", `/api/v1/runs${query}`);
  return items.filter(({ app }) => app === "victim");
};

test("a job that is killed is lost with its subrun, over a restart too, and no late word opens it again", async (t) => {
  const dataDir = await keptFolder(t);
  const beganMs = Date.now();
  {
    await using hub = await startHub({ dataDir });
    const victim = await startVictim(t, hub);
    // Longer than the silence it is lost by.
    await delay(4500);
    const alive = await victims(hub);
    assert.ok(alive.every(({ status }) => status === "running"));
    const ratios = alive.map(({ progress }) => progress?.ratio ?? 0);
    assert.deepEqual(
      ratios.toSorted((a, b) => a - b),
      [0, 2 / 3],
    );
    assert.equal(
      alive.find(({ progress }) => progress !== null)?.progress?.message,
      "two of three",
    );
    await victim.kill();
    const killedMs = Date.now();
    await until("both are lost", async () => (await victims(hub, "?status=lost")).length === 2);
    assert.ok(Date.now() - killedMs < 8000, "three heartbeats, and 3 s for the way");
    const { items } = await hub.ask<{ items: JobView[] }>(
      "GET",
      "/api/v1/jobs?status=lost&q=endless",
    );
    assert.deepEqual(items[0]?.troubles, ["lost"]);
    await hub.end("SIGKILL");
  }
  await using hub = await startHub({ dataDir });
  const [lost] = await victims(hub, "?status=lost");
  assert.ok(lost !== undefined);
  const late = {
    idempotency_key: "late",
    site_id: lost.site,
    app: { app_id: null, name: lost.app, version: null },
    entity: {
      type: "job",
      id: lost.run_id,
      parent_id: null,
      business_key: "endless",
      sub_key: null,
    },
    event: {
      kind: "started",
      at: new Date(beganMs).toISOString(),
      status: "running",
      metrics: {},
      metadata: { heartbeat_s: 0.3 },
    },
  };
  assert.equal((await post(hub, [late])).taken, 1);
  assert.equal((await victims(hub, "?status=lost")).length, 2);
});

test("a run goes on over a restart of the hub: silence counts from when the hub listens again", async (t) => {
  const dataDir = await keptFolder(t);
  const heartbeat_s = 1;
  const started = { metadata: { heartbeat_s } };
  {
    await using hub = await startHub({ dataDir });
    await post(hub, [event("crash-beats", "started", 60, started)]);
    await hub.end("SIGKILL");
  }
  // Longer than the silence it would be lost by, had somebody listened.
  await delay(6500);
  await using hub = await startHub({ dataDir });
  const statusOf = async (): Promise<string | null | undefined> => {
    const { items } = await hub.ask<{ items: RunView[] }>("GET", "/api/v1/runs?run_id=crash-beats");
    return items[0]?.status;
  };
  await delay(2500);
  assert.equal(await statusOf(), "running");
  await until("it is lost", async () => (await statusOf()) === "lost");
});

test("a job is late when no run begins, and back when one does; whoever follows it is told", async () => {
  await using hub = await startHub();
  await post(hub, [event("main", "finished", 60)]);
  const { items } = await hub.ask<{ items: JobView[] }>("GET", "/api/v1/jobs");
  const job = items[0] ?? assert.fail("there is no job");
  const schedule = { kind: "interval", interval_seconds: 1, grace_seconds: 1 };
  const live = await fetch(`${hub.url}/api/v1/live?runs=${job.id}`);
  const heard = collect(live);
  const set = await hub.ask<JobView>("PATCH", `/api/v1/jobs/${job.id}`, { schedule });
  assert.deepEqual([set.troubles, set.version], [[], 2]);
  const late = await until("it is late", async () => {
    const found = await hub.ask<JobView>("GET", `/api/v1/jobs/${job.id}`);
    return found.troubles.includes("late") && found;
  });
  assert.ok(Date.parse(late.late_since ?? "") < Date.now());
  await until("it is told", () => heard.of("jobs").length >= 2);
  const now = (Date.now() - begin) / 1000;
  await post(hub, [event("main-2", "started", now, { metadata: { heartbeat_s: 60 } })].map(asTop));
  const back = await hub.ask<JobView>("GET", `/api/v1/jobs/${job.id}`);
  assert.deepEqual([back.troubles, back.last_run?.run_id, back.late_since], [[], "main-2", null]);
  await until("the run is told", () => heard.of("runs").some((text) => text.includes("main-2")));
  heard.end();
});

/** The same event of a run that is no part of another one. */
function asTop(value: object): object {
  return {
    ...value,
    entity: { type: "job", id: "main-2", parent_id: null, business_key: "nightly", sub_key: null },
  };
}

/** Collects server-sent events, until it is told to end. */
function collect(response: Response): { of(event: string): string[]; end(): void } {
  let text = "";
  const stop = new AbortController();
  const body = response.body ?? assert.fail("there is no stream");
  const sink = new WritableStream<string>({ write: (chunk) => void (text += chunk) });
  const done = body.pipeThrough(new TextDecoderStream()).pipeTo(sink, { signal: stop.signal });
  done.catch(() => undefined);
  return {
    of: (event) => text.split("\n\n").filter((one) => one.includes(`\nevent: ${event}\n`)),
    end: () => stop.abort(),
  };
}
