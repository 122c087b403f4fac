/** Outputs in a real hub: Amaunator's settings as they are, and a reader that does not read. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { StatsView, TargetView, TargetWithStatusView } from "@belfry/contract";
import { commandPath, startHub, until } from "../kit/hub.ts";
import { startTarget } from "../kit/target.ts";

async function createFolder() {
  const path = await mkdtemp(join(tmpdir(), "belfry-outputs-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

test("a config.yaml and a client of Amaunator work as they did: results in a file that is rotated", async () => {
  await using folder = await createFolder();
  await writeFile(
    join(folder.path, "config.yaml"),
    [
      "log_level: INFO",
      "output:",
      "  type: file",
      "  path: logs/monitor.log",
      "  max_bytes: 1024",
      "  backup_count: 2",
      "",
    ].join("\n"),
  );
  await using target = await startTarget();
  await using hub = await startHub({ dataDir: folder.path });
  assert.match(hub.output(), /settings +config\.yaml/);
  for (let n = 0; n < 20; n += 1) {
    const body = { name: `target ${n}`, interval: 1, timeout: 1, url: target.url };
    await hub.ask<TargetView>("POST", "/targets", body);
  }
  const logs = join(folder.path, "logs");
  await until("the file is rotated", async () => {
    const names = await readdir(logs).catch((): string[] => []);
    return names.includes("monitor.log.2") && names.includes("monitor.log");
  });
  assert.equal(await hub.end("SIGTERM"), 0);
  assert.deepEqual((await readdir(logs)).toSorted(), [
    "monitor.log",
    "monitor.log.1",
    "monitor.log.2",
  ]);
  for (const name of await readdir(logs)) {
    const text = await readFile(join(logs, name), "utf8");
    assert.ok(text.length <= 1024, `${name} has ${text.length} bytes`);
    for (const line of text.trimEnd().split("\n")) {
      assert.match(line, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d - (target \d+|Belfry itself) - -?\d+$/);
    }
  }
});

test("a standard output that nobody reads delays no check and no stop", async () => {
  await using folder = await createFolder();
  await using target = await startTarget();
  const format = `{target_name} ${"x".repeat(1900)}`;
  const child = spawn(process.execPath, [commandPath, "up", "--listen", "127.0.0.1:0"], {
    cwd: folder.path,
    env: {
      PATH: process.env["PATH"],
      HOME: folder.path,
      BELFRY_OUTPUTS: JSON.stringify([{ type: "console", format }]),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    let printed = "";
    const url = await until("it listens", () => {
      printed += String(child.stdout.read() ?? "");
      return /http:\/\/127\.0\.0\.1:\d+(?=\n)/.exec(printed)?.[0];
    });
    for (let n = 0; n < 50; n += 1) {
      const body = { name: `m${n}`, url: target.url, interval: 1 };
      await ask(url, "POST", "/api/v1/monitors", body);
    }
    const stuck = await until("the output is stuck", async () => {
      const stats = await ask<StatsView>(url, "GET", "/stats");
      return stats.queue_size > 200 ? stats : undefined;
    });
    const before = await counts(url);
    await until("every monitor was checked twice more", async () => {
      const now = await counts(url);
      return [...before].every(([id, count]) => (now.get(id) ?? 0) >= count + 2);
    });
    const stats = await ask<StatsView>(url, "GET", "/stats");
    assert.ok(stats.queue_size > stuck.queue_size);
    assert.equal(stats.processed_messages, stuck.processed_messages);
    const begin = performance.now();
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number | null];
    assert.equal(code, 0);
    assert.ok(performance.now() - begin < 5_000);
  } finally {
    child.kill("SIGKILL");
  }
});

async function counts(url: string): Promise<ReadonlyMap<string, number>> {
  const targets = await ask<readonly TargetWithStatusView[]>(url, "GET", "/targets");
  return new Map(
    targets
      .filter(({ name }) => name.startsWith("m"))
      .map(({ id, status }) => [id, status.check_count]),
  );
}

async function ask<T>(url: string, method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(url + path, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
}
