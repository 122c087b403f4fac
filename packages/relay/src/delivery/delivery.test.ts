import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { EventSink, RecordDelivery } from "../event-sink.ts";
import { writeSinkRecord, type SinkRecord } from "../sink-record.ts";
import { kitParts, openSmall, temporaryFolder } from "../spool/spool.kit.ts";
import type { Spool } from "../spool/spool.ts";
import { waitMs, backOffDefaults } from "./back-off.ts";
import { startDelivery, type Delivery, type DeliverySettings } from "./delivery.ts";

type Answer = (record: SinkRecord, attempt: number) => RecordDelivery;

interface World extends AsyncDisposable {
  readonly spool: Spool;
  readonly delivery: Delivery;
  /** Ids that were `sent`, in order. */
  readonly sent: string[];
  readonly told: readonly string[];
}

const sent: RecordDelivery = { kind: "sent" };
const away: RecordDelivery = { kind: "retry", why: "connection refused" };

function eventBytes(id: string): Uint8Array {
  return Buffer.from(JSON.stringify({ idempotency_key: id }));
}

async function world(
  ids: readonly string[],
  answer: Answer | { readonly whole: EventSink["deliver"] },
  settings: Partial<DeliverySettings> = {},
): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(temporaryFolder());
  const parts = kitParts();
  const spool = stack.use(await openSmall(folder.path, parts));
  const cursor = await spool.cursor("one", { from: "beginning" });
  await spool.append(ids.map((id) => ({ id, bytes: eventBytes(id) })));
  const taken: string[] = [];
  const deliver = typeof answer === "function" ? perEvent(answer, taken) : answer.whole;
  const delivery = stack.use(
    startDelivery({
      name: "one",
      kind: { type: "test", takes: ["job_event"], batch: { maxEvents: 10, maxBytes: 100_000 } },
      sink: {
        deliver,
        health: () => Promise.resolve({ status: "healthy", details: {} }),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      },
      cursor,
      dead: await spool.dead("one"),
      log: parts.log,
      clock: { now: Date.now, monotonicMs: () => performance.now() },
      sleep: (ms, signal) => sleep(ms, undefined, { signal }),
      random: () => 0.5,
      settings: { firstMs: 2, longestMs: 10, misconfiguredMs: 5, stopMs: 100, ...settings },
    }),
  );
  const all = stack.move();
  return {
    spool,
    delivery,
    sent: taken,
    told: parts.told,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** A sink that answers for each event by itself, and notes what it took. */
function perEvent(answer: Answer, taken: string[]): EventSink["deliver"] {
  const attempts = new Map<string, number>();
  return (events) => {
    const answers = events.map((event) => {
      const { id } = event;
      const attempt = (attempts.get(id) ?? 0) + 1;
      attempts.set(id, attempt);
      const given = answer(event, attempt);
      if (given.kind === "sent") taken.push(id);
      return given;
    });
    return Promise.resolve(answers);
  };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("not within 5 s");
    await sleep(2);
  }
}

describe("delivery", () => {
  it("delivers what waits, and what comes later, in order", async () => {
    await using w = await world(["a", "b"], () => sent);
    await until(() => w.sent.length === 2);
    await w.spool.append([{ id: "c", bytes: eventBytes("c") }]);
    await until(() => w.sent.length === 3);
    assert.deepEqual(w.sent, ["a", "b", "c"]);
    assert.equal(w.delivery.stats().depth, 0);
  });

  it("passes by what the sink has no place for", async () => {
    await using w = await world(["a"], () => sent);
    const passing = writeSinkRecord({
      kind: "host",
      id: "h",
      at: "2026-01-01T00:00:00Z",
      host: { id: "1", name: "one", labels: {} },
      figures: {},
    });
    await w.spool.append([
      { id: "h", bytes: passing },
      { id: "b", bytes: eventBytes("b") },
    ]);
    await until(() => w.delivery.stats().depth === 0);
    assert.deepEqual(w.sent, ["a", "b"]);
    assert.equal(w.delivery.stats().delivered, 2);
  });

  it("reads answers item by item: only what was not taken is sent again", async () => {
    await using w = await world(["a", "b", "c"], ({ id }, attempt) =>
      id === "b" && attempt < 4 ? away : sent,
    );
    await until(() => w.sent.length === 3);
    assert.deepEqual(w.sent, ["a", "c", "b"]);
    assert.equal(w.delivery.stats().failed.outage, 3);
    assert.equal(w.delivery.stats().trouble, null);
  });

  it("writes what is refused to the dead letters, with the reason, and goes on", async () => {
    await using w = await world(["a", "b", "c"], ({ id }) =>
      id === "b" ? { kind: "refused", why: "no such index" } : sent,
    );
    await until(() => w.delivery.stats().depth === 0);
    assert.deepEqual(w.sent, ["a", "c"]);
    const letters = await (await w.spool.dead("one")).list({ limit: 10 });
    assert.deepEqual(
      letters.map(({ id, why, attempts }) => ({ id, why, attempts })),
      [{ id: "b", why: "no such index", attempts: 1 }],
    );
  });

  it("tries for ever while a destination is away, and tells once", async () => {
    await using w = await world(["a"], (_event, attempt) => (attempt < 30 ? away : sent));
    await until(() => w.sent.length === 1);
    assert.equal(w.delivery.stats().failed.outage, 29);
    assert.deepEqual(w.told, [
      "warn a sink does not take its events; they are kept",
      "info a sink takes its events again",
    ]);
  });

  it("keeps everything while a setting is wrong", async () => {
    await using w = await world(["a", "b"], (_event, attempt) =>
      attempt < 3 ? { kind: "misconfigured", why: "wrong key" } : sent,
    );
    await until(() => w.sent.length === 2);
    assert.equal(w.delivery.stats().failed.misconfigured, 4);
    assert.equal(w.told.filter((line) => line.startsWith("warn")).length, 1);
  });

  it("waits as long as it was told", async () => {
    const at: number[] = [];
    await using w = await world(["a"], (_event, attempt) => {
      at.push(performance.now());
      return attempt === 1 ? { kind: "retry", why: "slow down", afterMs: 60 } : sent;
    });
    await until(() => w.sent.length === 1);
    assert.ok((at[1] ?? 0) - (at[0] ?? 0) >= 59);
    assert.equal(w.delivery.stats().failed.throttled, 1);
  });

  it("loses nothing by a sink that throws or answers too little", async () => {
    let calls = 0;
    const deliver: EventSink["deliver"] = async (events) => {
      calls += 1;
      if (calls === 1) throw new Error("a defect");
      return calls === 2 ? [] : events.map(() => sent);
    };
    await using w = await world(["a", "b"], { whole: deliver });
    await until(() => w.delivery.stats().depth === 0);
    assert.equal(w.delivery.stats().failed.defect, 4);
    assert.equal(w.delivery.stats().delivered, 2);
  });

  it("breaks off an attempt that takes too long", async () => {
    let calls = 0;
    const deliver: EventSink["deliver"] = async (events, signal) => {
      calls += 1;
      if (calls === 1) await sleep(60_000, undefined, { signal });
      return events.map(() => sent);
    };
    await using w = await world(["a"], { whole: deliver }, { attemptMs: 20 });
    await until(() => w.delivery.stats().delivered === 1);
    assert.equal(w.delivery.stats().failed.outage, 1);
  });

  it("does not wait for a sink in trouble when draining, and ends in time when a sink hangs", async () => {
    const hang = Promise.withResolvers<RecordDelivery[]>();
    const startedAt = performance.now();
    {
      await using w = await world(["a"], { whole: () => hang.promise }, { stopMs: 50 });
      const limit = AbortSignal.timeout(100);
      await w.delivery.drained(limit);
    }
    {
      await using w = await world(["a"], () => away);
      await until(() => w.delivery.stats().trouble !== null);
      await w.delivery.drained(AbortSignal.timeout(60_000));
    }
    assert.ok(performance.now() - startedAt < 5_000);
    hang.resolve([]);
  });
});

describe("the wait after a failure", () => {
  const rows = [
    { what: "begins small", failures: 1, random: 1, expected: 500 },
    { what: "doubles", failures: 4, random: 1, expected: 4_000 },
    { what: "is bounded", failures: 1_000, random: 1, expected: 60_000 },
    { what: "is anything below", failures: 4, random: 0, expected: 0 },
    {
      what: "is never below what was asked for",
      failures: 9,
      random: 0,
      afterMs: 7_000,
      expected: 7_000,
    },
    { what: "is ten minutes at most", failures: 1, random: 0, afterMs: 1e12, expected: 600_000 },
  ];
  for (const { what, failures, random, afterMs, expected } of rows) {
    it(what, () => {
      assert.equal(
        waitMs({ failures, afterMs }, backOffDefaults, () => random),
        expected,
      );
    });
  }
});
