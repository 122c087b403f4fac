/**
 * kill -9 at random moments during checks, changes and imports: the store opens every time, and nothing that was
 * acknowledged is missing. `BELFRY_CRASH_ROUNDS` sets how often (default 4; 50 takes about three minutes).
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { IncidentView, MonitorView } from "@belfry/contract";
import { startHub, until, type Hub } from "../kit/hub.ts";
import { startTarget } from "../kit/target.ts";

const rounds = Number(process.env["BELFRY_CRASH_ROUNDS"] ?? 4);
/** How many samples were made so far. */
let sampleCount = 0;
const begin = Math.floor(Date.now() / 1000) * 1000;

interface Acknowledged {
  readonly monitors: Set<string>;
  readonly deleted: Set<string>;
  /** Imported samples: value n at begin + n ms. */
  readonly samples: Set<number>;
  readonly incidents: Set<string>;
}

/** Creates and deletes monitors until the hub is gone; notes what was acknowledged. */
async function change(hub: Hub, url: string, known: Acknowledged): Promise<void> {
  for (let n = 0; ; n += 1) {
    try {
      const { id } = await hub.ask<MonitorView>("POST", "/api/v1/monitors", {
        name: `m${n}`,
        url,
        interval: 3600,
      });
      known.monitors.add(id);
      if (n % 3 === 2) {
        known.monitors.delete(id);
        await hub.ask("DELETE", `/api/v1/monitors/${id}`);
        known.deleted.add(id);
      }
    } catch {
      return;
    }
  }
}

async function importSamples(hub: Hub, next: () => number, known: Acknowledged): Promise<void> {
  for (;;) {
    const values = Array.from({ length: 50 }, next);
    const body = values.map((n) => `crash_total{job="crash"} ${n} ${begin + n}\n`).join("");
    try {
      const response = await fetch(`${hub.url}/api/v1/import/prometheus`, {
        method: "POST",
        body,
        headers: { "content-type": "text/plain" },
      });
      await response.text();
      if (!response.ok) throw new Error(String(response.status));
      for (const n of values) known.samples.add(n);
    } catch {
      return;
    }
  }
}

/** The instant of an imported sample, as queries write it. */
const timeOf = (n: number): string => new Date(begin + n).toISOString();
const samplesPerRead = 500_000;

async function verify(hub: Hub, known: Acknowledged): Promise<void> {
  const found = new Map<string, MonitorView>();
  let cursor: string | null = null;
  do {
    const page: { items: MonitorView[]; next_cursor: string | null } = await hub.ask(
      "GET",
      `/api/v1/monitors?limit=500${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    for (const item of page.items) found.set(item.id, item);
    cursor = page.next_cursor;
  } while (cursor !== null);
  for (const id of known.monitors) assert.ok(found.has(id), `monitor ${id} is missing`);
  for (const id of known.deleted) assert.ok(!found.has(id), `monitor ${id} came back`);
  const values = new Map<number, number>();
  const most = known.samples.size === 0 ? 0 : sampleCount;
  for (let from = 0; from <= most; from += samplesPerRead) {
    const range = await hub.ask<{ items: { times_ms: number[]; values: number[] }[] }>(
      "GET",
      `/api/v1/series/range?match=crash_total&start=${timeOf(from)}&end=${timeOf(from + samplesPerRead)}&raw=true`,
    );
    for (const series of range.items) {
      for (const [i, time] of series.times_ms.entries()) {
        values.set(time - begin, series.values[i] ?? Number.NaN);
      }
    }
  }
  for (const n of known.samples) assert.equal(values.get(n), n, `sample ${n}`);
  for (const id of known.incidents) await hub.ask("GET", `/api/v1/incidents/${id}`);
}

test(`kill -9 ${rounds} times loses nothing acknowledged`, async () => {
  await using target = await startTarget();
  const dataDir = await mkdtemp(join(tmpdir(), "belfry-crash-"));
  const known: Acknowledged = {
    monitors: new Set(),
    deleted: new Set(),
    samples: new Set(),
    incidents: new Set(),
  };
  try {
    let watched: string | undefined;
    for (let round = 0; round < rounds; round += 1) {
      await using hub = await startHub({
        dataDir,
        env: { BELFRY_RATE_LIMIT_REQUESTS_PER_MINUTE: "10000000" },
      });
      await verify(hub, known);
      if (watched === undefined) {
        const monitor = await hub.ask<MonitorView>("POST", "/api/v1/monitors", {
          name: "watched",
          url: target.url,
          interval: 1,
        });
        watched = monitor.id;
        known.monitors.add(watched);
      }
      const work = [
        change(hub, target.url, known),
        importSamples(hub, () => sampleCount++, known),
        importSamples(hub, () => sampleCount++, known),
      ];
      await (round % 2 === 0 ? target.stop() : target.start());
      await until("some work done", () => known.samples.size > 0 && known.monitors.size > 1);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 3000));
      const page = await hub.ask<{ items: IncidentView[] }>("GET", "/api/v1/incidents?limit=10");
      for (const incident of page.items) known.incidents.add(incident.id);
      await hub.end("SIGKILL");
      await Promise.all(work);
    }
    await using hub = await startHub({ dataDir });
    await verify(hub, known);
    assert.ok(known.samples.size > 100 && known.monitors.size > 5, "there was work to lose");
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});
