/** Maintenance through a real hub: seen while it lasts, also after a crash, and over when its window went meanwhile. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { HeartbeatView, MonitorView, UptimeView } from "@belfry/contract";
import { startHub, until, type Hub } from "../kit/hub.ts";

const hourMs = 3_600_000;

async function statusIs(hub: Hub, id: string, status: string): Promise<void> {
  await until(`it is ${status}`, async () => {
    const monitor = await hub.ask<MonitorView>("GET", `/api/v1/monitors/${id}`);
    return monitor.status === status;
  });
}

test("maintenance outlives a crash and ends with its window", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "belfry-maintenance-"));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const settings = { schedule: { kind: "period", seconds: 86_400 } };
  const { id, window } = await (async () => {
    await using hub = await startHub({ dataDir });
    const body = { name: "Nightly", kind: "heartbeat", settings };
    const { id } = await hub.ask<MonitorView>("POST", "/api/v1/monitors", body);
    const { ping_url: url } = await hub.ask<HeartbeatView>("GET", `/api/v1/heartbeats/${id}`);
    assert.equal((await fetch(url ?? "")).status, 200);
    await statusIs(hub, id, "up");
    const now = Date.now();
    const schedule = {
      kind: "once",
      starts_at: new Date(now - hourMs).toISOString(),
      ends_at: new Date(now + hourMs).toISOString(),
    };
    const made = await hub.ask<{ id: string }>("POST", "/api/v1/maintenance", {
      name: "New disks",
      matchers: [],
      monitors: [id],
      schedule,
    });
    await statusIs(hub, id, "maintenance");
    assert.equal((await fetch(`${url}/fail`)).status, 200, "calls are taken in as before");
    await hub.end("SIGKILL");
    return { id, window: made.id };
  })();

  await using hub = await startHub({ dataDir });
  await statusIs(hub, id, "maintenance");
  await hub.ask("DELETE", `/api/v1/maintenance/${window}`);
  await statusIs(hub, id, "down");
  const past = await hub.ask<UptimeView>("GET", `/api/v1/monitors/${id}/uptime`);
  const statuses = past.intervals.map(({ status }) => status);
  assert.deepEqual(statuses.slice(-4), ["maintenance", "unknown", "maintenance", "down"]);
});
