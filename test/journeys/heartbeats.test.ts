/** Heartbeats through a real hub: called, late, back again; and no call lost that was answered. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { HeartbeatView, MonitorView } from "@belfry/contract";
import { startHub, until, type Hub } from "../kit/hub.ts";

interface Incidents {
  readonly items: readonly { readonly resolved_at: string | null }[];
}

async function makeHeartbeat(hub: Hub, settings: object): Promise<MonitorView> {
  const body = { name: "Nightly", kind: "heartbeat", settings };
  return hub.ask<MonitorView>("POST", "/api/v1/monitors", body);
}

async function viewOf(hub: Hub, { id }: { readonly id: string }): Promise<HeartbeatView> {
  return hub.ask<HeartbeatView>("GET", `/api/v1/heartbeats/${id}`);
}

test("a heartbeat that is not called opens an incident, and a call resolves it", async () => {
  await using hub = await startHub();
  const schedule = { kind: "period", seconds: 10 };
  const monitor = await makeHeartbeat(hub, { schedule, grace_seconds: 1 });
  const { ping_url: url } = await viewOf(hub, monitor);
  assert.ok(url !== null && url.startsWith(`${hub.url}/ping/`));
  assert.equal(await (await fetch(url)).text(), "OK");
  const path = `/api/v1/monitors/${monitor.id}`;
  const statusIs = (status: string) => async () =>
    (await hub.ask<MonitorView>("GET", path)).status === status;
  await until("it is up", statusIs("up"));
  const metrics = await (await fetch(`${hub.url}/metrics`)).text();
  assert.match(metrics, /\nbelfry_queue_depth\{queue="heartbeats"\} 0\n/);
  await until("it is down", statusIs("down"), 30_000);
  const incidents = () => hub.ask<Incidents>("GET", "/api/v1/incidents");
  await until("an incident is open", async () => (await incidents()).items.length === 1);
  await fetch(url, { method: "POST", body: "here again" });
  await until("it is up again", statusIs("up"));
  await until("the incident is over", async () =>
    (await incidents()).items.every(({ resolved_at: at }) => at !== null),
  );
});

test("calls that were answered survive the death of the hub, and a failure among them is told", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "belfry-heartbeats-"));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const token = randomUUID();
  let answered = 0;
  const monitor = await (async () => {
    await using hub = await startHub({ dataDir });
    const schedule = { kind: "cron", expression: "0 2 * * *", timezone: "Europe/Vienna" };
    const made = await makeHeartbeat(hub, { schedule, token });
    for (let round = 0; round < 5; round += 1) {
      const calls = Array.from({ length: 20 }, () => fetch(`${hub.url}/ping/${token}`));
      for (const call of await Promise.all(calls)) if (call.status === 200) answered += 1;
    }
    if ((await fetch(`${hub.url}/ping/${token}/7`)).status === 200) answered += 1;
    await hub.end("SIGKILL");
    return made;
  })();
  assert.equal(answered, 101);
  await using hub = await startHub({ dataDir });
  const view = await viewOf(hub, monitor);
  assert.equal(view.pings, answered);
  for (const { at, local } of view.expected) {
    assert.match(local, /T02:00:00\+0[12]:00$/);
    assert.equal(Date.parse(local), Date.parse(at));
  }
  const status = async () =>
    (await hub.ask<MonitorView>("GET", `/api/v1/monitors/${monitor.id}`)).status === "down";
  await until("the failure is judged", status);
});
