/**
 * A stock Prometheus that knows a hub as its Alertmanager: a rule of it fires, and Belfry rings once, over a restart; the
 * rule holds no more, and it is over. amtool reads the alert and silences it.
 */
import assert from "node:assert/strict";
import { execFile, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import type { ChannelView, IncidentView } from "@belfry/contract";
import { startHub, until, type Hub } from "../kit/hub.ts";

const program = "/usr/bin/prometheus";
const isMissing = spawnSync(program, ["--version"]).status !== 0;
const skip = isMissing ? `${program} is not installed` : false;
const amtool = "/usr/bin/amtool";
const hasAmtool = spawnSync(amtool, ["--version"]).status === 0;
const run = promisify(execFile);

const rules = `groups:
  - name: belfry
    interval: 1s
    rules:
      - alert: QueueLong
        expr: example_queue > 10
        labels: { severity: page, team: core }
        annotations: { summary: "{{ $value }} wait" }
`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** What Prometheus scrapes, which takes Belfry's notices as well. */
async function startTarget(stack: AsyncDisposableStack) {
  const state = { queue: 1, told: [] as { kind: string; title: string }[] };
  const server = createServer((request, response) => {
    if (request.method === "GET") {
      response.setHeader("content-type", "text/plain; version=0.0.4");
      response.end(`# TYPE example_queue gauge\nexample_queue ${state.queue}\n`);
      return;
    }
    let body = "";
    request.on("data", (chunk: Buffer) => void (body += chunk.toString()));
    request.on("end", () => {
      state.told.push(JSON.parse(body) as { kind: string; title: string });
      response.end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  stack.defer(() => server.close().closeAllConnections());
  return { state, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function startPrometheus(
  stack: AsyncDisposableStack,
  { target, alertmanager }: { readonly target: string; readonly alertmanager: string },
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "belfry-prometheus-alerts-"));
  await writeFile(join(folder, "rules.yml"), rules);
  await writeFile(
    join(folder, "prometheus.yml"),
    `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [rules.yml]
scrape_configs:
  - job_name: example
    static_configs: [{ targets: ["${target}"] }]
alerting:
  alertmanagers:
    - static_configs: [{ targets: ["${alertmanager}"] }]
`,
  );
  const child: ChildProcess = spawn(
    program,
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${await freePort()}`,
      "--rules.alert.resend-delay=1s",
    ],
    { cwd: folder, stdio: "ignore" },
  );
  stack.defer(async () => {
    if (child.exitCode === null) {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    }
    await rm(folder, { recursive: true, force: true });
  });
}

async function incidentsOf(hub: Hub): Promise<readonly IncidentView[]> {
  return (await hub.ask<{ items: IncidentView[] }>("GET", "/api/v1/incidents")).items;
}

test(
  "an alert of Prometheus rings once, over a restart, and is over when it is over there",
  { skip },
  async () => {
    await using stack = new AsyncDisposableStack();
    const { state, address } = await startTarget(stack);
    const dataDir = await mkdtemp(join(tmpdir(), "belfry-alerts-"));
    stack.defer(() => rm(dataDir, { recursive: true, force: true }));
    const listen = `127.0.0.1:${await freePort()}`;
    const start = (): Promise<Hub> =>
      startHub({ args: ["--listen", listen], dataDir, env: { BELFRY_AGENT_ENABLED: "false" } });
    const first = await start();
    await first.ask<ChannelView>("POST", "/api/v1/channels", {
      name: "pager",
      kind: "webhook",
      settings: { url: `http://${address}/notices` },
    });
    await startPrometheus(stack, { target: address, alertmanager: listen });
    state.queue = 42;
    await until("it rings", () => state.told.length > 0, 30_000);
    const [open] = await incidentsOf(first);
    assert.deepEqual(
      [open?.severity, open?.message, open?.labels["team"], open?.resolved_at],
      ["critical", "42 wait", "core", null],
    );
    await first.end("SIGKILL");

    await using hub = await start();
    const seen = async (): Promise<string | undefined> => {
      const [alert] = await hub.ask<{ updatedAt: string }[]>("GET", "/api/v2/alerts");
      return alert?.updatedAt;
    };
    const before = await seen();
    await until("it is told again", async () => (await seen()) !== before, 30_000);
    if (hasAmtool) await checkAmtool(hub);
    state.queue = 0;
    await until(
      "it is over",
      async () => (await incidentsOf(hub))[0]?.resolved_at !== null,
      30_000,
    );
    await until("that is told", () => state.told.length > 1, 30_000);
    assert.equal((await incidentsOf(hub)).length, 1);
    assert.deepEqual(
      state.told.map(({ kind }) => kind),
      ["firing", "resolved"],
    );
  },
);

async function checkAmtool(hub: Hub): Promise<void> {
  const ask = async (...args: readonly string[]): Promise<string> =>
    (await run(amtool, [`--alertmanager.url=${hub.url}`, ...args], { timeout: 10_000 })).stdout;
  assert.match(await ask("alert", "query", "team=core"), /QueueLong/);
  assert.doesNotMatch(await ask("alert", "query", "team=web"), /QueueLong/);
  const id = (
    await ask("silence", "add", "alertname=Other", "--author=ada", "--comment=a test")
  ).trim();
  assert.match(await ask("silence", "query"), new RegExp(id));
  await ask("silence", "expire", id);
  assert.doesNotMatch(await ask("silence", "query"), new RegExp(id));
}
