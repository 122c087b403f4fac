import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type {
  HostDetailView,
  HostSeriesView,
  HostSparklinesView,
  HostView,
  IncidentView,
  ProblemDocument,
  UptimeView,
} from "@belfry/contract";
import { openTestHub, type TestAnswer, type TestHub } from "../hub.kit.ts";
import { hostsOf, sendBatch, type BatchOver } from "./batch.kit.ts";

/** A host that was heard; gives its id. */
async function heard(hub: TestHub, over: BatchOver = {}): Promise<string> {
  const answer = await sendBatch(hub, over);
  assert.equal(answer.status, 200, answer.text);
  await hub.settle();
  return answer.json<{ host_id: string }>().host_id;
}

function named(name: string, values?: Readonly<Record<string, number>>): BatchOver {
  return {
    host: { machine_id: `id-of-${name}`, boot_id: `boot-of-${name}`, name },
    ...(values === undefined ? {} : { values }),
  };
}

async function detailOf(hub: TestHub, id: string): Promise<HostDetailView> {
  return (await hub.ask("GET", `/api/v1/hosts/${id}`)).json<HostDetailView>();
}

function codeOf(answer: TestAnswer): string {
  return answer.json<ProblemDocument>().code;
}

describe("GET /api/v1/hosts", () => {
  async function three(hub: TestHub): Promise<void> {
    await heard(hub, named("beta", { belfry_host_cpu_ratio: 0.9, node_boot_time_seconds: 3000 }));
    await heard(hub, named("Alpha", { belfry_host_cpu_ratio: 0.1, node_boot_time_seconds: 1000 }));
    await heard(hub, {
      ...named("gamma", { belfry_host_network_receive_bytes_per_second: 7 }),
      host: { machine_id: "g", name: "gamma", labels: { team: "core" } },
    });
  }

  const orders: readonly { query: string; names: readonly string[] }[] = [
    { query: "", names: ["Alpha", "beta", "gamma"] },
    { query: "?order=desc", names: ["gamma", "beta", "Alpha"] },
    { query: "?sort=cpu", names: ["Alpha", "beta", "gamma"] },
    { query: "?sort=cpu&order=desc", names: ["beta", "Alpha", "gamma"] },
    { query: "?sort=uptime", names: ["beta", "Alpha", "gamma"] },
    { query: "?sort=uptime&order=desc", names: ["Alpha", "beta", "gamma"] },
    { query: "?sort=network", names: ["gamma", "Alpha", "beta"] },
    { query: "?sort=status", names: ["Alpha", "beta", "gamma"] },
    { query: "?q=ALP", names: ["Alpha"] },
    { query: "?label=team:core", names: ["gamma"] },
    { query: "?label=team:other", names: [] },
    { query: "?status=down,degraded", names: [] },
    { query: "?status=up", names: ["Alpha", "beta", "gamma"] },
  ];
  test("filters and sorts; what is unknown comes last", async (t) => {
    const hub = await openTestHub(t);
    await three(hub);
    for (const { query, names } of orders) {
      const found = await hostsOf(hub, query);
      assert.deepEqual(
        found.map(({ name }) => name),
        names,
        query,
      );
    }
  });

  test("gives every host once over pages of any order, and counts them all", async (t) => {
    const hub = await openTestHub(t);
    await three(hub);
    for (const sort of ["name", "cpu", "status", "memory", "temperature"]) {
      const seen: string[] = [];
      let cursor = "";
      do {
        const query = `?sort=${sort}&order=desc&limit=1${cursor === "" ? "" : `&cursor=${cursor}`}`;
        const page = (await hub.ask("GET", `/api/v1/hosts${query}`)).json<{
          items: HostView[];
          next_cursor: string | null;
          total: number;
          counts: Record<string, number>;
        }>();
        assert.equal(page.total, 3);
        assert.equal(page.counts["up"], 3);
        seen.push(...page.items.map(({ name }) => name));
        cursor = page.next_cursor ?? "";
      } while (cursor !== "");
      assert.deepEqual(seen.toSorted(), ["Alpha", "beta", "gamma"], sort);
    }
    const other = await hub.ask("GET", "/api/v1/hosts?limit=1&sort=cpu&cursor=nonsense");
    assert.equal(other.status, 422);
  });

  test("gives 500 hosts in one answer", async (t) => {
    const hub = await openTestHub(t);
    await Promise.all(Array.from({ length: 500 }, (_, i) => heard(hub, named(`host-${i}`))));
    assert.equal((await hostsOf(hub, "?limit=1000&sort=cpu")).length, 500);
  });
});

describe("a host", () => {
  test("is down when it is silent, rings as a host, and is up when it is heard again", async (t) => {
    const hub = await openTestHub(t);
    const id = await heard(hub);
    await hub.pass(29_000);
    assert.equal((await detailOf(hub, id)).status, "up");
    await hub.pass(2_000);
    assert.equal((await detailOf(hub, id)).status, "down");
    const incidents = async (): Promise<IncidentView[]> =>
      (await hub.ask("GET", `/api/v1/incidents?monitor=${id}`)).json<{ items: IncidentView[] }>()
        .items;
    const [incident] = await incidents();
    assert.deepEqual(incident?.subjects, [{ kind: "host", id, name: "web-1" }]);
    assert.equal(incident.reason, "silent");
    assert.equal(incident.message, "nothing was heard for 30 s");
    assert.equal(incident.resolved_at, null);
    await heard(hub);
    assert.equal((await detailOf(hub, id)).status, "up");
    assert.notEqual((await incidents())[0]?.resolved_at, null);
    await hub.pass(9_000);
    const uptime = (await hub.ask("GET", `/api/v1/monitors/${id}/uptime`)).json<UptimeView>();
    assert.deepEqual(
      uptime.intervals.map(({ status, reason }) => [status, reason]),
      [
        ["up", null],
        ["down", "silent"],
        ["up", null],
      ],
    );
    const history = await hub.ask("GET", `/api/v1/monitors/${id}/history`);
    assert.deepEqual(
      history
        .json<{ items: { status: string; reason: string }[] }>()
        .items.map((row) => [row.status, row.reason]),
      [["DOWN", "silent"]],
    );
  });

  test("costs the store no row and no commit while it is heard", async (t) => {
    const hub = await openTestHub(t);
    const id = await heard(hub);
    let commits = 0;
    const store = hub.store as typeof hub.store & { commit(change: unknown): Promise<void> };
    const commit = store.commit.bind(store);
    store.commit = (change) => {
      commits += 1;
      return commit(change);
    };
    for (let i = 0; i < 50; i += 1) {
      await heard(hub);
      await hub.pass(5_000);
    }
    assert.equal(commits, 0);
    assert.equal((await detailOf(hub, id)).version, 1);
  });

  test("is no monitor among the others", async (t) => {
    const hub = await openTestHub(t);
    const id = await heard(hub);
    const list = await hub.ask("GET", "/api/v1/monitors");
    assert.equal(list.json<{ total: number }>().total, 0);
    assert.deepEqual((await hub.ask("GET", "/targets")).json<unknown[]>(), []);
    assert.equal((await hub.ask("GET", `/targets/${id}`)).status, 404);
    assert.equal((await hub.ask("DELETE", `/targets/${id}`)).status, 404);
    assert.equal(
      (await hub.ask("GET", "/stats")).json<{ active_targets: number }>().active_targets,
      0,
    );
    const { text } = await hub.ask("GET", "/metrics");
    assert.match(text, new RegExp(`^belfry_host_up\\{host="${id}",name="web-1"\\} 1$`, "m"));
    assert.match(text, /^belfry_hosts\{status="up"\} 1$/m);
    assert.match(text, /^belfry_monitors\{status="up"\} 0$/m);
    assert.match(text, /^belfry_ingest_samples_total\{result="accepted"\} 2$/m);
    assert.doesNotMatch(text, /kind="host"/);
  });

  test("is changed and deleted as a host only", async (t) => {
    const hub = await openTestHub(t);
    const id = await heard(hub);
    const path = `/api/v1/monitors/${id}`;
    const body = { name: "mine" };
    const url = "http://127.0.0.1:9/";
    for (const answer of [
      await hub.ask("PATCH", path, { body }),
      await hub.ask("PUT", path, { body: { name: "x", url } }),
      await hub.ask("DELETE", path),
    ]) {
      assert.equal(answer.status, 409);
      const { detail } = answer.json<ProblemDocument>();
      assert.equal(
        detail,
        `This monitor follows a host: change or delete it at /api/v1/hosts/${id}`,
      );
    }
    const made = await hub.ask("POST", "/api/v1/monitors", {
      body: { name: "x", kind: "host", settings: {} },
    });
    assert.equal(made.status, 422);
    assert.deepEqual(made.json<ProblemDocument>().errors, [
      {
        path: "kind",
        message: 'expected one of dns, heartbeat, http, ping, synthetic, tcp, tls, found "host"',
      },
    ]);
    assert.equal((await hostsOf(hub)).length, 1);
  });

  test("can be depended on", async (t) => {
    const hub = await openTestHub(t);
    const id = await heard(hub);
    const body = { name: "api", url: "http://127.0.0.1:9/", depends_on: [id] };
    assert.equal((await hub.ask("POST", "/api/v1/monitors", { body })).status, 201);
  });
});

describe("PATCH /api/v1/hosts/{id}", () => {
  test("changes what people decide, with If-Match", async (t) => {
    const hub = await openTestHub(t);
    const id = await heard(hub);
    const path = `/api/v1/hosts/${id}`;
    const body = { name: " Ours ", labels: { team: "a" }, silent_after: 10, retention_days: 3 };
    const changed = await hub.ask("PATCH", path, { body, headers: { "if-match": '"1"' } });
    assert.equal(changed.status, 200, changed.text);
    assert.equal(changed.headers["etag"], '"2"');
    const view = changed.json<HostDetailView>();
    assert.equal(view.name, "Ours");
    assert.deepEqual(view.labels, { team: "a" });
    assert.equal(view.silent_after, 10);
    assert.equal(view.retention_days, 3);
    const stale = await hub.ask("PATCH", path, { body, headers: { "if-match": '"1"' } });
    assert.equal(codeOf(stale), "version_mismatch");
    await heard(hub);
    await hub.pass(11_000);
    assert.equal((await detailOf(hub, id)).status, "down");
    const back = await hub.ask("PATCH", path, {
      body: { name: null, labels: { team: null }, silent_after: null, retention_days: null },
    });
    const again = back.json<HostDetailView>();
    assert.equal(again.name, "web-1");
    assert.deepEqual(again.labels, {});
    assert.equal(again.silent_after, 30);
    assert.equal(again.retention_days, null);
  });

  test("gives the series the new name as their instance", async (t) => {
    const hub = await openTestHub(t);
    const id = await heard(hub);
    await hub.ask("PATCH", `/api/v1/hosts/${id}`, { body: { name: "Ours" } });
    await heard(hub);
    const match = [{ label: "host", operator: "=", value: id }] as const;
    const [series] = await hub.store.listSeries(match, 1);
    assert.equal(series?.labels["instance"], "Ours");
  });

  test("pauses: a silence then rings nobody", async (t) => {
    const hub = await openTestHub(t);
    const id = await heard(hub);
    await hub.ask("PATCH", `/api/v1/hosts/${id}`, { body: { enabled: false } });
    await hub.pass(60_000);
    assert.equal((await detailOf(hub, id)).status, "paused");
    assert.equal((await hub.ask("GET", "/api/v1/incidents")).json<{ items: [] }>().items.length, 0);
    await heard(hub);
    await hub.ask("PATCH", `/api/v1/hosts/${id}`, { body: { enabled: true } });
    await heard(hub);
    assert.equal((await detailOf(hub, id)).status, "up");
  });

  const bad: readonly { body: Record<string, unknown>; path: string; message: string }[] = [
    { body: { nam: "x" }, path: "nam", message: "is not known here" },
    { body: { name: "" }, path: "name", message: "" },
    { body: { silent_after: 1 }, path: "silent_after", message: "" },
    { body: { retention_days: -1 }, path: "retention_days", message: "" },
    { body: { enabled: "no" }, path: "enabled", message: "" },
    { body: { labels: { "9": "x" } }, path: "labels.9", message: "" },
  ];
  for (const { body, path } of bad) {
    test(`refuses ${JSON.stringify(body)}`, async (t) => {
      const hub = await openTestHub(t);
      const id = await heard(hub);
      const answer = await hub.ask("PATCH", `/api/v1/hosts/${id}`, { body: body as never });
      assert.equal(answer.status, 422, answer.text);
      assert.equal(answer.json<ProblemDocument>().errors?.[0]?.path, path, answer.text);
      assert.equal((await detailOf(hub, id)).version, 1);
    });
  }
});

describe("DELETE /api/v1/hosts/{id}", () => {
  test("takes everything with it; heard again it is a new host", async (t) => {
    const hub = await openTestHub(t);
    const id = await heard(hub);
    assert.equal((await hub.ask("DELETE", `/api/v1/hosts/${id}`)).status, 204);
    assert.equal((await hub.ask("DELETE", `/api/v1/hosts/${id}`)).status, 404);
    assert.deepEqual(await hostsOf(hub), []);
    assert.deepEqual(
      await hub.store.listSeries([{ label: "host", operator: "=", value: id }], 10),
      [],
    );
    assert.notEqual(await heard(hub), id);
  });

  test("and batches at the same time leave nothing behind", async (t) => {
    const hub = await openTestHub(t);
    const id = await heard(hub);
    const now = hub.clock.now();
    const [answers] = await Promise.all([
      Promise.all(Array.from({ length: 30 }, (_, i) => sendBatch(hub, { at: now - i * 1000 }))),
      hub.ask("DELETE", `/api/v1/hosts/${id}`),
    ]);
    assert.ok(answers.every(({ status }) => status === 200));
    assert.deepEqual(
      await hub.store.listSeries([{ label: "host", operator: "=", value: id }], 10),
      [],
    );
    assert.ok((await hostsOf(hub)).length <= 1);
  });
});

describe("POST /api/v1/hosts/{id}/clean", () => {
  test("deletes samples and keeps the host and its details", async (t) => {
    const hub = await openTestHub(t);
    const details = { system: { hostname: "web-1" } };
    const id = await heard(hub, { details });
    await hub.hosts.flush();
    const path = `/api/v1/hosts/${id}`;
    const before = await hub.ask("GET", `${path}/series?name=node_load1&step=10`);
    assert.equal(before.json<HostSeriesView>().items.length, 1);
    assert.equal((await hub.ask("POST", `${path}/clean`)).status, 204);
    const after = (
      await hub.ask("GET", `${path}/series?name=node_load1&step=10`)
    ).json<HostSeriesView>();
    assert.ok(after.items.every(({ avg }) => avg.every((value) => value === null)));
    assert.deepEqual((await detailOf(hub, id)).details, details);
    const audit = (await hub.ask("GET", "/api/v1/audit")).json<{
      items: { action: string; resource: string; resource_id: string }[];
    }>();
    const [entry] = audit.items;
    assert.deepEqual([entry?.action, entry?.resource, entry?.resource_id], ["clean", "host", id]);
  });
});

const disk = '{device="/dev/sda1",fstype="ext4",mountpoint="/"}';

describe("GET /api/v1/hosts/{id}", () => {
  test("has details, and file systems with when they are full", async (t) => {
    const hub = await openTestHub(t);
    const details = { system: { hostname: "web-1", os: "Linux" }, users: [{ name: "ann" }] };
    const values = (available: number): Record<string, number> => ({
      [`node_filesystem_size_bytes${disk}`]: 1_000_000,
      [`node_filesystem_free_bytes${disk}`]: available + 50_000,
      [`node_filesystem_avail_bytes${disk}`]: available,
      [`node_filesystem_files${disk}`]: 1000,
      [`node_filesystem_files_free${disk}`]: 900,
      [`node_filesystem_readonly${disk}`]: 0,
    });
    let id = "";
    for (let i = 0; i <= 12; i += 1) {
      id = await heard(hub, { values: values(600_000 - i * 3_000), details });
      if (i < 12) await hub.pass(300_000);
    }
    const view = await detailOf(hub, id);
    assert.deepEqual(view.details, details);
    assert.equal(view.silent_after, 30);
    assert.deepEqual(view.file_systems, [
      {
        mountpoint: "/",
        device: "/dev/sda1",
        fstype: "ext4",
        size_bytes: 1_000_000,
        used_bytes: 386_000,
        available_bytes: 564_000,
        used_ratio: 386_000 / 950_000,
        inodes_used_ratio: 1 - 900 / 1000,
        read_only: false,
        full_in: 56_400,
      },
    ]);
  });

  test("is 404 for what is no host", async (t) => {
    const hub = await openTestHub(t);
    const body = { name: "api", url: "http://127.0.0.1:9/" };
    const { id } = (await hub.ask("POST", "/api/v1/monitors", { body })).json<{ id: string }>();
    for (const one of [id, "x", "01a1fe3b-87bd-7c8b-87ad-41e25ec8671d"]) {
      assert.equal((await hub.ask("GET", `/api/v1/hosts/${one}`)).status, 404);
    }
  });
});

describe("GET /api/v1/hosts/{id}/series", () => {
  test("has gauges with bounds and counters as rates, on one grid", async (t) => {
    const hub = await openTestHub(t);
    let id = "";
    for (let i = 0; i < 13; i += 1) {
      id = await heard(hub, {
        values: { node_load1: i, 'node_network_receive_bytes_total{device="eth0"}': i * 1000 },
      });
      await hub.pass(5_000);
    }
    const from = hub.clock.now() / 1000 - 60;
    const names = "node_load1,node_network_receive_bytes_total,node_nothing";
    const answer = await hub.ask(
      "GET",
      `/api/v1/hosts/${id}/series?name=${names}&from=${from}&step=10`,
    );
    const { step, starts_ms, items } = answer.json<HostSeriesView>();
    assert.equal(step, 10);
    assert.equal(starts_ms.length, 7);
    const [load, network] = items;
    assert.equal(items.length, 2);
    assert.equal(load?.name, "node_load1");
    assert.deepEqual(load.avg.length, 7);
    assert.deepEqual(network?.labels, { device: "eth0" });
    assert.equal(network.min, null);
    assert.deepEqual(
      network.avg.filter((rate) => rate !== null).slice(0, 5),
      [200, 200, 200, 200, 200],
    );
  });

  const bad = [
    "",
    "?name=",
    "?name=9x",
    "?name=node_load1&step=0.5",
    "?name=node_load1&from=0&step=1",
    "?name=node_load1&from=5&to=4",
  ];
  for (const query of bad) {
    test(`refuses ${query === "" ? "no names" : query}`, async (t) => {
      const hub = await openTestHub(t);
      const id = await heard(hub);
      const answer = await hub.ask("GET", `/api/v1/hosts/${id}/series${query}`);
      assert.equal(answer.status, 422, answer.text);
    });
  }
});

describe("GET /api/v1/hosts/sparklines", () => {
  test("has the means of what hosts sent, in the order that was asked for", async (t) => {
    const hub = await openTestHub(t);
    const values = {
      belfry_host_cpu_ratio: 0.5,
      belfry_host_network_receive_bytes_per_second: 100,
      belfry_host_network_transmit_bytes_per_second: 20,
    };
    const a = await heard(hub, named("a", values));
    const b = await heard(hub, named("b", { belfry_host_memory_used_ratio: 0.25 }));
    const unknown = "01a1fe3b-87bd-7c8b-87ad-41e25ec8671d";
    const answer = await hub.ask("GET", `/api/v1/hosts/sparklines?ids=${b},${unknown},${a}`);
    const { step, starts_ms, items } = answer.json<HostSparklinesView>();
    assert.equal(step, 120);
    assert.equal(starts_ms.length, 30);
    assert.deepEqual(
      items.map(({ id }) => id),
      [b, a],
    );
    assert.equal(items[0]?.memory.at(-1), 0.25);
    assert.equal(items[0]?.cpu.at(-1), null);
    assert.equal(items[1]?.cpu.at(-1), 0.5);
    assert.equal(items[1]?.network.at(-1), 120);
    const all = await hub.ask("GET", "/api/v1/hosts/sparklines");
    assert.equal(all.json<HostSparklinesView>().items.length, 2);
    const day = (
      await hub.ask("GET", `/api/v1/hosts/sparklines?ids=${a}&hours=24`)
    ).json<HostSparklinesView>();
    assert.equal(day.step, 3000);
    assert.equal(day.items[0]?.cpu.at(-1), 0.5);
    assert.equal(day.items[0]?.cpu.length, day.starts_ms.length);
  });
});
