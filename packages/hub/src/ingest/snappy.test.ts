import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { compressed, stored, varint } from "./remote-write.kit.ts";
import { readSnappy, SnappyError } from "./snappy.ts";

const megabyte = 1024 * 1024;

/** The text, and how often others had a turn meanwhile. */
function read(
  input: Uint8Array,
  { max = 64 * megabyte, piece = megabyte } = {},
): { readonly text: Buffer; readonly turns: number } {
  const reading = readSnappy(input, max, piece);
  for (let turns = 0; ; turns += 1) {
    const step = reading.next();
    if (step.done === true) return { text: Buffer.from(step.value), turns };
  }
}

const bytes = (...parts: (number | string)[]): Buffer =>
  Buffer.concat(
    parts.map((part) => (typeof part === "number" ? Buffer.from([part]) : Buffer.from(part))),
  );

describe("a Snappy block", () => {
  // Written by hand from the format's description.
  const good: { title: string; input: Buffer; text: string }[] = [
    { title: "without anything", input: bytes(0), text: "" },
    { title: "of one literal", input: bytes(5, 4 << 2, "hello"), text: "hello" },
    { title: "of two literals", input: bytes(5, 0, "h", 3 << 2, "ello"), text: "hello" },
    {
      title: "of a literal of 61 bytes, its length in one byte more",
      input: bytes(61, 60 << 2, 60, "x".repeat(61)),
      text: "x".repeat(61),
    },
    {
      title: "of a literal of 300 bytes, its length in two",
      input: bytes(0xac, 2, 61 << 2, 0x2b, 1, "x".repeat(300)),
      text: "x".repeat(300),
    },
    {
      title: "of a literal whose length takes three",
      input: bytes(5, 62 << 2, 4, 0, 0, "hello"),
      text: "hello",
    },
    {
      title: "of a literal whose length takes four",
      input: bytes(5, 63 << 2, 4, 0, 0, 0, "hello"),
      text: "hello",
    },
    {
      title: "with a copy of one byte of offset",
      input: bytes(8, 3 << 2, "abcd", 1, 4),
      text: "abcdabcd",
    },
    {
      title: "with a copy that has bits of its offset in its tag",
      input: bytes(0x88, 2, 61 << 2, 3, 1, `abcd${"x".repeat(256)}`, (1 << 5) | 1, 4),
      text: `abcd${"x".repeat(256)}abcd`,
    },
    {
      title: "with a copy of two bytes of offset",
      input: bytes(7, 3 << 2, "abcd", (2 << 2) | 2, 4, 0),
      text: "abcdabc",
    },
    {
      title: "with a copy of four bytes of offset",
      input: bytes(7, 3 << 2, "abcd", (2 << 2) | 3, 4, 0, 0, 0),
      text: "abcdabc",
    },
    {
      title: "with a copy that reaches into itself",
      input: bytes(12, 1 << 2, "ab", (9 << 2) | 2, 2, 0),
      text: "abababababab",
    },
    { title: "with a length of a needless byte", input: bytes(0x81, 0, 0, "h"), text: "h" },
  ];
  for (const { title, input, text } of good) {
    test(title, () => assert.equal(read(input).text.toString(), text));
  }

  const bad: { title: string; input: Buffer; says: RegExp }[] = [
    { title: "of no bytes", input: bytes(), says: /ends within its length/ },
    { title: "cut in its length", input: bytes(0x80), says: /ends within its length/ },
    {
      title: "with a length of six bytes",
      input: bytes(0x80, 0x80, 0x80, 0x80, 0x80, 1),
      says: /more than five bytes/,
    },
    {
      title: "that announces 4 GB",
      input: bytes(0xff, 0xff, 0xff, 0xff, 0x0f, 0, "x"),
      says: /4294967295 bytes are announced, the limit is/,
    },
    {
      title: "that announces more than it can hold",
      input: bytes(...varint(megabyte), 0, "x"),
      says: /which 5 cannot hold/,
    },
    { title: "cut in a literal", input: bytes(5, 4 << 2, "hell"), says: /within a literal/ },
    { title: "cut in a literal's length", input: bytes(5, 61 << 2, 4), says: /within an element/ },
    { title: "cut in a copy", input: bytes(8, 3 << 2, "abcd", 1), says: /within an element/ },
    { title: "that ends too soon", input: bytes(6, 4 << 2, "hello"), says: /ends at 5 of 6 bytes/ },
    {
      title: "that holds more than it announces",
      input: bytes(4, 4 << 2, "hello"),
      says: /more than it announces/,
    },
    {
      title: "with a copy that holds more than it announces",
      input: bytes(7, 3 << 2, "abcd", 1, 4),
      says: /more than it announces/,
    },
    {
      title: "with a copy from before its start",
      input: bytes(8, 3 << 2, "abcd", 1, 5),
      says: /reaches back 5 bytes from 4/,
    },
    {
      title: "with a copy from nowhere",
      input: bytes(8, 3 << 2, "abcd", 1, 0),
      says: /reaches back 0 bytes/,
    },
  ];
  for (const { title, input, says } of bad) {
    test(`is refused ${title}`, () =>
      assert.throws(
        () => read(input),
        (error) => error instanceof SnappyError && says.test(error.message),
      ));
  }

  test("says whether it is too large", () => {
    const input = stored(Buffer.alloc(101));
    const tooLarge = (error: unknown): boolean => error instanceof SnappyError && error.isTooLarge;
    assert.throws(() => read(input, { max: 100 }), tooLarge);
    assert.equal(read(input, { max: 101 }).text.length, 101);
  });

  test("is read in pieces", () => {
    const text = Buffer.alloc(10 * megabyte, "0123456789abcdef-");
    const { text: found, turns } = read(compressed(text));
    assert.ok(found.equals(text));
    assert.ok(turns >= 8, `${turns} turns`);
  });

  test("is read back whatever it holds", () => {
    const words = fc.array(fc.constantFrom("a", "ab", "node_cpu", "=", "x".repeat(70), "\0ÿ"));
    const texts = fc.oneof(
      fc.uint8Array({ maxLength: 3000 }),
      words.map((some) => new Uint8Array(Buffer.from(some.join(""), "latin1"))),
    );
    fc.assert(
      fc.property(texts, fc.boolean(), fc.integer({ min: 1, max: 500 }), (text, wide, piece) => {
        for (const input of [stored(text), compressed(text, wide)]) {
          assert.ok(read(input, { piece }).text.equals(text));
        }
      }),
    );
  });

  test("throws nothing else for any bytes", () => {
    const mutated = fc
      .tuple(fc.uint8Array({ maxLength: 200 }), fc.nat(), fc.nat(255), fc.nat())
      .map(([text, at, byte, end]) => {
        const input = compressed(text);
        input[at % input.length] = byte;
        return input.subarray(0, end % 4 === 0 ? end % (input.length + 1) : input.length);
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), (input) => {
        try {
          const { text } = read(input, { max: 100_000, piece: 16 });
          assert.ok(text.length <= 100_000);
        } catch (error) {
          if (!(error instanceof SnappyError)) throw error;
        }
      }),
      { numRuns: 3000 },
    );
  });
});
