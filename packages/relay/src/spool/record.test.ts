import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { cursorBytes, parseCursors } from "./cursor-file.ts";
import {
  findRecord,
  headerOf,
  readHeader,
  readRecord,
  recordKinds,
  sizeOf,
  writeRecord,
  type RecordInput,
} from "./record.ts";

function bytesOf(record: RecordInput): Buffer {
  const bytes = Buffer.alloc(sizeOf(record));
  assert.equal(writeRecord(bytes, 0, record), bytes.length);
  return bytes;
}

/** The blocks of hexadecimal digits of the page of the format, in order. */
function vectors(): string[] {
  const page = readFileSync(new URL("./FORMAT.md", import.meta.url), "utf8");
  return [...page.matchAll(/```hex\n([^`]*)```/g)].map((match) =>
    (match[1] ?? "").replaceAll(/\s/g, ""),
  );
}

describe("the page of the format", () => {
  it("shows the bytes as they are written", () => {
    const written = [
      headerOf({ firstSequence: 1, createdAt: 1_790_000_000_000 }),
      bytesOf({
        kind: recordKinds.event,
        sequence: 1,
        at: 1_790_000_000_123,
        id: Buffer.from("a1"),
        note: Buffer.alloc(0),
        bytes: Buffer.from('{"n":1}'),
      }),
      bytesOf({
        kind: recordKinds.replayed,
        sequence: 2 ** 32 + 5,
        at: 1_790_000_000_124,
        id: Buffer.from("ü"),
        note: Buffer.from("elk"),
        bytes: Buffer.from("{}"),
      }),
    ];
    assert.deepEqual(
      vectors(),
      written.map((bytes) => bytes.toString("hex")),
    );
  });
});

describe("the page of the format, of cursors,", () => {
  it("shows the text as it is written and read", () => {
    const page = readFileSync(new URL("./FORMAT.md", import.meta.url), "utf8");
    const text = /```\n(belfry-cursors[^`]*)```/.exec(page)?.[1] ?? "";
    const state = {
      watermark: 120,
      beyond: [
        [122, 125],
        [130, 130],
      ],
    } as const;
    const places = { lost: null, cursors: new Map([["elk", state]]) };
    assert.equal(text, cursorBytes(places).toString());
    assert.deepEqual(parseCursors(Buffer.from(text)), places);
  });
});

describe("a record", () => {
  const input: fc.Arbitrary<RecordInput> = fc.record({
    kind: fc.constantFrom(...Object.values(recordKinds)),
    sequence: fc.maxSafeNat(),
    at: fc.maxSafeNat(),
    id: fc.string().map((text) => Buffer.from(text.toWellFormed())),
    note: fc.string().map((text) => Buffer.from(text.toWellFormed())),
    bytes: fc.uint8Array({ maxLength: 300 }),
  });

  it("comes back as it was, wherever it stands", () => {
    fc.assert(
      fc.property(input, fc.nat({ max: 20 }), (record, offset) => {
        const buffer = Buffer.concat([Buffer.alloc(offset), bytesOf(record), Buffer.alloc(7)]);
        const found = findRecord(buffer, offset, 10_000);
        assert.deepEqual(found, { kind: "record", size: sizeOf(record) });
        const back = readRecord(buffer, offset, sizeOf(record));
        assert.deepEqual(
          { ...back, bytes: Buffer.from(back.bytes) },
          {
            ...record,
            id: Buffer.from(record.id).toString(),
            note: Buffer.from(record.note).toString(),
            bytes: Buffer.from(record.bytes),
          },
        );
      }),
    );
  });

  it("is none when any byte of it is another, and short when it ends early", () => {
    fc.assert(
      fc.property(input, fc.nat(), fc.integer({ min: 1, max: 255 }), (record, pick, mask) => {
        const bytes = bytesOf(record);
        const at = pick % bytes.length;
        assert.equal(findRecord(bytes.subarray(0, at), 0, 10_000).kind, "short");
        bytes[at] = (bytes[at] ?? 0) ^ mask;
        // A length that is larger now needs bytes that are not there.
        assert.notEqual(findRecord(bytes, 0, 10_000).kind, "record");
      }),
    );
  });
});

describe("a header", () => {
  it("is bad with any byte changed, and newer with another version", () => {
    const header = headerOf({ firstSequence: 7, createdAt: 8 });
    assert.deepEqual(readHeader(header), { firstSequence: 7, createdAt: 8 });
    for (let at = 0; at < header.length; at += 1) {
      const changed = Buffer.from(header);
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.equal(readHeader(changed), "bad", `byte ${at}`);
    }
    assert.equal(readHeader(header.subarray(0, 31)), "bad");
  });
});
