/**
 * From a hub to a real Prometheus and a real VictoriaMetrics by remote_write: what a hub stores (checks, hosts, imported
 * samples, runs) is there with the same values as its own range API gives, while the hub and the receiver are killed in
 * between; and a receiver that hangs disturbs no check.
 */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, test } from "node:test";
import type { MonitorView, OutputsView, SeriesRangeView } from "@belfry/contract";
import { startHub, until, type Hub } from "../kit/hub.ts";
import {
  prometheusProgram,
  startReceiver,
  victoriaProgram,
  type RunningReceiver,
} from "../kit/receiver.ts";
import { startTarget } from "../kit/target.ts";

interface Folder extends AsyncDisposable {
  readonly path: string;
}

async function createFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "belfry-remote-write-out-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function startSendingHub(folder: Folder, url: string): Promise<Hub> {
  const settings = {
    remote_write: [
      {
        url,
        external_labels: { cluster: "eu1" },
        queue_config: { batch_send_deadline: "100ms", max_backoff: "500ms" },
        write_relabel_configs: [
          { source_labels: ["__name__"], regex: "node_cpu_.*", action: "drop" },
        ],
      },
    ],
    agent: { interval: 1 },
  };
  await writeFile(join(folder.path, "belfry.yaml"), JSON.stringify(settings));
  return startHub({ dataDir: folder.path });
}

/** Series by name and labels: time (epoch ms) → value. */
type Samples = Map<string, Map<number, number>>;

function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
  return JSON.stringify([name, Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}

async function samplesOfHub(hub: Hub, match: string): Promise<Samples> {
  const start = new Date(Date.now() - 3_600_000).toISOString();
  const query = `match=${encodeURIComponent(match)}&start=${start}&raw=true&limit=1000`;
  const { items } = await hub.ask<SeriesRangeView>("GET", `/api/v1/series/range?${query}`);
  return new Map(
    items.map((item) => {
      if (!("times_ms" in item)) throw new Error("expected raw samples");
      const values = item.times_ms.map((at, i) => [at, Number(item.values[i])] as const);
      return [keyOf(item.name, { ...item.labels, cluster: "eu1" }), new Map(values)];
    }),
  );
}

async function samplesOfReceiver(receiver: RunningReceiver, match: string): Promise<Samples> {
  const found = await receiver.find(match);
  return new Map(
    found.map(({ labels: { __name__: name = "", ...labels }, samples }) => [
      keyOf(name, labels),
      new Map(samples),
    ]),
  );
}

/** What the hub has and the receiver has not, or with another value: as `series time`. */
function missingOf(hub: Samples, receiver: Samples): readonly string[] {
  return [...hub].flatMap(([key, samples]) =>
    [...samples].flatMap(([at, value]) =>
      Object.is(receiver.get(key)?.get(at), value) ? [] : [`${key} ${at}`],
    ),
  );
}

function timeOf(missing: string): number {
  return Number(missing.split(" ").at(-1));
}

function isJustBefore(at: number, killedAt: number): boolean {
  return at > killedAt - 5000 && at <= killedAt + 100;
}

async function outputOf(hub: Hub): Promise<OutputsView["items"][number]> {
  const { items } = await hub.ask<OutputsView>("GET", "/api/v1/outputs");
  const [one] = items;
  assert.equal(one?.type, "remote_write");
  return one;
}

async function finishRun(hub: Hub, id: string): Promise<void> {
  const event = (kind: string, at: number): object => ({
    idempotency_key: `${id}-${kind}`,
    site_id: "fab1",
    app: { app_id: "00000000-0000-4000-8000-000000000001", name: "etl", version: "1" },
    entity: { type: "job", id, parent_id: null, business_key: "daily", sub_key: null },
    event: {
      kind,
      at: new Date(at).toISOString(),
      status: kind === "finished" ? "succeeded" : "running",
      metrics: kind === "finished" ? { duration_s: 1.5 } : {},
      metadata: {},
    },
  });
  const now = Date.now();
  const events = [event("started", now - 1500), event("finished", now)];
  await hub.ask("POST", "/api/v1/events", events);
}

async function importText(hub: Hub, body: string): Promise<void> {
  const answer = await fetch(`${hub.url}/api/v1/import/prometheus`, {
    method: "POST",
    body,
    headers: { "content-type": "text/plain" },
  });
  assert.ok(answer.ok, await answer.text());
}

function importLine(hub: Hub, value: number): Promise<void> {
  return importText(hub, `imported{job="j",instance="i"} ${value} ${Date.now()}\n`);
}

const everything = '{__name__=~"probe_.+|node_load.+|node_memory_.+|imported|belfry_run_.+"}';

for (const program of [prometheusProgram, victoriaProgram]) {
  describe(`a hub that writes to a real ${program.name}`, { skip: program.missing }, () => {
    it("has there what its own range API gives, though both were killed in between", async () => {
      await using folder = await createFolder();
      await using target = await startTarget();
      await using receiver = await startReceiver(program);
      let killedAt = 0;
      {
        await using hub = await startSendingHub(folder, receiver.writeUrl);
        for (let n = 0; n < 5; n += 1) {
          const body = { name: `m${n}`, url: target.url, interval: 1 };
          await hub.ask<MonitorView>("POST", "/api/v1/monitors", body);
        }
        await importLine(hub, 1);
        await finishRun(hub, "r1");
        await until("samples arrive", async () => (await outputOf(hub)).delivered > 500, 30_000);
        await receiver.kill();
        await until("they wait", async () => (await outputOf(hub)).waiting > 200, 30_000);
        await until("it is told", async () => (await outputOf(hub)).trouble?.failure === "outage");
        await importLine(hub, 2);
        killedAt = Date.now();
        await hub.end("SIGKILL");
      }
      await receiver.start();
      await using hub = await startSendingHub(folder, receiver.writeUrl);
      await importLine(hub, 3);
      await finishRun(hub, "r2");
      await until(
        "monitors are checked again",
        async () => (await outputOf(hub)).delivered > 500,
        30_000,
      );
      const own = await samplesOfHub(hub, everything);
      assert.ok(own.size > 40, String(own.size));
      let missing: readonly string[] = [];
      await until("all of it is found", async () => {
        missing = missingOf(own, await samplesOfReceiver(receiver, everything));
        // Of the last moment before the kill something may be stored and not yet spooled.
        missing = missing.filter((one) => !isJustBefore(timeOf(one), killedAt));
        return missing.length === 0;
      }).catch((error: unknown) => {
        const times = [...new Set(missing.map(timeOf))].map((at) => at - killedAt);
        const some = `${missing.slice(0, 5).join("\n")}\nms after the kill: ${times.join(" ")}`;
        throw new Error(`missing ${missing.length}: ${some}`, { cause: error });
      });
      for (const match of [
        "imported",
        "belfry_run_duration_seconds",
        "probe_success",
        "node_load1",
      ]) {
        assert.ok((await samplesOfReceiver(receiver, match)).size > 0, match);
      }
      assert.equal((await samplesOfReceiver(receiver, '{__name__=~"node_cpu_.+"}')).size, 0);
      const { dropped, trouble } = await outputOf(hub);
      assert.deepEqual([dropped, trouble], [0, null]);
    });
  });
}

describe("samples that come late to a real Prometheus", { skip: prometheusProgram.missing }, () => {
  it("are left out and counted, those beside them are there; and all of them where it takes them", async () => {
    for (const isTaken of [false, true]) {
      await using folder = await createFolder();
      const config = isTaken ? "storage:\n  tsdb:\n    out_of_order_time_window: 1h\n" : "";
      await using receiver = await startReceiver(prometheusProgram, { config });
      await using hub = await startSendingHub(folder, receiver.writeUrl);
      const now = Date.now();
      await importText(hub, `late 1 ${now - 60_000}\n`);
      await until("the first", async () => (await receiver.find("late")).length === 1);
      // Older, far too old, and beside them what is neither.
      const others = Array.from({ length: 200 }, (_, i) => `other{i="${i}"} ${i} ${now}\n`).join(
        "",
      );
      await importText(
        hub,
        `late 2 ${now - 120_000}\nlate 3 ${now - 40 * 86_400_000}\n${others}late 4 ${now}\n`,
      );
      const expected = isTaken ? [2, 1, 4] : [1, 4];
      await until("what is taken", async () => {
        const [series] = await receiver.find("late");
        const found = series?.samples.map(([, value]) => value);
        return JSON.stringify(found) === JSON.stringify(expected);
      });
      await until("all others", async () => (await receiver.find("other")).length === 200);
      await until("the rest is counted", async () => {
        const { dropped, waiting } = await outputOf(hub);
        return waiting < 100 && dropped === (isTaken ? 1 : 2);
      });
    }
  });
});

test("a receiver that never answers disturbs no check, and no stop", async () => {
  await using folder = await createFolder();
  await using target = await startTarget();
  // Takes requests and never answers.
  const hanging = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(hanging, "listening");
  try {
    const { port } = hanging.address() as AddressInfo;
    await using hub = await startSendingHub(folder, `http://127.0.0.1:${port}/write`);
    const ids: string[] = [];
    for (let n = 0; n < 20; n += 1) {
      const body = { name: `m${n}`, url: target.url, interval: 1 };
      ids.push((await hub.ask<MonitorView>("POST", "/api/v1/monitors", body)).id);
    }
    await until("samples wait", async () => (await outputOf(hub)).waiting > 1000, 30_000);
    const metrics = await (await fetch(`${hub.url}/metrics`)).text();
    assert.match(metrics, /belfry_checks_skipped_total\{cause="overrun"\} 0\b/);
    assert.match(
      metrics,
      /belfry_remote_write_out_samples_pending\{destination="remote_write"\} \d{3,}/,
    );
    assert.match(metrics, /belfry_remote_write_out_intake_dropped_total 0\b/);
    const started = performance.now();
    assert.equal(await hub.end("SIGTERM"), 0);
    assert.ok(performance.now() - started < 10_000);
  } finally {
    hanging.closeAllConnections();
    hanging.close();
  }
});
