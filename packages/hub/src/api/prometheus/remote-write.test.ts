import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  compressed,
  plainSeries,
  requestOf,
  stored,
  varint,
  type SentSeries,
} from "../../ingest/remote-write.kit.ts";
import { AppError } from "../../model/error.ts";
import { assertDeclared } from "../answer.kit.ts";
import { openTestHub, startOfTime, type TestHub } from "../hub.kit.ts";

const url = "/prometheus/api/v1/write";
const sent = {
  "content-type": "application/x-protobuf",
  "content-encoding": "snappy",
  "user-agent": "Prometheus/2.42.0",
  "x-prometheus-remote-write-version": "0.1.0",
};

type Headers = Readonly<Record<string, string>>;

/** Sends bytes as they are and holds the answer against what the route declares. */
async function write(
  hub: TestHub,
  payload: Buffer,
  headers: Headers = sent,
  remoteAddress = "127.0.0.1",
): Promise<{ readonly status: number; readonly text: string; readonly headers: object }> {
  const answer = await hub.api.app.inject({ method: "POST", url, payload, headers, remoteAddress });
  const contentType = answer.headers["content-type"];
  assertDeclared(hub.api.routes, {
    method: "POST",
    url,
    status: answer.statusCode,
    contentType: typeof contentType === "string" ? contentType : undefined,
    payload: answer.payload,
  });
  return { status: answer.statusCode, text: answer.payload, headers: answer.headers };
}

const body = (...series: readonly SentSeries[]): Buffer => compressed(requestOf(series));
const node = { instance: "a:9100", job: "node" };

async function samplesOf(hub: TestHub, name: string): Promise<string[]> {
  const range = { from: startOfTime - 1e9, to: startOfTime + 1e9 };
  const found = await hub.store.raw(
    [{ label: "__name__", operator: "=", value: name }],
    range,
    200_000,
  );
  return found.flatMap(({ key, times, values }) =>
    Array.from(times, (at, i) => `${JSON.stringify(key.labels)} ${at} ${values[i] ?? "?"}`),
  );
}

async function metric(hub: TestHub, line: string): Promise<number> {
  const text = await hub.parts.registry.metrics();
  const found = text.split("\n").find((one) => one.startsWith(`${line} `));
  return Number(found?.slice(line.length + 1) ?? Number.NaN);
}

describe("a remote_write", () => {
  test("is stored and answered with 204 and nothing", async (t) => {
    const hub = await openTestHub(t);
    const answer = await write(
      hub,
      body(
        plainSeries("node_load1", node, 0.25, startOfTime),
        plainSeries("up", node, 1, startOfTime),
      ),
    );
    assert.deepEqual([answer.status, answer.text], [204, ""]);
    assert.deepEqual(await samplesOf(hub, "node_load1"), [
      `{"instance":"a:9100","job":"node"} ${startOfTime} 0.25`,
    ]);
    assert.equal(await metric(hub, 'belfry_remote_write_samples_total{result="stored"}'), 2);
  });

  test("sent twice counts once", async (t) => {
    const hub = await openTestHub(t);
    const same = body(plainSeries("up", node, 1, startOfTime));
    for (let i = 0; i < 2; i += 1) assert.equal((await write(hub, same)).status, 204);
    assert.equal((await samplesOf(hub, "up")).length, 1);
  });

  test("out of order is stored in order", async (t) => {
    const hub = await openTestHub(t);
    for (const at of [30, 10, 20]) {
      await write(hub, body(plainSeries("up", {}, at, startOfTime + at)));
    }
    assert.deepEqual(
      await samplesOf(hub, "up"),
      [10, 20, 30].map((at) => `{} ${startOfTime + at} ${at}`),
    );
  });

  test("with some series that cannot be kept is stored without them, counted and said once", async (t) => {
    const hub = await openTestHub(t);
    const mixed = body(
      plainSeries("up", node, 1, startOfTime),
      { labels: [["job", "nameless"]], samples: [[1, startOfTime]] },
      {
        labels: [
          ["__name__", "up"],
          ["a", "\0"],
        ],
        samples: [[1, startOfTime]],
      },
    );
    for (let i = 0; i < 2; i += 1) assert.equal((await write(hub, mixed)).status, 204);
    assert.equal((await samplesOf(hub, "up")).length, 1);
    const refused = "belfry_remote_write_refused_series_total";
    assert.equal(await metric(hub, `${refused}{fault="no_name"}`), 2);
    assert.equal(await metric(hub, `${refused}{fault="bad_text"}`), 2);
    assert.equal(hub.logged.length, 1);
    assert.match(hub.logged[0]?.message ?? "", /a part of a request was not kept/);
  });

  test("with samples too far ahead is stored without them, and counted", async (t) => {
    const hub = await openTestHub(t);
    const samples = [
      [1, startOfTime],
      [2, Date.now() + 3 * 86_400_000],
    ] as const;
    const answer = await write(hub, body({ labels: [["__name__", "up"]], samples }));
    assert.equal(answer.status, 204);
    assert.equal((await samplesOf(hub, "up")).length, 1);
    const result = (name: string): string => `belfry_remote_write_samples_total{result="${name}"}`;
    assert.equal(await metric(hub, result("stored")), 1);
    assert.equal(await metric(hub, result("out_of_range")), 1);
  });

  test("of nothing but staleness markers or metadata is taken as well", async (t) => {
    const hub = await openTestHub(t);
    const stale = {
      labels: [["__name__", "up"]],
      samples: [[0x7ff0000000000002n, startOfTime]],
    } as const;
    assert.equal((await write(hub, body(stale))).status, 204);
    assert.equal((await write(hub, stored(requestOf([], 3)))).status, 204);
    assert.deepEqual(await samplesOf(hub, "up"), []);
    assert.equal(await metric(hub, 'belfry_remote_write_passed_over_total{kind="metadata"}'), 3);
  });

  test("of 100,000 series stores every one, and others are answered meanwhile", async (t) => {
    const hub = await openTestHub(t);
    const many = body(
      ...Array.from({ length: 100_000 }, (_, i) =>
        plainSeries("many", { job: "big", number: String(i) }, i, startOfTime),
      ),
    );
    let isDone = false;
    let answered = 0;
    const writing = write(hub, many).finally(() => (isDone = true));
    while (!isDone) {
      assert.equal((await hub.ask("GET", "/health")).status, 200);
      answered += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal((await writing).status, 204);
    const stored = 'belfry_remote_write_samples_total{result="stored"}';
    assert.equal(await metric(hub, stored), 100_000);
    const selector = [{ label: "__name__", operator: "=", value: "many" }] as const;
    assert.equal((await hub.store.listSeries(selector, 200_000)).length, 100_000);
    assert.ok(answered >= 20, `${answered} answers meanwhile`);
  });
});

describe("a remote_write that cannot be taken", () => {
  const good = body(plainSeries("up", node, 1, startOfTime));
  const rows: {
    title: string;
    payload?: Buffer;
    headers?: Headers;
    status: number;
    says: RegExp;
  }[] = [
    { title: "no body", payload: Buffer.alloc(0), status: 400, says: /no Snappy block/ },
    { title: "a cut body", payload: good.subarray(0, -4), status: 400, says: /no Snappy block/ },
    {
      title: "another sort of message",
      payload: stored(Buffer.from("text")),
      status: 400,
      says: /no WriteRequest/,
    },
    {
      title: "a message that is cut",
      payload: stored(requestOf([plainSeries("up", node, 1, 1)]).subarray(0, -2)),
      status: 400,
      says: /no WriteRequest/,
    },
    {
      title: "a body that announces 4 GB",
      payload: Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0]),
      status: 413,
      says: /4294967295 bytes are announced/,
    },
    {
      title: "a body that announces more than it can hold",
      payload: Buffer.concat([Buffer.from(varint(1e6)), Buffer.alloc(10)]),
      status: 400,
      says: /which 13 cannot hold/,
    },
    {
      title: "a body beyond the limit",
      payload: Buffer.alloc(200_000),
      status: 413,
      says: /larger/,
    },
    {
      title: "nothing but series that cannot be kept",
      payload: body({ labels: [["job", "x"]], samples: [[1, 1]] }),
      status: 400,
      says: /^No series could be kept: it has no __name__\n$/,
    },
    {
      title: "remote_write 2.0",
      headers: {
        ...sent,
        "content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
      },
      status: 415,
      says: /found the message io\.prometheus\.write\.v2\.request/,
    },
    {
      title: "JSON",
      headers: { ...sent, "content-type": "application/json" },
      status: 415,
      says: /application\/json/,
    },
    {
      title: "zstd",
      headers: { ...sent, "content-encoding": "zstd" },
      status: 415,
      says: /content encoding zstd/,
    },
    {
      title: "a body that is not packed",
      headers: { "content-type": sent["content-type"] },
      status: 415,
      says: /content encoding identity/,
    },
  ];
  test("is answered with what is wrong with it, and nothing of it is stored", async (t) => {
    const hub = await openTestHub(t, { importLimitBytes: 100_000 });
    for (const { title, payload = good, headers, status, says } of rows) {
      const answer = await write(hub, payload, headers);
      assert.equal(answer.status, status, `${title}: ${answer.text}`);
      assert.match(answer.text, says, title);
      assert.deepEqual(await samplesOf(hub, "up"), [], title);
    }
  });

  const taken: { title: string; headers: Headers }[] = [
    {
      title: "that says it is 1.0",
      headers: { ...sent, "content-type": "application/x-protobuf;proto=prometheus.WriteRequest" },
    },
    { title: "without a content type", headers: { "content-encoding": "snappy" } },
  ];
  test("is not one that says less, or more exactly, what it is", async (t) => {
    const hub = await openTestHub(t);
    for (const { title, headers } of taken) {
      assert.equal((await write(hub, good, headers)).status, 204, title);
    }
  });

  test("because the store is away is answered with 503, so that it is sent again", async (t) => {
    const away = new AppError("unavailable", "the store is busy");
    const hub = await openTestHub(t);
    t.mock.method(hub.store, "append", () => Promise.reject(away));
    const answer = await write(hub, good);
    assert.deepEqual([answer.status, answer.text], [503, "the store is busy\n"]);
  });
});

describe("who may write", () => {
  const good = body(plainSeries("up", node, 1, startOfTime));
  const basic = (key: string): string => `Basic ${Buffer.from(`user:${key}`).toString("base64")}`;

  test("has a key for it, as Bearer or as the password of Basic credentials", async (t) => {
    const hub = await openTestHub(t, { auth: "keys" });
    const [ingest, read] = [await hub.key("ingest"), await hub.key("read")];
    const ask = async (authorization?: string): Promise<number> =>
      (await write(hub, good, authorization === undefined ? sent : { ...sent, authorization }))
        .status;
    assert.equal(await ask(), 401);
    assert.equal(await ask("Bearer nonsense"), 401);
    assert.equal(await ask(`Bearer ${read}`), 403);
    assert.equal(await ask(`Bearer ${ingest}`), 204);
    assert.equal(await ask(basic(ingest)), 204);
  });

  test("or comes from a network it is open to", async (t) => {
    const hub = await openTestHub(t, { auth: "keys", openTo: { prometheus: ["10.0.0.0/8"] } });
    assert.equal((await write(hub, good, sent, "10.1.2.3")).status, 204);
    assert.equal((await write(hub, good, sent, "192.0.2.1")).status, 401);
  });
});

describe("other paths and methods", () => {
  const rows: { method: "GET" | "POST"; path: string; status: number }[] = [
    { method: "GET", path: url, status: 405 },
    { method: "POST", path: "/prometheus/api/v1/nope", status: 404 },
  ];
  for (const { method, path, status } of rows) {
    test(`${method} ${path} is answered with ${status} in one line of text`, async (t) => {
      const hub = await openTestHub(t);
      const answer = await hub.api.app.inject({ method, url: path });
      assert.equal(answer.statusCode, status);
      assert.match(String(answer.headers["content-type"]), /^text\/plain/);
      assert.match(answer.payload, /^[^\n]+\n$/);
    });
  }
});
