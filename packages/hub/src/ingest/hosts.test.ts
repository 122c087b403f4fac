/** Hosts over the real store, across starts; the monitors that follow them are kept in a map. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { seriesHash, type BatchHost, type SampleBatch } from "@belfry/contract";
import { AppError } from "../model/error.ts";
import type { StackPost } from "../model/host-entry.ts";
import { hostSource } from "../model/host.ts";
import { createId, type HostId } from "../model/id.ts";
import type { Monitor } from "../model/monitor.ts";
import { createStore } from "../store/open.ts";
import { createHosts, type CountedSamples, type Hosts } from "./hosts.ts";

type Store = Awaited<ReturnType<typeof createStore>>;

const retention = { rawMs: 1e12, fiveMinutesMs: 1e12, hourMs: 1e12, maxBytes: null };
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const start = Date.now();

interface Trial {
  readonly store: Store;
  readonly hosts: Hosts;
  readonly heard: HostId[];
  readonly taken: CountedSamples[];
  readonly state: { createFails: boolean; now: number };
}

/** Opens everything on a database; `work` may be called on the same one again. */
async function onStart(
  database: string,
  work: (trial: Trial) => Promise<void>,
  postedRetentionMs: number | null = null,
): Promise<void> {
  const log = { info: () => undefined, error: () => undefined };
  await using store = await createStore({ database, retention }, { log });
  const loaded = await store.loadMonitors();
  const monitors = new Map<HostId, Monitor>(loaded.map(({ monitor }) => [monitor.id, monitor]));
  const heard: HostId[] = [];
  const taken: CountedSamples[] = [];
  const state = { createFails: false, now: start };
  const audit = (id: HostId) => ({
    at: 1,
    actor: "test",
    action: "create",
    resource: "host",
    resourceId: id,
    detail: {},
  });
  await using hosts = createHosts(
    { maxSeries: 100, postedRetentionMs },
    {
      clock: { now: () => state.now, monotonicMs: () => state.now },
      newId: createId,
      sha256,
      store,
      monitor: (id) => monitors.get(id),
      async create(host, monitor) {
        if (state.createFails) throw new AppError("unavailable", "the store is away");
        const status = { monitorId: host.id, status: "pending", reason: null, at: 1 } as const;
        await store.createHost(host, monitor, status, audit(host.id));
        monitors.set(host.id, monitor);
      },
      async update(monitor) {
        const options = { status: null, resetState: false };
        const result = await store.updateMonitor(monitor, options, audit(monitor.id));
        if (result === "updated") monitors.set(monitor.id, monitor);
        return result;
      },
      onHeard: (id) => heard.push(id),
      onShown: () => undefined,
      onTaken: (samples) => taken.push(samples),
      onError: (error) => assert.fail(String(error)),
    },
  );
  hosts.load(await store.loadHosts());
  await work({ store, hosts, heard, taken, state });
}

async function withDatabase(work: (database: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "belfry-hosts-"));
  try {
    await work(join(folder, "belfry.db"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const series = [{ name: "node_load1", labels: {} }];

function batch(host: Partial<BatchHost> = {}, over: Partial<SampleBatch> = {}): SampleBatch {
  return {
    host: {
      machine_id: "m",
      boot_id: "b",
      name: "web",
      version: "1",
      interval: 5,
      labels: { team: "a" },
      sent_at: start,
      ...host,
    },
    seriesHash: seriesHash(series, sha256),
    series,
    seriesCount: 1,
    times: Float64Array.of(start),
    values: Float64Array.of(1),
    details: null,
    ...over,
  };
}

function post(hostname: string, over: Partial<StackPost> = {}): StackPost {
  return {
    hostname,
    timestamp: Math.floor(start / 1000),
    cpu: 50,
    ram: 25,
    disk: 10,
    diskRead: 1,
    diskWrite: 1,
    netRead: null,
    netWrite: null,
    swapPercent: null,
    load1: null,
    load5: null,
    load15: null,
    details: null,
    ...over,
  };
}

async function idOf(received: ReturnType<Hosts["receiveBatch"]>): Promise<HostId> {
  const { kind, ...rest } = await received;
  assert.ok(kind === "stored" && "hostId" in rest);
  return rest.hostId;
}

describe("hosts", { timeout: 60_000 }, () => {
  test("are known again after a start, by their machine and by their names", () =>
    withDatabase(async (database) => {
      const ids: HostId[] = [];
      await onStart(database, async ({ hosts }) => {
        ids.push(await idOf(hosts.receiveBatch(batch())));
        await idOf(hosts.receiveBatch(batch({ name: "db" })));
        ids.push(await idOf(hosts.receivePost(post("only-posts"))));
      });
      await onStart(database, async ({ hosts }) => {
        const known = hosts.get(ids[0] ?? assert.fail());
        assert.deepEqual(known?.host.names, ["db", "web"]);
        assert.equal(known.lastHeardAt, start);
        assert.equal(known.figures.load1, null, "nothing was heard since the start");
        assert.equal(hosts.byName("only-posts")?.host.id, ids[1]);
        assert.equal(await idOf(hosts.receiveBatch(batch())), ids[0]);
        assert.equal(await idOf(hosts.receivePost(post("db"))), ids[0]);
        assert.equal(await idOf(hosts.receivePost(post("only-posts"))), ids[1]);
      });
    }));

  test("that only posted are their agents' after one came", () =>
    withDatabase(async (database) => {
      await onStart(
        database,
        async ({ hosts }) => {
          const id = await idOf(hosts.receivePost(post("web")));
          assert.deepEqual(hosts.retentions(), new Map([[hostSource(id), 5]]));
          assert.equal(hosts.get(id)?.figures.cpuRatio, 0.5);
          assert.equal(await idOf(hosts.receiveBatch(batch())), id);
          assert.equal(hosts.get(id)?.host.identity, "machine:m");
          assert.deepEqual(hosts.retentions(), new Map(), "an agent's samples are kept as all are");
          await hosts.receivePost(post("web", { cpu: 99 }));
          assert.equal(hosts.get(id)?.figures.load1, 1, "figures are the agent's");
        },
        5,
      );
      await onStart(database, async ({ hosts }) => {
        assert.equal(hosts.byName("web")?.host.agentVersion, "1");
      });
    }));

  test("keep what was posted exactly, beside what the agent sent", () =>
    withDatabase(async (database) => {
      const posted = { system: { hostname: "web" }, odd: [1, null, { "a b": "<i>" }] };
      const sent = { system: { hostname: "web", kernel: "6.1" } };
      let id: HostId | undefined;
      await onStart(database, async ({ hosts, store }) => {
        id = await idOf(hosts.receivePost(post("web", { details: posted })));
        const kept = await store.hostDetails(id);
        assert.deepEqual(kept?.details.stack, { posted, receivedAt: start });
        assert.equal(kept.details.system?.hostname, "web");
        await hosts.receiveBatch(batch({}, { details: sent }));
        await hosts.receivePost(post("web", { details: { ...posted, odd: 2 } }));
      });
      await onStart(database, async ({ hosts, store }) => {
        assert.ok(id);
        await hosts.receiveBatch(batch({}, { details: { users: [] } }));
        await hosts.flush();
        const kept = await store.hostDetails(id);
        assert.deepEqual(kept?.details, {
          users: [],
          stack: { posted: { ...posted, odd: 2 }, receivedAt: start },
        });
      });
    }));

  test("that cannot be made are told so, and are made by the next batch", () =>
    withDatabase((database) =>
      onStart(database, async ({ hosts, state, heard }) => {
        state.createFails = true;
        const both = [hosts.receiveBatch(batch()), hosts.receiveBatch(batch())];
        for (const one of await Promise.allSettled(both)) {
          assert.ok(one.status === "rejected" && one.reason instanceof AppError);
          assert.equal(one.reason.code, "unavailable");
        }
        assert.deepEqual([...hosts.entries()], []);
        assert.deepEqual(heard, []);
        state.createFails = false;
        const id = await idOf(hosts.receiveBatch(batch()));
        assert.deepEqual(heard, [id]);
      }),
    ));

  test("share one list of series", () =>
    withDatabase((database) =>
      onStart(database, async ({ hosts, store }) => {
        const lists = new Set<unknown>();
        const append = store.append.bind(store);
        store.append = (frames) => {
          for (const frame of frames) lists.add(frame.series);
          return append(frames);
        };
        for (let i = 0; i < 50; i += 1) {
          const own = structuredClone(series);
          await hosts.receiveBatch(batch({ machine_id: `m${i}`, name: `h${i}` }, { series: own }));
        }
        assert.equal(lists.size, 1);
        assert.equal(hosts.lists, 1);
      }),
    ));

  test("are counted with the age of what they send", () =>
    withDatabase((database) =>
      onStart(database, async ({ hosts, taken }) => {
        await hosts.receiveBatch(batch({}, { times: Float64Array.of(start - 60_000) }));
        await hosts.receivePost(post("web"));
        assert.deepEqual(
          taken.map(({ from, accepted, refused }) => [from, accepted, refused]),
          [
            ["agent", 1, 0],
            ["post", 5, 0],
          ],
        );
        assert.equal(taken[0]?.ageSeconds, 60);
      }),
    ));

  test("tell their interval by their posts, and hold on to it", () =>
    withDatabase((database) =>
      onStart(database, async ({ hosts, state }) => {
        const id = await idOf(hosts.receivePost(post("web")));
        const intervals = new Set<number | null>();
        for (let i = 0; i < 20; i += 1) {
          state.now += 30_000 + (i % 3) * 700;
          await hosts.receivePost(post("web"));
          intervals.add(hosts.get(id)?.host.intervalMs ?? null);
        }
        assert.deepEqual([...intervals], [null, 31_000]);
      }),
    ));

  test("have their last hour and their latest figures again after a start", () =>
    withDatabase(async (database) => {
      const cpu = [{ name: "belfry_host_cpu_ratio", labels: {} }];
      const over = { seriesHash: seriesHash(cpu, sha256), series: cpu };
      const at = start - 1_800_000;
      let id: HostId | undefined;
      await onStart(database, async ({ hosts }) => {
        id = await idOf(hosts.receiveBatch(batch({}, { ...over, times: Float64Array.of(at) })));
      });
      await onStart(database, async ({ hosts }) => {
        assert.ok(id);
        assert.equal(hosts.get(id)?.trend.mean("cpuRatio", at), null);
        assert.equal(hosts.get(id)?.figures.cpuRatio, null);
        await hosts.fillTrends(new AbortController().signal);
        assert.equal(hosts.get(id)?.trend.mean("cpuRatio", at), 1);
        assert.equal(hosts.get(id)?.figures.cpuRatio, 1);
        assert.equal(hosts.get(id)?.lastSampleAt, at);
      });
    }));

  const names: readonly string[] = ["", "a\0b", "\ud800"];
  for (const name of names) {
    test(`cannot be called ${JSON.stringify(name)}`, () =>
      withDatabase((database) =>
        onStart(database, async ({ hosts }) => {
          await assert.rejects(hosts.receivePost(post(name)), { code: "invalid" });
        }),
      ));
  }

  test("may have slashes, spaces and markup in their names", () =>
    withDatabase((database) =>
      onStart(database, async ({ hosts }) => {
        const odd = 'a/b c"<script>';
        const id = await idOf(hosts.receivePost(post(odd)));
        assert.equal(hosts.byName(odd)?.host.id, id);
      }),
    ));
});
