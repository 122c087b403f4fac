import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Scope } from "./model/access.ts";
import { auditOf, freshKey } from "./command/key.ts";
import { systemClock } from "./model/clock.ts";
import { createId } from "./model/id.ts";
import { createLog } from "./self/log.ts";
import { retention } from "./store/contract/fixtures.ts";
import { createStore } from "./store/open.ts";
import { openWorkerServer } from "./worker-server.ts";

interface Asked {
  readonly settings?: Partial<Parameters<typeof openWorkerServer>[0]>;
  readonly parts?: Readonly<Record<string, string>>;
}

interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A server on a free port, with the keys of a real store. */
async function openServer({ settings = {}, parts = {} }: Asked = {}) {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "belfry-worker-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const log = createLog({ level: "silent", format: "json" }, () => undefined);
  const store = stack.use(
    await createStore({ database: join(folder, "belfry.db"), retention }, { log }),
  );
  const openTo = {
    operations: [],
    amaunator: [],
    monitoring_stack: [],
    monitoring_component: [],
    prometheus: [],
    alertmanager: [],
  };
  const given = {
    listen: { host: "127.0.0.1", port: 0 },
    auth: "loopback",
    openTo,
    rateLimit: { max: 100, windowMs: 60_000, failedAttempts: 2 },
  } as const;
  const server = stack.use(
    await openWorkerServer(
      { ...given, ...settings },
      {
        clock: systemClock,
        log,
        version: "1.2.3",
        keys: store,
        readiness: { read: () => Promise.resolve({ store: "ok", ...parts }) },
        metrics: {
          contentType: "text/plain; version=0.0.4",
          metrics: () => Promise.resolve("up 1\n"),
        },
      },
    ),
  );
  const resources = stack.move();
  return {
    url: server.url,
    ask: (path: string, asking: Asking = {}) => ask(server.url + path, asking),
    async makeKey(scope: Scope): Promise<string> {
      const { key, secret } = freshKey("a key", [scope], { clock: systemClock, newId: createId });
      await store.createKey(key, auditOf("create", key, key.createdAt));
      return secret;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** `fetch` would not send another `Host`. */
function ask(url: string, { method = "GET", headers = {} }: Asking) {
  return new Promise<{ status: number; text: string; type: string }>((resolve, reject) => {
    const asked = request(url, { method, headers, agent: false }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => void (text += chunk.toString()));
      response.once("end", () => {
        const type = response.headers["content-type"] ?? "";
        resolve({ status: response.statusCode ?? 0, text, type });
      });
    });
    asked.once("error", reject);
    asked.end();
  });
}

describe("what a worker answers", () => {
  it("is that it lives", async () => {
    await using server = await openServer();
    const { status, text } = await server.ask("/health");
    assert.equal(status, 200);
    const said = JSON.parse(text) as Record<string, unknown>;
    assert.deepEqual(
      [said["status"], said["service"], said["version"]],
      ["ok", "belfry-worker", "1.2.3"],
    );
  });

  it("is whether it can work, part by part", async () => {
    await using well = await openServer();
    const ready = await well.ask("/ready?from=balancer");
    assert.deepEqual(
      [ready.status, JSON.parse(ready.text)],
      [200, { status: "ready", parts: { store: "ok" } }],
    );
    await using ill = await openServer({ parts: { fleet: "its lease ended" } });
    const not = await ill.ask("/ready");
    assert.deepEqual(
      [not.status, JSON.parse(not.text)],
      [503, { status: "not_ready", parts: { store: "ok", fleet: "its lease ended" } }],
    );
  });

  it("is nothing else, and nothing but reads", async () => {
    await using server = await openServer();
    const asked = [
      ["GET", "/api/v1/monitors"],
      ["GET", "/toString"],
      ["POST", "/health"],
      ["HEAD", "/health"],
    ] as const;
    const answers = await Promise.all(asked.map(([method, path]) => server.ask(path, { method })));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [404, 404, 405, 200],
    );
    assert.equal(answers[3]?.text, "");
  });
});

describe("metrics of a worker", () => {
  it("are for everybody of this machine where it listens on loopback, but not for a page's tricks", async () => {
    await using server = await openServer();
    const { status, text, type } = await server.ask("/metrics");
    assert.deepEqual([status, text, type], [200, "up 1\n", "text/plain; version=0.0.4"]);
    for (const headers of [{ host: "evil.example" }, { "x-forwarded-for": "192.0.2.1" }]) {
      assert.equal((await server.ask("/metrics", { headers })).status, 403);
    }
  });

  it("need a key with the scope read elsewhere", async () => {
    await using server = await openServer({ settings: { auth: "keys" } });
    const [read, ingest] = [await server.makeKey("read"), await server.makeKey("ingest")];
    const statusWith = async (headers: Record<string, string>) =>
      (await server.ask("/metrics", { headers })).status;
    assert.equal(await statusWith({}), 401);
    assert.equal(await statusWith({ authorization: `Bearer ${read}` }), 200);
    assert.equal(await statusWith({ "x-api-key": ingest }), 403);
    const wrong = { "x-api-key": "belfry_guess" };
    assert.deepEqual(
      [await statusWith(wrong), await statusWith(wrong), await statusWith(wrong)],
      [401, 401, 429],
    );
    assert.equal((await server.ask("/ready")).status, 200);
  });

  it("are open to networks the settings name, unless a proxy passes the question on", async () => {
    const openTo = {
      operations: ["127.0.0.0/8"],
      amaunator: [],
      monitoring_stack: [],
      monitoring_component: [],
      prometheus: [],
      alertmanager: [],
    };
    await using server = await openServer({ settings: { auth: "keys", openTo } });
    assert.equal((await server.ask("/metrics")).status, 200);
    const headers = { "x-forwarded-for": "127.0.0.1" };
    assert.equal((await server.ask("/metrics", { headers })).status, 401);
  });
});

describe("a worker's address", () => {
  it("is named when another program listens there", async () => {
    await using first = await openServer();
    const port = Number(new URL(first.url).port);
    await assert.rejects(openServer({ settings: { listen: { host: "127.0.0.1", port } } }), {
      detail: `cannot listen on 127.0.0.1:${port}: another program listens there`,
    });
  });
});
