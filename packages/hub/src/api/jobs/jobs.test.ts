import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type {
  EventsAnswer,
  JobView,
  KeptEventView,
  ProblemDocument,
  RunTreeView,
  RunView,
} from "@belfry/contract";
import { openTestHub, type TestHub } from "../hub.kit.ts";
import { mostEvents } from "./event-body.ts";
import { sent, type SentEvent } from "./events.kit.ts";

interface Page<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
}

async function send(hub: TestHub, ...events: readonly SentEvent[]): Promise<EventsAnswer> {
  const answer = await hub.ask("POST", "/api/v1/events", { body: events.map(sent) });
  assert.equal(answer.status, 200, answer.text);
  return answer.json<EventsAnswer>();
}

async function read<T>(hub: TestHub, url: string): Promise<T> {
  const answer = await hub.ask("GET", url);
  assert.equal(answer.status, 200, answer.text);
  return answer.json<T>();
}

const runsOf = (hub: TestHub, query = "") => read<Page<RunView>>(hub, `/api/v1/runs${query}`);

describe("POST /api/v1/events", () => {
  test("takes one event or a list, and a second time changes nothing", async (t) => {
    const hub = await openTestHub(t);
    const one = await hub.ask("POST", "/api/v1/events", { body: sent() });
    const taken = { taken: 1, duplicates: 0, refused: 0, items: [{ result: "taken" }] };
    assert.deepEqual([one.status, one.json()], [200, taken]);
    const answer = await send(hub, {}, { kind: "finished", at: 2 });
    assert.deepEqual(
      answer.items.map(({ result }) => result),
      ["duplicate", "taken"],
    );
    assert.deepEqual(await send(hub), { taken: 0, duplicates: 0, refused: 0, items: [] });
  });

  test("answers each event of a mixed list for itself, and keeps those that fit", async (t) => {
    const hub = await openTestHub(t);
    const nul = sent({ run: "r2", metadata: { a: "\0" } });
    const body = [sent(), sent({ kind: "begun" }), 7, nul];
    const answer = (await hub.ask("POST", "/api/v1/events", { body })).json<EventsAnswer>();
    assert.deepEqual([answer.taken, answer.refused], [1, 3]);
    const [, kind, number, zero] = answer.items;
    assert.equal(kind?.path, "event.kind");
    assert.match(kind?.message ?? "", /expected one of started, .*, found "begun"/);
    assert.deepEqual(number, {
      result: "refused",
      path: "",
      message: "expected an object, found 7",
    });
    assert.equal(zero?.path, "event.metadata.a");
    assert.equal((await runsOf(hub)).items.length, 1);
  });

  test("refuses a request of which nothing fits, and stores nothing", async (t) => {
    const hub = await openTestHub(t);
    const body = [sent({ run: "" }), { ...sent(), app: 1 }];
    const answer = await hub.ask("POST", "/api/v1/events", { body });
    const { code, errors } = answer.json<ProblemDocument>();
    assert.deepEqual([answer.status, code], [422, "invalid"]);
    assert.deepEqual(errors, [
      { path: "[0].entity.id", message: "is required" },
      { path: "[1].app", message: "expected an object, found 1" },
    ]);
    assert.deepEqual((await runsOf(hub)).items, []);
  });

  test("takes bodies packed with gzip and zstd", async (t) => {
    const hub = await openTestHub(t);
    for (const [coding, pack] of [
      ["gzip", gzipSync],
      ["zstd", zstdCompressSync],
    ] as const) {
      const body = pack(JSON.stringify(sent({ run: coding })));
      const headers = { "content-type": "application/json", "content-encoding": coding };
      const answer = await hub.ask("POST", "/api/v1/events", { body, headers });
      assert.equal(answer.json<EventsAnswer>().taken, 1, answer.text);
    }
  });

  const unreadable: readonly (readonly [string, string | object, string, number])[] = [
    ["no JSON", "{", "application/json", 400],
    ["an empty body", "", "application/json", 400],
    ["other content", "x", "text/plain", 415],
    ["too many events", Array.from({ length: mostEvents + 1 }, () => 1), "application/json", 413],
  ];
  for (const [name, value, type, status] of unreadable) {
    test(`refuses ${name} with ${status}`, async (t) => {
      const hub = await openTestHub(t);
      const body = typeof value === "string" ? value : JSON.stringify(value);
      const headers = { "content-type": type };
      const answer = await hub.ask("POST", "/api/v1/events", { body, headers });
      assert.equal(answer.status, status, answer.text);
    });
  }
});

describe("/api/v1/runs", () => {
  test("shows a run with its subruns, whatever came first", async (t) => {
    const hub = await openTestHub(t);
    const metrics = { duration_s: 9, mem_max_mb: 12 };
    const failure = { error: "disk full", error_type: "OSError", error_stack: "at a" };
    await send(
      hub,
      { run: "s1", parent: "r1", sub: "a", kind: "finished", at: 3 },
      { kind: "finished", at: 9, status: "failed", metrics, metadata: failure },
      { kind: "progress", at: 5, metrics: { progress_pct: 50 }, metadata: { message: "half" } },
      { run: "s1", parent: "r1", sub: "a", at: 1 },
      { run: "s2", parent: "s1", sub: "b", at: 2 },
      { at: 0 },
    );
    const [found] = (await runsOf(hub, "?run_id=r1")).items;
    const run = await read<RunTreeView>(hub, `/api/v1/runs/${found?.id}`);
    assert.deepEqual(
      [run.status, run.duration_seconds, run.ended_at, run.events],
      ["failed", 9, "2026-01-01T00:00:09.000Z", 3],
    );
    assert.deepEqual(run.error, { message: "disk full", type: "OSError", stack: "at a" });
    assert.deepEqual([run.progress?.ratio, run.progress?.message], [0.5, "half"]);
    assert.deepEqual(run.metrics, { duration_s: 9, mem_max_mb: 12, progress_pct: 50 });
    assert.deepEqual(
      run.subruns.map(({ run_id, status, parent_id }) => [run_id, status, parent_id === run.id]),
      [
        ["s1", "succeeded", true],
        ["s2", "running", false],
      ],
    );
    assert.equal(run.subruns_truncated, false);
    const direct = await runsOf(hub, `?parent=${run.id}`);
    assert.deepEqual(
      direct.items.map(({ run_id }) => run_id),
      ["s1"],
    );
  });

  test("says when there are more levels of subruns than it shows", async (t) => {
    const hub = await openTestHub(t);
    const chain = Array.from({ length: 10 }, (_, i) => ({ run: `s${i + 1}`, parent: `s${i}` }));
    await send(hub, ...chain);
    const [top] = (await runsOf(hub, "?run_id=s0")).items;
    assert.equal(top?.status, null);
    const run = await read<RunTreeView>(hub, `/api/v1/runs/${top?.id}`);
    assert.deepEqual([run.subruns.length, run.subruns_truncated], [8, true]);
  });

  test("goes through runs and events page by page", async (t) => {
    const hub = await openTestHub(t);
    const events = Array.from({ length: 5 }, (_, i) => ({ kind: "event", at: i }));
    await send(hub, ...events, { run: "r2", at: 10 }, { run: "r3", at: 20, kind: "error" });
    const seen: string[] = [];
    let cursor = "";
    do {
      const page = await runsOf(hub, `?limit=1${cursor}`);
      seen.push(...page.items.map(({ run_id }) => run_id));
      cursor = page.next_cursor === null ? "" : `&cursor=${page.next_cursor}`;
    } while (cursor !== "");
    assert.deepEqual(seen, ["r3", "r2", "r1"]);
    const ids = async (query: string) =>
      (await runsOf(hub, query)).items.map(({ run_id }) => run_id);
    assert.deepEqual(await ids("?status=failed"), ["r3"]);
    assert.deepEqual(await ids("?since=2026-01-01T00:00:10Z"), ["r3", "r2"]);
    const [first] = (await runsOf(hub, "?run_id=r1")).items;
    const url = `/api/v1/runs/${first?.id}/events?limit=3`;
    const page = await read<Page<KeptEventView>>(hub, url);
    const rest = await read<Page<KeptEventView>>(hub, `${url}&cursor=${page.next_cursor}`);
    assert.deepEqual([page.items.length, rest.items.length, rest.next_cursor], [3, 2, null]);
    assert.equal(rest.items.at(-1)?.at, "2026-01-01T00:00:04.000Z");
  });

  for (const path of ["runs/x", "runs/x/events", "jobs/x"]) {
    test(`answers 404 for /api/v1/${path}`, async (t) => {
      const hub = await openTestHub(t);
      const id = "01890000-0000-7000-8000-000000000000";
      for (const url of [path, path.replace("x", id)]) {
        assert.equal((await hub.ask("GET", `/api/v1/${url}`)).status, 404);
      }
    });
  }

  for (const query of [
    "runs?job=x",
    "runs?parent=x",
    "runs?since=x",
    "runs?cursor=x",
    "jobs?cursor=x",
  ]) {
    test(`answers 422 for /api/v1/${query}`, async (t) => {
      const hub = await openTestHub(t);
      assert.equal((await hub.ask("GET", `/api/v1/${query}`)).status, 422);
    });
  }
});

describe("/api/v1/jobs", () => {
  test("shows each job with its last run and its last outcomes", async (t) => {
    const hub = await openTestHub(t);
    await send(
      hub,
      { kind: "finished", at: 1 },
      { run: "r2", at: 2, kind: "error" },
      { run: "r3", at: 3 },
      { run: "n1", job: "nightly", app: "Ähren" },
    );
    const { items } = await read<Page<JobView>>(hub, "/api/v1/jobs");
    assert.deepEqual(
      items.map(({ name, last_run, recent }) => [name, last_run?.run_id, recent]),
      [
        ["daily", "r3", ["running", "failed", "succeeded"]],
        ["nightly", "n1", ["running"]],
      ],
    );
    const [daily] = items;
    assert.deepEqual(daily?.counts, { running: 1, succeeded: 1, failed: 1, canceled: 0, lost: 0 });
    assert.deepEqual(await read(hub, `/api/v1/jobs/${daily?.id}`), daily);
    assert.equal((await runsOf(hub, `?job=${daily?.id}`)).items.length, 3);
    const names = async (query: string) =>
      (await read<Page<JobView>>(hub, `/api/v1/jobs${query}`)).items.map(({ name }) => name);
    assert.deepEqual(await names("?q=%C3%A4HREN%20fab1"), ["nightly"]);
    assert.deepEqual(await names("?status=failed,canceled"), []);
    const page = await read<Page<JobView>>(hub, "/api/v1/jobs?limit=1");
    assert.deepEqual(await names(`?limit=1&cursor=${page.next_cursor}`), ["nightly"]);
  });
});
