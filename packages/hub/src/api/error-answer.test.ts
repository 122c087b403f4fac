import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { AppError } from "../model/error.ts";
import { openTestHub, type Ask } from "./hub.kit.ts";

const json = { "content-type": "application/json" };
const monitors = "/api/v1/monitors";

describe("errors", () => {
  const rows: {
    title: string;
    method: string;
    url: string;
    ask?: Ask;
    status: number;
    code: string;
    path?: string;
  }[] = [
    { title: "an unknown path", method: "GET", url: "/nope", status: 404, code: "not_found" },
    {
      title: "a wrong method",
      method: "DELETE",
      url: monitors,
      status: 405,
      code: "method_not_allowed",
    },
    {
      title: "malformed JSON",
      method: "POST",
      url: monitors,
      ask: { body: "{bad", headers: json },
      status: 400,
      code: "malformed",
    },
    {
      title: "JSON that reaches for a prototype",
      method: "POST",
      url: monitors,
      ask: { body: '{"__proto__":{"a":1}}', headers: json },
      status: 400,
      code: "malformed",
    },
    {
      title: "an empty body",
      method: "POST",
      url: monitors,
      ask: { body: "", headers: json },
      status: 400,
      code: "malformed",
    },
    { title: "no body", method: "POST", url: monitors, status: 422, code: "invalid" },
    {
      title: "a form",
      method: "POST",
      url: monitors,
      ask: { body: "a=b", headers: { "content-type": "application/x-www-form-urlencoded" } },
      status: 415,
      code: "unsupported_media_type",
    },
    {
      title: "a body of 2 MB",
      method: "POST",
      url: monitors,
      ask: { body: JSON.stringify("x".repeat(2e6)), headers: json },
      status: 413,
      code: "too_large",
    },
    {
      title: "U+0000 in a value",
      method: "POST",
      url: monitors,
      ask: { body: String.raw`{"name":"a\u0000"}`, headers: json },
      status: 422,
      code: "invalid",
    },
    {
      title: "U+0000 in a name",
      method: "POST",
      url: monitors,
      ask: { body: String.raw`{"labels":{"a\u0000":"b"}}`, headers: json },
      status: 422,
      code: "invalid",
    },
    {
      title: "a path that cannot be decoded",
      method: "GET",
      url: `${monitors}/%zz`,
      status: 400,
      code: "malformed",
    },
    {
      title: "an unknown query parameter",
      method: "GET",
      url: `${monitors}?limits=1`,
      status: 422,
      code: "invalid",
      path: "limits",
    },
    {
      title: "a number that is none",
      method: "GET",
      url: `${monitors}?limit=1x`,
      status: 422,
      code: "invalid",
      path: "limit",
    },
    {
      title: "a limit beyond the bound",
      method: "GET",
      url: `${monitors}?limit=501`,
      status: 422,
      code: "invalid",
      path: "limit",
    },
    {
      title: "a limit given twice",
      method: "GET",
      url: `${monitors}?limit=1&limit=2`,
      status: 422,
      code: "invalid",
      path: "limit",
    },
    {
      title: "a cursor of somebody else's",
      method: "GET",
      url: `${monitors}?cursor=abc`,
      status: 422,
      code: "invalid",
      path: "cursor",
    },
    {
      title: "U+0000 in the query",
      method: "GET",
      url: `${monitors}?q=a%00`,
      status: 422,
      code: "invalid",
    },
    {
      title: "U+0000 in the path",
      method: "GET",
      url: `${monitors}/a%00`,
      status: 404,
      code: "not_found",
    },
    {
      title: "an unknown status",
      method: "GET",
      url: `${monitors}?status=upp`,
      status: 422,
      code: "invalid",
      path: "status[0]",
    },
  ];
  test("are problem documents with a code, a status and the place", async (t) => {
    const hub = await openTestHub(t);
    for (const { title, method, url, ask, status, code, path } of rows) {
      const answer = await hub.ask(method, url, ask);
      assert.equal(answer.status, status, `${title}: ${answer.text}`);
      const body = answer.json<{
        code: string;
        status: number;
        type: string;
        errors?: { path: string }[];
      }>();
      assert.equal(body.code, code, title);
      assert.equal(body.status, status, title);
      assert.equal(body.type, `urn:belfry:error:${code}`, title);
      assert.match(String(answer.headers["content-type"]), /^application\/problem\+json/, title);
      if (path !== undefined) assert.equal(body.errors?.[0]?.path, path, title);
    }
  });

  test("name the methods a path has", async (t) => {
    const hub = await openTestHub(t);
    const rows = {
      "/api/v1/monitors": "GET, HEAD, POST",
      "/targets": "GET, HEAD, POST",
      "/health": "GET, HEAD",
    };
    for (const [url, allow] of Object.entries(rows)) {
      const answer = await hub.ask("DELETE", url);
      assert.equal(answer.headers["allow"], allow, url);
    }
  });

  test("of Belfry itself say an id only, and the log has the cause under it", async (t) => {
    const hub = await openTestHub(
      t,
      {},
      {
        acknowledge: () => Promise.reject(new Error("disk full at /secret/place")),
      },
    );
    const url = "/api/v1/incidents/01890000-0000-7000-8000-000000000000/acknowledge";
    const answer = await hub.ask("POST", url);
    assert.equal(answer.status, 500);
    assert.ok(!answer.text.includes("secret"));
    const { instance } = answer.json<{ instance: string }>();
    const [line] = hub.logged as { fields: { instance?: string; err?: Error } }[];
    assert.equal(`urn:uuid:${line?.fields.instance}`, instance);
    assert.match(String(line?.fields.err?.message), /disk full/);
  });

  test("that pass say so", async (t) => {
    const hub = await openTestHub(
      t,
      {},
      {
        ready: () => Promise.reject(new Error("no")),
        desk: {
          provision: () => assert.fail("nothing is provisioned"),
          create: () => Promise.reject(new AppError("unavailable", "The store is busy")),
          update: () => assert.fail(),
          remove: () => assert.fail(),
          checkNow: () => assert.fail(),
          test: () => assert.fail(),
        },
      },
    );
    const answer = await hub.ask("POST", monitors, {
      body: { name: "a", url: "http://127.0.0.1/" },
    });
    assert.equal(answer.status, 503);
    assert.equal(answer.json()["detail"], "The store is busy");
    assert.equal((await hub.ask("GET", "/ready")).status, 503);
    assert.equal((await hub.ask("GET", "/health")).status, 200);
  });

  test("of what is no HTTP at all are problem documents too", async (t) => {
    const hub = await openTestHub(t);
    const url = new URL(await hub.api.app.listen({ host: "127.0.0.1", port: 0 }));
    const socket = connect(Number(url.port), url.hostname);
    socket.end("nonsense\r\n\r\n");
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    assert.match(text, /^HTTP\/1\.1 400 /);
    assert.match(text, /"code":"malformed"/);
  });
});

describe("stopping", () => {
  test("waits for requests under way, and not for their connections", async (t) => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Record<string, string>>();
    const ready = (): Promise<Record<string, string>> => {
      asked.resolve();
      return answer.promise;
    };
    const hub = await openTestHub(t, {}, { ready });
    const url = await hub.api.app.listen({ host: "127.0.0.1", port: 0 });
    const response = fetch(`${url}/ready`, { headers: { connection: "keep-alive" } });
    await asked.promise;
    const stopped = hub.api[Symbol.asyncDispose]();
    answer.resolve({ store: "ok" });
    assert.equal((await response).status, 200);
    await stopped;
  });
});

describe("before it stops", () => {
  test("a hub goes on answering, and lets go of every connection it answers on", async (t) => {
    const hub = await openTestHub(t);
    const url = await hub.api.app.listen({ host: "127.0.0.1", port: 0 });
    const connectionOf = async () => {
      const answer = await fetch(`${url}/health`);
      await answer.text();
      assert.equal(answer.status, 200);
      return answer.headers.get("connection");
    };
    assert.equal(await connectionOf(), "keep-alive");
    hub.api.letGo();
    assert.equal(await connectionOf(), "close");
    assert.equal(await connectionOf(), "close");
  });
});

describe("every answer", () => {
  test("carries headers that keep pages apart and is not stored on the way", async (t) => {
    const hub = await openTestHub(t);
    const { headers } = await hub.ask("GET", monitors);
    assert.match(String(headers["content-security-policy"]), /script-src 'self'/);
    assert.ok(!String(headers["content-security-policy"]).includes("unsafe"));
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["cache-control"], "no-store");
  });

  test("to HEAD is that to GET without its body", async (t) => {
    const hub = await openTestHub(t);
    for (const url of [
      monitors,
      "/health",
      "/targets",
      "/metrics",
      "/api/v1/live",
      "/openapi.json",
    ]) {
      const answer = await hub.ask("HEAD", url);
      assert.deepEqual([answer.status, answer.text], [200, ""], url);
    }
  });
});
