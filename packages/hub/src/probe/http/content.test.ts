import assert from "node:assert/strict";
import { test } from "node:test";
import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import { systemClock } from "../../model/clock.ts";
import { Deadline } from "../deadline.ts";
import { textOf, unpack, unpackPart } from "./content.ts";

const limitBytes = 1_000_000;

async function unpacked(
  body: Buffer,
  encoding: string | undefined,
  limit = limitBytes,
): Promise<string> {
  using deadline = new Deadline(systemClock, {
    timeoutMs: 5_000,
    signal: new AbortController().signal,
  });
  const found = await unpack(body, encoding, limit, deadline);
  return found.kind === "ok"
    ? found.value.toString()
    : `${found.fault.reason}: ${found.fault.message}`;
}

const text = "Grüße vom Glockenturm";
const plain = Buffer.from(text);

const rows: readonly (readonly [encoding: string | undefined, body: Buffer])[] = [
  [undefined, plain],
  ["", plain],
  ["identity", plain],
  ["gzip", gzipSync(plain)],
  ["GZIP", gzipSync(plain)],
  ["x-gzip", gzipSync(plain)],
  ["deflate", deflateSync(plain)],
  ["deflate", deflateRawSync(plain)],
  ["br", brotliCompressSync(plain)],
  ["zstd", zstdCompressSync(plain)],
  ["gzip, br", brotliCompressSync(gzipSync(plain))],
];

for (const [encoding, body] of rows) {
  test(`unpacks ${encoding ?? "what is not packed"}`, async () => {
    assert.equal(await unpacked(body, encoding), text);
  });
}

test("an empty body needs no unpacking", async () => {
  assert.equal(await unpacked(Buffer.alloc(0), "gzip"), "");
});

test("a large body is unpacked whole", async () => {
  const large = Buffer.alloc(900_000, "abcdefgh");
  for (const [encoding, body] of [
    ["gzip", gzipSync(large)],
    ["zstd", zstdCompressSync(large)],
    ["br", brotliCompressSync(large)],
  ] as const) {
    assert.equal((await unpacked(body, encoding)).length, 900_000);
  }
});

const zeros = Buffer.alloc(20_000_000);
const bombs: readonly (readonly [encoding: string, body: Buffer])[] = [
  ["gzip", gzipSync(zeros)],
  ["deflate", deflateSync(zeros)],
  ["br", brotliCompressSync(zeros)],
  ["zstd", zstdCompressSync(zeros)],
  ["gzip, gzip", gzipSync(gzipSync(zeros))],
];

for (const [encoding, body] of bombs) {
  test(`a bomb in ${encoding} (${body.length} bytes) is too large`, async () => {
    const expected = `too_large: the body unpacks to more than ${limitBytes} bytes`;
    assert.equal(await unpacked(body, encoding), expected);
    assert.match(await unpacked(body, encoding, 1_024), /^too_large/);
  });
}

const broken: readonly (readonly [
  says: string,
  encoding: string,
  body: Buffer,
  message: RegExp,
])[] = [
  ["text that says it is gzip", "gzip", plain, /^protocol: the body is not gzip: Z_/],
  ["text that says it is br", "br", plain, /^protocol: the body is not br: /],
  ["text that says it is zstd", "zstd", plain, /^protocol: the body is not zstd: /],
  [
    "half of a gzip body",
    "gzip",
    gzipSync(plain).subarray(0, 20),
    /^protocol: the body is not gzip: Z_BUF_ERROR/,
  ],
  [
    "a coding nobody knows",
    "snappy",
    plain,
    /^protocol: content coding "snappy" was not asked for/,
  ],
  ["codings without end", "gzip,gzip,gzip,gzip", plain, /^protocol: more than 3 content codings/],
];

for (const [says, encoding, body, message] of broken) {
  test(`refuses ${says}`, async () => assert.match(await unpacked(body, encoding), message));
}

test("the beginning of a packed body is unpacked as far as it goes", () => {
  const long = Buffer.from(Array.from({ length: 5_000 }, (_, i) => `line ${i}\n`).join(""));
  for (const [encoding, body] of [
    ["gzip", gzipSync(long)],
    ["br", brotliCompressSync(long)],
    ["zstd", zstdCompressSync(long)],
  ] as const) {
    const half = unpackPart(body.subarray(0, body.length >> 1), encoding);
    assert.ok(half !== null, encoding);
    assert.ok(long.toString().startsWith(half.toString()), encoding);
  }
  assert.equal(unpackPart(plain, "gzip"), null);
  assert.equal(unpackPart(plain, "snappy"), null);
});

const charsets: readonly (readonly [
  says: string,
  contentType: string | undefined,
  bytes: readonly number[],
  text: string,
])[] = [
  ["UTF-8 by default", undefined, [0xc3, 0xa4], "ä"],
  ["UTF-8 by name", "text/html; charset=utf-8", [0xc3, 0xa4], "ä"],
  ["Latin-1", "text/html; charset=ISO-8859-1", [0xe4], "ä"],
  ["Latin-1 in quotes", 'text/html;charset="iso-8859-1"', [0xe4], "ä"],
  ["Windows-1252", "text/plain; charset=windows-1252", [0x80], "€"],
  ["Shift_JIS", "text/plain; charset=Shift_JIS", [0x93, 0xfa], "日"],
  ["EUC-KR", "text/plain; charset=euc-kr", [0xb0, 0xa1], "가"],
  ["UTF-16 by its mark", "text/plain; charset=utf-8", [0xff, 0xfe, 0xe4, 0x00], "ä"],
  ["big-endian UTF-16 by its mark", undefined, [0xfe, 0xff, 0x00, 0xe4], "ä"],
  ["UTF-8 by its mark", "text/plain; charset=latin1", [0xef, 0xbb, 0xbf, 0xc3, 0xa4], "ä"],
  ["a character set nobody knows, as UTF-8", "text/plain; charset=klingon", [0xc3, 0xa4], "ä"],
  ["bytes that are no UTF-8", undefined, [0x61, 0xff], "a\ufffd"],
];

for (const [says, contentType, bytes, expected] of charsets) {
  test(`reads ${says}`, () => assert.equal(textOf(Buffer.from(bytes), contentType), expected));
}
