/**
 * Belfry's own network dies: a real hub in a network of its own, whose cable is pulled. Nobody is told anything about
 * targets; once the network is back one notice tells of it, and everything is checked at once. A target that dies by
 * itself is down all the same.
 */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { test, type TestContext } from "node:test";
import type { IncidentView, MonitorView } from "@belfry/contract";
import { commandPath, until } from "../kit/hub.ts";
import { namespacesAreMissing, openNetworks, type Networks } from "../kit/namespaces.ts";

const missing = namespacesAreMissing();
const key = "0123456789abcdef";
const targets = ["10.49.1.1", "10.49.2.1", "10.49.3.1"];
const port = 8080;

interface Stage {
  readonly networks: Networks;
  /** `kind: title` of what people were told. */
  readonly told: readonly string[];
  ask<T>(method: string, path: string, body?: unknown): Promise<T>;
  statuses(): Promise<readonly string[]>;
}

/** Runs a program in a network; it ends with the test. */
async function runIn(t: TestContext, network: string, args: readonly string[], cwd: string) {
  const child: ChildProcess = spawn("ip", ["netns", "exec", network, process.execPath, ...args], {
    cwd,
    env: {
      PATH: process.env["PATH"],
      HOME: cwd,
      BELFRY_AUTH: "keys",
      BELFRY_ADMIN_KEY: key,
      BELFRY_AGENT_ENABLED: "false",
    },
    stdio: ["ignore", "inherit", "inherit"],
  });
  t.after(async () => {
    const gone = once(child, "exit");
    if (child.exitCode === null && child.signalCode === null && child.kill("SIGKILL")) await gone;
  });
}

async function receive(t: TestContext, address: string, told: string[]): Promise<string> {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      // Guarantee: only the hub's webhook channel knows the address.
      const { kind, title } = JSON.parse(body) as { kind: string; title: string };
      told.push(`${kind}: ${title}`);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://${address}:${(server.address() as AddressInfo).port}/`;
}

async function openStage(t: TestContext, n: number): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "belfry-network-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const networks = openNetworks(n);
  t.after(() => networks[Symbol.dispose]());
  for (const target of targets) networks.addAddress(target);
  const serve = `require("node:http").createServer((_, r) => r.end("ok")).listen(${port}, "0.0.0.0")`;
  await runIn(t, networks.far, ["-e", serve], folder);
  const listen = `${networks.nearAddress}:8000`;
  const args = [commandPath, "up", "--listen", listen, "--data-dir", folder];
  await runIn(t, networks.near, args, folder);
  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`http://${listen}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer}`);
    return JSON.parse(answer) as T;
  };
  await until(
    "the hub answers",
    () => ask("GET", "/api/v1/monitors").catch(() => undefined),
    30_000,
  );
  const told: string[] = [];
  const url = await receive(t, networks.testAddress, told);
  const channel = { name: "night watch", kind: "webhook", is_default: true, settings: { url } };
  await ask("POST", "/api/v1/channels", channel);
  const addresses = [networks.gateway, ...targets];
  for (const address of addresses) {
    const own = { name: address, url: `http://${address}:${port}/`, interval: 1, timeout: 1 };
    await ask("POST", "/api/v1/monitors", { ...own, judging: { down_after: 1 } });
  }
  return {
    networks,
    told,
    ask,
    async statuses() {
      const { items } = await ask<{ items: readonly MonitorView[] }>("GET", "/api/v1/monitors");
      return items
        .filter(({ name }) => addresses.includes(name))
        .map(({ name, status }) => `${name} ${status}`)
        .toSorted();
    },
  };
}

async function allAre(stage: Stage, status: string): Promise<void> {
  await until(
    `all targets are ${status}`,
    async () => {
      const found = await stage.statuses();
      return found.length === 4 && found.every((one) => one.endsWith(` ${status}`));
    },
    30_000,
  );
}

const ways = [
  ["there is no route any more", 0, (networks: Networks) => networks.unplug()],
  ["nobody answers any more", 1, (networks: Networks) => networks.cut()],
] as const;

for (const [says, n, pull] of ways) {
  test(
    `none about targets and one about itself: ${says}`,
    { skip: missing, timeout: 120_000 },
    async (t) => {
      const stage = await openStage(t, n);
      await allAre(stage, "up");
      pull(stage.networks);
      await allAre(stage, "unknown");
      await delay(3_000);
      stage.networks.join();
      await allAre(stage, "up");
      await until("it is told", () => stage.told.length > 0, 40_000);
      const [only, ...more] = stage.told;
      assert.match(only ?? "", /^firing: Belfry's own network: it was gone from .* [1-4] monitors/);
      assert.deepEqual(more, []);
      const { items } = await stage.ask<{ items: readonly IncidentView[] }>(
        "GET",
        "/api/v1/incidents",
      );
      assert.equal(items.length, 1, "no incident of a target either");
      assert.notEqual(items[0]?.resolved_at, null);

      const [victim] = targets;
      stage.networks.dropAddress(victim ?? "");
      await until("a target that dies by itself is down", () => stage.told.length > 1, 30_000);
      assert.match(stage.told[1] ?? "", /^firing: 10\.49\.1\.1 is down/);
      const statuses = await stage.statuses();
      assert.equal(statuses.filter((one) => one.endsWith(" up")).length, 3);
    },
  );
}
