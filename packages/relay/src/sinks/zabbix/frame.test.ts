import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deflateSync } from "node:zlib";
import { createFrameReader, frameOf, type FrameState } from "./frame.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const hello = Buffer.from("hello");
const packed = deflateSync(hello);
const length = (bytes: Buffer): string => bytes.length.toString(16).padStart(2, "0");

/** Reads a frame in one piece, and byte by byte: both must say the same. */
function read(bytes: Buffer, limitBytes = 100): FrameState {
  const whole = createFrameReader(limitBytes).add(bytes);
  const reader = createFrameReader(limitBytes);
  let last: FrameState = { kind: "incomplete" };
  for (const byte of bytes) {
    last = reader.add(Buffer.of(byte));
    if (last.kind !== "incomplete") break;
  }
  if (whole.kind !== "wrong") assert.deepEqual(last, whole);
  return whole;
}

describe("frames", () => {
  it("are written as Zabbix has them", () => {
    assert.deepEqual(frameOf("é"), hex("5a425844 01 02000000 00000000 c3a9"));
    assert.deepEqual(read(frameOf("größe")), { kind: "whole", text: "größe" });
  });

  for (const { what, bytes } of [
    { what: "plain", bytes: hex("5a425844 01 05000000 00000000 68656c6c6f") },
    {
      what: "plain, with something in what is reserved",
      bytes: hex("5a425844 01 05000000 2a000000 68656c6c6f"),
    },
    {
      what: "compressed: flags are bits",
      bytes: Buffer.concat([hex(`5a425844 03 ${length(packed)}000000 05000000`), packed]),
    },
    {
      what: "large",
      bytes: hex("5a425844 05 0500000000000000 0000000000000000 68656c6c6f"),
    },
    {
      what: "large and compressed",
      bytes: Buffer.concat([
        hex(`5a425844 07 ${length(packed)}00000000000000 0500000000000000`),
        packed,
      ]),
    },
  ]) {
    it(`are read when ${what}`, () =>
      assert.deepEqual(read(bytes), { kind: "whole", text: "hello" }));
  }

  for (const { what, bytes, why } of [
    { what: "another protocol", bytes: Buffer.from("SSH-2.0"), why: /no frame/ },
    { what: "no flag of the protocol", bytes: hex("5a425844 02"), why: /flags 0x2/ },
    { what: "flags nobody knows", bytes: hex("5a425844 09"), why: /flags 0x9/ },
    {
      what: "a length above the limit",
      bytes: hex("5a425844 01 65000000 00000000"),
      why: /of 101 bytes/,
    },
    {
      what: "a large length above the limit",
      bytes: hex("5a425844 05 ffffffffffffffff 0000000000000000"),
      why: /above 100/,
    },
    {
      what: "data that would become longer than the limit",
      bytes: hex("5a425844 03 05000000 ffffff7f"),
      why: /above 100/,
    },
    {
      what: "data that becomes longer than it says",
      bytes: Buffer.concat([hex(`5a425844 03 ${length(packed)}000000 04000000`), packed]),
      why: /not what its header says/,
    },
    {
      what: "data that is not compressed though it says so",
      bytes: hex("5a425844 03 05000000 05000000 68656c6c6f"),
      why: /not what its header says/,
    },
    {
      what: "bytes after its end",
      bytes: hex("5a425844 01 01000000 00000000 6868"),
      why: /1 bytes after/,
    },
  ]) {
    it(`are wrong with ${what}`, () => {
      const state = read(bytes);
      assert.ok(state.kind === "wrong");
      assert.match(state.why, why);
    });
  }

  it("are incomplete until the last byte", () => {
    const bytes = frameOf("hello");
    for (let end = 0; end < bytes.length; end += 1) {
      assert.equal(createFrameReader(100).add(bytes.subarray(0, end)).kind, "incomplete");
    }
  });
});
