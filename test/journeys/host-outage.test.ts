/**
 * Twenty agents send while their hub is killed and stays away for ten minutes: afterwards every sample is there, once. The
 * agents' time runs sixty times as fast, so the ten minutes take ten seconds; hub, sockets and files are real.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { HostView, SeriesRangeView } from "@belfry/contract";
import type { Sample } from "../../packages/agent/src/sample/series-table.ts";
import { createSender, type Sender } from "../../packages/agent/src/send/sender.ts";
import { startHub, until, type Hub } from "../kit/hub.ts";

const agents = 20;
const speed = 60;
const intervalMs = 5_000;
const seriesPerAgent = 30;

/** Time of the agents: an hour ago, and running faster. */
const startedAt = performance.now();
const firstAt = Math.floor(Date.now() / intervalMs) * intervalMs - 3_600_000;
const clock = {
  now: () => firstAt + Math.round((performance.now() - startedAt) * speed),
  monotonicMs: () => (performance.now() - startedAt) * speed,
};

const series: Sample["series"] = Array.from({ length: seriesPerAgent }, (_, i) => ({
  metric: { name: "node_disk_read_bytes_total", type: "counter", help: "" },
  labels: { device: `d${i}` },
}));

class RunningAgent implements AsyncDisposable {
  readonly name: string;
  readonly sender: Sender;
  /** Times of the samples it took. */
  readonly taken: number[] = [];
  readonly #number: number;

  constructor(number: number, url: string, folder: string) {
    this.#number = number;
    this.name = `agent-${number}`;
    this.sender = createSender(
      {
        hubs: [{ url, key: null }],
        intervalMs,
        stateDir: join(folder, this.name),
        labels: {},
        host: { machine_id: this.name, boot_id: "b", name: this.name, version: "0.1.0" },
        caFile: null,
      },
      {
        clock,
        log: { info: () => undefined, warn: () => undefined },
        after(ms, run) {
          const timer = setTimeout(run, ms / speed);
          return { [Symbol.dispose]: () => clearTimeout(timer) };
        },
      },
    );
  }

  take(): void {
    const at = clock.now();
    this.taken.push(at);
    const values = Float64Array.from(series, (_, s) => this.valueAt(at, s));
    this.sender.push({ at, series, values }, {});
  }

  valueAt(at: number, s: number): number {
    return (at - firstAt) * 10 + this.#number * 1000 + s;
  }

  get isDone(): boolean {
    return this.sender
      .stats()
      .every((hub) => hub.fresh === 0 && hub.spooled === 0 && !hub.isSending);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sender[Symbol.asyncDispose]();
  }
}

/** Has every agent take samples for so many minutes of their time. */
async function run(all: readonly RunningAgent[], minutes: number): Promise<void> {
  const end = clock.now() + minutes * 60_000;
  while (clock.now() < end) {
    for (const agent of all) agent.take();
    await new Promise((resolve) => setTimeout(resolve, intervalMs / speed));
  }
}

async function hostIdOf(hub: Hub, name: string): Promise<string> {
  const page = await hub.ask<{ items: readonly HostView[] }>("GET", "/api/v1/hosts?limit=1000");
  const host = page.items.find((one) => one.name === name);
  assert.ok(host !== undefined, `${name} is a host`);
  return host.id;
}

async function assertComplete(hub: Hub, agent: RunningAgent): Promise<void> {
  const id = await hostIdOf(hub, agent.name);
  const match = encodeURIComponent(`node_disk_read_bytes_total{host="${id}"}`);
  const from = new Date(firstAt - 1000).toISOString();
  const found = await hub.ask<SeriesRangeView>(
    "GET",
    `/api/v1/series/range?match=${match}&start=${from}&raw=true`,
  );
  assert.equal(found.items.length, seriesPerAgent, agent.name);
  for (const item of found.items) {
    assert.ok("times_ms" in item);
    assert.deepEqual(item.times_ms, agent.taken, `${agent.name}: every sample once, at its time`);
    const s = Number(item.labels["device"]?.slice(1));
    const expected = agent.taken.map((at) => agent.valueAt(at, s));
    assert.deepEqual(item.values, expected, `${agent.name}: as it was measured`);
  }
}

test("a hub that is killed and away for ten minutes has every sample of twenty agents once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "belfry-outage-"));
  const dataDir = join(folder, "data");
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const env = { BELFRY_AGENT_ENABLED: "false" };
  const args = ["--data-dir", dataDir];
  const first = await startHub({ args, env, dataDir: folder });
  const listen = first.url.replace("http://", "");
  const all = Array.from({ length: agents }, (_, i) =>
    stack.use(new RunningAgent(i, first.url, folder)),
  );
  await run(all, 2);
  await first.end("SIGKILL");
  await run(all, 10);
  assert.ok(
    all.every(({ sender }) => sender.stats().every((hub) => hub.spooled >= 100)),
    "what the hub did not take is kept",
  );
  const second = stack.use(
    await startHub({ args: [...args, "--listen", listen], env, dataDir: folder }),
  );
  await run(all, 1);
  await until("everything was sent", () => all.every(({ isDone }) => isDone), 60_000);
  for (const agent of all) {
    assert.deepEqual(
      agent.sender.stats().map((hub) => [hub.dropped, hub.refused, hub.damaged]),
      [[0, 0, 0]],
    );
    await assertComplete(second, agent);
  }
});
