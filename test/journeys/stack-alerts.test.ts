/** The Monitoring Stack's variables for alerts, as they stand in somebody's environment, and its client that posts. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startHub, until, type Hub } from "../kit/hub.ts";

interface Listed {
  readonly items: readonly Readonly<Record<string, unknown>>[];
}

const cooldownSeconds = 3;
const path = "/hooks/a-secret-of-a-receiver";

/** Posts as the client does, with the time of the post. */
async function post(hub: Hub, cpu: number): Promise<void> {
  const timestamp = Math.floor(Date.now() / 1000);
  const body = { hostname: "web-1", cpu, ram: 99, disk: 40, timestamp };
  assert.deepEqual(await hub.ask("POST", "/metrics", body), { status: "ok" });
}

const incidentsOf = async (hub: Hub, open: boolean): Promise<Listed["items"]> =>
  (await hub.ask<Listed>("GET", `/api/v1/incidents?open=${String(open)}`)).items;

test("a host at its threshold is posted once, again after the cool-down, over a restart too, and not when it is over", async () => {
  await using stack = new AsyncDisposableStack();
  const taken: { readonly at: number; readonly body: Readonly<Record<string, unknown>> }[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (piece: Buffer) => (text += piece.toString()));
    request.on("end", () => {
      assert.equal(request.url, path);
      taken.push({ at: Date.now(), body: JSON.parse(text) as Record<string, unknown> });
      response.end("ok");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  stack.defer(() => server.close().closeAllConnections());
  const dataDir = await mkdtemp(join(tmpdir(), "belfry-stack-alerts-"));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const env = {
    BELFRY_AGENT_ENABLED: "false",
    STATIX_ALERT_WEBHOOK_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    STATIX_ALERT_CPU_THRESHOLD: "90",
    STATIX_ALERT_COOLDOWN: String(cooldownSeconds),
  };

  const first = await startHub({ dataDir, env });
  const began = Math.floor(Date.now() / 1000);
  await post(first, 95.123);
  await until("a post", () => taken.length >= 1, 30_000);
  await post(first, 96.5);
  await until("another after the cool-down", () => taken.length >= 2);
  await first.end("SIGTERM");
  assert.ok(!first.output().includes("a-secret-of-a-receiver"));

  const before = taken.length;
  await using second = await startHub({ dataDir, env });
  await until("one of the same incident", () => taken.length > before);
  const open = await incidentsOf(second, true);
  assert.deepEqual(
    open.map(({ title }) => title),
    ["web-1: belfry_host_cpu_ratio: 0.951, limit 0.9"],
  );

  await post(second, 12);
  await until("the end", async () => (await incidentsOf(second, false)).length === 1, 30_000);
  const whenOver = taken.length;
  const [one, two, ...others] = taken.map(({ body }) => body);
  const timestamp = one?.["timestamp"];
  assert.ok(typeof timestamp === "number" && timestamp >= began && timestamp <= began + 30);
  assert.deepEqual(one, {
    hostname: "web-1",
    metric: "cpu",
    value: 95.12,
    threshold: 90,
    timestamp,
  });
  assert.partialDeepStrictEqual(two, { value: 96.5, threshold: 90 });
  assert.ok(others.every((body) => body["value"] === 96.5 && body["metric"] === "cpu"));
  const gaps = taken.slice(1).map(({ at }, i) => at - (taken[i]?.at ?? 0));
  assert.ok(Math.min(...gaps) > cooldownSeconds * 1000 - 500, gaps.join(" "));

  // Another incident of another host is the next that is heard: the end of this one was not told.
  await second.ask("POST", "/metrics", {
    hostname: "web-2",
    cpu: 90,
    ram: 1,
    disk: 1,
    timestamp: Math.floor(Date.now() / 1000),
  });
  await until("the next", () => taken.length > whenOver, 30_000);
  assert.partialDeepStrictEqual(taken[whenOver]?.body, { hostname: "web-2", value: 90 });
});

test("what follows the variables goes with them, and cannot be changed meanwhile", async () => {
  await using stack = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), "belfry-stack-alerts-"));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const quiet = { BELFRY_AGENT_ENABLED: "false" };
  const ownOf = async (hub: Hub): Promise<readonly (readonly unknown[])[]> => {
    const found: (readonly unknown[])[] = [];
    for (const kind of ["channels", "alert-rules", "alert-routes"]) {
      const { items } = await hub.ask<Listed>("GET", `/api/v1/${kind}`);
      for (const { name, managed_by: by } of items) if (by !== null) found.push([kind, name, by]);
    }
    return found;
  };
  const by = "STATIX_ALERT_WEBHOOK_URL";
  const env = {
    ...quiet,
    [by]: "http://127.0.0.1:9/hook",
    STATIX_ALERT_CPU_THRESHOLD: "90",
    STATIX_ALERT_RAM_THRESHOLD: "90",
  };
  const first = await startHub({ dataDir, env });
  assert.deepEqual(await ownOf(first), [
    ["channels", "statix alerts", by],
    ["alert-rules", "statix_cpu", by],
    ["alert-rules", "statix_ram", by],
    ["alert-routes", "statix alerts", by],
  ]);
  const { items } = await first.ask<Listed>("GET", "/api/v1/alert-rules");
  const rule = items.find(({ name }) => name === "statix_cpu");
  await assert.rejects(
    first.ask("DELETE", `/api/v1/alert-rules/${String(rule?.["id"])}`),
    /409.*STATIX_ALERT_WEBHOOK_URL/,
  );
  await first.end("SIGTERM");
  await using second = await startHub({ dataDir, env: quiet });
  assert.deepEqual(await ownOf(second), []);
});
