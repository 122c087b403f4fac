import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openTestHub, type Ask, type TestHub } from "../../hub.kit.ts";
import { plain, stackSettings } from "./stack.kit.ts";

describe("who may use the surface", () => {
  const asked = [
    ["POST", "/metrics"],
    ["GET", "/data"],
    ["GET", "/hosts"],
    ["GET", "/details?hostname=web-1"],
    ["POST", "/hosts/web-1/clean"],
    ["DELETE", "/hosts/web-1"],
  ] as const;

  async function statuses(hub: TestHub, ask: Ask): Promise<number[]> {
    const found: number[] = [];
    for (const [method, url] of asked) {
      await hub.hosts.receivePost({
        ...plain,
        diskRead: 0,
        diskWrite: 0,
        netRead: null,
        netWrite: null,
        swapPercent: null,
        load1: null,
        load5: null,
        load15: null,
        details: { a: 1 },
      });
      const body = method === "POST" && url === "/metrics" ? { body: plain } : {};
      found.push((await hub.ask(method, url, { ...ask, ...body })).status);
    }
    return found;
  }
  const bearer = (key: string): Ask => ({ headers: { authorization: `Bearer ${key}` } });
  const all = [200, 200, 200, 200, 200, 200];

  test("has a key of Belfry's with the right scope, or comes from a network it is open to", async (t) => {
    const hub = await openTestHub(t, {
      auth: "keys",
      openTo: { monitoring_stack: ["10.0.0.0/8"] },
    });
    const [ingest, read, write] = [
      await hub.key("ingest"),
      await hub.key("read"),
      await hub.key("write", "ingest"),
    ];
    assert.deepEqual(await statuses(hub, {}), [401, 401, 401, 401, 401, 401]);
    assert.deepEqual(await statuses(hub, bearer(ingest)), [200, 403, 403, 403, 403, 403]);
    assert.deepEqual(await statuses(hub, bearer(read)), [403, 200, 200, 200, 403, 403]);
    assert.deepEqual(await statuses(hub, bearer(write)), all);
    assert.deepEqual(await statuses(hub, { remoteAddress: "10.1.2.3" }), all);
    const answer = await hub.ask("GET", "/hosts");
    assert.deepEqual(answer.json(), { error: "Unauthorized" });
  });

  test("has the surface's own key for what is dangerous, where one is set, however near it is", async (t) => {
    const hub = await openTestHub(t, stackSettings({ apiKey: "s3cret" }));
    const admin = await hub.key("admin");
    assert.deepEqual(await statuses(hub, {}), [200, 200, 200, 200, 401, 401]);
    assert.deepEqual(await statuses(hub, bearer("s3cret")), all);
    assert.deepEqual(await statuses(hub, bearer("wrong")), [401, 401, 401, 401, 401, 401]);
    assert.deepEqual(await statuses(hub, bearer(admin)), all);
    const answer = await hub.ask("DELETE", "/hosts/web-1");
    assert.deepEqual([answer.status, answer.json()], [401, { error: "Unauthorized" }]);
    const elsewhere = await hub.ask("GET", "/api/v1/monitors", bearer("s3cret"));
    assert.equal(elsewhere.status, 401, "it opens nothing else");
  });

  test("opens everything of it with its own key where Belfry asks for keys", async (t) => {
    const hub = await openTestHub(t, { ...stackSettings({ apiKey: "s3cret" }), auth: "keys" });
    assert.deepEqual(await statuses(hub, bearer("s3cret")), all);
    assert.deepEqual(await statuses(hub, {}), [401, 401, 401, 401, 401, 401]);
  });
});
