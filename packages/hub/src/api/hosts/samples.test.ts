import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import {
  encodeBatch,
  sampleBatchType,
  type HostSamplesAnswer,
  type ProblemDocument,
} from "@belfry/contract";
import { AppError } from "../../model/error.ts";
import { hostSource } from "../../model/host.ts";
import { parseId } from "../../model/id.ts";
import { maxSeries, openTestHub, type TestHub } from "../hub.kit.ts";
import { batchAt, hostsOf, sendBatch, untilHosts, type BatchOver } from "./batch.kit.ts";

async function sent(hub: TestHub, over: BatchOver = {}): Promise<HostSamplesAnswer> {
  const answer = await sendBatch(hub, over);
  assert.equal(answer.status, 200, answer.text);
  return answer.json<HostSamplesAnswer>();
}

async function rawOf(hub: TestHub, id: string, name: string): Promise<number[]> {
  const source = hostSource(parseId<"monitor">(id) ?? assert.fail("no id"));
  const range = { from: 0, to: 1e13 };
  const [series] = await hub.store.rawOf(source, [{ name, labels: {} }], range);
  return [...(series?.values ?? [])];
}

describe("POST /api/v1/host-samples", () => {
  test("makes the host, keeps its samples and shows its figures", async (t) => {
    const hub = await openTestHub(t);
    const answer = await sent(hub, { host: { labels: { team: "core" } } });
    assert.deepEqual(answer, {
      host_id: answer.host_id,
      accepted: 2,
      refused: 0,
      series_refused: 0,
    });
    await hub.settle();
    const [host, ...others] = await hostsOf(hub);
    assert.deepEqual(others, []);
    assert.equal(host?.id, answer.host_id);
    assert.equal(host.name, "web-1");
    assert.equal(host.status, "up");
    assert.deepEqual(host.labels, { team: "core" });
    assert.deepEqual(host.names, ["web-1"]);
    assert.equal(host.agent_version, "1.0.0");
    assert.equal(host.interval, 5);
    assert.equal(host.series, 2);
    assert.equal(host.clock_offset, 0);
    assert.deepEqual(host.notices, []);
    assert.equal(host.figures.cpu_ratio, 0.25);
    assert.equal(host.figures.load1, 1.5);
    assert.equal(host.figures.memory_ratio, null);
    assert.deepEqual(await rawOf(hub, host.id, "belfry_host_cpu_ratio"), [0.25]);
    const found = await hub.store.listSeries(
      [{ label: "instance", operator: "=", value: "web-1" }],
      10,
    );
    assert.deepEqual(found[0]?.labels, { host: host.id, instance: "web-1", job: "node" });
  });

  test("takes the same batch twice for one", async (t) => {
    const hub = await openTestHub(t);
    const { host_id } = await sent(hub);
    await sent(hub);
    assert.deepEqual(await rawOf(hub, host_id, "node_load1"), [1.5]);
  });

  test("makes a host once, however many of its batches come at the same time", async (t) => {
    const hub = await openTestHub(t);
    const now = hub.clock.now();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => sent(hub, { at: now - i * 1000 })),
    );
    assert.equal(new Set(answers.map(({ host_id }) => host_id)).size, 1);
    assert.equal((await hostsOf(hub)).length, 1);
  });

  test("asks for a list of series it does not know, and takes it from any host", async (t) => {
    const hub = await openTestHub(t);
    const unknown = await sendBatch(hub, { series: null });
    assert.equal(unknown.status, 409);
    assert.equal(unknown.json<ProblemDocument>().code, "unknown_series");
    assert.deepEqual(await hostsOf(hub), [], "nothing was made");
    await sent(hub);
    await sent(hub, { series: null });
    await sent(hub, { series: null, host: { machine_id: "machine-2", name: "web-2" } });
    assert.equal((await hostsOf(hub)).length, 2);
  });

  test("says that the store is away, and when to come again; the host is not silent for that", async (t) => {
    const hub = await openTestHub(t);
    await sent(hub);
    await hub.settle();
    const append = hub.store.append.bind(hub.store);
    hub.store.append = () => Promise.reject(new AppError("unavailable", "the store is away"));
    for (let i = 0; i < 20; i += 1) {
      const answer = await sendBatch(hub);
      assert.equal(answer.status, 503);
      assert.equal(answer.headers["retry-after"], "5");
      await hub.pass(5_000);
    }
    assert.equal((await hostsOf(hub))[0]?.status, "up");
    hub.store.append = append;
    await sent(hub);
  });

  test("keeps the first series of a host that has too many, and says so", async (t) => {
    const hub = await openTestHub(t);
    const values = Object.fromEntries(Array.from({ length: 800 }, (_, i) => [`series_${i}`, i]));
    const answer = await sent(hub, { values });
    assert.equal(answer.accepted, maxSeries);
    assert.equal(answer.series_refused, 300);
    const [host] = await hostsOf(hub);
    assert.deepEqual(host?.notices, [
      {
        code: "too_many_series",
        message: "It has 800 series; 300 of them are refused, since a host may have 500",
      },
    ]);
    assert.deepEqual(await rawOf(hub, answer.host_id, "series_499"), [499]);
    assert.deepEqual(await rawOf(hub, answer.host_id, "series_500"), []);
    const metrics = (await hub.ask("GET", "/metrics")).text;
    assert.match(metrics, /^belfry_ingest_series_refused_total 300$/m);
  });

  test("bounds 100,000 different series of one host", async (t) => {
    const hub = await openTestHub(t);
    let refused = 0;
    for (let from = 0; from < 100_000; from += 500) {
      const values = Object.fromEntries(
        Array.from({ length: 500 }, (_, i) => [`series_${from + i}`, 1]),
      );
      refused += (await sent(hub, { values })).series_refused;
    }
    assert.equal(refused, 100_000 - 4 * maxSeries);
    const [host] = await hostsOf(hub);
    assert.equal(host?.notices[0]?.code, "too_many_series");
    const match = [{ label: "__name__", operator: "=~", value: "series_.*" }] as const;
    assert.equal((await hub.store.listSeries(match, 10_000)).length, 4 * maxSeries);
  });

  const hourMs = 3_600_000;
  const clocks = [
    {
      title: "an hour ahead",
      offsetMs: hourMs,
      message: "Its clock is 60 minutes ahead of Belfry's",
    },
    {
      title: "an hour behind",
      offsetMs: -hourMs,
      message: "Its clock is 60 minutes behind Belfry's",
    },
    {
      title: "three days behind",
      offsetMs: -72 * hourMs,
      message: "Its clock is 3 days behind Belfry's",
    },
  ];
  for (const { title, offsetMs, message } of clocks) {
    test(`takes the samples of a clock ${title}, with its own times, and marks it`, async (t) => {
      const hub = await openTestHub(t);
      const at = hub.clock.now() + offsetMs;
      const { accepted } = await sent(hub, { at, host: { sent_at: at } });
      assert.equal(accepted, 2);
      await hub.settle();
      const [host] = await hostsOf(hub);
      assert.equal(host?.clock_offset, offsetMs / 1000);
      assert.equal(host.status, "up");
      assert.equal(host.last_sample_at, new Date(at).toISOString());
      assert.deepEqual(host.notices, [{ code: "clock", message }]);
      await sent(hub);
      assert.deepEqual((await hostsOf(hub))[0]?.notices, [], "a clock that was set right");
    });
  }

  test("refuses samples that are more than a day ahead, and says so for an hour", async (t) => {
    const hub = await openTestHub(t);
    const tooFar = Date.now() + 48 * hourMs;
    const answer = await sent(hub, { at: tooFar });
    assert.equal(answer.accepted, 0);
    assert.equal(answer.refused, 2);
    const [host] = await hostsOf(hub);
    assert.deepEqual(host?.notices, [
      {
        code: "refused_samples",
        message: "2 samples were refused: older than what is kept, or more than a day ahead",
      },
    ]);
    assert.equal(host.last_sample_at, null);
    hub.clock.move(hourMs);
    await sent(hub);
    assert.deepEqual((await hostsOf(hub))[0]?.notices, []);
  });

  test("older samples that come later change no figure", async (t) => {
    const hub = await openTestHub(t);
    await sent(hub, { values: { node_load1: 2 } });
    await sent(hub, { values: { node_load1: 7 }, at: hub.clock.now() - hourMs });
    assert.equal((await hostsOf(hub))[0]?.figures.load1, 2);
  });

  test("tells clones apart and says so on both", async (t) => {
    const hub = await openTestHub(t);
    const a = { host: { boot_id: "boot-1", name: "web-1" } };
    const b = { host: { boot_id: "boot-2", name: "web-2" } };
    const ids: string[] = [];
    for (const one of [a, b, a, b, a, b]) {
      ids.push((await sent(hub, one)).host_id);
      await hub.pass(1_000);
    }
    assert.notEqual(ids[4], ids[5]);
    assert.equal(ids[3], ids[5]);
    const says = /^It has the same machine id as web-1: /;
    const hosts = await untilHosts(hub, ([, clone]) => says.test(clone?.notices[0]?.message ?? ""));
    assert.deepEqual(
      hosts.map(({ name, names, notices }) => [name, names, notices.map(({ code }) => code)]),
      [
        ["web-1", ["web-1"], ["cloned_id"]],
        ["web-2", ["web-2"], ["cloned_id"]],
      ],
    );
    await hub.ask("DELETE", `/api/v1/hosts/${ids[5] ?? ""}`);
    assert.deepEqual((await hostsOf(hub))[0]?.notices, []);
  });

  test("follows a changed name and changed labels, but not what people chose", async (t) => {
    const hub = await openTestHub(t);
    const { host_id } = await sent(hub, { host: { labels: { rack: "1", team: "a" } } });
    const path = `/api/v1/hosts/${host_id}`;
    await sent(hub, { host: { name: "db-1", labels: { rack: "2", team: "a" } } });
    const [renamed] = await untilHosts(hub, ([host]) => host?.name === "db-1");
    assert.ok(renamed);
    assert.deepEqual(renamed.names, ["db-1", "web-1"]);
    assert.deepEqual(renamed.labels, { rack: "2", team: "a" });
    await hub.ask("PATCH", path, { body: { name: "Ours", labels: { team: "ours" } } });
    await sent(hub, { host: { name: "db-2", labels: { rack: "3", team: "b" } } });
    const [chosen] = await untilHosts(hub, ([host]) => host?.labels["rack"] === "3");
    assert.equal(chosen?.name, "Ours");
    assert.deepEqual(chosen.names, ["db-2", "db-1", "web-1"]);
    assert.deepEqual(chosen.labels, { rack: "3", team: "ours" });
  });

  test("needs a key with the scope ingest", async (t) => {
    const hub = await openTestHub(t, { auth: "keys" });
    const read = await hub.key("read", "write");
    const ingest = await hub.key("ingest");
    assert.equal((await sendBatch(hub)).status, 401);
    assert.equal((await sendBatch(hub, {}, { authorization: `Bearer ${read}` })).status, 403);
    assert.equal((await sendBatch(hub, {}, { authorization: `Bearer ${ingest}` })).status, 200);
  });
});

const good = encodeBatch(batchAt(1_767_225_600_000));
const bad: readonly {
  title: string;
  body: Uint8Array | string;
  headers?: Record<string, string>;
  status: number;
  detail?: string;
  message?: string;
}[] = [
  {
    title: "nothing",
    body: new Uint8Array(0),
    status: 422,
    message: "the bytes end too early",
  },
  {
    title: "JSON",
    body: '{"cpu":1}',
    headers: { "content-type": "application/json" },
    status: 415,
  },
  {
    title: "text under the right type",
    body: "cpu=1",
    status: 422,
    message: "version: expected 1, found 99",
  },
  {
    title: "half a batch",
    body: good.subarray(0, good.length >> 1),
    status: 422,
    message: "the bytes end too early",
  },
  {
    title: "more than a batch",
    body: Buffer.concat([good, Buffer.from("!")]),
    status: 422,
    message: "1 bytes are left over at the end",
  },
  {
    title: "no zstd where zstd is said",
    body: good,
    headers: { "content-encoding": "zstd" },
    status: 400,
    detail: "The body is not valid zstd",
  },
  {
    title: "no gzip where gzip is said",
    body: Buffer.alloc(100_000),
    headers: { "content-encoding": "gzip" },
    status: 400,
    detail: "The body is not valid gzip",
  },
  {
    title: "another coding",
    body: good,
    headers: { "content-encoding": "br" },
    status: 415,
    detail: "content-encoding: expected zstd, gzip or identity, found br",
  },
  {
    title: "a bomb of zstd",
    body: zstdCompressSync(Buffer.alloc(100_000_000)),
    headers: { "content-encoding": "zstd" },
    status: 413,
    detail: "Unpacked, the body is larger than 33554432 bytes",
  },
  {
    title: "a bomb of gzip",
    body: gzipSync(Buffer.alloc(100_000_000)),
    headers: { "content-encoding": "gzip" },
    status: 413,
    detail: "Unpacked, the body is larger than 33554432 bytes",
  },
  {
    title: "more than 8 MB",
    body: Buffer.alloc(8 * 1024 * 1024 + 1),
    status: 413,
    detail: "The body is larger than this path accepts",
  },
  {
    title: "another list under the hash of one",
    body: encodeBatch(batchAt(1, { seriesHash: "0".repeat(32) })),
    status: 422,
    message: `expected ${batchAt(1).seriesHash}, found ${"0".repeat(32)}`,
  },
  {
    title: "a machine without an id",
    body: encodeBatch(batchAt(1, { host: { machine_id: "" } })),
    status: 422,
    message: "host.machine_id: expected text, found none",
  },
  {
    title: "a metric with a bad name",
    body: encodeBatch(batchAt(1, { values: { "9lives": 1 } })),
    status: 422,
    message: 'series[0]: expected the name of a metric, found "9lives"',
  },
  {
    title: "details of another shape",
    body: encodeBatch(
      batchAt(1, {
        details: JSON.parse('{"processes":{"total":"many","by_cpu":[],"by_memory":[]}}'),
      }),
    ),
    status: 422,
    message: 'expected a whole number, found "many"',
  },
];

describe("bad input to POST /api/v1/host-samples", () => {
  for (const { title, body, headers, status, detail, message } of bad) {
    test(title, async (t) => {
      const hub = await openTestHub(t);
      const answer = await hub.ask("POST", "/api/v1/host-samples", {
        body,
        headers: { "content-type": sampleBatchType, ...headers },
      });
      const problem = answer.json<ProblemDocument>();
      assert.equal(answer.status, status, answer.text);
      if (detail !== undefined) assert.equal(problem.detail, detail);
      if (message !== undefined) assert.equal(problem.errors?.[0]?.message, message);
      assert.deepEqual(await hostsOf(hub), [], "nothing was made");
    });
  }

  test("values that are no numbers are kept as they are, and are no figures", async (t) => {
    const hub = await openTestHub(t);
    const values = { node_load1: Number.NaN, node_load5: Number.POSITIVE_INFINITY };
    const { host_id } = await sent(hub, { values });
    assert.deepEqual(await rawOf(hub, host_id, "node_load1"), [Number.NaN]);
    const [host] = await hostsOf(hub);
    assert.equal(host?.figures.load1, null);
    assert.equal(host.figures.load5, null);
  });

  test("gzip and no coding at all are taken as zstd is", async (t) => {
    const hub = await openTestHub(t);
    for (const [coding, body] of [
      ["gzip", gzipSync(good)],
      ["identity", good],
    ] as const) {
      const answer = await hub.ask("POST", "/api/v1/host-samples", {
        body,
        headers: { "content-type": sampleBatchType, "content-encoding": coding },
      });
      assert.equal(answer.status, 200, answer.text);
    }
  });

  test("a batch of megabytes is unpacked and taken", async (t) => {
    const hub = await openTestHub(t);
    const values = Object.fromEntries(
      Array.from({ length: 5000 }, (_, i) => [`series_${i}{text="${"x".repeat(100)}"}`, i]),
    );
    assert.equal((await sent(hub, { values })).series_refused, 5000 - maxSeries);
  });
});
