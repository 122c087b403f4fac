import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, it } from "node:test";
import { TestAgent } from "./agent.kit.ts";
import { makeFolder } from "./folder.kit.ts";
import { problemBody, startLittleHub, type LittleHub, type Manner } from "./hub.kit.ts";
import { seriesOf } from "./sample.kit.ts";

const to = (hub: LittleHub): { hubs: { url: string; key: string }[] } => ({
  hubs: [{ url: hub.url, key: "secret" }],
});

/** Everything that was pushed is there, with its values, and nothing else. */
function assertComplete(hub: LittleHub, agent: TestAgent, except: readonly number[] = []): void {
  assert.deepEqual(
    [...hub.samples.keys()].toSorted((a, b) => a - b),
    agent.pushed.filter((at) => !except.includes(at)),
  );
  for (const [at, { values }] of hub.samples) {
    assert.equal(values.get('node_test_total{"device":"d1"}'), (at % 1_000_000) + 1);
  }
  assert.deepEqual(hub.wrongs, []);
}

const hasAll = (hub: LittleHub, agent: TestAgent) => (): boolean =>
  hub.samples.size === agent.pushed.length;

describe("a sender whose hub is there", () => {
  it("sends each sample at once, the list of series and the details when they are new", async () => {
    await using hub = await startLittleHub();
    await using agent = new TestAgent(to(hub));
    await agent.take(4);
    agent.details = { system: { hostname: "web-2" } };
    agent.series = seriesOf(6);
    await agent.take(3);
    assertComplete(hub, agent);
    assert.deepEqual(
      hub.received.map(({ batch }) => [batch.times.length, batch.series?.length, batch.details]),
      [
        [1, 5, { system: { hostname: "web-1" } }],
        [1, undefined, null],
        [1, undefined, null],
        [1, undefined, null],
        [1, 6, { system: { hostname: "web-2" } }],
        [1, undefined, null],
        [1, undefined, null],
      ],
    );
    const { host } = hub.received[0]?.batch ?? {};
    assert.deepEqual(host, {
      machine_id: "m1",
      boot_id: "b1",
      name: "web-1",
      version: "0.1.0",
      interval: 5,
      labels: { team: "core" },
      sent_at: agent.pushed[0],
    });
    assert.equal(agent.stats.sent, 7);
    assert.equal(agent.stats.lastAnswer?.accepted, 6);
    assert.deepEqual(agent.told, []);
  });

  it("sends details that change all the time every 15 s", async () => {
    await using hub = await startLittleHub();
    await using agent = new TestAgent(to(hub));
    for (let round = 0; round < 7; round += 1) {
      agent.details = { system: { hostname: `web-${round}` } };
      await agent.take(1);
    }
    assert.deepEqual(
      hub.details,
      [0, 3, 6].map((round) => ({ system: { hostname: `web-${round}` } })),
    );
  });

  it("sends several samples in a request when that is wanted", async () => {
    await using hub = await startLittleHub();
    await using agent = new TestAgent({ ...to(hub), intervalMs: 1_000, sendEveryMs: 5_000 });
    for (let second = 0; second < 21; second += 1) {
      agent.push();
      await agent.time.passUntil("a request is answered", () => !agent.stats.isSending, 0);
      agent.time.pass(1_000);
    }
    await agent.settled();
    assertComplete(hub, agent);
    assert.deepEqual(
      hub.received.map(({ batch }) => batch.times.length),
      [1, 5, 5, 5, 5],
    );
  });

  it("sends the list again to a hub that has forgotten it, and the details with the next", async () => {
    await using hub = await startLittleHub();
    await using agent = new TestAgent(to(hub));
    await agent.take(2);
    hub.forget();
    await agent.take(2);
    assertComplete(hub, agent);
    assert.deepEqual(
      hub.received.map(({ batch }) => [batch.series !== null, batch.details !== null]),
      [
        [true, true],
        [false, false],
        [false, false],
        [true, false],
        [false, true],
      ],
    );
    assert.deepEqual(agent.told, []);
  });
});

describe("a sender whose hub fails", () => {
  it("keeps samples over an outage of ten minutes, and sends them later, the fresh one first", async () => {
    await using hub = await startLittleHub();
    await using folder = await makeFolder();
    await using agent = new TestAgent({ ...to(hub), stateDir: folder.path });
    await agent.take(3);
    await hub.stop();
    await agent.take(400);
    assert.equal(agent.stats.spooled, 400);
    assert.equal(agent.stats.oldestAgeSeconds, 2000);
    assert.ok(agent.stats.failed.outage < 100, "it does not knock all the time");
    await hub.start();
    agent.time.pass(60_000);
    const fresh = agent.push();
    await agent.time.passUntil("all is there", hasAll(hub, agent));
    await agent.time.passUntil("nothing is kept", () => agent.stats.spooled === 0);
    assertComplete(hub, agent);
    const order = hub.received.slice(3).map(({ batch }) => batch.times[0]);
    assert.ok(order.indexOf(fresh) < 2, "what is fresh does not wait behind what is old");
    const old = order.filter((at) => at !== fresh);
    assert.deepEqual(
      old,
      old.toSorted((a = 0, b = 0) => a - b),
    );
    assert.ok(old.length <= 6, "samples are sent in requests of up to 120");
    assert.ok([...hub.samples.values()].every(({ times }) => times === 1));
    assert.deepEqual(agent.told, [
      "the hub does not take samples; they are kept, and sent when it does",
      "the hub takes samples again",
    ]);
    assert.deepEqual(
      readdirSync(folder.path, { recursive: true }).filter((name) =>
        /\.(log|seg)$/.test(String(name)),
      ),
      [],
    );
  });

  it("gives a hub that is slow to take what waited twice as long a rest", async () => {
    await using hub = await startLittleHub();
    await using agent = new TestAgent({ ...to(hub), intervalMs: 1_000 });
    await hub.stop();
    await agent.take(400);
    const starts: number[] = [];
    let answer: (() => void) | undefined;
    hub.manner = async (): Promise<Manner> => {
      starts.push(agent.time.clock.monotonicMs());
      await new Promise<void>((resolve) => (answer = resolve));
      return "take";
    };
    await hub.start();
    for (const request of [1, 2, 3, 4]) {
      await agent.time.passUntil("a request comes", () => starts.length === request, 50);
      agent.time.pass(1_000);
      answer?.();
    }
    await agent.time.passUntil("nothing is kept", () => agent.stats.spooled === 0);
    assertComplete(hub, agent);
    const gaps = starts.slice(1).map((at, i) => at - (starts[i] ?? 0));
    assert.ok(
      gaps.every((gap) => gap >= 3_000 && gap < 4_500),
      gaps.join(", "),
    );
  });

  it("sends again what was taken without an answer; values are the same", async () => {
    await using hub = await startLittleHub();
    await using agent = new TestAgent(to(hub));
    let cut = 2;
    hub.manner = () => (cut-- > 0 ? "take and cut" : "take");
    await agent.take(3);
    await agent.time.passUntil("nothing is kept", () => agent.stats.spooled === 0);
    assertComplete(hub, agent);
    assert.equal(hub.samples.get(agent.pushed[0] ?? 0)?.times, 2);
  });

  it("does not wait for a hub that does not answer", async () => {
    await using hub = await startLittleHub();
    await using folder = await makeFolder();
    await using agent = new TestAgent({ ...to(hub), stateDir: folder.path });
    hub.manner = () => "hang";
    agent.push();
    await agent.time.passUntil("the hub was asked", () => hub.received.length === 1, 0);
    agent.time.pass(2_000);
    await agent.time.passUntil("the sample is on disk", () => agent.stats.spooledInMemory === 0, 0);
    assert.equal(agent.stats.spooled, 1);
    assert.equal(agent.stats.isSending, true);
    agent.time.pass(3_000);
    agent.push();
    await agent.time.passUntil("so is the next", () => agent.stats.spooled === 2, 0);
    hub.manner = () => "take";
    agent.time.pass(30_000);
    await agent.time.passUntil("the hub was given up", () => !agent.stats.isSending, 0);
    assert.equal(agent.stats.lastError?.message, "no answer within 30 s");
    await agent.time.passUntil("nothing is kept", () => agent.stats.spooled === 0);
    assertComplete(hub, agent);
  });

  it("waits as long as the hub asks for", async () => {
    await using hub = await startLittleHub();
    await using agent = new TestAgent(to(hub));
    hub.manner = () => ({ status: 503, headers: { "retry-after": "40" } });
    await agent.take(8);
    assert.equal(hub.received.length, 1, "40 s have passed, and nobody was asked again");
    hub.manner = () => "take";
    await agent.time.passUntil("all is there", hasAll(hub, agent));
    assertComplete(hub, agent);
    assert.equal(agent.stats.failed.throttled, 1);
  });

  it("says once that its key is not taken, keeps everything and tries slowly", async () => {
    await using hub = await startLittleHub();
    await using folder = await makeFolder();
    await using agent = new TestAgent({ ...to(hub), stateDir: folder.path });
    hub.manner = () => ({ status: 401, body: problemBody("unauthenticated", "no such key") });
    await agent.take(60);
    assert.ok(hub.received.length >= 3 && hub.received.length <= 6, `${hub.received.length} times`);
    assert.deepEqual(agent.told, [
      "the hub takes nothing from this agent until its address, key or certificate is put right; samples are kept",
    ]);
    assert.equal(agent.stats.lastError?.message, "401 unauthenticated: no such key");
    hub.manner = () => "take";
    await agent.time.passUntil("all is there", hasAll(hub, agent), 500);
    assertComplete(hub, agent);
    assert.equal(agent.stats.dropped, 0);
  });

  it("sends in halves what is too much at once", async () => {
    await using hub = await startLittleHub();
    await using agent = new TestAgent(to(hub));
    await hub.stop();
    await agent.take(50);
    await hub.start();
    hub.manner = ({ times }) => (times.length > 7 ? { status: 413 } : "take");
    await agent.time.passUntil("all is there", hasAll(hub, agent));
    await agent.time.passUntil("nothing is kept", () => agent.stats.spooled === 0);
    assertComplete(hub, agent);
    assert.equal(agent.stats.refused, 0);
  });

  it("sets aside what is refused, and goes on with the rest", async () => {
    await using hub = await startLittleHub();
    await using folder = await makeFolder();
    await using agent = new TestAgent({ ...to(hub), stateDir: folder.path });
    const bad = agent.time.clock.now() + 10_000;
    hub.manner = ({ times }) =>
      times.includes(bad) ? { status: 422, body: problemBody("invalid", "not this") } : "take";
    await agent.take(5);
    assertComplete(hub, agent, [bad]);
    assert.equal(agent.stats.refused, 1);
    assert.equal(agent.stats.failed.refused, 1);
    assert.equal(agent.stats.spooled, 0);
    assert.deepEqual(agent.told, ["the hub refused samples for good; they were set aside"]);
    const kept = readdirSync(folder.path, { recursive: true }).map(String);
    assert.equal(kept.filter((name) => /refused\/\d{16}-1\.batch$/.test(name)).length, 1);
  });

  it("loses no samples for details that are refused, and says so once", async () => {
    await using hub = await startLittleHub();
    await using agent = new TestAgent(to(hub));
    hub.manner = (batch) =>
      batch.details === null ? "take" : { status: 422, body: problemBody("invalid", "too long") };
    for (let round = 0; round < 7; round += 1) {
      agent.details = { system: { hostname: `web-${round}` } };
      await agent.take(1);
    }
    assertComplete(hub, agent);
    assert.equal(agent.stats.refused, 0);
    assert.deepEqual(agent.told, ["the hub refused the details of this host"]);
    assert.equal(hub.received.filter(({ batch }) => batch.details !== null).length, 3);
  });

  it("sends what is fresh while the hub cannot take what is old", async () => {
    await using hub = await startLittleHub();
    await using folder = await makeFolder();
    await using agent = new TestAgent({ ...to(hub), stateDir: folder.path });
    await hub.stop();
    await agent.take(12);
    const old = [...agent.pushed];
    hub.manner = ({ times }) => (old.some((at) => times.includes(at)) ? { status: 500 } : "take");
    await hub.start();
    agent.time.pass(60_000);
    await agent.take(20);
    assert.equal(hub.samples.size, 20);
    assert.equal(agent.stats.spooled, 12);
    hub.manner = () => "take";
    await agent.time.passUntil("all is there", hasAll(hub, agent));
    assertComplete(hub, agent);
  });
});

describe("a sender", () => {
  it("delays no hub for another that is dead", async () => {
    await using good = await startLittleHub();
    await using dead = await startLittleHub();
    const hubs = [dead, good].map((hub) => ({ url: hub.url, key: "secret" }));
    await dead.stop();
    await using agent = new TestAgent({ hubs });
    for (let round = 1; round <= 10; round += 1) {
      await agent.take(1);
      assert.equal(good.samples.size, round);
    }
    assertComplete(good, agent);
    assert.equal(agent.sender.stats()[0]?.spooled, 10);
    assert.equal(agent.sender.stats()[1]?.spooled, 0);
    await dead.start();
    await agent.time.passUntil("the other has all", hasAll(dead, agent));
    assertComplete(dead, agent);
  });

  it("leaves on disk what it could not send, and the next one sends it", async () => {
    await using hub = await startLittleHub();
    await using folder = await makeFolder();
    await hub.stop();
    const settings = { ...to(hub), stateDir: folder.path };
    await using before = new TestAgent(settings);
    await before.take(130);
    before.push();
    await before[Symbol.asyncDispose]();
    await hub.start();
    await using after = new TestAgent(settings);
    await after.time.passUntil("all is there", hasAll(hub, before));
    assertComplete(hub, before);
  });

  it("stops within three seconds although the hub does not answer, and leaves its samples on disk", async () => {
    await using hub = await startLittleHub();
    await using folder = await makeFolder();
    const settings = { ...to(hub), stateDir: folder.path };
    await using before = new TestAgent(settings);
    hub.manner = () => "hang";
    before.push();
    await before.time.passUntil("the hub was asked", () => hub.received.length === 1, 0);
    before.push();
    const begin = before.time.clock.monotonicMs();
    await before[Symbol.asyncDispose]();
    assert.ok(before.time.clock.monotonicMs() - begin <= 3_000);
    hub.manner = () => "take";
    await using after = new TestAgent(settings);
    await after.time.passUntil("both are there", () => after.stats.sent === 2);
    assert.deepEqual([...hub.samples.keys()], [before.pushed[0]]);
  });

  it("keeps the last 15 minutes where there is no disk", async () => {
    await using hub = await startLittleHub();
    await hub.stop();
    await using agent = new TestAgent(to(hub));
    await agent.take(200);
    assert.equal(agent.stats.spooled, 180);
    assert.equal(agent.stats.dropped, 20);
    await hub.start();
    await agent.time.passUntil("what was kept is there", () => hub.samples.size === 180);
    assertComplete(hub, agent, agent.pushed.slice(0, 20));
  });

  it("does not trust a certificate nobody vouches for, and does with the right authority", async () => {
    const folder = new URL("../../../hub/src/probe/testdata/certificates/", import.meta.url);
    const [key, cert] = await Promise.all(
      ["good.key.pem", "good.pem"].map((name) => readFile(new URL(name, folder))),
    );
    let requests = 0;
    const server = createServer({ key, cert }, (request, response) => {
      requests += 1;
      request.resume().on("end", () => response.end('{"accepted":5}'));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const url = `https://localhost:${(server.address() as AddressInfo).port}/base`;
      const hubs = [{ url, key: null }];
      await using wary = new TestAgent({ hubs });
      await wary.take(1);
      assert.equal(wary.stats.failed.misconfigured, 1);
      assert.equal(wary.stats.spooled, 1);
      assert.equal(requests, 0);
      const caFile = fileURLToPath(new URL("authority.pem", folder));
      await using sure = new TestAgent({ hubs, caFile });
      await sure.take(1);
      assert.equal(sure.stats.sent, 1);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("does not start with an authority it cannot read", async () => {
    await using folder = await makeFolder();
    assert.throws(
      () => new TestAgent({ hubs: [], caFile: join(folder.path, "none.pem") }),
      /ENOENT.*none\.pem/,
    );
  });

  it("does not start with a label no hub would take", () => {
    const labels = { "not a name": "x" };
    assert.throws(() => new TestAgent({ hubs: [], labels }), {
      message: 'host.labels: expected the name of a label, found "not a name"',
    });
  });
});
