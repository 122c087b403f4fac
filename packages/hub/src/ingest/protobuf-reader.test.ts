import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { float64, varint } from "./remote-write.kit.ts";
import { ProtobufError, ProtobufReader } from "./protobuf-reader.ts";

describe("a signed number", () => {
  const rows: { value: bigint; read: number }[] = [
    { value: 0n, read: 0 },
    { value: 1n, read: 1 },
    { value: 127n, read: 127 },
    { value: 128n, read: 128 },
    { value: 300n, read: 300 },
    { value: 2n ** 28n - 1n, read: 2 ** 28 - 1 },
    { value: 2n ** 28n, read: 2 ** 28 },
    { value: 1_700_000_000_123n, read: 1_700_000_000_123 },
    { value: -1n, read: -1 },
    { value: -62_135_596_800_000n, read: -62_135_596_800_000 },
    { value: 2n ** 53n - 1n, read: Number.MAX_SAFE_INTEGER },
    { value: -(2n ** 53n) + 1n, read: Number.MIN_SAFE_INTEGER },
    { value: 2n ** 63n - 1n, read: 2 ** 63 },
    { value: -(2n ** 63n), read: -(2 ** 63) },
  ];
  for (const { value, read } of rows) {
    test(`${value} is read`, () => {
      const bytes = Buffer.from(varint(value));
      const reader = new ProtobufReader(bytes);
      assert.equal(reader.int64(bytes.length), read);
      assert.equal(reader.at, bytes.length);
    });
  }
});

describe("bytes that are no message", () => {
  const rows: { title: string; bytes: number[]; read: (reader: ProtobufReader) => void }[] = [
    { title: "a tag that is cut", bytes: [0x80], read: (reader) => reader.tag(1) },
    { title: "the field 0", bytes: [2], read: (reader) => reader.tag(1) },
    { title: "no tag", bytes: [], read: (reader) => reader.tag(0) },
    {
      title: "a tag of 33 bits",
      bytes: [0xff, 0xff, 0xff, 0xff, 0x1f],
      read: (reader) => reader.tag(5),
    },
    {
      title: "a tag of six bytes",
      bytes: [0x8a, 0x80, 0x80, 0x80, 0x80, 0],
      read: (reader) => reader.tag(6),
    },
    {
      title: "a length beyond the end",
      bytes: [3, 1, 1],
      read: (reader) => reader.lengthEnd(3),
    },
    {
      title: "a length of 4 GB",
      bytes: [0xff, 0xff, 0xff, 0xff, 0x0f],
      read: (reader) => reader.lengthEnd(5),
    },
    {
      title: "a number of eleven bytes",
      bytes: [...Array.from({ length: 10 }, () => 0xff), 1],
      read: (reader) => reader.int64(11),
    },
    { title: "a number beyond its message", bytes: [0x80, 1], read: (reader) => reader.int64(1) },
    { title: "a double that is cut", bytes: [1, 2, 3], read: (reader) => reader.float64(3) },
    { title: "a fixed64 that is cut", bytes: [1], read: (reader) => reader.skip(9, 1) },
    { title: "a fixed32 that is cut", bytes: [1], read: (reader) => reader.skip(13, 1) },
    { title: "the start of a group", bytes: [1], read: (reader) => reader.skip(11, 1) },
    { title: "the end of a group", bytes: [1], read: (reader) => reader.skip(12, 1) },
    { title: "a wire type there is not", bytes: [1], read: (reader) => reader.skip(15, 1) },
  ];
  for (const { title, bytes, read } of rows) {
    test(`are refused: ${title}`, () =>
      assert.throws(() => read(new ProtobufReader(Uint8Array.from(bytes))), ProtobufError));
  }

  test("throw nothing else, and come to an end", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const reader = new ProtobufReader(bytes);
        try {
          for (let steps = 0; reader.at < bytes.length; steps += 1) {
            assert.ok(steps <= bytes.length);
            reader.skip(reader.tag(bytes.length), bytes.length);
            assert.ok(reader.at <= bytes.length);
          }
        } catch (error) {
          if (!(error instanceof ProtobufError)) throw error;
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe("a double", () => {
  test("keeps its bits, within a larger array as well", () => {
    const bytes = Buffer.concat([Buffer.alloc(3), float64(0x7ff0000000000002n), float64(-0.1)]);
    const reader = new ProtobufReader(bytes.subarray(3));
    assert.ok(Number.isNaN(reader.float64(16)));
    assert.deepEqual(reader.lastBits(), { high: 0x7ff00000, low: 2 });
    assert.equal(reader.float64(16), -0.1);
  });
});
