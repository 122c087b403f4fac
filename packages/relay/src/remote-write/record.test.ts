import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Samples } from "./gather.ts";
import { decodeRecord, encodeRecord, readHead } from "./record.ts";

const sample = fc.record({
  ref: fc.nat(2 ** 32 - 1),
  time: fc.integer({ min: Date.UTC(1, 0, 1) - 6e13, max: Date.UTC(9999, 0, 1) }),
  value: fc.double(),
});

function columnsOf(
  samples: readonly { readonly ref: number; readonly time: number; readonly value: number }[],
): Samples {
  return {
    refs: Uint32Array.from(samples, ({ ref }) => ref),
    times: Float64Array.from(samples, ({ time }) => time),
    values: Float64Array.from(samples, ({ value }) => value),
  };
}

describe("a record of remote write", () => {
  it("gives back every number, time and value", () => {
    fc.assert(
      fc.property(
        fc.array(sample, { maxLength: 200 }),
        fc.nat(),
        fc.maxSafeNat(),
        (list, book, before) => {
          const samples = columnsOf(list);
          const record = encodeRecord(samples, { book, before });
          assert.deepEqual(decodeRecord(record), {
            book,
            before,
            samples: list.length,
            ...samples,
          });
          assert.deepEqual(readHead(record), { book, before, samples: list.length });
        },
      ),
    );
  });

  it("keeps the bits of a NaN", () => {
    const values = new Float64Array(1);
    new DataView(values.buffer).setBigUint64(0, 0x7ff8_0000_0000_0001n, true);
    const record = encodeRecord(
      { refs: Uint32Array.of(1), times: Float64Array.of(1), values },
      { book: 1, before: 0 },
    );
    const found = decodeRecord(record)?.values ?? new Float64Array(1);
    assert.equal(new DataView(found.buffer).getBigUint64(0, true), 0x7ff8_0000_0000_0001n);
  });

  it("takes less than 5 bytes a sample of a host's scrape", () => {
    const size = 500;
    const record = encodeRecord(
      {
        refs: Uint32Array.from({ length: size }, (_, i) => 1000 + i),
        times: new Float64Array(size).fill(1_790_000_000_123),
        values: Float64Array.from({ length: size }, (_, i) => (i % 2) * Math.round(i * 1234.567)),
      },
      { book: 1, before: 0 },
    );
    assert.ok(record.length / size < 5, String(record.length / size));
  });

  it("is not one when it is cut, longer, of another version, or something else", () => {
    const samples = columnsOf([{ ref: 1, time: 2, value: 3 }]);
    const record = encodeRecord(samples, { book: 1, before: 0 });
    const changed = (at: number, value: number): Buffer => {
      const copy = Buffer.from(record);
      copy[at] = value;
      return copy;
    };
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from("{}"),
      record.subarray(0, 20),
      record.subarray(0, -1),
      changed(0, 2),
      changed(5, 2),
    ]) {
      assert.equal(decodeRecord(bytes), undefined);
    }
  });
});
