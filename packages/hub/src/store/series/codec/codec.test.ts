import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { BlockReader, BlockWriter, GroupReader } from "./block.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { ColumnScratch, decodeColumn, encodeColumn } from "./column.ts";
import { decodeInstant, encodeInstant } from "./instant.ts";
import { unwrapAll, zstdLevels } from "./wrap.ts";

const hostile = [
  0,
  -0,
  1,
  -1,
  0.1,
  0.25,
  1 / 3,
  Number.NaN,
  Infinity,
  -Infinity,
  Number.MIN_VALUE,
  -Number.MIN_VALUE,
  2.225073858507201e-308,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  2 ** 50,
  2 ** 50 + 1,
  2 ** 51,
  2 ** 53,
  -(2 ** 53),
  2 ** 53 + 2,
  Number.EPSILON,
  1e-12,
  1e-13,
  123456.789012,
  9007199254740991,
  1e300,
  100.01,
  4.35,
  0.1 + 0.2,
  1795255206624,
  0.000001,
];

const columns: readonly (readonly [name: string, values: readonly number[], atMost?: number])[] = [
  ["one value", [42]],
  ["one NaN", [Number.NaN]],
  ["one -0", [-0]],
  ["a constant", Array<number>(7200).fill(25276502016), 10],
  ["a constant that is no decimal", Array<number>(100).fill(1 / 3), 9],
  ["a regular clock", Array.from({ length: 7200 }, (_, i) => 1795255206624 + i * 1000), 7300],
  ["cents", Array.from({ length: 500 }, (_, i) => i / 100)],
  [
    "pages of 4096 bytes",
    Array.from({ length: 500 }, (_, i) => 4096 * (1000 + ((i * 7919) % 97))),
    600,
  ],
  ["whole noise", Array.from({ length: 400 }, (_, i) => (i * 7919 * 7919) % 65536), 820],
  ["noise of 24 bits", Array.from({ length: 400 }, (_, i) => (i * 48271 * 48271) % 16777213)],
  [
    "decimals that walk in large steps",
    Array.from({ length: 400 }, (_, i) => (i * 5000 + ((i * 7919) % 9001)) / 100),
  ],
  ["noise", Array.from({ length: 300 }, (_, i) => Math.sin(i * 12.9898) * 43758.5453)],
  [
    "decimals with a few that are none",
    Array.from({ length: 160 }, (_, i) => (i % 40 === 7 ? Number.NaN : i / 10)),
  ],
  ["a NaN first", [Number.NaN, ...Array.from({ length: 40 }, (_, i) => i * 3)]],
  ["a counter that resets", [10, 20, 30, 2 ** 49, 0, 10, 20]],
  ["a jump over the whole range", [2 ** 50, -(2 ** 50), 2 ** 50, -(2 ** 50)]],
  ["zero and -0", [0, -0, 0, -0, 0]],
  ["everything hostile", hostile],
  [
    "everything hostile, long",
    Array.from({ length: 2000 }, (_, i) => hostile[(i * 31) % hostile.length] ?? 0),
  ],
];

function roundTrip(
  values: Float64Array,
  present: Uint8Array | null,
): { size: number; values: Float64Array; present: Uint8Array } {
  const out = new ByteWriter(16);
  out.byte(99);
  encodeColumn(out, values, present, new ColumnScratch());
  const size = out.length - 1;
  const got = new Float64Array(values.length);
  const gotPresent = new Uint8Array(values.length).fill(1);
  decodeColumn(out.take(), 1, got, gotPresent);
  return { size, values: got, present: gotPresent };
}

function assertSame(got: Float64Array, want: Float64Array, present: Uint8Array | null): void {
  for (let i = 0; i < want.length; i += 1) {
    if (present !== null && present[i] === 0) continue;
    assert.ok(Object.is(got[i], want[i]), `place ${i}: ${got[i]} instead of ${want[i]}`);
  }
}

describe("a column", () => {
  for (const [name, list, atMost] of columns) {
    test(`gives back ${name}`, () => {
      const values = Float64Array.from(list);
      const { size, values: got } = roundTrip(values, null);
      assertSame(got, values, null);
      if (atMost !== undefined) assert.ok(size <= atMost, `${size} bytes`);
    });
    test(`gives back ${name}, with gaps`, () => {
      const values = Float64Array.from(list);
      const present = Uint8Array.from(list, (_, i) => (i % 3 === 1 ? 0 : 1));
      const result = roundTrip(values, present);
      assert.deepEqual(result.present, present);
      assertSame(result.values, values, present);
    });
  }

  test("gives back any floats at any places", () => {
    const sample = fc.tuple(
      fc.oneof(
        fc.double(),
        fc.constantFrom(...hostile),
        fc.integer(),
        fc.integer().map((n) => n / 1000),
      ),
      fc.boolean(),
    );
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 60 }), (samples) => {
        const values = Float64Array.from(samples, ([value]) => value);
        const present = Uint8Array.from(samples, ([, there]) => Number(there));
        present[0] = 1;
        const result = roundTrip(values, present);
        assert.deepEqual(result.present, present);
        assertSame(result.values, values, present);
      }),
    );
  });

  test("that was cut off throws instead of giving other values", () => {
    const values = Float64Array.from({ length: 50 }, (_, i) => (i * i) / 10);
    const out = new ByteWriter();
    encodeColumn(out, values, null, new ColumnScratch());
    const cut = out.take().subarray(0, out.length - 3);
    assert.throws(() => decodeColumn(cut, 0, new Float64Array(50), new Uint8Array(50)), RangeError);
  });
});

describe("an instant", () => {
  const slotLists: readonly (readonly number[])[] = [
    [],
    [0],
    [5],
    [0, 1, 2],
    [3, 4, 9, 100, 101, 70000],
  ];
  for (const slots of slotLists) {
    test(`gives back slots ${slots.join(",") || "none"}`, () => {
      const values = Float64Array.from(slots, (slot) => hostile[slot % hostile.length] ?? 0);
      const data = encodeInstant(
        new ByteWriter(4),
        1795255206624,
        Uint32Array.from(slots),
        values,
        slots.length,
      );
      assert.deepEqual(decodeInstant(data), {
        time: 1795255206624,
        slots: Uint32Array.from(slots),
        values,
      });
    });
  }

  test("gives back any floats", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.double(), fc.constantFrom(...hostile)), { maxLength: 50 }),
        fc.integer(),
        (list, time) => {
          const values = Float64Array.from(list);
          const slots = Uint32Array.from(list, (_, i) => i);
          const got = decodeInstant(
            encodeInstant(new ByteWriter(4), time, slots, values, list.length),
          );
          assert.equal(got.time, time);
          assert.equal(got.values.length, values.length);
          assertSame(got.values, values, null);
        },
      ),
    );
  });

  test("takes a byte for sixteen zeros and one more than its digits for a small number", () => {
    const slots = Uint32Array.from({ length: 17 }, (_, i) => i);
    const values = new Float64Array(17);
    values[16] = 60;
    // format, time 0, one run of two numbers, zeros, number
    assert.equal(encodeInstant(new ByteWriter(), 0, slots, values, 17).length, 1 + 1 + 3 + 1 + 2);
  });
});

describe("a block", () => {
  const times = Float64Array.from({ length: 200 }, (_, i) => 1795255206624 + i * 1000 + (i % 3));

  function write(
    slots: readonly number[],
    fields: number,
    inline: boolean,
  ): { head: Uint8Array; groups: readonly Uint8Array[] } {
    const writer = new BlockWriter(times, { fields, level: zstdLevels.sealed, inline });
    for (const slot of slots) {
      for (let field = 0; field < fields; field += 1) writer.add(slot, column(slot, field), null);
    }
    return writer.finish();
  }

  function column(slot: number, field: number): Float64Array {
    return Float64Array.from(
      times,
      (_, i) => Math.floor(Math.sin(i * (slot + 1)) * 10000) / 100 + field,
    );
  }

  const cases = [
    {
      name: "of one small group keeps it in the head",
      slots: [2, 5],
      fields: 1,
      inline: false,
      groups: 0,
    },
    {
      name: "of many series has groups",
      slots: Array.from({ length: 300 }, (_, i) => i * 2),
      fields: 1,
      inline: false,
      groups: 7,
    },
    {
      name: "of buckets has five columns a slot",
      slots: Array.from({ length: 60 }, (_, i) => i),
      fields: 5,
      inline: false,
      groups: 9,
    },
    {
      name: "of any size can be in one blob",
      slots: Array.from({ length: 300 }, (_, i) => i),
      fields: 1,
      inline: true,
      groups: 0,
    },
  ] as const;
  for (const { name, slots, fields, inline, groups } of cases) {
    test(name, () => {
      const encoded = write(slots, fields, inline);
      assert.equal(encoded.groups.length, groups);
      const block = readBlock(encoded.head, fields);
      assert.deepEqual(block.times, times);
      const seen: number[] = [];
      const readers =
        block.inlineGroup === null
          ? GroupReader.unpackAll(encoded.groups, fields)
          : [block.inlineGroup];
      for (const [number, group] of readers.entries()) {
        for (const [place, slot] of group.slots.entries()) {
          seen.push(slot);
          if (block.inlineGroup === null) assert.equal(block.groupOf(slot), number);
          for (let field = 0; field < fields; field += 1) {
            const values = new Float64Array(times.length);
            assert.equal(group.read(place, field, values, new Uint8Array(times.length)), false);
            assert.deepEqual(values, column(slot, field));
          }
        }
      }
      assert.deepEqual(seen, slots);
    });
  }

  test("of an unknown version is refused", () => {
    const { head } = write([0], 1, false);
    head[0] = 0x2e;
    assert.throws(() => readBlock(head, 1), /begins with 0x2e, expected 0x20/);
    assert.throws(() => unwrapAll(0x30, [new Uint8Array(0)]), /begins with 0xnothing/);
  });
});

function readBlock(head: Uint8Array, fields: number): BlockReader {
  const [block] = BlockReader.unpackAll([head], fields);
  assert.ok(block !== undefined);
  return block;
}

test("whole numbers up to 2^53 come back", () => {
  const numbers = [
    0,
    1,
    127,
    128,
    16383,
    16384,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 35,
    2 ** 53 - 1,
    2 ** 53,
  ];
  const out = new ByteWriter(1);
  for (const number of numbers) out.unsigned(number);
  for (const number of numbers) if (number < 2 ** 52) out.signed(-number);
  const reader = new ByteReader(out.take());
  for (const number of numbers) assert.equal(reader.unsigned(), number);
  for (const number of numbers) if (number < 2 ** 52) assert.equal(reader.signed() + number, 0);
});
