/**
 * The Monitoring Stack's own clients against a real hub, with nothing changed but the address: a forwarder's posts (as
 * python-requests sends them) and every call its dashboard makes.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { HostView, StackDataView, StackDetailsView, StackHostsView } from "@belfry/contract";
import { startHub, until, type Hub } from "../kit/hub.ts";

/** A snapshot of `/system` with what the forwarder adds to it. */
const snapshot = {
  collected_at: "2026-01-01T00:00:00.123456+00:00",
  cpu: {
    percent: 12.5,
    logical_cores: 4,
    physical_cores: 2,
    frequency_mhz: 2400.0,
    min_frequency_mhz: 0.0,
    max_frequency_mhz: 0.0,
    processor: "",
  },
  memory: {
    total: 8_000_000_000,
    available: 4_000_000_000,
    percent: 50.0,
    used: 3_500_000_000,
    free: 1_000_000_000,
  },
  swap: { total: 0, used: 0, free: 0, percent: 0.0, sin: 0, sout: 0 },
  disk: {
    total: 100_000_000_000,
    used: 40_000_000_000,
    free: 60_000_000_000,
    percent: 40.0,
    mount: "/",
  },
  disk_io: {
    read_count: 1,
    write_count: 2,
    read_bytes: 3,
    write_bytes: 4,
    read_time: 5,
    write_time: 6,
  },
  network: {
    io_counters: {
      bytes_sent: 1,
      bytes_recv: 2,
      packets_sent: 3,
      packets_recv: 4,
      errin: 0,
      errout: 0,
      dropin: 0,
      dropout: 0,
    },
    primary_interface: {
      name: "eth0",
      ipv4: "10.0.0.5",
      netmask: "255.255.255.0",
      broadcast: "10.0.0.255",
      speed_mbps: null,
      mtu: 1500,
      duplex: "unknown",
    },
  },
  uptime: { seconds: 123_456, boot_time: "2025-12-30T13:42:24+00:00", human: "1d 10h 17m" },
  system: {
    hostname: "web-1.example.org",
    os: "Linux",
    os_release: "6.1.0",
    os_version: "#1 SMP",
    architecture: "x86_64",
    platform: "Linux-6.1.0-x86_64",
    model: null,
  },
  throughput: {
    disk_read_bytes_per_sec: 0.0,
    disk_write_bytes_per_sec: 1234.5,
    disk_read_mb_per_sec: 0.0,
    disk_write_mb_per_sec: 0.0011773,
  },
};

interface Posted {
  readonly status: number;
  readonly body: unknown;
}

/** Posts as the forwarder does. */
async function forward(
  hub: Hub,
  hostname: string,
  timestamp: number,
  over: object = {},
): Promise<Posted> {
  const body = {
    hostname,
    cpu: 12.5,
    ram: 50.0,
    disk: 40.0,
    timestamp,
    disk_read: 0.0,
    disk_write: 0.0011773,
    details: snapshot,
    ...over,
  };
  const answer = await fetch(`${hub.url}/metrics`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "user-agent": "python-requests/2.32.3",
      accept: "*/*",
    },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}

const ok: Posted = { status: 200, body: { status: "ok" } };

describe("the Monitoring Stack's clients", () => {
  test("post and read as they are used to, and nothing is lost when the hub is killed", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "belfry-stack-"));
    const env = { BELFRY_AGENT_ENABLED: "false" };
    try {
      await using first = await startHub({ dataDir, env });
      const now = Math.floor(Date.now() / 1000);
      assert.deepEqual(await forward(first, "web-1", now - 60), ok);
      assert.deepEqual(await forward(first, "web-1", now - 30, { cpu: "13.7" }), ok);
      assert.deepEqual(await forward(first, "web-1", now - 30, { cpu: "13.7" }), ok);
      assert.deepEqual(
        await forward(first, "rack/7", now - 7200, { disk_read: 1.25, load1: 0.5 }),
        ok,
      );
      assert.deepEqual(await forward(first, "broken", now, { ram: null }), {
        status: 400,
        body: { error: "Invalid field types" },
      });
      await first.end("SIGKILL");
      await using hub = await startHub({ dataDir, env });
      await checkReads(hub, now);
      await checkHost(hub);
      await checkChanges(hub);
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });

  test("find its dashboard's address, its health, and the key it has for what is dangerous", async () => {
    const env = { BELFRY_AGENT_ENABLED: "false", STATIX_API_KEY: "s3cret", STATIX_RATE_LIMIT: "3" };
    await using hub = await startHub({ env });
    const page = await fetch(`${hub.url}/dashboard`);
    assert.match(page.headers.get("content-type") ?? "", /^text\/html/);
    await page.arrayBuffer();
    const health = await hub.ask<Record<string, unknown>>("GET", "/health");
    assert.deepEqual(
      [health["status"], health["expected_client_version"], health["latest_version"]],
      ["ok", "dev", null],
    );
    const now = Math.floor(Date.now() / 1000);
    for (let i = 0; i < 3; i += 1) assert.deepEqual(await forward(hub, "web-1", now - i), ok);
    assert.deepEqual(await forward(hub, "web-1", now), {
      status: 429,
      body: { error: "Rate limit exceeded" },
    });
    const remove = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${hub.url}/hosts/web-1`, { method: "DELETE", headers });
    const refused = await remove({});
    assert.deepEqual([refused.status, await refused.json()], [401, { error: "Unauthorized" }]);
    const done = await remove({ authorization: "Bearer s3cret" });
    assert.deepEqual(
      [done.status, await done.json()],
      [200, { details: 1, metrics: 3, status: "ok" }],
    );
    assert.ok(!hub.output().includes("s3cret"));
  });
});

async function checkReads(hub: Hub, now: number): Promise<void> {
  const all = await hub.ask<StackDataView>("GET", "/data");
  assert.deepEqual(
    all.data.map(({ hostname, timestamp, cpu, disk_read, load1 }) => [
      hostname,
      timestamp - now,
      cpu,
      disk_read,
      load1,
    ]),
    [
      ["rack/7", -7200, 12.5, 1.25, 0.5],
      ["web-1", -60, 12.5, 0, null],
      ["web-1", -30, 13.7, 0, null],
    ],
  );
  const hour = await hub.ask<StackDataView>("GET", "/data?timeframe=1h&hostname=web-1");
  assert.deepEqual([hour.count, hour.data[0]?.disk_write], [2, 0.0011773]);
  const details = await hub.ask<StackDetailsView>("GET", "/details?hostname=web-1");
  assert.deepEqual(details.details, snapshot);
  assert.ok(Math.abs(details.updated_at - now) < 60);
  const { hosts } = await hub.ask<StackHostsView>("GET", "/hosts");
  assert.deepEqual(
    hosts.map(({ hostname, metric_count, online }) => [hostname, metric_count, online]),
    [
      ["rack/7", 1, true],
      ["web-1", 2, true],
    ],
  );
}

/** A host of this surface is a host like any other. */
async function checkHost(hub: Hub): Promise<void> {
  const found = await until("the host up", async () => {
    const { items } = await hub.ask<{ items: readonly HostView[] }>("GET", "/api/v1/hosts");
    const host = items.find(({ name }) => name === "web-1");
    return host?.agent_version === null && host;
  });
  assert.deepEqual(found.names, ["web-1"]);
}

async function checkChanges(hub: Hub): Promise<void> {
  assert.deepEqual(await hub.ask("POST", "/hosts/web-1/clean"), {
    metrics_deleted: 2,
    status: "ok",
  });
  assert.deepEqual(await hub.ask("GET", "/data?hostname=web-1"), { count: 0, data: [] });
  assert.deepEqual(await hub.ask("DELETE", "/hosts/rack%2F7"), {
    details: 1,
    metrics: 1,
    status: "ok",
  });
  assert.deepEqual(await hub.ask("DELETE", "/hosts/rack%2F7"), {
    details: 0,
    metrics: 0,
    status: "ok",
  });
  const { hosts } = await hub.ask<StackHostsView>("GET", "/hosts");
  assert.deepEqual(
    hosts.map(({ hostname }) => hostname),
    ["web-1"],
  );
}
