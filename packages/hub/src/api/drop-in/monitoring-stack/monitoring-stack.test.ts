/** The Monitoring Stack's surface, against what the original answers. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { StackDataView, StackDetailsView, StackHostsView } from "@belfry/contract";
import { AppError } from "../../../model/error.ts";
import { hostSource } from "../../../model/host.ts";
import { openTestHub, startOfTime, type TestHub } from "../../hub.kit.ts";
import { now, plain, post, stackSettings } from "./stack.kit.ts";

async function dataOf(hub: TestHub, query = ""): Promise<StackDataView> {
  const answer = await hub.ask("GET", `/data${query}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json<StackDataView>();
}

async function hostsOf(hub: TestHub): Promise<StackHostsView["hosts"]> {
  return (await hub.ask("GET", "/hosts")).json<StackHostsView>().hosts;
}

describe("POST /metrics", () => {
  test("stores a sample, and /data gives it back as it was posted", async (t) => {
    const hub = await openTestHub(t);
    const answer = await post(hub, { disk_read: 1.234567, disk_write: 0.1 });
    assert.deepEqual([answer.status, answer.text], [200, '{"status":"ok"}']);
    const data = await hub.ask("GET", "/data");
    assert.equal(
      data.text,
      `{"count":1,"data":[{"cpu":12.3,"cpu_cores":null,"disk":78.9,"disk_read":1.234567,"disk_write":0.1,` +
        `"hostname":"web-1","load1":null,"load15":null,"load5":null,"net_read":0,"net_write":0,"ram":45.6,` +
        `"swap_percent":0,"timestamp":${now}}]}`,
    );
    assert.match(String(data.headers["content-type"]), /^application\/json/);
    assert.equal(data.headers["x-content-type-options"], "nosniff");
  });

  test("gives back every percentage with up to 15 digits exactly", async (t) => {
    const hub = await openTestHub(t);
    const values = [
      0, 0.1, 0.07, 1.1, 7.7, 12.345678901234, 33.3, 57.99, 66.6666666666667, 99.9, 100, 250.25,
      -3.3,
    ];
    for (const [i, value] of values.entries()) {
      await post(hub, { cpu: value, ram: value, disk: value, timestamp: now + i });
    }
    const { data } = await dataOf(hub);
    assert.deepEqual(
      data.map(({ cpu }) => cpu),
      values,
    );
    assert.deepEqual(
      data.map(({ ram }) => ram),
      values,
    );
    assert.deepEqual(
      data.map(({ disk }) => disk),
      values,
    );
  });

  test("keeps what the later version adds", async (t) => {
    const hub = await openTestHub(t);
    const more = {
      net_read: 0.5,
      net_write: 1.7,
      swap_percent: 3.3,
      load1: 0.25,
      load5: 0.5,
      load15: null,
    };
    await post(hub, { ...more, cpu_cores: [1, 2] });
    const [row] = (await dataOf(hub)).data;
    assert.deepEqual({ ...row, ...more }, row);
  });

  test("sent twice counts once, and another value at the same time replaces it", async (t) => {
    const hub = await openTestHub(t);
    for (const cpu of [1, 1, 2]) assert.equal((await post(hub, { cpu })).status, 200);
    const { count, data } = await dataOf(hub);
    assert.deepEqual([count, data[0]?.cpu], [1, 2]);
    assert.equal((await hostsOf(hub))[0]?.metric_count, 1);
  });

  const refused: { title: string; body: string; type?: string; status: number; error: string }[] = [
    {
      title: "NaN",
      body: JSON.stringify(plain).replace("12.3", "NaN"),
      status: 400,
      error: "Invalid JSON payload",
    },
    { title: "a list", body: JSON.stringify([plain]), status: 400, error: "Invalid JSON payload" },
    { title: "an empty object", body: "{}", status: 400, error: "Invalid JSON payload" },
    { title: "no body", body: "", status: 400, error: "Invalid JSON payload" },
    {
      title: "text",
      body: JSON.stringify(plain),
      type: "text/plain",
      status: 400,
      error: "Invalid JSON payload",
    },
    {
      title: "missing fields",
      body: '{"hostname":"a","cpu":1}',
      status: 400,
      error: "Missing fields: disk, ram, timestamp",
    },
    {
      title: "a wrong type",
      body: JSON.stringify({ ...plain, cpu: null }),
      status: 400,
      error: "Invalid field types",
    },
    {
      title: "a name too long",
      body: JSON.stringify({ ...plain, hostname: "x".repeat(254) }),
      status: 400,
      error: "Invalid hostname (max 253 chars)",
    },
    {
      title: "a clock two days ahead",
      body: JSON.stringify({ ...plain, timestamp: Math.floor(Date.now() / 1000) + 2 * 86_400 }),
      status: 400,
      error: "The timestamp is more than a day ahead of the server's clock",
    },
    {
      title: "a time in ms",
      body: JSON.stringify({ ...plain, timestamp: startOfTime }),
      status: 400,
      error: "The timestamp is more than a day ahead of the server's clock",
    },
    {
      title: "a time beyond all numbers",
      body: JSON.stringify({ ...plain, timestamp: 1e300 }),
      status: 400,
      error: "The timestamp is more than a day ahead of the server's clock",
    },
    {
      title: "a time before all years",
      body: JSON.stringify({ ...plain, timestamp: -1e300 }),
      status: 400,
      error: "The timestamp is older than what is kept",
    },
    {
      title: "a time of the stone age",
      body: JSON.stringify({ ...plain, timestamp: -60_000_000_000 }),
      status: 400,
      error: "The timestamp is older than what is kept",
    },
    {
      title: "more than the limit",
      body: JSON.stringify({ ...plain, more: "x".repeat(524_288) }),
      status: 413,
      error: "Request Entity Too Large",
    },
  ];
  test("refuses in the original's words, in JSON, and makes no sample of it", async (t) => {
    const hub = await openTestHub(t);
    for (const { title, body, type = "application/json", status, error } of refused) {
      const answer = await hub.ask("POST", "/metrics", { body, headers: { "content-type": type } });
      assert.deepEqual([answer.status, answer.json()], [status, { error }], title);
    }
    assert.equal((await dataOf(hub)).count, 0);
  });

  test("leaves out details that are too large, says so once, and keeps the rest", async (t) => {
    const hub = await openTestHub(t);
    const details = { text: "x".repeat(70_000) };
    for (let i = 0; i < 3; i += 1) assert.equal((await post(hub, { details })).status, 200);
    assert.equal((await dataOf(hub)).count, 1);
    assert.equal((await hub.ask("GET", "/details?hostname=web-1")).status, 404);
    assert.equal(hub.logged.length, 1);
  });

  test("is limited for each address where a limit is set", async (t) => {
    const hub = await openTestHub(t, { ...stackSettings({ rateLimitPerMinute: 2 }), auth: "off" });
    const from = (remoteAddress: string) => post(hub, {}, { remoteAddress });
    assert.equal((await from("10.0.0.1")).status, 200);
    assert.equal((await from("10.0.0.1")).status, 200);
    const third = await from("10.0.0.1");
    assert.deepEqual([third.status, third.json()], [429, { error: "Rate limit exceeded" }]);
    assert.equal(third.headers["retry-after"], "60");
    assert.equal((await from("10.0.0.2")).status, 200);
    hub.clock.move(60_000);
    assert.equal((await from("10.0.0.1")).status, 200);
  });

  test("when the store is away is answered in JSON as well", async (t) => {
    const hub = await openTestHub(t);
    t.mock.method(hub.store, "append", () => Promise.reject(new AppError("unavailable", "busy")));
    const answer = await post(hub);
    assert.deepEqual([answer.status, answer.json()], [503, { error: "busy" }]);
  });
});

describe("GET /data", () => {
  test("is ascending by time over all hosts, of one host, and of a time frame", async (t) => {
    const hub = await openTestHub(t);
    const sent = [
      ["b", -100],
      ["a", -4000],
      ["a", -50],
      ["b", -700_000],
      ["a", -100],
      ["B", 0],
    ] as const;
    for (const [hostname, ago] of sent) await post(hub, { hostname, timestamp: now + ago });
    const rows = async (query: string) =>
      (await dataOf(hub, query)).data.map(
        ({ hostname, timestamp }) => `${hostname}${timestamp - now}`,
      );
    assert.deepEqual(await rows(""), ["b-700000", "a-4000", "a-100", "b-100", "a-50", "B0"]);
    assert.deepEqual(await rows("?hostname=&timeframe="), await rows(""));
    assert.deepEqual(await rows("?hostname=a"), ["a-4000", "a-100", "a-50"]);
    assert.deepEqual(await rows("?hostname=A"), []);
    assert.deepEqual(await rows("?hostname=nobody"), []);
    assert.deepEqual(await rows("?timeframe=1h"), ["a-100", "b-100", "a-50", "B0"]);
    assert.deepEqual(await rows("?timeframe=1h&hostname=b"), ["b-100"]);
    for (const [timeframe, count] of [
      ["15m", 4],
      ["30m", 4],
      ["3h", 5],
      ["6h", 5],
      ["24h", 5],
      ["7d", 5],
    ] as const) {
      assert.equal((await dataOf(hub, `?timeframe=${timeframe}`)).count, count, timeframe);
    }
  });

  test("refuses other time frames", async (t) => {
    const hub = await openTestHub(t);
    for (const timeframe of ["2h", "1H", "all", "3600"]) {
      const answer = await hub.ask("GET", `/data?timeframe=${timeframe}`);
      assert.deepEqual([answer.status, answer.json()], [400, { error: "Unsupported timeframe" }]);
    }
  });

  test("has the samples of a host with Belfry's agent, one a second", async (t) => {
    const hub = await openTestHub(t);
    await post(hub);
    const id = [...hub.hosts.entries()][0]?.host.id;
    assert.ok(id !== undefined);
    await hub.store.append([
      {
        source: hostSource(id),
        series: ["belfry_host_cpu_ratio", "belfry_host_memory_used_ratio", "node_load1"].map(
          (name) => ({ name, labels: {} }),
        ),
        times: Float64Array.of(startOfTime + 5_001, startOfTime + 5_900, startOfTime + 6_100),
        values: Float64Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 1, 2, 3),
      },
    ]);
    const { data } = await dataOf(hub);
    assert.deepEqual(
      data.map(({ timestamp, cpu, ram, disk, load1 }) => [timestamp - now, cpu, ram, disk, load1]),
      [
        [0, 12.3, 45.6, 78.9, null],
        [5, 20, 50, null, 2],
        [6, 30, 60, null, 3],
      ],
    );
  });

  test("of 30,000 rows comes whole while others are answered, and beyond the limit is refused", async (t) => {
    const hub = await openTestHub(t);
    for (const hostname of ["a", "b", "c"]) await post(hub, { hostname });
    const count = 10_000;
    const times = Float64Array.from({ length: count }, (_, i) => startOfTime - (count - i) * 1000);
    const series = [{ name: "belfry_host_cpu_ratio", labels: {} }];
    for (const { host } of hub.hosts.entries()) {
      const values = times.map((_, i) => (i % 100) / 100);
      await hub.store.append([{ source: hostSource(host.id), series, times, values }]);
    }
    let isDone = false;
    let turns = 0;
    const asking = dataOf(hub).finally(() => (isDone = true));
    while (!isDone) {
      await hub.ask("GET", "/health");
      turns += 1;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const { count: rows, data } = await asking;
    assert.deepEqual([rows, data.length], [30_003, 30_003]);
    assert.ok(
      data.every(({ timestamp }, i) => i === 0 || timestamp >= (data[i - 1]?.timestamp ?? 0)),
    );
    assert.ok(turns > 5, `${turns} turns`);
    t.mock.method(hub.store, "countSamples", () => Promise.resolve(400_000));
    const answer = await hub.ask("GET", "/data");
    const error = "There are more than 1000000 rows: ask for a hostname or a timeframe";
    assert.deepEqual([answer.status, answer.json()], [400, { error }]);
  });
});

describe("GET /details", () => {
  test("gives the latest snapshot back as it was posted", async (t) => {
    const hub = await openTestHub(t);
    const details = { zeta: [1, { a: null }], cpu: { percent: 12.3 }, "<b>": "</script>" };
    await post(hub, { details: { old: true } });
    hub.clock.move(2_500);
    await post(hub, { details, timestamp: now + 2 });
    await post(hub, { timestamp: now + 3 });
    const answer = await hub.ask("GET", "/details?hostname=web-1");
    const expected: StackDetailsView = { details, hostname: "web-1", updated_at: now + 2 };
    assert.deepEqual(answer.json(), expected);
  });

  const refused: { url: string; status: number; error: string }[] = [
    { url: "/details", status: 400, error: "hostname query parameter required" },
    { url: "/details?hostname=", status: 400, error: "hostname query parameter required" },
    { url: "/details?hostname=nobody", status: 404, error: "hostname not found" },
    { url: "/details?hostname=web-1", status: 404, error: "hostname not found" },
  ];
  test("refuses in the original's words", async (t) => {
    const hub = await openTestHub(t);
    await post(hub);
    for (const { url, status, error } of refused) {
      const answer = await hub.ask("GET", url);
      assert.deepEqual([answer.status, answer.json()], [status, { error }], url);
    }
  });
});

describe("GET /hosts", () => {
  test("lists hosts by name whatever the case, with counts, times and whether they are online", async (t) => {
    const hub = await openTestHub(t);
    await post(hub, { hostname: "beta", timestamp: now - 10, details: { a: 1 } });
    await post(hub, { hostname: "Alpha", timestamp: now - 20 });
    hub.clock.move(200_000);
    await post(hub, { hostname: "gamma", timestamp: now + 150 });
    await post(hub, { hostname: "gamma", timestamp: now + 200 });
    hub.clock.move(100_000);
    const answer = await hub.ask("GET", "/hosts");
    assert.deepEqual(answer.json<StackHostsView>(), {
      hosts: [
        {
          details_updated_at: null,
          hostname: "Alpha",
          last_seen: now - 20,
          metric_count: 1,
          online: false,
        },
        {
          details_updated_at: now,
          hostname: "beta",
          last_seen: now,
          metric_count: 1,
          online: false,
        },
        {
          details_updated_at: null,
          hostname: "gamma",
          last_seen: now + 200,
          metric_count: 2,
          online: true,
        },
      ],
    });
    assert.ok(
      answer.text.startsWith(
        '{"hosts":[{"details_updated_at":null,"hostname":"Alpha","last_seen":',
      ),
    );
  });
});

describe("a host's name", () => {
  const names = [
    "a/b",
    "/",
    "a/clean",
    "clean",
    "a b?c#d%2Fe",
    "ünïcode 😀",
    "<img src=x onerror=alert(1)>",
    "x".repeat(253),
    "ü".repeat(253),
    "%",
  ];
  test("may hold anything: it is cleaned and deleted by it", async (t) => {
    const hub = await openTestHub(t);
    for (const hostname of names) {
      await post(hub, { hostname });
      const path = `/hosts/${encodeURIComponent(hostname)}`;
      const cleaned = await hub.ask("POST", `${path}/clean`);
      assert.deepEqual(
        [cleaned.status, cleaned.json()],
        [200, { metrics_deleted: 1, status: "ok" }],
        hostname,
      );
      const gone = await hub.ask("DELETE", path);
      assert.deepEqual(
        [gone.status, gone.json()],
        [200, { details: 0, metrics: 0, status: "ok" }],
        hostname,
      );
      assert.deepEqual(await hostsOf(hub), [], hostname);
    }
  });

  test("may hold slashes that are not encoded", async (t) => {
    const hub = await openTestHub(t);
    await post(hub, { hostname: "rack/7" });
    const cleaned = await hub.ask("POST", "/hosts/rack/7/clean");
    assert.deepEqual(cleaned.json(), { metrics_deleted: 1, status: "ok" });
    assert.equal((await hub.ask("DELETE", "/hosts/rack/7")).status, 200);
    assert.deepEqual(await hostsOf(hub), []);
  });

  test("is never a page: every answer that holds one is JSON that is not sniffed", async (t) => {
    const hub = await openTestHub(t);
    const hostname = "<script>alert(1)</script>";
    await post(hub, { hostname, details: { a: hostname } });
    const name = encodeURIComponent(hostname);
    const asked = [
      ["GET", "/hosts"],
      ["GET", "/data"],
      ["GET", `/details?hostname=${name}`],
      ["GET", `/data?timeframe=${name}`],
      ["POST", `/hosts/${name}/clean`],
      ["POST", `/hosts/${name}/nope`],
      ["DELETE", `/hosts/${name}`],
    ] as const;
    for (const [method, url] of asked) {
      const { headers } = await hub.ask(method, url);
      assert.match(String(headers["content-type"]), /^application\/json/, url);
      assert.equal(headers["x-content-type-options"], "nosniff", url);
    }
  });
});

describe("cleaning and deleting", () => {
  test("deletes samples and keeps details, or deletes everything", async (t) => {
    const hub = await openTestHub(t);
    for (const i of [0, 1, 2]) await post(hub, { timestamp: now - i, details: { i } });
    const cleaned = await hub.ask("POST", "/hosts/web-1/clean");
    assert.equal(cleaned.text, '{"metrics_deleted":3,"status":"ok"}');
    assert.equal((await dataOf(hub)).count, 0);
    assert.equal((await hub.ask("GET", "/details?hostname=web-1")).status, 200);
    assert.equal((await hostsOf(hub))[0]?.metric_count, 0);
    hub.clock.move(10_000);
    await post(hub, { timestamp: now + 5 });
    const deleted = await hub.ask("DELETE", "/hosts/web-1");
    assert.equal(deleted.text, '{"details":1,"metrics":1,"status":"ok"}');
    assert.deepEqual(await hostsOf(hub), []);
  });

  test("of a host there is not is answered with zeros", async (t) => {
    const hub = await openTestHub(t);
    const cleaned = await hub.ask("POST", "/hosts/nobody/clean");
    assert.deepEqual([cleaned.status, cleaned.json()], [200, { metrics_deleted: 0, status: "ok" }]);
    const deleted = await hub.ask("DELETE", "/hosts/nobody");
    assert.deepEqual(
      [deleted.status, deleted.json()],
      [200, { details: 0, metrics: 0, status: "ok" }],
    );
  });
});

describe("other paths and methods", () => {
  const rows: { method: string; url: string; status: number; error: string }[] = [
    { method: "GET", url: "/hosts/web-1", status: 405, error: "Method Not Allowed" },
    { method: "GET", url: "/hosts/web-1/clean", status: 405, error: "Method Not Allowed" },
    { method: "POST", url: "/hosts/web-1", status: 404, error: "Not Found" },
    { method: "POST", url: "/hosts", status: 405, error: "Method Not Allowed" },
    { method: "POST", url: "/data", status: 405, error: "Method Not Allowed" },
    { method: "GET", url: "/data/more", status: 404, error: "Not Found" },
  ];
  test("are answered in JSON", async (t) => {
    const hub = await openTestHub(t);
    for (const { method, url, status, error } of rows) {
      const answer = await hub.ask(method, url);
      assert.deepEqual([answer.status, answer.json()], [status, { error }], `${method} ${url}`);
    }
  });

  test("leave GET /metrics to Prometheus, and /dashboard to the pages", async (t) => {
    const hub = await openTestHub(t);
    const metrics = await hub.ask("GET", "/metrics");
    assert.match(String(metrics.headers["content-type"]), /^text\/plain/);
    const pages = await hub.ask("GET", "/dashboard");
    assert.deepEqual([pages.status, pages.headers["location"]], [302, "/dashboard/"]);
  });
});
