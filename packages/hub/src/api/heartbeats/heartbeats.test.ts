import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it, type TestContext } from "node:test";
import type { Json } from "@belfry/contract";
import { openTestHub, type TestHub } from "../hub.kit.ts";

interface Made {
  readonly hub: TestHub;
  readonly id: string;
  readonly token: string;
}

/** A hub with one heartbeat that has these settings. */
async function made(t: TestContext, settings: Record<string, Json> = {}): Promise<Made> {
  const hub = await openTestHub(t);
  const token = randomUUID();
  const body = {
    name: "Nightly backup",
    kind: "heartbeat",
    settings: { schedule: { kind: "period", seconds: 60 }, grace_seconds: 10, token, ...settings },
  };
  const answer = await hub.ask("POST", "/api/v1/monitors", { body });
  assert.equal(answer.status, 201, answer.text);
  return { hub, id: String(answer.json()["id"]), token };
}

async function statusOf({ hub, id }: Made): Promise<unknown> {
  await hub.settle();
  return (await hub.ask("GET", `/api/v1/monitors/${id}`)).json()["status"];
}

async function openIncidents({ hub }: Made): Promise<readonly unknown[]> {
  return (await hub.ask("GET", "/api/v1/incidents?open=true")).json<{ items: unknown[] }>().items;
}

describe("a heartbeat", () => {
  it("is pending until it is called, then up, then down when no call comes in time, and up again", async (t) => {
    const one = await made(t);
    const { hub, token } = one;
    assert.equal(await statusOf(one), "pending");
    const answer = await hub.ask("GET", `/ping/${token}`);
    assert.deepEqual([answer.status, answer.text], [200, "OK"]);
    assert.equal(await statusOf(one), "up");
    await hub.pass(69_000);
    assert.equal(await statusOf(one), "up");
    await hub.pass(2_000);
    assert.equal(await statusOf(one), "down");
    const view = (await hub.ask("GET", `/api/v1/monitors/${one.id}`)).json<{
      last_check: { reason: string; message: string };
    }>();
    assert.equal(view.last_check.reason, "late");
    assert.equal(
      view.last_check.message,
      "no call came for 2026-01-01T00:01:00Z, with 10 s of grace",
    );
    assert.equal((await openIncidents(one)).length, 1);
    await hub.ask("POST", `/ping/${token}`, { body: "all done" });
    assert.equal(await statusOf(one), "up");
    assert.equal((await openIncidents(one)).length, 0);
  });

  it("tells when the calls that come fit another time zone", async (t) => {
    const one = await made(t, {
      schedule: { kind: "cron", expression: "0 2 * * *", timezone: "Europe/Berlin" },
      grace_seconds: 7200,
    });
    const { hub, id, token } = one;
    const hint = async (): Promise<unknown> =>
      (await hub.ask("GET", `/api/v1/heartbeats/${id}`)).json()["hint"];
    assert.equal(await hint(), null);
    hub.clock.move(2 * 3_600_000);
    for (let day = 0; day < 3; day += 1) {
      assert.equal((await hub.ask("GET", `/ping/${token}`)).status, 200);
      hub.clock.move(24 * 3_600_000);
    }
    assert.deepEqual(await hint(), {
      kind: "timezone",
      text: "Calls come 1 h later than expected: the job seems to run by the clocks of UTC, and the schedule is in Europe/Berlin.",
      timezone: "UTC",
    });
  });

  it("is refused with the token of another one, when it is made and when it is changed", async (t) => {
    const { hub, id, token } = await made(t);
    const body = { name: "Second", kind: "heartbeat", settings: { token: token.toUpperCase() } };
    const twice = await hub.ask("POST", "/api/v1/monitors", { body });
    assert.equal(twice.status, 409, twice.text);
    assert.match(twice.text, /another heartbeat has this token/);
    const second = await hub.ask("POST", "/api/v1/monitors", { body: { ...body, settings: {} } });
    assert.equal(second.status, 201, second.text);
    const other = `/api/v1/monitors/${String(second.json()["id"])}`;
    const change = { settings: { token } };
    assert.equal((await hub.ask("PATCH", other, { body: change })).status, 409);
    const own = await hub.ask("PATCH", `/api/v1/monitors/${id}`, { body: change });
    assert.equal(own.status, 200, "its own token is no other one's");
  });

  it("shows in lists of monitors when it was called and until when it has to be", async (t) => {
    const { hub, id, token } = await made(t);
    await hub.ask("GET", `/ping/${token}/start`);
    hub.clock.move(1000);
    await hub.ask("GET", `/ping/${token}`);
    const list = await hub.ask("GET", "/api/v1/monitors");
    const [monitor] = list.json<{ items: { id: string; heartbeat: unknown }[] }>().items;
    assert.equal(monitor?.id, id);
    assert.deepEqual(monitor.heartbeat, {
      last_ping_at: "2026-01-01T00:00:01.000Z",
      running_since: null,
      late_at: "2026-01-01T00:01:11.000Z",
    });
  });
});
