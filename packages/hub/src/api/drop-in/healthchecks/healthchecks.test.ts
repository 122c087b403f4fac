import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "node:test";
import type { PingView } from "@belfry/contract";
import { openTestHub, type TestHub } from "../../hub.kit.ts";

async function makeHeartbeat(hub: TestHub, name: string, token: string): Promise<string> {
  const body = { name, kind: "heartbeat", settings: { token } };
  const answer = await hub.ask("POST", "/api/v1/monitors", { body });
  assert.equal(answer.status, 201, answer.text);
  return String(answer.json()["id"]);
}

async function pingsOf(hub: TestHub, id: string): Promise<readonly PingView[]> {
  const answer = await hub.ask("GET", `/api/v1/heartbeats/${id}/pings`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json<{ items: PingView[] }>().items;
}

const rid = "11111111-2222-4333-8444-555555555555";

describe("calls as Healthchecks has them", () => {
  it("are answered and kept in all their forms", async (t) => {
    const hub = await openTestHub(t);
    const token = randomUUID();
    const id = await makeHeartbeat(hub, "Nightly", token);
    const key = await hub.key("ingest");
    const reader = await hub.key("read");
    /** A row is a call: method, path, answer, and what is kept (kind, exit code). */
    const calls: readonly (readonly [string, string, number, string, string?])[] = [
      ["GET", `/ping/${token}`, 200, "OK", "success null"],
      ["HEAD", `/ping/${token}`, 200, "", "success null"],
      ["POST", `/ping/${token.toUpperCase()}`, 200, "OK", "success null"],
      ["POST", `/ping/${token}/start`, 200, "OK", "start null"],
      ["POST", `/ping/${token}/fail`, 200, "OK", "fail null"],
      ["POST", `/ping/${token}/log`, 200, "OK", "log null"],
      ["GET", `/ping/${token}/0`, 200, "OK", "success 0"],
      ["GET", `/ping/${token}/255`, 200, "OK", "fail 255"],
      ["GET", `/ping/${token}/256`, 400, "invalid url format"],
      ["GET", `/ping/${token}/stop`, 400, "invalid url format"],
      ["GET", `/ping/${token}/start/again`, 400, "invalid url format"],
      ["GET", `/ping/${token}?rid=${rid}`, 200, "OK", "success null"],
      ["GET", `/ping/${token}?rid=7`, 400, "invalid uuid format"],
      ["GET", `/ping/${randomUUID()}`, 404, "not found"],
      ["GET", `/ping/${key}/nightly`, 200, "OK", "success null"],
      ["GET", `/ping/${key}/nightly/start`, 200, "OK", "start null"],
      ["GET", `/ping/${key}/nightly/7`, 200, "OK", "fail 7"],
      ["GET", `/ping/${key}/weekly`, 404, "not found"],
      ["GET", `/ping/${reader}/nightly`, 404, "not found"],
      ["GET", `/ping/nobody-s-key/nightly`, 404, "not found"],
    ];
    const kept: string[] = [];
    for (const [method, path, status, text, what] of calls) {
      const answer = await hub.ask(method, path);
      assert.deepEqual([answer.status, answer.text], [status, text], `${method} ${path}`);
      assert.equal(answer.headers["access-control-allow-origin"], "*");
      assert.equal(answer.headers["ping-body-limit"], status === 200 ? "10000" : undefined);
      if (what !== undefined) kept.unshift(what);
    }
    const pings = await pingsOf(hub, id);
    assert.deepEqual(
      pings.map(({ kind, exit_code }) => `${kind} ${exit_code}`),
      kept,
    );
  });

  it("make the heartbeat where that is asked for, once, and say so", async (t) => {
    const hub = await openTestHub(t);
    const key = await hub.key("ingest");
    const path = `/ping/${key}/new-job?create=1`;
    const both = await Promise.all([hub.ask("POST", path), hub.ask("POST", path)]);
    assert.deepEqual(
      both.map(({ status, text }) => [status, text]),
      [
        [201, "Created"],
        [201, "Created"],
      ],
    );
    assert.equal((await hub.ask("POST", path)).status, 200);
    assert.equal((await hub.ask("POST", `/ping/${key}/No%20Slug?create=1`)).status, 400);
    const { items } = (await hub.ask("GET", "/api/v1/monitors")).json<{
      items: { id: string; name: string }[];
    }>();
    assert.deepEqual(
      items.map(({ name }) => name),
      ["new-job"],
    );
    assert.equal((await pingsOf(hub, items[0]?.id ?? "")).length, 3);
  });

  it("do not guess which of two heartbeats with one slug was meant", async (t) => {
    const hub = await openTestHub(t);
    const key = await hub.key("ingest");
    await makeHeartbeat(hub, "Twin", randomUUID());
    await makeHeartbeat(hub, "twin", randomUUID());
    const answer = await hub.ask("GET", `/ping/${key}/twin`);
    assert.deepEqual([answer.status, answer.text], [409, "ambiguous slug"]);
  });

  it("keep the first 10,000 bytes of a body, and pair a start with its end", async (t) => {
    const hub = await openTestHub(t);
    const token = randomUUID();
    const id = await makeHeartbeat(hub, "Long", token);
    await hub.ask("POST", `/ping/${token}/start?rid=${rid}`);
    hub.clock.move(90_000);
    await hub.ask("POST", `/ping/${token}?rid=${rid}`, {
      body: "x".repeat(9_999) + "é".repeat(10),
      headers: { "content-type": "text/plain", "user-agent": "curl/8" },
    });
    const [last] = await pingsOf(hub, id);
    assert.equal(last?.body, "x".repeat(9_999));
    assert.deepEqual(
      [last?.body_bytes, last?.duration_seconds, last?.user_agent, last?.rid],
      [10_019, 90, "curl/8", rid],
    );
    const view = (await hub.ask("GET", `/api/v1/heartbeats/${id}`)).json();
    assert.deepEqual([view["last_duration_seconds"], view["running_since"]], [90, null]);
  });

  it("are refused when tokens are tried, but not where the token fits", async (t) => {
    const hub = await openTestHub(t);
    const token = randomUUID();
    await makeHeartbeat(hub, "Safe", token);
    const answers: number[] = [];
    for (let i = 0; i < 25; i += 1) {
      answers.push((await hub.ask("GET", `/ping/${randomUUID()}`)).status);
    }
    assert.deepEqual(answers, [...Array<number>(20).fill(404), ...Array<number>(5).fill(429)]);
    assert.equal((await hub.ask("GET", `/ping/${token}`)).status, 200);
  });
});

describe("calls as Uptime Kuma has them", () => {
  it("are answered and kept", async (t) => {
    const hub = await openTestHub(t);
    const token = "abcdefghij0123456789";
    const id = await makeHeartbeat(hub, "Pushed", token);
    const missing = { ok: false, msg: "Monitor not found or not active." };
    const calls: readonly (readonly [string, string, number, unknown])[] = [
      ["GET", `/api/push/${token}`, 200, { ok: true }],
      ["PUT", `/api/push/${token}?status=up&msg=fine&ping=12.5`, 200, { ok: true }],
      ["POST", `/api/push/${token}?status=broken&msg=&ping=`, 200, { ok: true }],
      ["GET", `/api/push/${token}?ping=-1`, 404, { ok: false, msg: "Invalid ping value." }],
      ["GET", `/api/push/nobody`, 404, missing],
    ];
    for (const [method, path, status, json] of calls) {
      const answer = await hub.ask(method, path);
      assert.deepEqual([answer.status, answer.json()], [status, json], `${method} ${path}`);
    }
    assert.deepEqual(
      (await pingsOf(hub, id)).map(({ kind, body, duration_seconds }) => [
        kind,
        body,
        duration_seconds,
      ]),
      [
        ["fail", "", null],
        ["success", "fine", 0.0125],
        ["success", "OK", null],
      ],
    );
    await hub.ask("PATCH", `/api/v1/monitors/${id}`, { body: { enabled: false } });
    const paused = await hub.ask("GET", `/api/push/${token}`);
    assert.deepEqual([paused.status, paused.json()], [404, missing]);
  });
});
