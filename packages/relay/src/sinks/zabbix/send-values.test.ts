import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { countOf, sendValues, type Ask, type SentValue, type ValueVerdict } from "./send-values.ts";

const value = (i: number): SentValue => ({ host: "h", key: `k${i}`, value: "1", clock: 1, ns: i });

/** A server that refuses some keys, rejects every message with some others, and goes away after some messages. */
function serverOf({
  refused = new Set<number>(),
  rejected = new Set<number>(),
  messages = Infinity,
}: {
  readonly refused?: ReadonlySet<number>;
  readonly rejected?: ReadonlySet<number>;
  readonly messages?: number;
}) {
  const sizes: number[] = [];
  const processed = new Set<number>();
  const ask: Ask = (text) => {
    const { data } = JSON.parse(text) as { data: readonly SentValue[] };
    if (sizes.length >= messages)
      return Promise.resolve({ kind: "failed", why: "away", isSetting: false });
    sizes.push(data.length);
    const keys = data.map(({ key }) => Number(key.slice(1)));
    if (keys.some((key) => rejected.has(key))) {
      return Promise.resolve({ kind: "reply", text: '{"response":"failed","info":"no"}' });
    }
    const taken = keys.filter((key) => !refused.has(key));
    for (const key of taken) processed.add(key);
    const info = `processed: ${taken.length}; failed: ${keys.length - taken.length}; total: ${keys.length}`;
    return Promise.resolve({ kind: "reply", text: JSON.stringify({ response: "success", info }) });
  };
  return { ask, sizes, processed };
}

const parts = (ask: Ask, most = 50) => ({ ask, most, now: () => 1_795_000_000_123 });

describe("values on their way", () => {
  it("are told apart, however the refused ones lie among them, and whenever the server goes away", async () => {
    const some = fc.uniqueArray(fc.nat({ max: 79 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(some, some, fc.integer({ min: 1, max: 60 }), async (no, never, messages) => {
        const refused = new Set(no);
        const rejected = new Set(never);
        const server = serverOf({ refused, rejected, messages });
        const values = Array.from({ length: 80 }, (_, i) => value(i));
        const verdicts = await sendValues(values, parts(server.ask, 33));
        assert.equal(verdicts.length, values.length);
        const isAway = verdicts.some(({ kind }) => kind === "failed");
        for (const [i, { kind }] of verdicts.entries()) {
          if (kind === "failed") continue;
          assert.equal(kind, refused.has(i) || rejected.has(i) ? "refused" : "processed");
          if (kind === "processed") assert.ok(server.processed.has(i));
        }
        const firstFailed = verdicts.findIndex(({ kind }) => kind === "failed");
        if (isAway) assert.ok(verdicts.slice(firstFailed).every(({ kind }) => kind === "failed"));
        else assert.ok(server.sizes.length < messages + 1);
        assert.ok(Math.max(...server.sizes) <= 33);
      }),
      { numRuns: 300 },
    );
  });

  it("take one message where all are taken, or all refused", async () => {
    const values = Array.from({ length: 50 }, (_, i) => value(i));
    for (const refused of [new Set<number>(), new Set(values.map(({ ns }) => ns))]) {
      const server = serverOf({ refused });
      const verdicts = await sendValues(values, parts(server.ask));
      assert.deepEqual(server.sizes, [50]);
      const kind = refused.size === 0 ? "processed" : "refused";
      assert.ok(verdicts.every((verdict) => verdict.kind === kind));
    }
  });

  it("find one among 250 in 17 messages at most", async () => {
    for (const at of [0, 124, 125, 249]) {
      const server = serverOf({ refused: new Set([at]) });
      const values = Array.from({ length: 250 }, (_, i) => value(i));
      await sendValues(values, parts(server.ask, 250));
      assert.ok(server.sizes.length <= 17, String(server.sizes.length));
    }
  });

  it("carry the time of sending", async () => {
    let text = "";
    await sendValues(
      [value(1)],
      parts((sent) => {
        text = sent;
        return Promise.resolve({ kind: "reply", text: "" });
      }),
    );
    const message = {
      request: "sender data",
      data: [value(1)],
      clock: 1_795_000_000,
      ns: 123_000_000,
    };
    assert.deepEqual(JSON.parse(text), message);
  });
});

describe("replies", () => {
  const failed = (why: string): ValueVerdict => ({ kind: "failed", why, isSetting: false });
  const success = (info: string): string => JSON.stringify({ response: "success", info });
  for (const { what, text, expected } of [
    {
      what: "of a server",
      text: success("processed: 2; failed: 1; total: 3; seconds spent: 0.000045"),
      expected: { kind: "counted", refused: 1 },
    },
    {
      what: "of an old server",
      text: success("Processed 3 Failed 0 Total 3 Seconds spent 0.000045"),
      expected: { kind: "counted", refused: 0 },
    },
    {
      what: "that leaves a value out of both counts",
      text: success("processed: 2; failed: 0; total: 2; seconds spent: 0.000045"),
      expected: { kind: "counted", refused: 1 },
    },
    {
      what: "that rejects everything",
      text: '{"response":"failed","info":"cannot\\nparse"}',
      expected: { kind: "rejected", why: "it answered failed: cannot parse" },
    },
    {
      what: "without a count",
      text: success("ok"),
      expected: failed("its reply counts nothing: ok"),
    },
    {
      what: "of somebody else",
      text: "[]",
      expected: failed("its reply is not the one of a Zabbix trapper"),
    },
  ]) {
    it(`are read: one ${what}`, () => assert.deepEqual(countOf(text, 3), expected));
  }
});
