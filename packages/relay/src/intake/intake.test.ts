import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { request, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { createRedactor } from "../dialect/redact.ts";
import type { Appended } from "../spool/log.ts";
import { kitParts, openSmall, temporaryFolder } from "../spool/spool.kit.ts";
import type { Spool } from "../spool/spool.ts";
import type { Access } from "./access.ts";
import { IntakeCounts } from "./counts.ts";
import { createHealth } from "./health.ts";
import { metricsText } from "./metrics.ts";
import { intakeDefaults, startIntake, type IntakeSettings } from "./server.ts";

interface World extends AsyncDisposable {
  readonly url: string;
  readonly spool: Spool;
  /** Events that are in the spool. */
  stored(): Promise<readonly { readonly idempotency_key: string; readonly text: string }[]>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Reply>;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfter: string | null;
}

interface WorldOptions {
  readonly access?: Access;
  readonly settings?: Partial<IntakeSettings>;
  /** Instead of the spool's. */
  readonly append?: () => Promise<Appended>;
  /** What is told, all of it. */
  readonly warnings?: readonly string[];
}

async function world({
  access,
  settings,
  append,
  warnings: expectedWarnings = [],
}: WorldOptions = {}): Promise<World> {
  const warnings: string[] = [];
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(temporaryFolder());
  const spool = stack.use(
    await openSmall(folder.path, kitParts(), { segmentBytes: 65_536, maxRecordBytes: 32_768 }),
  );
  const cursor = await spool.cursor("one", { from: "beginning" });
  const counts = new IntakeCounts();
  const redact = createRedactor({ keys: ["password"], patterns: [] });
  assert.equal(redact.kind, "ok");
  const monotonicMs = (): number => performance.now();
  let keys = 0;
  const intake = stack.use(
    await startIntake(
      {
        ...intakeDefaults,
        listen: { kind: "tcp", host: "127.0.0.1", port: 0 },
        access: access ?? { kind: "loopback" },
        ...settings,
      },
      {
        take: {
          append: append ?? ((records) => spool.append(records)),
          now: Date.now,
          monotonicMs,
          newKey: () => `key-${(keys += 1)}`,
          redact: redact.value,
          maxEvents: 100,
          count: (what, events) => counts.events(what, events),
        },
        health: createHealth({
          version: "1.2.3",
          spoolFolder: "/spool",
          spool: () => spool.stats(),
          deliveries: () => [],
          monotonicMs,
        }),
        counts,
        metrics: () =>
          metricsText({
            version: "1.2.3",
            routes: counts.routes(),
            events: counts.eventCounts(),
            crowd: counts.crowd(),
            spool: spool.stats(),
            sinks: [],
          }),
        integrations: () => ({ total: 0, enabled: 0, integrations: [], enabled_integrations: [] }),
        log: { info: () => undefined, warn: (_fields, message) => warnings.push(message) },
      },
    ),
  );
  stack.defer(() => assert.deepEqual(warnings, expectedWarnings));
  const all = stack.move();
  return {
    url: intake.url,
    spool,
    async stored() {
      const records = await cursor.read({ maxRecords: 1_000, maxBytes: 10_000_000 });
      return records.map(({ id, bytes }) => ({
        idempotency_key: id,
        text: Buffer.from(bytes).toString(),
      }));
    },
    async post(path, body, headers = {}) {
      const isRaw = typeof body === "string" || body instanceof Uint8Array;
      const bytes = Buffer.from(isRaw ? body : JSON.stringify(body));
      const response = await fetch(intake.url + path, { method: "POST", body: bytes, headers });
      const retryAfter = response.headers.get("retry-after");
      return { status: response.status, body: await response.json(), retryAfter };
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** An event of dialect A. */
function event(key: string, more: object = {}): Record<string, unknown> {
  return {
    idempotency_key: key,
    site_id: "fab1",
    app: { app_id: null, name: "etl", version: "1.0" },
    entity: {
      type: "job",
      id: `run-${key}`,
      parent_id: null,
      business_key: "daily",
      sub_key: null,
    },
    event: {
      kind: "started",
      at: new Date().toISOString(),
      status: "running",
      metrics: {},
      metadata: {},
    },
    ...more,
  };
}

const broken = event("x", { entity: {} });

describe("intake of one event", () => {
  for (const [path, status] of [
    ["/v1/event", 202],
    ["/v1/ingest/events", 200],
  ] as const) {
    it(`${path}: stored, then answered ${status}; a repeat is answered as taken and stored once`, async () => {
      await using w = await world();
      for (const expected of ["taken", "repeated"]) {
        const { status: found, body } = await w.post(path, event("a"));
        assert.equal(found, status);
        assert.deepEqual(
          { ...Object(body), duration_s: 0 },
          { ok: true, duration_s: 0, index: 0, status: expected, idempotency_key: "a" },
        );
      }
      assert.deepEqual(
        (await w.stored()).map((one) => one.idempotency_key),
        ["a"],
      );
    });
  }

  it("redacts before anything is written", async () => {
    await using w = await world();
    const { event: inner } = event("a");
    const metadata = { user: "u", password: "s3cret" };
    await w.post("/v1/event", event("a", { event: { ...Object(inner), metadata } }));
    const [stored] = await w.stored();
    assert.ok(stored?.text.includes("[redacted]") === true);
    assert.ok(stored !== undefined && !stored.text.includes("s3cret"));
  });

  it("answers 422 with the way to what is wrong, and stores nothing", async () => {
    await using w = await world();
    const { status, body } = await w.post("/v1/ingest/events", broken);
    assert.equal(status, 422);
    const { detail } = body as { detail: { loc: unknown }[] };
    assert.deepEqual(detail[0]?.loc, ["body", "entity", "id"]);
    assert.deepEqual(await w.stored(), []);
  });
});

describe("intake of a batch", () => {
  for (const [path, status] of [
    ["/v1/events/batch", 202],
    ["/v1/ingest/events:batch", 200],
    ["/v1/ingest/batch", 200],
  ] as const) {
    it(`${path}: ${status} with an answer for each item when some are bad`, async () => {
      await using w = await world();
      const { status: found, body } = await w.post(path, {
        events: [event("a"), broken, event("b"), event("a")],
      });
      assert.equal(found, status);
      const { ok, total, success, failed, items } = body as Record<string, unknown>;
      assert.deepEqual(
        { ok, total, success, failed },
        { ok: true, total: 4, success: 3, failed: 1 },
      );
      assert.deepEqual(
        (items as { status: string }[]).map((item) => item.status),
        ["taken", "refused", "taken", "repeated"],
      );
      assert.deepEqual(
        (await w.stored()).map((one) => one.idempotency_key),
        ["a", "b"],
      );
    });
  }

  it("answers 422 when all are bad, 200 when there is nothing, 413 when there are too many", async () => {
    await using w = await world();
    assert.equal((await w.post("/v1/ingest/batch", [broken, 7])).status, 422);
    assert.equal((await w.post("/v1/ingest/batch", [])).status, 200);
    const many = Array.from({ length: 101 }, (_, i) => event(`e${i}`));
    assert.equal((await w.post("/v1/ingest/batch", many)).status, 413);
    assert.deepEqual(await w.stored(), []);
  });
});

describe("bodies", () => {
  const plain = Buffer.from(JSON.stringify(event("a")));
  const bomb = Buffer.alloc(20_000_000, 0x20);
  const rows = [
    { what: "gzip", body: gzipSync(plain), encoding: "gzip", status: 202 },
    { what: "zstd", body: zstdCompressSync(plain), encoding: "zstd", status: 202 },
    { what: "gzip that unpacks to too much", body: gzipSync(bomb), encoding: "gzip", status: 413 },
    {
      what: "zstd that unpacks to too much",
      body: zstdCompressSync(bomb),
      encoding: "zstd",
      status: 413,
    },
    { what: "no gzip", body: plain, encoding: "gzip", status: 400 },
    { what: "an unknown encoding", body: plain, encoding: "br", status: 415 },
    { what: "too large", body: bomb.subarray(0, 1_048_577), encoding: "identity", status: 413 },
    { what: "no JSON", body: Buffer.from("{"), encoding: "identity", status: 422 },
    { what: "no UTF-8", body: Buffer.from([0x22, 0xff, 0x22]), encoding: "identity", status: 422 },
    {
      what: "nested without end",
      body: Buffer.from("[".repeat(500_000)),
      encoding: "identity",
      status: 422,
    },
    { what: "a number", body: Buffer.from("7"), encoding: "identity", status: 422 },
  ];
  for (const { what, body, encoding, status } of rows) {
    it(`${what}: ${status}`, async () => {
      await using w = await world();
      const reply = await w.post("/v1/event", body, { "content-encoding": encoding });
      assert.equal(reply.status, status, JSON.stringify(reply.body));
      assert.equal((await w.stored()).length, status === 202 ? 1 : 0);
    });
  }

  it("of all requests together have a limit", async () => {
    await using w = await world({ settings: { maxReadingBytes: 10 } });
    const { status, retryAfter } = await w.post("/v1/event", event("a"));
    assert.deepEqual({ status, retryAfter }, { status: 503, retryAfter: "1" });
  });
});

describe("a spool that takes nothing", () => {
  const rows = [
    { reason: "busy", status: 429, retryAfter: "1" },
    { reason: "full", status: 429, retryAfter: "30" },
    { reason: "disk_full", status: 503, retryAfter: "10" },
    { reason: "disk_failed", status: 503, retryAfter: "5" },
    { reason: "closed", status: 503, retryAfter: "5" },
    { reason: "too_large", status: 413, retryAfter: null },
  ] as const;
  for (const { reason, status, retryAfter } of rows) {
    it(`${reason}: ${status}`, async () => {
      await using w = await world({
        append: () => Promise.resolve({ kind: "refused", reason, message: "no" }),
      });
      const reply = await w.post("/v1/ingest/events", event("a"));
      assert.deepEqual(reply, {
        status,
        retryAfter,
        body: { ok: false, code: reason, detail: "no" },
      });
    });
  }
});

describe("a client that sends too much", () => {
  it("is told how long to wait, and its connection stays", async () => {
    await using w = await world({ settings: { rate: { perSecond: 0.1, burst: 2 } } });
    assert.equal((await w.post("/v1/ingest/batch", [event("a"), event("b"), broken])).status, 200);
    const reply = await w.post("/v1/event", event("c"));
    assert.deepEqual(reply, {
      status: 429,
      retryAfter: "20",
      body: { ok: false, code: "rate", detail: "this client sends more events than it may" },
    });
    assert.equal((await w.stored()).length, 2);
    const text = await (await fetch(`${w.url}/metrics`)).text();
    assert.match(text, /^belfry_relay_rate_limited_total 1$/m);
    assert.equal((await fetch(`${w.url}/health`)).status, 200, "others are not limited");
  });
});

describe("too many connections", () => {
  it("are closed at once and counted; those that are there work, and give up theirs", async () => {
    const warnings = ["there are too many connections: more are closed at once"];
    await using w = await world({ settings: { maxConnections: 4 }, warnings });
    const { port } = new URL(w.url);
    const sockets: Socket[] = [];
    try {
      for (let i = 0; i < 4; i += 1) {
        const socket = connect(Number(port), "127.0.0.1");
        sockets.push(socket);
        // A request that has begun, and the server knows it: a connection that only waits is closed to make room.
        const head = "POST /v1/event HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n";
        socket.write(`${head}Expect: 100-continue\r\n\r\n`);
        const [answer] = (await once(socket, "data")) as [Buffer];
        assert.match(answer.toString(), /^HTTP\/1\.1 100 /);
      }
      const tooMany = connect(Number(port), "127.0.0.1");
      tooMany.on("error", () => undefined);
      await once(tooMany, "close");
      const [first] = sockets;
      assert.ok(first !== undefined);
      first.write("{}");
      const [answer] = (await once(first, "data")) as [Buffer];
      assert.match(answer.toString(), /^HTTP\/1\.1 422 /);
      assert.match(answer.toString(), /^connection: close\r$/im);
      await once(first, "close");
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    await until("there is room again", async () => {
      const response = await fetch(`${w.url}/metrics`).catch(() => undefined);
      return /^belfry_relay_connections_dropped_total [1-9]/m.test((await response?.text()) ?? "");
    });
  });
});

describe("a socket of the file system", () => {
  it("is for its owner and group, and goes when the intake ends", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "s.sock");
    {
      await using w = await world({
        access: { kind: "open" },
        settings: { listen: { kind: "unix", path } },
      });
      assert.equal(w.url, `unix:${path}`);
      assert.equal(statSync(path).mode & 0o777, 0o660);
      assert.equal(await postTo(path, event("a")), 202);
      assert.equal((await w.stored()).length, 1);
      await assert.rejects(
        world({ settings: { listen: { kind: "unix", path } } }),
        /another process listens on it/,
      );
      assert.equal(await postTo(path, event("b")), 202, "who was first goes on");
    }
    assert.equal(existsSync(path), false);
  });

  it("takes the place of one that a process left behind", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "s.sock");
    const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
    assert.equal(spawnSync(process.execPath, ["-e", script]).signal, "SIGKILL");
    assert.ok(existsSync(path));
    await using _w = await world({
      access: { kind: "open" },
      settings: { listen: { kind: "unix", path } },
    });
    assert.equal(await postTo(path, event("a")), 202);
  });

  it("takes the place of nothing else", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "precious");
    writeFileSync(path, "text");
    await assert.rejects(
      world({ settings: { listen: { kind: "unix", path } } }),
      /it is no socket/,
    );
    assert.equal(readFileSync(path, "utf8"), "text");
  });
});

/** The status a socket answers an event with. */
async function postTo(socketPath: string, body: object): Promise<number | undefined> {
  const outgoing = request({ socketPath, path: "/v1/event", method: "POST" });
  outgoing.end(JSON.stringify(body));
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
  return response.statusCode;
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(10)) {
    if (await isSo()) return;
  }
  assert.fail(`not within 10 s: ${what}`);
}

describe("who may come in", () => {
  const token: Access = { kind: "token", token: "long-enough" };
  const local: Access = { kind: "loopback" };
  const rows: { what: string; access: Access; headers: Record<string, string>; status: number }[] =
    [
      {
        what: "the token",
        access: token,
        headers: { authorization: "Bearer long-enough" },
        status: 202,
      },
      { what: "no token", access: token, headers: {}, status: 401 },
      {
        what: "a wrong token",
        access: token,
        headers: { authorization: "Bearer long-enougx" },
        status: 401,
      },
      { what: "this machine", access: local, headers: {}, status: 202 },
      {
        what: "a page of this machine",
        access: local,
        headers: { origin: "http://localhost:3000" },
        status: 202,
      },
      {
        what: "a page from elsewhere",
        access: local,
        headers: { origin: "https://evil.example" },
        status: 403,
      },
      { what: "a page without an origin", access: local, headers: { origin: "null" }, status: 403 },
      { what: "anybody, where that was said", access: { kind: "open" }, headers: {}, status: 202 },
    ];
  for (const { what, access, headers, status } of rows) {
    it(`${what}: ${status}`, async () => {
      await using w = await world({ access });
      assert.equal((await w.post("/v1/event", event("a"), headers)).status, status);
    });
  }
});

describe("what is asked of the intake", () => {
  it("health is answered without a token, metrics and the sinks are not", async () => {
    await using w = await world({ access: { kind: "token", token: "long-enough" } });
    for (const path of ["/health", "/v1/health", "/v1/healthz"]) {
      const response = await fetch(w.url + path);
      assert.equal(response.status, 200);
      const { status, live, ready, spool_count, spool_dir } = Object(await response.json());
      assert.deepEqual(
        { status, live, ready, spool_count, spool_dir },
        { status: "ok", live: true, ready: true, spool_count: 0, spool_dir: "/spool" },
      );
    }
    for (const path of ["/metrics", "/v1/integrations"]) {
      assert.equal((await fetch(w.url + path)).status, 401);
    }
  });

  it("metrics count requests by route, and unknown ones as one", async () => {
    await using w = await world();
    await w.post("/v1/event", event("a"));
    await w.post("/v1/event", broken);
    await fetch(`${w.url}/one`);
    await fetch(`${w.url}/two`);
    const text = await (await fetch(`${w.url}/metrics`)).text();
    for (const line of [
      'http_requests_total{method="POST",endpoint="/v1/event",status="202"} 1',
      'http_requests_total{method="POST",endpoint="/v1/event",status="422"} 1',
      'http_requests_total{method="GET",endpoint="other",status="404"} 2',
      'http_request_duration_seconds_count{method="POST",endpoint="/v1/event"} 2',
      'events_processed_total{event_type="spool",status="success"} 1',
      "belfry_relay_spool_appended_total 1",
    ]) {
      assert.ok(text.includes(`${line}\n`), `${line} is not in\n${text}`);
    }
  });

  it("a method that is not there is 405", async () => {
    await using w = await world();
    assert.equal((await fetch(`${w.url}/v1/event`)).status, 405);
    assert.equal((await w.post("/health", {})).status, 405);
  });
});
