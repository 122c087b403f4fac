import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type {
  ComponentBatch,
  ComponentJob,
  ComponentSubjob,
  FastApiInvalid,
  Json,
} from "@belfry/contract";
import { openTestHub, startOfTime } from "../../hub.kit.ts";
import { sent } from "../../jobs/events.kit.ts";

const singles = [
  ["/v1/ingest/events", 200],
  ["/v1/event", 202],
] as const;
const batches = [
  ["/v1/ingest/events:batch", 200],
  ["/v1/ingest/batch", 200],
  ["/v1/events/batch", 202],
] as const;

for (const [path, status] of singles) {
  describe(`POST ${path}`, () => {
    test(`answers ${status} when the event is stored, a second time too`, async (t) => {
      const hub = await openTestHub(t);
      const idempotency_key = JSON.stringify({});
      for (const word of ["taken", "repeated"]) {
        const answer = await hub.ask("POST", path, { body: sent() });
        const body = { ok: true, duration_s: 0, index: 0, status: word, idempotency_key };
        assert.deepEqual([answer.status, answer.json()], [status, body]);
      }
      assert.equal((await hub.store.runs({ limit: 9 })).length, 1);
    });

    test("answers 422 with every fault and its place, and stores nothing", async (t) => {
      const hub = await openTestHub(t);
      const body = { ...sent({ kind: "begun" }), app: undefined };
      const answer = await hub.ask("POST", path, { body: JSON.parse(JSON.stringify(body)) });
      assert.equal(answer.status, 422);
      const { detail } = answer.json<FastApiInvalid>();
      assert.deepEqual(
        detail.map(({ type, loc }) => [type, ...loc]),
        [
          ["missing", "body", "app"],
          ["value_error", "body", "event", "kind"],
        ],
      );
      assert.deepEqual(await hub.store.runs({ limit: 9 }), []);
    });

    test("answers 400 for what is no JSON", async (t) => {
      const hub = await openTestHub(t);
      const answer = await hub.ask("POST", path, { body: "{" });
      assert.deepEqual(
        [answer.status, answer.json()],
        [400, { detail: "The body is not valid JSON" }],
      );
    });
  });
}

for (const [path, status] of batches) {
  describe(`POST ${path}`, () => {
    test(`answers ${status} for a list and for an object with events`, async (t) => {
      const hub = await openTestHub(t);
      const events = [sent(), sent({ run: "r2" })];
      for (const body of [events, { events }]) {
        const answer = await hub.ask("POST", path, { body });
        const { items, ...counts } = answer.json<ComponentBatch>();
        const all = { ok: true, total: 2, success: 2, failed: 0, duration_s: 0, refused: [] };
        assert.deepEqual([answer.status, counts], [status, all]);
        assert.deepEqual(
          items.map(({ index }) => index),
          [0, 1],
        );
      }
      const none = await hub.ask("POST", path, { body: [] });
      assert.deepEqual([none.status, none.json<ComponentBatch>().total], [status, 0]);
    });

    test("says which events of a mixed batch were refused, and why", async (t) => {
      const hub = await openTestHub(t);
      const answer = await hub.ask("POST", path, { body: [sent({ at: 1e9 }), sent()] });
      const { success, failed, refused, items } = answer.json<ComponentBatch>();
      assert.deepEqual(
        items.map(({ status: word }) => word),
        ["refused", "taken"],
      );
      assert.deepEqual([answer.status, success, failed], [status, 1, 1]);
      assert.deepEqual([refused[0]?.index, refused[0]?.path], [0, "event.at"]);
      assert.match(refused[0]?.message ?? "", /more than a day ahead/);
    });

    test("answers 422 where nothing fits", async (t) => {
      const hub = await openTestHub(t);
      for (const [body, place] of [
        [
          [sent({ run: "" }), 1],
          ["body", 0, "entity", "id"],
        ],
        [{ event: 1 }, ["body", "app"]],
        [7, ["body"]],
      ] as const) {
        const answer = await hub.ask("POST", path, { body });
        assert.equal(answer.status, 422);
        assert.deepEqual(answer.json<FastApiInvalid>().detail[0]?.loc, place);
      }
    });
  });
}

describe("POST /v1/ingest/events, in other dialects,", () => {
  const at = startOfTime / 1000;
  const nested = {
    site_id: "fab1",
    app: { name: "batch" },
    entity: { type: "job", id: "r1", business_key: "daily" },
    event: { kind: "started", at: "2026-01-01T00:00:00.123456789Z", status: "running" },
  };
  const flat = {
    idempotency_key: "r1-start-1",
    site_id: "fab1",
    app_name: "batch",
    entity_id: "r1",
    business_key: "daily",
    timestamp: at,
  };
  const dialects: readonly (readonly [string, Json])[] = [
    ["B: without a key", nested],
    ["B: epoch seconds in text", { ...nested, event: { ...nested.event, at: String(at) } }],
    ["C: a list under events", { events: [nested] }],
    ["D: numbers for words", { ...flat, entity_type: 0, event_kind: 0, status: "started" }],
    ["D: words in lower case", { ...flat, entity_type: "job", event_kind: "started", metrics: [] }],
    [
      "D: camelCase with upper-case words",
      {
        idempotencyKey: "r1-start-1",
        siteId: "fab1",
        appName: "batch",
        entityType: "JOB",
        entityId: "r1",
        businessKey: "daily",
        eventKind: "STARTED",
        timestamp: at,
      },
    ],
  ];
  for (const [name, body] of dialects) {
    test(`takes ${name}, once however often it is sent`, async (t) => {
      const hub = await openTestHub(t);
      for (let i = 0; i < 2; i += 1) {
        const answer = await hub.ask("POST", "/v1/ingest/events", { body });
        assert.equal(answer.status, 200, answer.text);
      }
      const [run, ...more] = await hub.store.runs({ limit: 9 });
      assert.equal(more.length, 0);
      const { siteId, appName, runId, status, events } = run ?? assert.fail("there is no run");
      assert.deepEqual(
        [siteId, appName, runId, status, events],
        ["fab1", "batch", "r1", "running", 1],
      );
      assert.equal(Math.floor((run?.startedAt ?? 0) / 1000), at);
    });
  }
});

describe("GET /v1/stream", () => {
  test("tells every new event as it is stored, late ones too, and none twice", async (t) => {
    const hub = await openTestHub(t);
    const stream = hub.live.openTail({ keyId: undefined, onDropped: () => assert.fail("dropped") });
    const texts = (stream ?? assert.fail("not opened"))[Symbol.asyncIterator]();
    assert.equal((await texts.next()).value, "retry: 2000\n\n");
    const late = sent({ kind: "progress", at: -3600, metrics: { progress_pct: 5 } });
    await hub.ask("POST", "/v1/ingest/events:batch", { body: [sent(), late] });
    await hub.ask("POST", "/v1/ingest/events", { body: sent() });
    await hub.ask("POST", "/api/v1/events", { body: sent({ run: "s1", parent: "r1" }) });
    const told = String((await texts.next()).value)
      .split("\n\n")
      .filter((text) => text !== "")
      .map((text) => JSON.parse(text.replace("data: ", "")) as Record<string, unknown>);
    assert.deepEqual(
      told.map(({ entity_id, entity_type, kind }) => [entity_id, entity_type, kind]),
      [
        ["r1", "job", "started"],
        ["r1", "job", "progress"],
        ["s1", "subjob", "started"],
      ],
    );
    assert.deepEqual(told[1], {
      at: "2025-12-31T23:00:00.000Z",
      entity_type: "job",
      entity_id: "r1",
      site_id: "fab1",
      kind: "progress",
      payload: {
        kind: "progress",
        at: "2025-12-31T23:00:00.000Z",
        status: null,
        metrics: { progress_pct: 5 },
        metadata: {},
      },
    });
    hub.live.closeAll();
    assert.equal((await texts.next()).done, true);
  });

  test("answers with events, and 503 beyond a hundred readers", async (t) => {
    const hub = await openTestHub(t);
    const head = await hub.ask("HEAD", "/v1/stream");
    assert.deepEqual(
      [head.status, head.headers["content-type"]],
      [200, "text/event-stream; charset=utf-8"],
    );
    const reader = { keyId: undefined, onDropped: () => undefined };
    while (hub.live.openTail(reader) !== undefined);
    const full = await hub.ask("GET", "/v1/stream");
    assert.deepEqual([full.status, full.headers["retry-after"]], [503, "2"]);
  });
});

describe("GET /v1/jobs and /v1/subjobs", () => {
  test("list the present state of each run, and filter by that state", async (t) => {
    const hub = await openTestHub(t);
    const metrics = { duration_s: 5, cpu_user_s: 1, mem_max_mb: 3 };
    await hub.ask("POST", "/v1/ingest/events:batch", {
      body: [
        sent({ kind: "finished", status: "succeeded", at: 5, metrics, metadata: { lot: "L1" } }),
        sent(),
        sent({ run: "r2", app: "Other", at: 60 }),
        sent({ run: "s1", parent: "r1", sub: "part", at: 1 }),
        sent({ run: "s2", parent: "unheard", at: 1 }),
      ],
    });
    const jobs = async (query = "") => {
      const answer = await hub.ask("GET", `/v1/jobs${query}`);
      assert.equal(answer.status, 200, answer.text);
      return answer.json<{ items: readonly ComponentJob[]; count: number }>();
    };
    const ids = async (query: string) => (await jobs(query)).items.map(({ job_id }) => job_id);
    const { items, count } = await jobs();
    assert.deepEqual([count, items.map(({ job_id }) => job_id)], [2, ["r2", "r1"]]);
    assert.deepEqual(items[1], {
      job_id: "r1",
      job_key: "daily",
      app_id: "a1",
      app_name: "batch",
      app_version: "1.0",
      site_id: "fab1",
      status: "succeeded",
      started_at: "2026-01-01T00:00:00.000Z",
      ended_at: "2026-01-01T00:00:05.000Z",
      duration_s: 5,
      cpu_user_s: 1,
      cpu_system_s: null,
      mem_max_mb: 3,
      metadata: { lot: "L1" },
      inserted_at: "2026-01-01T00:00:00.000Z",
    });
    assert.deepEqual(await ids("?status=running"), ["r2"]);
    assert.deepEqual(await ids("?status=running,succeeded&limit=1"), ["r2"]);
    assert.deepEqual(await ids("?app_name=OTH"), ["r2"]);
    assert.deepEqual(await ids("?to=2026-01-01T00:00:30Z"), ["r1"]);
    const subjobs = await hub.ask("GET", "/v1/subjobs?from=2026-01-01T00:00:00Z");
    const found = subjobs.json<{ items: readonly ComponentSubjob[] }>().items;
    assert.deepEqual(
      found
        .map(({ subjob_id, job_id, sub_key }) => [subjob_id, job_id, sub_key])
        .toSorted(([a], [b]) => String(a).localeCompare(String(b))),
      [
        ["s1", "r1", "part"],
        ["s2", "unheard", null],
      ],
    );
  });

  test("call a lost run failed: their clients know no other word", async (t) => {
    const hub = await openTestHub(t);
    const metadata = { heartbeat_s: 10 };
    await hub.ask("POST", "/v1/event", { body: sent({ metadata }) });
    await hub.pass(34_000);
    const { items } = (await hub.ask("GET", "/v1/jobs?status=failed")).json<{
      items: readonly ComponentJob[];
    }>();
    assert.deepEqual(
      items.map(({ job_id, status }) => [job_id, status]),
      [["r1", "failed"]],
    );
    assert.match((await hub.ask("GET", "/v1/jobs?status=running")).text, /"items":\[\]/);
  });

  test("answer 422 for a filter that does not fit", async (t) => {
    const hub = await openTestHub(t);
    for (const [query, place] of [
      ["limit=0", ["query", "limit"]],
      ["status=meh", ["query", "status", 0]],
      ["from=x", ["query", "from"]],
    ] as const) {
      const answer = await hub.ask("GET", `/v1/jobs?${query}`);
      assert.equal(answer.status, 422, query);
      assert.deepEqual(answer.json<FastApiInvalid>().detail[0]?.loc, place);
    }
  });
});

describe("GET /v1/health and /v1/healthz", () => {
  for (const [states, status] of [
    [{ store: "ok" }, "ok"],
    [{ store: "away" }, "degraded"],
  ] as const) {
    test(`say ${status}`, async (t) => {
      const hub = await openTestHub(t, { auth: "keys" }, { ready: async () => states });
      for (const path of ["/v1/health", "/v1/healthz"]) {
        const answer = await hub.ask("GET", path);
        assert.deepEqual(answer.json(), { status, service: "belfry", version: "1.2.3" });
      }
    });
  }

  test("other paths below /v1 are answered as this surface words errors", async (t) => {
    const hub = await openTestHub(t);
    const answer = await hub.ask("GET", "/v1/nothing");
    assert.deepEqual([answer.status, answer.json()], [404, { detail: "Not Found" }]);
  });
});
