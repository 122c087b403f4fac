import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { uncompress } from "snappyjs";
import { encodeWriteRequest, type WrittenSeries } from "../sinks/prometheus/write-request.ts";
import { LabelTable } from "./label-table.ts";
import {
  countSamples,
  cutIntoRequests,
  dealOut,
  encodeBody,
  groupBySeries,
  halve,
  type SeriesPart,
} from "./request.ts";

const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/);
const labels = fc
  .record({
    name: word,
    own: fc.dictionary(word, fc.string({ unit: "grapheme", minLength: 1 }), {
      maxKeys: 6,
      noNullPrototype: true,
    }),
  })
  .map(({ name, own }) =>
    Object.entries({ ...own, __name__: name }).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
const sample = fc.record({
  ref: fc.nat(9),
  time: fc.oneof(fc.integer({ min: -1e13, max: 1e13 }), fc.constantFrom(0, 5, 6)),
  value: fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(0, -0)),
});

/** Samples of a series by rising time, the last of one time. */
function expectedSeries(
  list: readonly { readonly ref: number; readonly time: number; readonly value: number }[],
  tables: readonly (readonly (readonly [string, string])[])[],
): readonly WrittenSeries[] {
  return [...Map.groupBy(list, ({ ref }) => ref)].map(([ref, own]) => {
    const byTime = new Map(own.map(({ time, value }) => [time, value]));
    return {
      labels: tables[ref] ?? [],
      samples: [...byTime]
        .toSorted(([a], [b]) => a - b)
        .map(([timeMs, value]) => ({ timeMs, value })),
    };
  });
}

describe("a request of remote write", () => {
  it("is byte for byte what the sink's encoder writes of the same series", () => {
    fc.assert(
      fc.property(
        fc.array(labels, { minLength: 10, maxLength: 10 }),
        fc.array(sample, { maxLength: 60 }),
        (tables, list) => {
          const table = new LabelTable();
          for (const [ref, one] of tables.entries()) table.set(ref, one);
          const columns = {
            refs: list.map(({ ref }) => ref),
            times: list.map(({ time }) => time),
            values: Float64Array.from(list, ({ value }) => value),
          };
          const series = groupBySeries(columns, (ref) => table.isWanted(ref) === true);
          const body = uncompress(new Uint8Array(encodeBody(series, columns, table)));
          const expected = encodeWriteRequest(expectedSeries(list, tables));
          assert.deepEqual(Buffer.from(body), Buffer.from(expected));
        },
      ),
    );
  });

  it("has a NaN as Prometheus writes one that is no sign of an end", () => {
    const table = new LabelTable();
    table.set(0, [["__name__", "a"]]);
    const values = new Float64Array(1);
    // Prometheus's sign that a series has ended.
    new DataView(values.buffer).setBigUint64(0, 0x7ff0_0000_0000_0002n, true);
    const body = encodeBody([{ ref: 0, places: [0] }], { times: [1], values }, table);
    const bytes = Buffer.from(uncompress(new Uint8Array(body)));
    assert.ok(bytes.includes(Buffer.from("010000000000f87f", "hex")));
  });

  it("leaves out series that are not wanted, and tells those nobody described", () => {
    const table = new LabelTable();
    table.set(0, [["__name__", "a"]]);
    table.set(1, undefined);
    assert.deepEqual(
      [0, 1, 2, 5000].map((ref) => table.isWanted(ref)),
      [true, false, undefined, undefined],
    );
  });
});

const parts: fc.Arbitrary<readonly SeriesPart[]> = fc
  .array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 30 })
  .map((sizes) =>
    sizes.map((size, ref) => ({ ref, places: Array.from({ length: size }, (_, i) => i) })),
  );

function samplesOf(requests: readonly (readonly SeriesPart[])[]): string[] {
  return requests.flat().flatMap(({ ref, places }) => places.map((place) => `${ref}:${place}`));
}

describe("a window", () => {
  it("is dealt out to a few lots, each series whole", () => {
    fc.assert(
      fc.property(parts, fc.integer({ min: 1, max: 8 }), (series, most) => {
        const lots = dealOut(series, most);
        assert.ok(lots.length <= most && lots.every((lot) => lot.length > 0));
        assert.deepEqual(samplesOf(lots), samplesOf([series]));
        const refs = lots.flatMap((lot) => lot.map(({ ref }) => ref));
        assert.equal(new Set(refs).size, refs.length);
      }),
    );
  });

  it("is cut into requests none of which is too long, each series in its order", () => {
    fc.assert(
      fc.property(parts, fc.integer({ min: 1, max: 20 }), (series, most) => {
        const requests = cutIntoRequests(series, most);
        assert.ok(requests.every((one) => countSamples(one) <= most));
        assert.ok(requests.length === Math.ceil(countSamples(series) / most));
        assert.deepEqual(samplesOf(requests), samplesOf([series]));
      }),
    );
  });

  it("is halved down to single samples, older ones first", () => {
    const leaves = (series: readonly SeriesPart[]): (readonly SeriesPart[])[] => {
      const halves = halve(series);
      return halves === undefined ? [series] : halves.flatMap(leaves);
    };
    fc.assert(
      fc.property(parts, (series) => {
        const found = leaves(series);
        assert.ok(found.every((one) => countSamples(one) === 1));
        assert.deepEqual(samplesOf(found), samplesOf([series]));
      }),
    );
  });
});
