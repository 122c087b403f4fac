/** Hosts with Belfry's agent, as the Monitoring Stack's dashboard sees them. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import {
  seriesHash,
  type HostDetails,
  type StackDataView,
  type StackDetailsView,
  type StackHostsView,
} from "@belfry/contract";
import { openTestHub, startOfTime, type TestHub } from "../../hub.kit.ts";
import { now, post } from "./stack.kit.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const series = [
  { name: "belfry_host_cpu_ratio", labels: {} },
  { name: "belfry_host_memory_used_ratio", labels: {} },
  { name: "node_memory_MemTotal_bytes", labels: {} },
];
const details: HostDetails = { system: { hostname: "big-1", os: "Linux" } };

/** One sample of the machine `m1`, two seconds after the sample before. */
async function send(hub: TestHub, name: string, kept: HostDetails | null = null): Promise<void> {
  hub.clock.move(2000);
  const at = hub.clock.now();
  const received = await hub.hosts.receiveBatch({
    host: {
      machine_id: "m1",
      boot_id: "b1",
      name,
      version: "1.2.3",
      interval: 2,
      labels: {},
      sent_at: at,
    },
    seriesHash: seriesHash(series, sha256),
    series,
    seriesCount: series.length,
    times: Float64Array.of(at),
    values: Float64Array.of(0.125, 0.5, 1000),
    details: kept,
  });
  assert.equal(received.kind, "stored");
  await hub.hosts.flush();
}

async function get<T>(hub: TestHub, url: string): Promise<T> {
  const answer = await hub.ask("GET", url);
  assert.equal(answer.status, 200, answer.text);
  return answer.json<T>();
}

describe("a host with Belfry's agent", () => {
  test("is in /hosts, /data and /details like any other", async (t) => {
    const hub = await openTestHub(t);
    await send(hub, "big-1", details);
    const { hosts } = await get<StackHostsView>(hub, "/hosts");
    assert.deepEqual(hosts, [
      {
        details_updated_at: now + 2,
        hostname: "big-1",
        last_seen: now + 2,
        metric_count: 1,
        online: true,
      },
    ]);
    const { data } = await get<StackDataView>(hub, "/data?hostname=big-1");
    assert.deepEqual(
      data.map(({ cpu, ram, disk, timestamp }) => [cpu, ram, disk, timestamp]),
      [[12.5, 50, null, now + 2]],
    );
    const found = await get<StackDetailsView>(hub, "/details?hostname=big-1");
    assert.equal(found.updated_at, now + 2);
    const { system, memory, cpu } = found.details as Record<string, Record<string, unknown>>;
    assert.deepEqual(
      [system?.["hostname"], memory?.["total"], memory?.["percent"], cpu?.["percent"]],
      ["big-1", 1000, 50, 12.5],
    );
  });

  test("has a snapshot from its first sample on", async (t) => {
    const hub = await openTestHub(t);
    await send(hub, "big-1");
    const found = await get<StackDetailsView>(hub, "/details?hostname=big-1");
    const { system, memory } = found.details as Record<string, Record<string, unknown>>;
    assert.deepEqual([system?.["hostname"], memory?.["total"]], ["big-1", 1000]);
  });

  test("is found by names it had before, and its rows carry the name that was asked for", async (t) => {
    const hub = await openTestHub(t);
    await send(hub, "old-name");
    await send(hub, "new-name");
    for (const name of ["old-name", "new-name"]) {
      const { data } = await get<StackDataView>(hub, `/data?hostname=${name}`);
      assert.deepEqual(
        data.map(({ hostname }) => hostname),
        [name, name],
      );
    }
    const { data } = await get<StackDataView>(hub, "/data");
    assert.deepEqual(
      data.map(({ hostname }) => hostname),
      ["new-name", "new-name"],
    );
    const cleaned = await hub.ask("POST", "/hosts/old-name/clean");
    assert.deepEqual(cleaned.json(), { metrics_deleted: 2, status: "ok" });
  });

  test("shows what a forwarder posted for it while that is fresh, and then its own", async (t) => {
    const hub = await openTestHub(t);
    await send(hub, "big-1", details);
    await post(hub, { hostname: "big-1", timestamp: now + 3, details: { from: "forwarder" } });
    const first = await get<StackDetailsView>(hub, "/details?hostname=big-1");
    assert.deepEqual(first.details, { from: "forwarder" });
    hub.clock.move(300_000);
    await send(hub, "big-1", details);
    const second = await get<StackDetailsView>(hub, "/details?hostname=big-1");
    assert.equal(second.updated_at, startOfTime / 1000 + 304);
    assert.ok("memory" in second.details);
    assert.equal((await get<StackHostsView>(hub, "/hosts")).hosts.length, 1);
  });
});
