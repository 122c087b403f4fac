/**
 * A hub that is reached through TLS, and two workers elsewhere without its database: one location that fails does not
 * ring, two do; a worker that is cut off, and killed while it is, hands in what it found afterwards, once, with the times
 * at which it found it, and the history is that of a worker that was never cut.
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type {
  HistoryRow,
  MonitorLocationsView,
  MonitorView,
  UptimeView,
  WorkerView,
} from "@belfry/contract";
import { serveNames } from "../../packages/hub/src/probe/name-server.kit.ts";
import { openDatabaseProxy, type DatabaseProxy } from "../kit/database-proxy.ts";
import { startHub, until, type Hub } from "../kit/hub.ts";
import { startNotices, type Notices } from "../kit/notices.ts";
import { startTarget, type Target } from "../kit/target.ts";
import { hasOpenssl, startTlsFront, type TlsFront } from "../kit/tls-front.ts";

const patienceMs = 60_000;
/** Each location finds the target at an address of its own. */
const addresses = { local: "127.0.0.1", paris: "127.0.0.2", tokyo: "127.0.0.3" } as const;
type Location = keyof typeof addresses;

describe("workers elsewhere", { skip: hasOpenssl ? false : "openssl is not here" }, () => {
  const stack = new AsyncDisposableStack();
  const broken = new Set<string>();
  let target: Target;
  let notices: Notices;
  let hub: Hub;
  let front: TlsFront;
  let tokyoWay: DatabaseProxy;
  let keyFile: string;
  let tokyo: Hub;
  const resolvers = new Map<Location, string>();

  before(async () => {
    // A target that answers each of its addresses by itself.
    target = stack.use(
      await startTarget((request, response) => {
        response.statusCode = broken.has(request.socket.localAddress ?? "") ? 500 : 200;
        response.end("ok");
      }, "0.0.0.0"),
    );
    for (const [location, address] of Object.entries(addresses) as [Location, string][]) {
      const names = await serveNames({ after: (end) => stack.defer(end) }, (_name, type) => ({
        records: type === "A" ? [address] : [],
      }));
      resolvers.set(location, `127.0.0.1:${names.port}`);
    }
    notices = stack.use(await startNotices());
    hub = stack.use(
      await startHub({
        command: "hub",
        env: { BELFRY_CHECKS_RESOLVERS: resolvers.get("local") ?? "", BELFRY_LOG_LEVEL: "warn" },
      }),
    );
    await notices.connect(hub);
    const key = await hub.ask<{ key: string }>("POST", "/api/v1/keys", {
      name: "workers",
      scopes: ["worker"],
    });
    keyFile = join(hub.dataDir, "worker-key");
    await writeFile(keyFile, `${key.key}\n`);
    front = stack.use(await startTlsFront(hub.url));
    tokyoWay = stack.use(await openDatabaseProxy(front.url));
    stack.use(await startWorker("paris", front.url));
    tokyo = await startWorker("tokyo", tokyoWay.url);
    stack.defer(() => tokyo[Symbol.asyncDispose]());
  });
  after(() => stack.disposeAsync());

  function startWorker(location: Location, url: string, dataDir?: string): Promise<Hub> {
    const args = ["--hub", url, "--key-file", keyFile, "--ca-file", front.caFile];
    return startHub({
      command: "worker",
      args: [...args, "--location", location],
      env: { BELFRY_CHECKS_RESOLVERS: resolvers.get(location) ?? "", BELFRY_LOG_LEVEL: "warn" },
      ...(dataDir === undefined ? {} : { dataDir }),
    });
  }

  function create(name: string, locations: readonly string[], more: object = {}) {
    return hub.ask<MonitorView>("POST", "/api/v1/monitors", {
      name,
      url: `http://shop.test:${target.port}/`,
      interval: 1,
      timeout: 1,
      locations,
      ...more,
    });
  }

  const monitor = (id: string) => hub.ask<MonitorView>("GET", `/api/v1/monitors/${id}`);
  const locationsOf = (id: string) =>
    hub.ask<MonitorLocationsView>("GET", `/api/v1/monitors/${id}/locations`);
  const statusAt = async (id: string, location: Location): Promise<string | undefined> =>
    (await locationsOf(id)).items.find((one) => one.location === location)?.status;

  test("need TLS unless the hub is on this machine, and a key of their own scope", async () => {
    const args = ["--key", "x", "--location", "lima"];
    await assert.rejects(
      startHub({ command: "worker", args: ["--hub", "http://192.0.2.1/", ...args] }),
      /--hub: expected https:\/\/: without TLS the key and secrets of monitors would be readable/,
    );
    await assert.rejects(
      startHub({ command: "worker", args: ["--hub", hub.url, "--key", "x"] }),
      /expected a name of its own, as --location paris, found local/,
    );
    const read = await hub.ask<{ key: string }>("POST", "/api/v1/keys", {
      name: "reader",
      scopes: ["admin"],
    });
    const response = await fetch(`${hub.url}/api/v1/worker/monitors?id=x`, {
      headers: { authorization: `Bearer ${read.key}` },
    });
    assert.equal(response.status, 403, "not even admin may read secrets of monitors");
  });

  test("one location that fails does not ring, two do", async () => {
    const shop = await create("shop", ["local", "paris", "tokyo"], {
      settings: { secret_headers: { authorization: "Bearer hidden" } },
    });
    assert.equal(shop.quorum, null);
    await until(
      "three locations vote",
      async () => (await locationsOf(shop.id)).voting === 3,
      patienceMs,
    );
    assert.equal((await monitor(shop.id)).status, "up");

    broken.add(addresses.paris);
    await until(
      "paris finds it down",
      async () => (await statusAt(shop.id, "paris")) === "down",
      patienceMs,
    );
    await until("others look at it after that", async () => {
      const { items } = await locationsOf(shop.id);
      const since = Date.parse(items.find((one) => one.location === "paris")?.status_since ?? "");
      return items.every((one) => Date.parse(one.last_check?.checked_at ?? "") > since + 2_000);
    });
    assert.equal((await monitor(shop.id)).status, "up");
    assert.equal(notices.all.length, 0);

    broken.add(addresses.tokyo);
    const firing = await until("two ring", () => notices.all[0], patienceMs);
    assert.equal(firing.kind, "firing");
    const down = await monitor(shop.id);
    assert.equal(down.status, "down");
    broken.clear();
    await until("it is over", () => notices.all.some((one) => one.kind === "resolved"), patienceMs);
    assert.equal((await monitor(shop.id)).status, "up");
  });

  test("what a worker found while it was cut off, and killed, comes afterwards, once, with its times", async () => {
    const cut = await create("cut", ["tokyo", "local"], { quorum: 1 });
    const never = await create("never cut", ["paris", "local"], { quorum: 1 });
    const alone = await create("tokyo alone", ["tokyo"]);
    // Load beside it.
    for (let i = 0; i < 20; i += 1) await create(`load ${i}`, ["tokyo"]);
    await until(
      "they are checked",
      async () => (await monitor(alone.id)).status === "up",
      patienceMs,
    );
    await until("there as well", async () => (await locationsOf(cut.id)).voting === 2, patienceMs);

    const cutAt = Date.now();
    await tokyoWay.cut("silent");
    await until(
      "tokyo is away",
      async () => (await statusAt(cut.id, "tokyo")) === "away",
      patienceMs,
    );
    await until(
      "nobody can tell",
      async () => (await monitor(alone.id)).status === "unknown",
      patienceMs,
    );
    const brokenAt = Date.now();
    broken.add(addresses.paris).add(addresses.tokyo);
    await until(
      "paris finds it down",
      async () => (await monitor(never.id)).status === "down",
      patienceMs,
    );
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    assert.equal((await monitor(cut.id)).status, "up", "tokyo cannot tell of it yet");
    await tokyo.end("SIGKILL");
    const killedAt = Date.now();
    tokyo = await startWorker("tokyo", tokyoWay.url, tokyo.dataDir);
    const restartedAt = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    broken.clear();
    const mendedAt = Date.now();
    await until(
      "paris finds it up",
      async () => (await monitor(never.id)).status === "up",
      patienceMs,
    );
    const joinedAt = Date.now();
    await tokyoWay.join();
    await until(
      "tokyo is heard",
      async () => (await statusAt(alone.id, "tokyo")) === "up",
      patienceMs,
    );
    await until(
      "nothing waits",
      async () => {
        const { items } = await hub.ask<{ items: WorkerView[] }>("GET", "/api/v1/workers");
        return items.find((one) => one.location === "tokyo")?.waiting === 0;
      },
      patienceMs,
    );

    const history = (id: string) => hub.ask<UptimeView>("GET", `/api/v1/monitors/${id}/uptime`);
    for (const id of [cut.id, alone.id, never.id]) {
      const { intervals } = await history(id);
      const known = intervals.filter(({ from }) => Date.parse(from) > cutAt);
      assert.deepEqual(
        known.map(({ status }) => status),
        ["down", "up"],
        `as if it had never been cut: ${JSON.stringify(intervals)}`,
      );
      const [down, up] = known;
      const [from, to] = [Date.parse(down?.from ?? ""), Date.parse(up?.from ?? "")];
      assert.ok(
        from > brokenAt - 100 && from < brokenAt + 2_500,
        `down ${from - brokenAt} ms after`,
      );
      assert.ok(to > mendedAt - 100 && to < mendedAt + 2_500, `up ${to - mendedAt} ms after`);
    }
    const slots = await slotsOf(alone.id, cutAt, joinedAt);
    assert.equal(new Set(slots).size, slots.length, "each slot once");
    const gaps = slots
      .slice(1)
      .map((slot, i) => ({ from: slots[i] ?? 0, ms: slot - (slots[i] ?? 0) }));
    const long = gaps.filter(({ ms }) => ms > 2_500);
    const isKill = ({ from }: { from: number }): boolean =>
      from > killedAt - 2_500 && from < restartedAt + 1_000;
    assert.ok(long.every(isKill), `only what was not synced is lost: ${JSON.stringify(long)}`);
    assert.equal(
      notices.all.filter((one) => one.title.includes("cut")).length,
      2,
      "of the one never cut",
    );
  });

  /** When checks of a monitor began within a span, epoch ms, ascending. */
  async function slotsOf(id: string, from: number, to: number): Promise<readonly number[]> {
    const query = `from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}&limit=1000`;
    const path = `/api/v1/monitors/${id}/history?${query}`;
    const { items } = await hub.ask<{ items: HistoryRow[] }>("GET", path);
    assert.ok(items.every((row) => row.location === "tokyo"));
    return items.map((row) => Date.parse(row.timestamp)).toSorted((a, b) => a - b);
  }
});
