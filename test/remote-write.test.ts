/** What the relay writes as remote_write, the hub reads: two independent ends of one format, and Snappy in between. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { compress } from "snappyjs";
import { RemoteWriteReader } from "../packages/hub/src/ingest/remote-write.ts";
import { requestOf } from "../packages/hub/src/ingest/remote-write.kit.ts";
import {
  encodeWriteRequest,
  type WrittenSeries,
} from "../packages/relay/src/sinks/prometheus/write-request.ts";

/** `name{labels}` and time → value. */
type Found = Map<string, number>;

function keyOf(name: string, labels: Readonly<Record<string, string>>, timeMs: number): string {
  const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([name, pairs, timeMs]);
}

function read(body: Uint8Array): Found {
  const found: Found = new Map();
  const reading = new RemoteWriteReader().read(body);
  for (;;) {
    const step = reading.next();
    if (step.done === true) {
      assert.equal(step.value.samples, found.size);
      assert.equal(step.value.refusedSeries.size + step.value.badTimes, 0);
      return found;
    }
    for (const { series, times, values, present } of step.value) {
      for (const [s, { name, labels }] of series.entries()) {
        for (const [t, time] of times.entries()) {
          const at = s * times.length + t;
          if (present === undefined || present[at] !== 0) {
            found.set(keyOf(name, labels, time), values[at] ?? Number.NaN);
          }
        }
      }
    }
  }
}

const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/);
const text = fc
  .string({ unit: "binary", minLength: 1, maxLength: 200 })
  .filter((one) => !one.includes("\u0000"));
const value = fc.double({ noNaN: true });
const time = fc.integer({ min: Date.UTC(1, 0, 1) + 1e12, max: Date.UTC(2300, 0, 1) });

const series: fc.Arbitrary<WrittenSeries> = fc
  .record({
    name: word,
    labels: fc.dictionary(word, text, { maxKeys: 8, noNullPrototype: true }),
    samples: fc.dictionary(time.map(String), value, { minKeys: 1, maxKeys: 20 }),
  })
  .map(({ name, labels, samples }) => ({
    labels: [["__name__", name] as const, ...Object.entries(labels)].toSorted(([a], [b]) =>
      a < b ? -1 : 1,
    ),
    samples: Object.entries(samples)
      .map(([at, one]) => ({ timeMs: Number(at), value: one }))
      .toSorted((a, b) => a.timeMs - b.timeMs),
  }));

function expected(list: readonly WrittenSeries[]): Found {
  const found: Found = new Map();
  for (const { labels, samples } of list) {
    const { __name__: name = "", ...own } = Object.fromEntries(labels);
    for (const sample of samples) found.set(keyOf(name, own, sample.timeMs), sample.value);
  }
  return found;
}

describe("remote_write from the relay", () => {
  it("is read by the hub: every label, time and value", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(series, { maxLength: 12, selector: ({ labels }) => JSON.stringify(labels) }),
        (list) => {
          assert.deepEqual(read(compress(encodeWriteRequest(list))), expected(list));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("is byte for byte what another encoder writes, but for zeros, which are left out", () => {
    fc.assert(
      fc.property(fc.array(series, { maxLength: 8 }), (list) => {
        const whole = list.map(({ labels, samples }) => ({
          labels,
          samples: samples.filter((one) => !Object.is(one.value, 0) && one.timeMs !== 0),
        }));
        const other = requestOf(
          whole.map(({ labels, samples }) => ({
            labels,
            samples: samples.map((one) => [one.value, one.timeMs] as const),
          })),
        );
        assert.deepEqual(Buffer.from(encodeWriteRequest(whole)), other);
      }),
    );
  });

  it("is compressed in blocks of any size", () => {
    for (const length of [0, 1, 59, 60, 61, 255, 256, 65_535, 65_536, 65_537, 300_000]) {
      const labels = [["__name__", "a"] as const];
      const samples = Array.from({ length: Math.ceil(length / 20) }, (_, i) => ({
        timeMs: 1_800_000_000_000 + i * 1000,
        value: i % 7 === 0 ? i : Math.sqrt(i),
      }));
      const list = samples.length === 0 ? [] : [{ labels, samples }];
      assert.deepEqual(read(compress(encodeWriteRequest(list))), expected(list), String(length));
    }
  });
});
