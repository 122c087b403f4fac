import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import type {
  MonitorLocationsView,
  MonitorView,
  WorkerMonitors,
  WorkerReceipt,
  WorkerView,
  WorkerWelcome,
} from "@belfry/contract";
import { createId } from "../model/id.ts";
import { openTestHub } from "./hub.kit.ts";

const begin = 1_700_000_000_000;

async function openHub(t: TestContext) {
  const hub = await openTestHub(t, { auth: "keys" });
  const headersOf = async (scope: "admin" | "worker") => ({
    authorization: `Bearer ${await hub.key(scope)}`,
    "content-type": "application/json",
  });
  const headers = { admin: await headersOf("admin"), worker: await headersOf("worker") };
  async function ask<T>(
    as: keyof typeof headers,
    method: "GET" | "POST" | "PATCH",
    url: string,
    payload?: object,
  ): Promise<{ readonly status: number; readonly body: T }> {
    const body = payload === undefined ? {} : { payload: JSON.stringify(payload) };
    const answer = await hub.api.app.inject({ method, url, headers: headers[as], ...body });
    return { status: answer.statusCode, body: answer.json<T>() };
  }
  let now = 0;
  async function hello(location: string): Promise<string> {
    const id = createId<"worker">(begin);
    const who = { id, name: `${location}/1`, location, version: "1.2.3" };
    const { status, body } = await ask<WorkerWelcome>(
      "worker",
      "POST",
      "/api/v1/worker/hello",
      who,
    );
    assert.equal(status, 200);
    ({ now } = body);
    return id;
  }
  const assigned = (id: string, known = "") =>
    ask<WorkerMonitors>("worker", "GET", `/api/v1/worker/monitors?id=${id}&known=${known}`);
  async function create(locations: readonly string[], more: object = {}): Promise<MonitorView> {
    const { body } = await ask<MonitorView>("admin", "POST", "/api/v1/monitors", {
      name: "shop",
      url: "http://192.0.2.1/",
      locations,
      settings: { secret_headers: { authorization: "Bearer hidden" } },
      ...more,
    });
    return body;
  }
  return { ask, hello, assigned, create, now: () => now };
}

describe("a worker elsewhere", () => {
  test("is given what is checked from its location, with its secrets, and told when nothing changed", async (t) => {
    const hub = await openHub(t);
    const paris = await hub.hello("paris");
    const shop = await hub.create(["local", "paris"]);
    await hub.create(["tokyo"]);
    await hub.create([]);
    const { body } = await hub.assigned(paris);
    assert.deepEqual(
      body.monitors?.map(({ id }) => id),
      [shop.id],
    );
    const secrets = body.monitors?.[0]?.settings["secret_headers"];
    assert.deepEqual(secrets, { authorization: "Bearer hidden" });
    assert.equal((await hub.assigned(paris, body.known)).body.monitors, null);
    await hub.ask("admin", "PATCH", `/api/v1/monitors/${shop.id}`, { enabled: false });
    assert.deepEqual((await hub.assigned(paris, body.known)).body.monitors, []);
  });

  test("shares its location with others, each monitor with one of them", async (t) => {
    const hub = await openHub(t);
    const first = await hub.hello("paris");
    const made = await Promise.all(Array.from({ length: 12 }, () => hub.create(["paris"])));
    assert.equal((await hub.assigned(first)).body.monitors?.length, 12);
    const second = await hub.hello("paris");
    const lists = [await hub.assigned(first), await hub.assigned(second)];
    const ids = lists.flatMap(({ body }) => body.monitors?.map(({ id }) => id) ?? []);
    assert.deepEqual(ids.toSorted(), made.map(({ id }) => id).toSorted());
    const { body } = await hub.ask<{ items: WorkerView[] }>("admin", "GET", "/api/v1/workers");
    assert.deepEqual(
      body.items.map(({ location, alive, monitors }) => [location, alive, monitors > 0]),
      Array.from({ length: 2 }, () => ["paris", true, true]),
    );
  });

  test("may not stand where the hub does, and is asked to introduce itself", async (t) => {
    const hub = await openHub(t);
    const id = createId<"worker">(begin);
    const who = { id, name: "x", location: "local", version: "1" };
    assert.equal((await hub.ask("worker", "POST", "/api/v1/worker/hello", who)).status, 422);
    assert.equal((await hub.assigned(id)).status, 404);
    assert.equal((await hub.assigned("x")).status, 404);
  });

  test("hands in what it found, each slot once; what is not its own is refused", async (t) => {
    const hub = await openHub(t);
    const paris = await hub.hello("paris");
    const shop = await hub.create(["paris", "tokyo"]);
    const elsewhere = await hub.create(["tokyo"]);
    const at = hub.now() - 5_000;
    const outcome = (monitor: string, slot: number) => ({
      monitor,
      version: 1,
      slot,
      started_at: slot + 1,
      ended_at: slot + 9,
      found: { result: "unknown", reason: "own_network", message: "no way", duration_ms: 8 },
    });
    const batch = {
      id: paris,
      outcomes: [outcome(shop.id, at), outcome(shop.id, at + 10), outcome(elsewhere.id, at)],
    };
    const hand = (body: object) =>
      hub.ask<WorkerReceipt>("worker", "POST", "/api/v1/worker/outcomes", body);
    const { now: _now, ...first } = (await hand(batch)).body;
    assert.deepEqual(first, { taken: 2, duplicates: 0, refused: 1 });
    const { now: _again, ...second } = (await hand(batch)).body;
    assert.deepEqual(second, { taken: 0, duplicates: 2, refused: 1 });
    const wrong = { ...outcome(shop.id, at + 20), found: { result: "up" } };
    assert.equal((await hand({ id: paris, outcomes: [wrong] })).status, 422);
    const mixed = outcome(shop.id, at + 30);
    const reason = { ...mixed, found: { ...mixed.found, reason: "timeout" } };
    assert.equal((await hand({ id: paris, outcomes: [reason] })).body.refused, 1);
  });

  test("is missed where a location has none", async (t) => {
    const hub = await openHub(t);
    const shop = await hub.create(["local", "paris", "tokyo"]);
    await hub.hello("paris");
    const path = `/api/v1/monitors/${shop.id}/locations`;
    const { body } = await hub.ask<MonitorLocationsView>("admin", "GET", path);
    assert.deepEqual(
      body.items.map(({ location, own, workers, status, votes }) => [
        location,
        own,
        workers,
        status,
        votes,
      ]),
      [
        ["local", true, 0, "pending", false],
        ["paris", false, 1, "pending", false],
        ["tokyo", false, 0, "pending", false],
      ],
    );
    assert.deepEqual([body.quorum, body.voting], [2, 0]);
  });
});

describe("locations of a monitor", () => {
  test("are kept, changed by a patch, and refused where they cannot be", async (t) => {
    const hub = await openHub(t);
    const shop = await hub.create(["local", "paris", "tokyo"], { quorum: 3 });
    assert.deepEqual([shop.locations, shop.quorum], [["local", "paris", "tokyo"], 3]);
    const patch = (body: object) =>
      hub.ask<MonitorView>("admin", "PATCH", `/api/v1/monitors/${shop.id}`, body);
    assert.equal((await patch({ name: "store" })).body.quorum, 3);
    assert.equal((await patch({ locations: ["local", "paris"] })).status, 422);
    const less = await patch({ locations: ["local", "paris"], quorum: null });
    assert.deepEqual([less.body.locations, less.body.quorum], [["local", "paris"], null]);
    const alone = await patch({ locations: null });
    assert.deepEqual([alone.body.locations, alone.body.quorum], [[], null]);
    const heartbeat = { name: "nightly", kind: "heartbeat", locations: ["paris"] };
    const refused = await hub.ask<{ errors: { path: string }[] }>(
      "admin",
      "POST",
      "/api/v1/monitors",
      heartbeat,
    );
    assert.ok(refused.body.errors.some(({ path }) => path === "locations"));
    const bad = await hub.ask("admin", "POST", "/api/v1/monitors", {
      name: "x",
      url: "http://192.0.2.1/",
      locations: ["a b"],
    });
    assert.equal(bad.status, 422);
  });
});
