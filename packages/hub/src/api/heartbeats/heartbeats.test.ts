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
});
