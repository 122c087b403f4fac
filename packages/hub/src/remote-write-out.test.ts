import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { DestinationStatus, RemoteWriteStatus, SampleFrame } from "@belfry/relay";
import { Registry } from "prom-client";
import type { Outputs } from "./api/output-port.ts";
import { sendingOn, withDestinations } from "./remote-write-out.ts";
import { watchRemoteWrite } from "./self/metrics-remote-write-out.ts";
import {
  changeOf,
  create,
  frameOf,
  noLog,
  retention,
  runEventOf,
} from "./store/contract/fixtures.ts";
import { createStore } from "./store/open.ts";

const now = Date.now() - 60_000;

const destination: DestinationStatus = {
  name: "long-term",
  sent: 1000,
  sentBytes: 19_000,
  requests: 12,
  dropped: { late: 1, too_old: 2, refused: 3, lost: 4 },
  failed: { poison: 3, outage: 50, throttled: 0, misconfigured: 0, defect: 0, disk: 0 },
  pending: 70,
  pendingBytes: 350,
  oldestSeconds: 8.5,
  labelBytes: 5000,
  trouble: { failure: "outage", why: "ECONNREFUSED", since: 1_790_000_000_000 },
};

const status: RemoteWriteStatus = {
  destinations: [destination],
  spool: { bytes: 4096, quotaBytes: 1_000_000, records: 9, labelBytes: 300, failure: null },
  intake: { waiting: 5, taken: 1085, dropped: 6 },
};

describe("what the store takes", () => {
  it("is sent on once it is stored: of checks, of hosts and others, and of runs that ended", async () => {
    const folder = mkdtempSync(join(tmpdir(), "belfry-sending-on-"));
    try {
      const sent: SampleFrame[] = [];
      const settings = { database: join(folder, "belfry.db"), retention };
      await using opened = await createStore(settings, { log: noLog });
      const store = sendingOn(opened, { take: (frames) => void sent.push(...frames) });
      const { id } = await create(store);
      const [ofCheck, ofHost] = [frameOf(id, now, 1), frameOf(id, now + 1000, 2)];
      await store.commit(changeOf({ frames: [ofCheck] }));
      await store.append([ofHost]);
      assert.deepEqual(sent, [ofCheck, ofHost]);
      const metrics = { duration_s: 1.5 };
      await store.takeEvents([runEventOf({ at: now + 5000 })], now + 5000);
      assert.equal(sent.length, 2, "a run that goes on has no samples");
      const ended = runEventOf({
        key: "k2",
        kind: "finished",
        status: "succeeded",
        metrics,
        at: now + 6500,
      });
      await store.takeEvents([ended], now + 6500);
      await store.takeEvents([ended], now + 6600);
      const ofRun = sent.slice(2);
      assert.equal(ofRun.length, 1, "an event that is known brings no samples again");
      assert.match(ofRun[0]?.source ?? "", /^job:/);
      const kept = await store.raw(
        [{ label: "__name__", operator: "=", value: "belfry_run_duration_seconds" }],
        { from: now, to: now + 10_000 },
        10,
      );
      assert.deepEqual(
        kept.map(({ times }) => [...times]),
        [[now + 6500]],
      );
      const place = ofRun[0]?.series.findIndex(({ name }) => name === kept[0]?.key.name) ?? -1;
      assert.equal(ofRun[0]?.values[place], kept[0]?.values[0]);
      assert.deepEqual(
        { ...ofRun[0]?.sourceLabels, ...ofRun[0]?.series[place]?.labels },
        kept[0]?.key.labels,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("is not sent on where it was not stored", async () => {
    const folder = mkdtempSync(join(tmpdir(), "belfry-sending-on-"));
    try {
      const sent: SampleFrame[] = [];
      const settings = { database: join(folder, "belfry.db"), retention };
      await using opened = await createStore(settings, { log: noLog });
      const store = sendingOn(opened, { take: (frames) => void sent.push(...frames) });
      const { id } = await create(store);
      const wrong = { ...frameOf(id, 1000, 1), values: new Float64Array(7) };
      await assert.rejects(async () => store.append([wrong]));
      assert.deepEqual(sent, []);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("destinations of remote write", () => {
  const others: Outputs = {
    counts: () => ({ waiting: 1, handedOver: 2, failed: 3 }),
    status: () => ({ outputs: [], spool: null }),
    deadLetters: async () => undefined,
    replay: async () => undefined,
    deleteDead: async () => undefined,
  };
  const outputs = withDestinations(others, { status: () => status });

  it("are shown as outputs, with samples instead of records", () => {
    assert.deepEqual(outputs.status(), {
      outputs: [
        {
          name: "long-term",
          type: "remote_write",
          title: "Remote write (samples)",
          trouble: destination.trouble,
          delivered: 1000,
          failed: destination.failed,
          depth: 70,
          bytes: 350,
          oldestSeconds: 8.5,
          dropped: 10,
          deadLetters: 0,
          oldestDeadLetterAt: null,
        },
      ],
      spool: status.spool,
    });
    assert.deepEqual(outputs.counts(), { waiting: 1, handedOver: 2, failed: 3 });
  });

  it("have no dead letters; what is no output is not known", async () => {
    const page = { after: 0, limit: 10 };
    assert.deepEqual(await outputs.deadLetters("long-term", page), []);
    assert.deepEqual(
      [await outputs.replay("long-term", "all"), await outputs.deleteDead("long-term", "all")],
      [0, 0],
    );
    assert.equal(await outputs.deadLetters("nothing", page), undefined);
    assert.equal(await outputs.replay("nothing", "all"), undefined);
    assert.equal(await outputs.deleteDead("nothing", "all"), undefined);
  });

  it("are among the metrics", async () => {
    const registry = new Registry();
    watchRemoteWrite(registry, () => status);
    await registry.metrics();
    const lines = (await registry.metrics())
      .split("\n")
      .filter((line) => line.startsWith("belfry_"));
    const of = 'destination="long-term"';
    for (const line of [
      `belfry_remote_write_out_samples_total{${of}} 1000`,
      `belfry_remote_write_out_bytes_total{${of}} 19000`,
      `belfry_remote_write_out_requests_total{${of}} 12`,
      `belfry_remote_write_out_samples_dropped_total{${of},reason="late"} 1`,
      `belfry_remote_write_out_samples_dropped_total{${of},reason="lost"} 4`,
      `belfry_remote_write_out_samples_failed_total{${of},reason="outage"} 50`,
      `belfry_remote_write_out_samples_pending{${of}} 70`,
      `belfry_remote_write_out_oldest_age_seconds{${of}} 8.5`,
      `belfry_remote_write_out_up{${of}} 0`,
      'belfry_remote_write_out_spool_bytes{part="samples"} 4096',
      'belfry_remote_write_out_spool_bytes{part="labels"} 300',
      "belfry_remote_write_out_intake_samples 5",
      "belfry_remote_write_out_intake_dropped_total 6",
    ]) {
      assert.ok(lines.includes(line), line);
    }
  });
});
