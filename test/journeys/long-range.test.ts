/**
 * Charts of times that a hub no longer keeps, read back from a real Prometheus and a real VictoriaMetrics; what is kept is
 * answered from the hub, and an engine that is away takes nothing from that.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { MonitorView, SeriesRangeView } from "@belfry/contract";
import { openRemoteWrite, type RemoteWriteSettings } from "@belfry/relay";
import { startHub, until, type Hub } from "../kit/hub.ts";
import {
  prometheusProgram,
  startReceiver,
  victoriaProgram,
  type RunningReceiver,
} from "../kit/receiver.ts";
import { startTarget } from "../kit/target.ts";

const dayMs = 86_400_000;
/** No multiple of five minutes: such buckets are kept for as long as samples are, 15 days. */
const stepMs = 299_000;

/** Samples of a monitor from before what is kept: one each half minute for an hour, 20 days ago. */
function oldSamples(): { readonly times: Float64Array; readonly values: Float64Array } {
  const begin = Math.floor((Date.now() - 20 * dayMs) / stepMs) * stepMs;
  const times = Float64Array.from({ length: 120 }, (_, i) => begin + i * 30_000);
  return { times, values: times.map((_, i) => i / 8) };
}

/** Sends the old samples under the labels that the monitor's series have today. */
async function send(
  writeUrl: string,
  { monitor, kind, instance }: Readonly<Record<string, string>>,
  folder: string,
): Promise<void> {
  assert.ok(monitor !== undefined && kind !== undefined && instance !== undefined);
  const destination: RemoteWriteSettings = {
    name: "engine",
    url: writeUrl,
    readUrl: null,
    timeoutMs: 10_000,
    headers: {},
    auth: { kind: "none" },
    caFile: null,
    verifyTls: true,
    maxSamplesPerSend: 1000,
    maxShards: 1,
    batchDeadlineMs: 10,
    minBackoffMs: 30,
    maxBackoffMs: 1000,
    externalLabels: { cluster: "eu1" },
    relabel: [],
  };
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  await using out = await openRemoteWrite(
    { destinations: [destination], folder: join(folder, "sender"), quotaBytes: 100_000_000 },
    { log: quiet },
  );
  const { times, values } = oldSamples();
  out.take([
    {
      source: `monitor:${monitor}`,
      sourceLabels: { monitor, kind, instance },
      series: [{ name: "probe_duration_seconds", labels: {} }],
      times,
      values,
    },
  ]);
  await until("everything was sent", () => out.status().destinations[0]?.sent === times.length);
}

async function range(hub: Hub, monitor: string): Promise<SeriesRangeView["items"]> {
  const match = encodeURIComponent(`probe_duration_seconds{monitor="${monitor}"}`);
  const start = new Date(Date.now() - 20.5 * dayMs).toISOString();
  const path = `/api/v1/series/range?match=${match}&start=${start}&step=${stepMs / 1000}`;
  return (await hub.ask<SeriesRangeView>("GET", path)).items;
}

/** What buckets of the samples hold. */
function expectedBuckets(): ReadonlyMap<number, readonly number[]> {
  const { times, values } = oldSamples();
  const found = new Map<number, number[]>();
  for (const [i, at] of times.entries()) {
    const start = Math.floor(at / stepMs) * stepMs;
    found.set(start, [...(found.get(start) ?? []), values[i] ?? 0]);
  }
  return found;
}

async function startReadingHub(folder: string, receiver: RunningReceiver): Promise<Hub> {
  const url = receiver.writeUrl;
  const readUrl = url.replace("/api/v1/write", "/");
  const one = { url, read_url: readUrl, external_labels: { cluster: "eu1" } };
  await writeFile(join(folder, "belfry.yaml"), JSON.stringify({ remote_write: [one] }));
  return startHub({ command: "hub", dataDir: folder });
}

for (const program of [prometheusProgram, victoriaProgram]) {
  describe(`long ranges from ${program.name}`, { skip: program.missing }, () => {
    it("are what was sent there, joined with what is kept here", async () => {
      const folder = await mkdtemp(join(tmpdir(), "belfry-long-range-"));
      try {
        await using receiver = await startReceiver(program);
        await using target = await startTarget();
        await using hub = await startReadingHub(folder, receiver);
        const input = { name: "old", url: target.url, interval: 1 };
        const { id } = await hub.ask<MonitorView>("POST", "/api/v1/monitors", input);
        const [kept] = await until("something is kept", async () => {
          const found = await range(hub, id);
          return found.length > 0 && found;
        });
        assert.ok(kept !== undefined);
        await send(receiver.writeUrl, kept.labels, folder);
        const old = await until("what was sent is read back", async () => {
          const items = await range(hub, id);
          const [first] = items;
          assert.ok(items.length === 1 && first !== undefined && "starts_ms" in first);
          return first.starts_ms.length > expectedBuckets().size && first;
        });
        assert.deepEqual(old.labels, kept.labels, "what was put on is taken off");
        for (const [start, values] of expectedBuckets()) {
          const i = old.starts_ms.indexOf(start);
          assert.notEqual(i, -1, `a bucket at ${start}`);
          assert.deepEqual(
            [old.min[i], old.max[i], old.sum[i], old.count[i], old.last[i]],
            [
              Math.min(...values),
              Math.max(...values),
              values.reduce((a, b) => a + b, 0),
              values.length,
              values.at(-1),
            ],
          );
        }
        await receiver.kill();
        const [alone] = await range(hub, id);
        assert.ok(alone !== undefined && "starts_ms" in alone);
        assert.ok(alone.starts_ms.length <= 2, "what is kept is shown without the engine");
        assert.match(hub.output(), /could not be read back/);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  });
}
