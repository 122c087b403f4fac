import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Json, MonitorView } from "@belfry/contract";
import { openTestHub, type TestHub } from "../hub.kit.ts";

const input = { name: "api", url: "http://127.0.0.1:9/", interval: 60 };

async function create(hub: TestHub, body: Json = input): Promise<MonitorView> {
  const answer = await hub.ask("POST", "/api/v1/monitors", { body });
  assert.equal(answer.status, 201, answer.text);
  return answer.json<MonitorView>();
}

describe("/api/v1/monitors", () => {
  test("makes a monitor of a url and answers with where it is", async (t) => {
    const hub = await openTestHub(t);
    const answer = await hub.ask("POST", "/api/v1/monitors", {
      body: { name: " api ", url: "http://127.0.0.1:9/", expected_status: 204 },
    });
    assert.equal(answer.status, 201);
    const made = answer.json<MonitorView>();
    assert.equal(answer.headers["location"], `/api/v1/monitors/${made.id}`);
    assert.equal(answer.headers["etag"], '"1"');
    const { name, kind, url, expected_status, interval, timeout, status, version, enabled } = made;
    assert.deepEqual(
      { name, kind, url, expected_status, interval, timeout, status, version, enabled },
      {
        name: "api",
        kind: "http",
        url: "http://127.0.0.1:9/",
        expected_status: 204,
        interval: 60,
        timeout: 10,
        status: "pending",
        version: 1,
        enabled: true,
      },
    );
    const read = await hub.ask("GET", `/api/v1/monitors/${made.id.toUpperCase()}`);
    assert.deepEqual(read.json(), made);
    assert.equal(read.headers["etag"], '"1"');
  });

  test("keeps what was made in the store", async (t) => {
    const hub = await openTestHub(t);
    const { id } = await create(hub);
    await hub.ask("DELETE", `/api/v1/monitors/${(await create(hub)).id}`);
    const audit = await hub.ask("GET", "/api/v1/audit?limit=2");
    const entries = audit.json<{
      items: { action: string; actor: string }[];
      next_cursor: string;
    }>();
    assert.deepEqual(
      entries.items.map(({ action, actor }) => [action, actor]),
      [
        ["delete", "loopback"],
        ["create", "loopback"],
      ],
    );
    const rest = await hub.ask("GET", `/api/v1/audit?cursor=${entries.next_cursor}`);
    const [first] = rest.json<{ items: { resource_id: string }[] }>().items;
    assert.equal(first?.resource_id, id);
  });

  test("answers a repeated Idempotency-Key as the first time, and refuses it for another body", async (t) => {
    const hub = await openTestHub(t);
    const headers = { "idempotency-key": "abc" };
    const first = await hub.ask("POST", "/api/v1/monitors", { body: input, headers });
    const second = await hub.ask("POST", "/api/v1/monitors", { body: input, headers });
    assert.deepEqual(second.json(), first.json());
    assert.equal(second.status, 201);
    assert.equal(second.headers["location"], first.headers["location"]);
    assert.equal(second.headers["idempotent-replayed"], "true");
    const body = { ...input, name: "other" };
    const third = await hub.ask("POST", "/api/v1/monitors", { body, headers });
    assert.equal(third.status, 409);
    assert.equal([...hub.board.entries()].length, 1);
  });

  test("runs one of two requests that come with the same Idempotency-Key at once", async (t) => {
    const hub = await openTestHub(t);
    const ask = { body: input, headers: { "idempotency-key": "abc" } };
    const both = await Promise.all([1, 2].map(() => hub.ask("POST", "/api/v1/monitors", ask)));
    assert.deepEqual(new Set(both.map(({ status }) => status)), new Set([201, 409]));
    assert.equal([...hub.board.entries()].length, 1);
  });

  test("replaces a monitor: what is left out goes back to its default", async (t) => {
    const hub = await openTestHub(t);
    const { id } = await create(hub, { ...input, labels: { team: "core" }, timeout: 3 });
    const answer = await hub.ask("PUT", `/api/v1/monitors/${id}`, { body: input });
    const { labels, timeout, version } = answer.json<MonitorView>();
    assert.deepEqual([answer.status, labels, timeout, version], [200, {}, 10, 2]);
  });

  test("patches a monitor: what is left out stays", async (t) => {
    const hub = await openTestHub(t);
    const { id } = await create(hub, { ...input, labels: { team: "core", tier: "1" } });
    const answer = await hub.ask("PATCH", `/api/v1/monitors/${id}`, {
      body: { interval: 5, labels: { tier: null } },
      headers: { "content-type": "application/merge-patch+json" },
    });
    const { labels, interval, name } = answer.json<MonitorView>();
    assert.deepEqual([answer.status, labels, interval, name], [200, { team: "core" }, 5, "api"]);
  });

  const conditions: { header: string; status: number }[] = [
    { header: '"1"', status: 200 },
    { header: "1", status: 200 },
    { header: "*", status: 200 },
    { header: '"7", "1"', status: 200 },
    { header: '"2"', status: 412 },
    { header: 'W/"1"', status: 412 },
    { header: "one", status: 412 },
  ];
  for (const { header, status } of conditions) {
    test(`answers ${status} to a change of version 1 with If-Match: ${header}`, async (t) => {
      const hub = await openTestHub(t);
      const { id } = await create(hub);
      const headers = { "if-match": header };
      const answer = await hub.ask("PATCH", `/api/v1/monitors/${id}`, {
        body: { interval: 5 },
        headers,
      });
      assert.equal(answer.status, status);
      const gone = await hub.ask("DELETE", `/api/v1/monitors/${id}`, {
        headers: { "if-match": status === 200 ? '"2"' : header },
      });
      assert.equal(gone.status, status === 200 ? 204 : 412);
    });
  }

  test("pauses and resumes", async (t) => {
    const hub = await openTestHub(t);
    const { id } = await create(hub);
    const paused = await hub.ask("PATCH", `/api/v1/monitors/${id}`, { body: { enabled: false } });
    assert.equal(paused.json<MonitorView>().status, "paused");
    assert.equal((await hub.ask("POST", `/api/v1/monitors/${id}/check`)).status, 409);
    const resumed = await hub.ask("PATCH", `/api/v1/monitors/${id}`, { body: { enabled: true } });
    assert.equal(resumed.json<MonitorView>().status, "pending");
    const checked = await hub.ask("POST", `/api/v1/monitors/${id}/check`);
    assert.equal(checked.json<MonitorView>().status, "up");
  });

  test("never reads secrets back, and keeps them when their mask comes back", async (t) => {
    const hub = await openTestHub(t);
    const auth = { kind: "basic", username: "me", password: "s3cret" };
    const { id, settings } = await create(hub, { ...input, settings: { auth } });
    assert.deepEqual(settings["auth"], { ...auth, password: { set: true } });
    const stored = (): unknown => hub.board.get(id as never)?.monitor.settings["auth"];
    const put = await hub.ask("PUT", `/api/v1/monitors/${id}`, {
      body: { ...input, settings: { auth: { ...auth, password: { set: true } } } },
    });
    assert.equal(put.status, 200, put.text);
    assert.deepEqual(stored(), auth);
    const list = await hub.ask("GET", "/api/v1/monitors");
    assert.ok(!list.text.includes("s3cret"));
    assert.ok(!(await hub.ask("GET", "/api/v1/audit")).text.includes("s3cret"));
  });

  const notThere: { method: string; path: string }[] = [
    { method: "GET", path: "" },
    { method: "PUT", path: "" },
    { method: "PATCH", path: "" },
    { method: "DELETE", path: "" },
    { method: "GET", path: "/history" },
    { method: "GET", path: "/uptime" },
    { method: "POST", path: "/check" },
  ];
  test("answers 404 where there is no such monitor", async (t) => {
    const hub = await openTestHub(t);
    for (const { method, path } of notThere) {
      for (const id of ["01890000-0000-7000-8000-000000000000", "nonsense"]) {
        const body = method === "PUT" ? input : {};
        const ask = method === "PUT" || method === "PATCH" ? { body } : {};
        const answer = await hub.ask(method, `/api/v1/monitors/${id}${path}`, ask);
        assert.equal(answer.status, 404, `${method} /${id}${path}`);
        assert.equal(answer.json()["code"], "not_found");
      }
    }
  });

  test("tries a monitor before it is made, and stores nothing", async (t) => {
    const hub = await openTestHub(t);
    const answer = await hub.ask("POST", "/api/v1/monitors/test", { body: input });
    assert.equal(answer.status, 200);
    const { result, latency_ms, status_code } = answer.json();
    assert.deepEqual([result, latency_ms, status_code], ["up", 25, 200]);
    assert.equal([...hub.board.entries()].length, 0);
    const bad = await hub.ask("POST", "/api/v1/monitors/test", {
      body: { name: "x", url: "nowhere" },
    });
    assert.equal(bad.status, 422);
  });
});
