/** Hosts that send to two hubs on one PostgreSQL; the monitors that follow them are kept in a map at each hub. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { seriesHash, type BatchHost, type SampleBatch } from "@belfry/contract";
import { startPostgres, type Postgres } from "../../../../test/kit/postgres.ts";
import { hostSource } from "../model/host.ts";
import type { StackPost } from "../model/host-entry.ts";
import { createId, type HostId } from "../model/id.ts";
import type { Monitor } from "../model/monitor.ts";
import { auditOf, noLog, retention, statusOf } from "../store/contract/fixtures.ts";
import { createStore } from "../store/open.ts";
import { HostSharing } from "./host-sharing.ts";
import { createHosts, type Hosts } from "./hosts.ts";

type Store = Awaited<ReturnType<typeof createStore>>;

const opened = new AsyncDisposableStack();
let stores: readonly [Store, Store] | undefined;

before(async () => {
  const server: Postgres = opened.use(await startPostgres());
  const database = await server.createDatabase();
  const open = async (): Promise<Store> =>
    opened.use(await createStore({ database, retention }, { log: noLog }));
  stores = [await open(), await open()];
});
after(() => opened[Symbol.asyncDispose]());

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const load1 = { name: "node_load1", labels: {} };
const everything = { from: 0, to: 2 ** 45 };

interface Hub {
  readonly store: Store;
  readonly hosts: Hosts;
  readonly sharing: HostSharing;
  readonly monitors: Map<HostId, Monitor>;
  /** Whom its deadlines were told of, as heard by other hubs too. */
  readonly told: HostId[];
  /** What failed and is tried again. */
  readonly errors: unknown[];
  /** Whose figures were said to have changed elsewhere. */
  readonly shown: HostId[];
  readonly time: {
    /** Its clock is ahead by so much, ms. */
    aheadMs: number;
  };
}

function openHub(
  name: string,
  { store, peers, stack }: { store: Store; peers: readonly Hub[]; stack: AsyncDisposableStack },
): Hub {
  const time = { aheadMs: 0 };
  const monitors = new Map<HostId, Monitor>();
  const [told, shown, errors]: [HostId[], HostId[], unknown[]] = [[], [], []];
  const clock = {
    now: () => Date.now() + time.aheadMs,
    monotonicMs: () => performance.now(),
  };
  const hosts = createHosts(
    { maxSeries: 100, postedRetentionMs: null },
    {
      clock,
      newId: createId,
      sha256,
      store,
      monitor: (id) => monitors.get(id),
      async create(host, monitor, namesFrom) {
        await store.createHost(
          host,
          monitor,
          statusOf(host.id, "pending", 1),
          auditOf(),
          namesFrom,
        );
        monitors.set(host.id, monitor);
      },
      async update(monitor) {
        const options = { status: null, resetState: false };
        const result = await store.updateMonitor(monitor, options, auditOf());
        if (result === "updated") monitors.set(monitor.id, monitor);
        return result;
      },
      onHeard: (id) => sharing.heard(id),
      onShown(id, where) {
        if (where === "elsewhere") shown.push(id);
        else sharing.heard(id);
      },
      onTaken: () => undefined,
      onError: (error) => errors.push(error),
      others: {
        lookUp: () => sharing.follow(),
        isCutOff: () => sharing.isCutOff,
        onChanged: () => peers.forEach((peer) => peer.sharing.lookSoon()),
      },
    },
  );
  const sharing: HostSharing = new HostSharing({
    clock,
    processId: () => name,
    store,
    hosts,
    deadlines: { heard: (id) => told.push(id), deaf: () => undefined },
    monitors: () => monitors.values(),
    onError: (error) => errors.push(error),
  });
  stack.use(hosts);
  stack.use(sharing);
  return { store, hosts, sharing, monitors, told, shown, errors, time };
}

/** Two hubs that know no host yet; they follow each other by themselves once they are started. */
async function withHubs(work: (first: Hub, second: Hub) => Promise<void>): Promise<void> {
  const [one, other] = stores ?? assert.fail("the database has not started");
  for (const { monitor } of await one.loadMonitors())
    await one.deleteMonitor(monitor.id, auditOf());
  await using stack = new AsyncDisposableStack();
  const peers: [Hub[], Hub[]] = [[], []];
  const first = openHub("first", { store: one, peers: peers[0], stack });
  const second = openHub("second", { store: other, peers: peers[1], stack });
  peers[0].push(second);
  peers[1].push(first);
  await work(first, second);
  assert.deepEqual([...first.errors, ...second.errors], []);
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const limit = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > limit) throw new Error(`not within a minute: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const byText = (a: string, b: string): number => (a < b ? -1 : 1);
const clockAt = Date.now();

function batch(host: Partial<BatchHost> = {}, over: Partial<SampleBatch> = {}): SampleBatch {
  return {
    host: {
      machine_id: "m",
      boot_id: "b",
      name: "web",
      version: "1",
      interval: 5,
      labels: {},
      sent_at: clockAt,
      ...host,
    },
    seriesHash: seriesHash([load1], sha256),
    series: [load1],
    seriesCount: 1,
    times: Float64Array.of(clockAt),
    values: Float64Array.of(1),
    details: null,
    ...over,
  };
}

function post(hostname: string, timestamp = Math.floor(clockAt / 1000)): StackPost {
  return {
    hostname,
    timestamp,
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
  };
}

async function idOf(received: ReturnType<Hosts["receiveBatch"]>): Promise<HostId> {
  const answer = await received;
  assert.ok(answer.kind === "stored");
  return answer.hostId;
}

describe("hosts at two hubs", { timeout: 180_000 }, () => {
  test("that are heard by both at the same moment are made once", () =>
    withHubs(async (first, second) => {
      const rounds = Array.from({ length: 20 }, (_, n) => `host-${n}`);
      for (const name of rounds) {
        const from = { machine_id: name, name };
        const ids = await Promise.all([
          idOf(first.hosts.receiveBatch(batch(from))),
          idOf(second.hosts.receiveBatch(batch(from))),
          idOf(second.hosts.receiveBatch(batch(from))),
        ]);
        assert.equal(new Set(ids).size, 1, name);
      }
      const stored = await first.store.loadHosts();
      assert.deepEqual(
        stored.map(({ names: [name = ""] }) => name).toSorted(byText),
        rounds.toSorted(byText),
      );
      assert.equal((await first.store.loadMonitors()).length, rounds.length);
    }));

  test("that send a batch to one and a post to the other are one, whichever was first", () =>
    withHubs(async (first, second) => {
      for (let n = 0; n < 10; n += 1) {
        const name = `host-${n}`;
        const ids = await Promise.all([
          idOf(first.hosts.receiveBatch(batch({ machine_id: name, name }))),
          idOf(second.hosts.receivePost(post(name))),
        ]);
        // A post that was first is the host of its agent from then on.
        const again = await idOf(first.hosts.receiveBatch(batch({ machine_id: name, name })));
        assert.ok(
          ids.every((id) => id === again),
          name,
        );
      }
      assert.equal((await second.store.loadHosts()).length, 10);
    }));

  test("are known to a hub that is sent to for the first time", () =>
    withHubs(async (first, second) => {
      const id = await idOf(first.hosts.receiveBatch(batch()));
      assert.equal(await idOf(second.hosts.receiveBatch(batch())), id);
      assert.equal(await idOf(second.hosts.receivePost(post("web"))), id);
    }));

  test("are followed: what one is told, changes or deletes, the other has soon", () =>
    withHubs(async (first, second) => {
      const id = await idOf(first.hosts.receiveBatch(batch()));
      await until("it is known", () => second.hosts.get(id)?.host.names[0] === "web");
      first.sharing.start();
      second.sharing.start();

      await idOf(first.hosts.receiveBatch(batch({ name: "web2", boot_id: "b2" })));
      await until("its name is", () => second.hosts.byName("web2")?.host.id === id);
      assert.equal(second.hosts.get(id)?.host.bootId, "b2");

      const decided = { nameIsChosen: true, silentAfterMs: 9_000, retentionMs: 1e9 };
      const monitor = { ...(first.monitors.get(id) ?? assert.fail()) };
      const next = { ...monitor, name: "chosen", version: monitor.version + 1 };
      const options = { status: null, resetState: false, host: decided };
      assert.equal(await first.store.updateMonitor(next, options, auditOf()), "updated");
      first.monitors.set(id, next);
      first.hosts.decided(id, decided);
      await until("what was decided is", () => second.hosts.get(id)?.host.silentAfterMs === 9_000);
      assert.deepEqual([...second.hosts.retentions()], [[hostSource(id), 1e9]]);

      // What a hub writes that was not told yet takes none of it back.
      await second.hosts.receiveBatch(batch({ name: "web3" }));
      await second.hosts.flush();
      const [stored] = await first.store.loadHosts();
      assert.deepEqual([stored?.names[0], stored?.silentAfterMs], ["web3", 9_000]);

      await first.hosts.leave(id, () => first.store.deleteMonitor(id, auditOf()));
      first.monitors.delete(id);
      await until("it is gone", () => second.hosts.get(id) === undefined);
      const heir = await idOf(second.hosts.receiveBatch(batch({ name: "web3" })));
      assert.notEqual(heir, id);
      await until("its heir is known", () => first.hosts.get(heir) !== undefined);
    }));

  test("leave nothing of themselves when they are deleted elsewhere while they send", () =>
    withHubs(async (first, second) => {
      const id = await idOf(first.hosts.receiveBatch(batch()));
      await second.sharing.follow();
      await first.hosts.leave(id, () => first.store.deleteMonitor(id, auditOf()));
      // Not told yet, it takes the batch for the host that was.
      assert.equal(await idOf(second.hosts.receiveBatch(batch())), id);
      await second.sharing.follow();
      const samples = () => second.store.rawOf(hostSource(id), [load1], everything);
      await until("its samples are gone", async () => (await samples())[0] === undefined);
    }));

  test("are shown alike: figures, when they were heard, and what is wrong with them", () =>
    withHubs(async (first, second) => {
      first.sharing.start();
      second.sharing.start();
      const id = await idOf(first.hosts.receiveBatch(batch({ sent_at: clockAt + 120_000 })));
      await second.sharing.follow();
      await until("its figures are", () => second.hosts.get(id)?.figures.load1 === 1);
      const [here, there] = [first.hosts.get(id), second.hosts.get(id)];
      assert.equal(there?.lastHeardAt, here?.lastHeardAt);
      assert.equal(there?.seriesCount, 1);
      assert.deepEqual(there?.notices, here?.notices);
      assert.equal(there?.notices[0]?.code, "clock");
      assert.ok(second.shown.includes(id), "whoever looks is told");
      const later = { times: Float64Array.of(clockAt + 1000), values: Float64Array.of(7) };
      await second.hosts.receiveBatch(batch({}, later));
      await until("the newer ones are", () => first.hosts.get(id)?.figures.load1 === 7);
      await until("its deadline is told", () => first.told.includes(id));
    }));

  test("are waited for by a hub that hears of them from one whose clock is far behind", () =>
    withHubs(async (first, second) => {
      first.time.aheadMs = 600_000;
      for (const hub of [first, second]) hub.sharing.start();
      const id = await idOf(first.hosts.receiveBatch(batch()));
      await until("the other is told", () => second.told.includes(id));
      for (let n = 0; n < 2; n += 1) {
        const before = first.told.length;
        await second.hosts.receiveBatch(batch());
        await until("the one that is ahead is told", () => first.told.length > before);
      }
    }));

  test("that are told apart by a hub each stay what they are when both say so at once", () =>
    withHubs(async (first, second) => {
      // Clones: the same machine id, each at another hub all the time.
      const a = batch({ name: "a", boot_id: "1" });
      const b = batch({ name: "b", boot_id: "2" });
      const seen = new Set<HostId>();
      for (let round = 0; round < 8; round += 1) {
        const ids = await Promise.all([
          idOf(first.hosts.receiveBatch(a)),
          idOf(second.hosts.receiveBatch(b)),
        ]);
        for (const id of ids) seen.add(id);
        for (const { hosts } of [first, second]) await hosts.flush();
        for (const { sharing } of [first, second]) await sharing.follow();
      }
      assert.equal(seen.size, 2, "one became a host of its own");
      const stored = await first.store.loadHosts();
      assert.deepEqual(stored.map(({ names: [name = ""] }) => name).toSorted(byText), ["a", "b"]);
    }));

  test("send a list of series once, though each request goes to the other hub", () =>
    withHubs(async (first, second) => {
      const hubs = [first, second];
      const list = [load1, { name: "node_load5", labels: {} }];
      let [turn, lists, lost] = [0, 0, 0];
      let isKnown = false;
      // As an agent does: without its list where it thinks that it is known, and again with it where it is asked for.
      const send = async (n: number): Promise<void> => {
        const times = Float64Array.of(clockAt + n);
        const given = batch(
          {},
          {
            seriesHash: seriesHash(list, sha256),
            series: isKnown ? null : list,
            seriesCount: 2,
            times,
            values: Float64Array.of(1, 2),
          },
        );
        if (!isKnown) lists += 1;
        const hub = hubs[turn++ % 2];
        const answer = await hub?.hosts.receiveBatch(given);
        if (answer?.kind === "stored") {
          isKnown = true;
          return;
        }
        assert.ok(isKnown, "a list that came with the batch is known");
        isKnown = false;
        lost += 1;
        await send(n);
      };
      for (let n = 0; n < 40; n += 1) await send(n);
      assert.deepEqual({ lists, lost }, { lists: 2, lost: 1 });
      const [host] = await first.store.loadHosts();
      const source = hostSource(host?.id ?? assert.fail());
      const [samples] = await first.store.rawOf(source, [load1], everything);
      assert.equal(samples?.times.length, 40);
    }));

  test("are the same at both once what they contradicted each other in was written", () =>
    withHubs(async (first, second) => {
      for (let n = 0; n < 5; n += 1) {
        const [machine, name] = [`m${n}`, `host-${n}`];
        await idOf(first.hosts.receivePost(post(name)));
        await second.sharing.follow();
        // The one says that what posted is this machine, and has not written it; the other makes another host of it.
        await idOf(second.hosts.receiveBatch(batch({ machine_id: machine, name })));
        await idOf(first.hosts.receiveBatch(batch({ machine_id: machine, name: `${name}.local` })));
        for (const { hosts } of [second, first]) await hosts.flush();
        for (const { sharing } of [second, first]) await sharing.follow();
        const ids = [
          await idOf(second.hosts.receiveBatch(batch({ machine_id: machine, name }))),
          await idOf(first.hosts.receiveBatch(batch({ machine_id: machine, name }))),
        ];
        assert.equal(ids[0], ids[1]);
      }
    }));
});
