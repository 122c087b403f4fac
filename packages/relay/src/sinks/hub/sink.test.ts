import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { startSidecar } from "../../../../../test/kit/sidecar.ts";
import type { EventSinkKind } from "../../event-sink.ts";
import type { JobRecord } from "../../sink-record.ts";
import { eventSinkContract, sinkParts, type EventSinkFixture } from "../event-sink.contract.ts";
import { startStrictServer, type GivenAnswer } from "../http/strict-server.kit.ts";
import { jobRecord } from "../record.kit.ts";
import { hubKind, localApiKind } from "./kind.ts";
import { startLocalApi } from "./local-api.kit.ts";
import { createHubFixture } from "./real-hub.kit.ts";

const wrong = [
  {
    what: "an address of another kind",
    config: { base_url: "tcp://127.0.0.1:17000" },
    path: "base_url",
  },
  { what: "a password in it", config: { base_url: "http://u:p@hub" }, path: "base_url" },
  { what: "a query in it", config: { base_url: "http://hub?x=1" }, path: "base_url" },
  { what: "a time limit of nothing", config: { timeout: 0 }, path: "timeout" },
  { what: "a key of two lines", config: { key: "a\r\nb" }, path: "key" },
  { what: "a packing it does not know", config: { compression: "br" }, path: "compression" },
  { what: "an authority that is none", config: { ca: "/etc/ssl/ca.pem" }, path: "ca" },
];

describe("on a real hub", () => {
  eventSinkContract({ kind: hubKind, createFixture: createHubFixture, wrong, knowsIds: true });
});

describe("on the original local API", () => {
  eventSinkContract({
    kind: localApiKind,
    createFixture: createLocalApiFixture,
    wrong,
    knowsIds: true,
  });
});

async function createLocalApiFixture(): Promise<EventSinkFixture> {
  const api = await startLocalApi();
  const elsewhere = `${api.url}/not-here`;
  return {
    config: { base_url: api.url },
    arrived: () => Promise.resolve(api.stored),
    away: api.away,
    refuse(ids) {
      for (const id of ids) api.refused.add(id);
      return Promise.resolve();
    },
    throttle: (afterMs) => api.throttle(afterMs),
    // It knows no keys: what can be wrong is the address.
    misconfigured: { config: { base_url: elsewhere, key: "a-secret-key" }, secret: "a-secret-key" },
    hang: () => api.hang(),
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

function open(kind: EventSinkKind, config: object, said: string[] = []) {
  const parsed = kind.parseSettings(config);
  if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems));
  return kind.create(parsed.value, sinkParts(said));
}

async function deliverTo(kind: EventSinkKind, config: object, records: readonly JobRecord[]) {
  await using sink = open(kind, config);
  return await sink.deliver(records, AbortSignal.timeout(10_000));
}

const lateBy = (id: string, ms: number): JobRecord =>
  jobRecord(id, { event: { at: new Date(Date.now() + ms).toISOString() } });
const dayMs = 86_400_000;

describe("a batch with events a real hub refuses", () => {
  for (const kind of [hubKind, localApiKind]) {
    it(`through ${kind.type}: refused with the hub's words, the rest is stored`, async () => {
      await using hub = await createHubFixture();
      const mixed = [jobRecord("k-1"), lateBy("k-2", 2 * dayMs), jobRecord("k-3")];
      const [first, second, third] = await deliverTo(kind, hub.config, mixed);
      assert.deepEqual([first, third], [{ kind: "sent" }, { kind: "sent" }]);
      assert.ok(second?.kind === "refused", JSON.stringify(second));
      assert.match(second.why, /event\.at: .*more than a day ahead/);
      const bad = [lateBy("k-4", 2 * dayMs), lateBy("k-5", 3 * dayMs)];
      for (const answer of await deliverTo(kind, hub.config, bad)) {
        assert.ok(answer.kind === "refused", JSON.stringify(answer));
        assert.match(answer.why, /more than a day ahead/);
      }
      assert.deepEqual(await hub.arrived(), ["k-1", "k-3"]);
    });
  }
});

describe("a hub", () => {
  for (const { compression, unpack } of [
    { compression: "zstd", unpack: zstdDecompressSync },
    { compression: "gzip", unpack: gunzipSync },
  ]) {
    it(`gets ${compression} where that is set, and its key`, async () => {
      await using server = await startStrictServer(() => taken(1));
      const config = { base_url: `${server.url}/below/`, compression, key: "k" };
      assert.deepEqual(await deliverTo(hubKind, config, [jobRecord("a")]), [{ kind: "sent" }]);
      const [request] = server.requests;
      assert.deepEqual(
        [request?.path, request?.headers["content-encoding"], request?.headers["authorization"]],
        ["/below/api/v1/events", compression, "Bearer k"],
      );
      const list = JSON.parse(unpack(request?.body ?? Buffer.alloc(0)).toString()) as unknown[];
      assert.deepEqual(list, [jobRecord("a", { event: dated(list[0]) }).event]);
    });
  }

  for (const { what, answer, expected } of [
    {
      what: "a page of a proxy with 200",
      answer: { status: 200, body: "<html>" },
      expected: "misconfigured",
    },
    {
      what: "items that are too few",
      answer: { status: 200, body: '{"items":[]}' },
      expected: "misconfigured",
    },
    { what: "404", answer: { status: 404 }, expected: "misconfigured" },
    { what: "403", answer: { status: 403 }, expected: "misconfigured" },
    { what: "502", answer: { status: 502 }, expected: "retry" },
    { what: "413 for one event", answer: { status: 413 }, expected: "refused" },
  ] as const) {
    it(`${what}: ${expected}`, async () => {
      await using server = await startStrictServer(() => answer);
      const [delivery] = await deliverTo(hubKind, { base_url: server.url }, [jobRecord("a")]);
      assert.equal(delivery?.kind, expected);
    });
  }

  it("is quoted, but not at length and without the key", async () => {
    await using server = await startStrictServer(({ headers }) => {
      const message = `${String(headers["authorization"])} ${"x".repeat(1_000)}`;
      const items = [{ result: "refused", path: "event", message }];
      return { status: 200, body: JSON.stringify({ items }) };
    });
    const config = { base_url: server.url, key: "a-secret-key" };
    const [answer] = await deliverTo(hubKind, config, [jobRecord("a")]);
    assert.ok(answer?.kind === "refused" && answer.why.length < 310, JSON.stringify(answer));
    assert.ok(answer.why.startsWith("event: Bearer *** xxx"), answer.why);
  });

  it("gets halves of what is too large, and waits as long as it says", async () => {
    await using server = await startStrictServer(({ body }) => {
      const { length } = JSON.parse(body.toString()) as unknown[];
      if (length > 2) return { status: 413 };
      return server.requests.length < 4
        ? taken(length)
        : { status: 503, headers: { "retry-after": "9" } };
    });
    const records = ["a", "b", "c", "d", "e"].map((id) => jobRecord(id));
    const config = { base_url: server.url, compression: "none" };
    const answers = await deliverTo(hubKind, config, records);
    assert.deepEqual(
      answers.map((one) => (one.kind === "retry" ? one.afterMs : one.kind)),
      ["sent", "sent", 9000, 9000, 9000],
    );
  });
});

describe("a sidecar as a destination", () => {
  it("takes what fits and says what does not", async () => {
    const spoolFolder = await mkdtemp(join(tmpdir(), "belfry-sink-sidecar-"));
    await using stack = new AsyncDisposableStack();
    stack.defer(() => rm(spoolFolder, { recursive: true, force: true }));
    const sidecar = stack.use(
      await startSidecar({ spoolFolder, env: { INTEGRATIONS_CONFIG: "[]" } }),
    );
    const nameless = jobRecord("b", { entity: { id: "" } });
    const config = { base_url: sidecar.url, compression: "zstd" };
    const records = [jobRecord("a"), nameless, jobRecord("c")];
    const answers = await deliverTo(localApiKind, config, records);
    assert.deepEqual(
      answers.map(({ kind }) => kind),
      ["sent", "refused", "sent"],
    );
    assert.match(answers[1]?.kind === "refused" ? answers[1].why : "", /entity\.id/);
    await using sink = open(localApiKind, config);
    assert.equal((await sink.health(AbortSignal.timeout(5_000))).status, "healthy");
  });
});

describe("the original local API", () => {
  it("is believed when it says no more than ok", async () => {
    await using api = await startLocalApi();
    api.terse.isOn = true;
    const answers = await deliverTo(localApiKind, { base_url: api.url }, [
      jobRecord("a"),
      jobRecord("b"),
    ]);
    assert.deepEqual(
      [answers, api.stored],
      [
        [{ kind: "sent" }, { kind: "sent" }],
        ["a", "b"],
      ],
    );
  });

  it("gets events one by one where it says only how many failed", async () => {
    await using api = await startLocalApi();
    const late = lateBy("late", -700_000);
    const nameless = jobRecord("nameless", { entity: { business_key: null } });
    const orphan = jobRecord("orphan", { entity: { type: "subjob" } });
    const records = [jobRecord("a"), late, nameless, orphan, jobRecord("b")];
    const answers = await deliverTo(localApiKind, { base_url: api.url }, records);
    assert.deepEqual(
      answers.map(({ kind }) => kind),
      ["sent", "refused", "sent", "refused", "sent"],
    );
    const whys = answers.map((answer) => ("why" in answer ? answer.why : ""));
    assert.match(whys[1] ?? "", /time skew too large/);
    assert.match(whys[3] ?? "", /violates not-null constraint/);
    assert.deepEqual(api.stored, ["a", "b", "nameless"]);
  });

  it("gets plain bodies once it did not understand packed ones", async () => {
    await using api = await startLocalApi();
    const said: string[] = [];
    await using sink = open(localApiKind, { base_url: api.url, compression: "gzip" }, said);
    for (const id of ["a", "b"]) {
      const answers = await sink.deliver([jobRecord(id)], AbortSignal.timeout(5_000));
      assert.deepEqual(answers, [{ kind: "sent" }]);
    }
    const packings = api.requests.map(({ headers }) => headers["content-encoding"]);
    assert.deepEqual(packings, ["gzip", undefined, undefined]);
    assert.equal(said.length, 1);
  });
});

function taken(count: number): GivenAnswer {
  const items = Array.from({ length: count }, () => ({ result: "taken" }));
  return {
    status: 200,
    body: JSON.stringify({ taken: count, duplicates: 0, refused: 0, items }),
  };
}

function dated(event: unknown): { at: string } {
  return { at: (event as { event: { at: string } }).event.at };
}
