/** An agent on a machine, through real processes: it sends to a hub with a key, and the forwarder posts to it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { hostname } from "node:os";
import { describe, test } from "node:test";
import { sampleBatchType, type HostDetailView, type HostView } from "@belfry/contract";
import { startAgent, startForwarder } from "../kit/agent.ts";
import { commandPath, startHub, until, type Hub } from "../kit/hub.ts";

const skip = process.platform === "linux" ? false : "collectors of this platform are not run here";

async function onlyHost(hub: Hub, ready: (host: HostView) => boolean): Promise<HostView> {
  return until("a host with figures", async () => {
    const { items } = await hub.ask<{ items: readonly HostView[] }>("GET", "/api/v1/hosts");
    return items.find(ready);
  });
}

const hasFigures = ({ figures }: HostView): boolean =>
  figures.cpu_ratio !== null && figures.memory_ratio !== null && figures.disk_ratio !== null;

describe("an agent", { skip }, () => {
  test("the machine Belfry runs on is there with its figures within 5 s of the start", async () => {
    await using hub = await startHub();
    const startedAt = performance.now();
    const host = await onlyHost(hub, hasFigures);
    assert.ok(performance.now() - startedAt < 5_000);
    assert.deepEqual([host.name, host.status], [hostname(), "up"]);
    const detail = await hub.ask<HostDetailView>("GET", `/api/v1/hosts/${host.id}`);
    assert.ok(detail.file_systems.some(({ mountpoint }) => mountpoint === "/"));
    const system = await hub.ask<{ cpu: { logical_cores: number } }>("GET", "/system");
    assert.equal(system.cpu.logical_cores, host.figures.cores);
  });

  test("sends to a hub, is down when it falls silent, and up when it is back", async () => {
    await using hub = await startHub({ env: { BELFRY_AGENT_ENABLED: "false" } });
    const options = { args: ["--hub", hub.url, "--interval", "1", "--label", "site=here"] };
    await using first = await startAgent(options);
    const host = await onlyHost(hub, hasFigures);
    await first.end("SIGKILL");
    assert.deepEqual(host.labels, { site: "here" });
    assert.equal(host.interval, 1);
    await hub.ask("PATCH", `/api/v1/hosts/${host.id}`, { silent_after: 2 });
    await onlyHost(hub, ({ status }) => status === "down");
    const incidents = await until("an incident", async () => {
      const page = await hub.ask<{ items: { reason: string; subjects: { kind: string }[] }[] }>(
        "GET",
        `/api/v1/incidents?monitor=${host.id}&open=true`,
      );
      return page.items.length > 0 && page.items;
    });
    assert.equal(incidents[0]?.reason, "silent");
    assert.equal(incidents[0]?.subjects[0]?.kind, "host");
    await using second = await startAgent(options);
    const again = await onlyHost(hub, ({ status }) => status === "up");
    assert.equal(again.id, host.id, "the same machine is the same host");
    assert.equal(await second.end("SIGTERM"), 0);
  });

  test("says that its key is wrong, and is taken in with one of scope ingest", async () => {
    await using hub = await startHub({
      env: {
        BELFRY_AUTH: "keys",
        BELFRY_ADMIN_KEY: "0123456789abcdef",
        BELFRY_AGENT_ENABLED: "false",
      },
    });
    await using agent = await startAgent({
      args: ["--hub", hub.url, "--interval", "1"],
      env: { BELFRY_AGENT_KEY: "not-a-key" },
    });
    await until(
      "the agent says so",
      () => /key/i.test(agent.output()) && /401|refus/i.test(agent.output()),
    );
    const create = [
      commandPath,
      "key",
      "create",
      "agents",
      "--scope",
      "ingest",
      "--data-dir",
      hub.dataDir,
    ];
    const made = spawnSync(process.execPath, create, { encoding: "utf8", cwd: hub.dataDir });
    await agent.end("SIGTERM");
    const key = made.stdout.trim();
    // A running hub knows a key that was made beside it within 5 s; an agent that came before would wait a while.
    await until("the hub knows the key", async () => {
      const answer = await fetch(`${hub.url}/api/v1/host-samples`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": sampleBatchType },
        body: "no batch",
      });
      await answer.text();
      return answer.status === 422;
    });
    await using allowed = await startAgent({
      args: ["--hub", hub.url, "--interval", "1"],
      env: { BELFRY_AGENT_KEY: key },
    });
    await until("a host is there", async () => {
      const answer = await fetch(`${hub.url}/api/v1/hosts`, {
        headers: { authorization: "Bearer 0123456789abcdef" },
      });
      const { items } = (await answer.json()) as { items: readonly HostView[] };
      return items.length === 1 && allowed.pid > 0;
    });
  });

  test("serves the forwarder, which posts to a hub as to a Monitoring Stack", async () => {
    await using hub = await startHub({ env: { BELFRY_AGENT_ENABLED: "false" } });
    await using agent = await startAgent({ args: ["--interval", "1"] });
    await using forwarder = await startForwarder({
      SYSTEM_STATS_URL: `${agent.url}/system`,
      MONITORING_SERVER_METRICS_URL: `${hub.url}/metrics`,
      SYSTEM_STATS_FORWARD_INTERVAL: "1",
    });
    const data = await until("posted samples", async () => {
      const answer = await hub.ask<{ count: number; data: Record<string, unknown>[] }>(
        "GET",
        `/data?hostname=${hostname()}&timeframe=1h`,
      );
      return answer.count >= 2 && answer.data;
    });
    assert.deepEqual(Object.keys(data[0] ?? {}).slice(0, 3), ["cpu", "cpu_cores", "disk"]);
    const details = await hub.ask<{ details: { system: { hostname: string } } }>(
      "GET",
      `/details?hostname=${hostname()}`,
    );
    assert.equal(details.details.system.hostname, hostname());
    assert.match(forwarder.output(), /%/, "a line with the percentages");
  });
});
