/** The body of `POST /metrics`, against what the original (Flask, Python) takes and says. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { StackPost } from "../../../model/host-entry.ts";
import { AppError } from "../../../model/error.ts";
import { readPost, type ReadPost } from "./post.ts";

const json = "application/json";
const plain = { hostname: "web-1", cpu: 12.5, ram: 40.25, disk: 71, timestamp: 1_767_225_600 };

function read(body: unknown, type: string | undefined = json, maxDetailsBytes = 1000): ReadPost {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return readPost(type, Buffer.from(text), maxDetailsBytes);
}

const nothingMore = {
  diskRead: 0,
  diskWrite: 0,
  netRead: null,
  netWrite: null,
  swapPercent: null,
  load1: null,
  load5: null,
  load15: null,
  details: null,
};

describe("a post", () => {
  const taken: { title: string; body: unknown; post: Partial<StackPost> }[] = [
    { title: "of what is required only", body: plain, post: { ...plain, ...nothingMore } },
    {
      title: "of everything the later version sends",
      body: {
        ...plain,
        disk_read: 1.5,
        disk_write: 0,
        net_read: 0.25,
        net_write: 2,
        swap_percent: 3.5,
        load1: 0.1,
        load5: 0.2,
        load15: null,
        cpu_cores: [1, 2],
        details: { cpu: { percent: 12.5 } },
      },
      post: {
        diskRead: 1.5,
        diskWrite: 0,
        netRead: 0.25,
        netWrite: 2,
        swapPercent: 3.5,
        load1: 0.1,
        load5: 0.2,
        load15: null,
        details: { cpu: { percent: 12.5 } },
      },
    },
    { title: "with keys it does not know", body: { ...plain, colour: "red" }, post: plain },
    { title: "with a number as text", body: { ...plain, cpu: " 12.5 " }, post: { cpu: 12.5 } },
    { title: "with an exponent as text", body: { ...plain, cpu: "+1e2" }, post: { cpu: 100 } },
    { title: "with a point at the end", body: { ...plain, cpu: "5." }, post: { cpu: 5 } },
    { title: "with a point at the start", body: { ...plain, cpu: "-.5" }, post: { cpu: -0.5 } },
    { title: "with underscores", body: { ...plain, cpu: "1_0.5_0" }, post: { cpu: 10.5 } },
    { title: "with true for 1", body: { ...plain, ram: true }, post: { ram: 1 } },
    { title: "with false for 0", body: { ...plain, ram: false }, post: { ram: 0 } },
    { title: "with a negative number", body: { ...plain, disk: -5 }, post: { disk: -5 } },
    { title: "beyond 100 percent", body: { ...plain, disk: 250.5 }, post: { disk: 250.5 } },
    {
      title: "with a time as text",
      body: { ...plain, timestamp: " 17 " },
      post: { timestamp: 17 },
    },
    {
      title: "with a fraction of a second",
      body: { ...plain, timestamp: 1.9 },
      post: { timestamp: 1 },
    },
    {
      title: "with a negative fraction",
      body: { ...plain, timestamp: -1.9 },
      post: { timestamp: -1 },
    },
    { title: "with true as the time", body: { ...plain, timestamp: true }, post: { timestamp: 1 } },
    {
      title: "with a number as its name",
      body: { ...plain, hostname: 5 },
      post: { hostname: "5" },
    },
    {
      title: "with true as its name",
      body: { ...plain, hostname: true },
      post: { hostname: "True" },
    },
    {
      title: "with a name of 253 characters",
      body: { ...plain, hostname: "x".repeat(253) },
      post: { hostname: "x".repeat(253) },
    },
    {
      title: "with markup as its name",
      body: { ...plain, hostname: "<script>alert(1)</script>" },
      post: { hostname: "<script>alert(1)</script>" },
    },
    { title: "with a list as details", body: { ...plain, details: [1] }, post: { details: null } },
    { title: "with text as details", body: { ...plain, details: "x" }, post: { details: null } },
    { title: "with null as details", body: { ...plain, details: null }, post: { details: null } },
  ];
  for (const { title, body, post } of taken) {
    test(`${title} is read`, () => {
      const found = read(body);
      for (const [key, value] of Object.entries(post)) {
        assert.deepEqual(found.post[key as keyof StackPost], value, key);
      }
      assert.equal(found.droppedDetails, false);
    });
  }

  const fields = "Invalid field types";
  const payload = "Invalid JSON payload";
  const name = "Invalid hostname (max 253 chars)";
  const refused: { title: string; body: unknown; type?: string; says: string }[] = [
    { title: "of text", body: "hello", says: payload },
    { title: "of nothing", body: "", says: payload },
    { title: "of JSON that is cut", body: '{"hostname":', says: payload },
    { title: "of an empty object", body: {}, says: payload },
    { title: "of an empty list", body: [], says: payload },
    { title: "of a list", body: [plain], says: payload },
    {
      title: "of a list of text",
      body: ["hostname", "cpu", "ram", "disk", "timestamp"],
      says: payload,
    },
    { title: "of a number", body: 5, says: payload },
    { title: "of null", body: null, says: payload },
    { title: "with NaN", body: JSON.stringify(plain).replace("12.5", "NaN"), says: payload },
    {
      title: "with Infinity",
      body: JSON.stringify(plain).replace("12.5", "-Infinity"),
      says: payload,
    },
    { title: "without a content type", body: plain, type: "", says: payload },
    { title: "of another content type", body: plain, type: "text/plain", says: payload },
    { title: "of a form", body: plain, type: "application/x-www-form-urlencoded", says: payload },
    {
      title: "without most of it",
      body: { hostname: "a", cpu: 1 },
      says: "Missing fields: disk, ram, timestamp",
    },
    {
      title: "without anything of it",
      body: { a: 1 },
      says: "Missing fields: cpu, disk, hostname, ram, timestamp",
    },
    { title: "with null as a number", body: { ...plain, cpu: null }, says: fields },
    { title: "with text as a number", body: { ...plain, cpu: "high" }, says: fields },
    { title: "with no text as a number", body: { ...plain, cpu: "" }, says: fields },
    { title: "with nan as text", body: { ...plain, cpu: "nan" }, says: fields },
    { title: "with inf as text", body: { ...plain, ram: "-inf" }, says: fields },
    { title: "with a number too large", body: { ...plain, ram: "1e999" }, says: fields },
    {
      title: "with a number too large for JSON",
      body: JSON.stringify(plain).replace("12.5", "1e999"),
      says: fields,
    },
    { title: "with hexadecimal text", body: { ...plain, cpu: "0x10" }, says: fields },
    { title: "with two underscores", body: { ...plain, cpu: "1__0" }, says: fields },
    { title: "with a list as a number", body: { ...plain, cpu: [1] }, says: fields },
    { title: "with an object as a number", body: { ...plain, disk: {} }, says: fields },
    {
      title: "with a fraction as a time in text",
      body: { ...plain, timestamp: "1.5" },
      says: fields,
    },
    {
      title: "with an exponent as a time in text",
      body: { ...plain, timestamp: "1e3" },
      says: fields,
    },
    { title: "with null as the time", body: { ...plain, timestamp: null }, says: fields },
    { title: "with null as disk_read", body: { ...plain, disk_read: null }, says: fields },
    {
      title: "with a disk_read beyond all bytes",
      body: { ...plain, disk_read: 1e307 },
      says: fields,
    },
    { title: "with text as load1", body: { ...plain, load1: "x" }, says: fields },
    { title: "with an empty name", body: { ...plain, hostname: "" }, says: name },
    {
      title: "with a name of 254 characters",
      body: { ...plain, hostname: "x".repeat(254) },
      says: name,
    },
    { title: "with null as its name", body: { ...plain, hostname: null }, says: name },
    { title: "with a list as its name", body: { ...plain, hostname: ["a"] }, says: name },
    { title: "with U+0000 in its name", body: { ...plain, hostname: "a\0b" }, says: name },
    {
      title: "with half a character in its name",
      body: { ...plain, hostname: "a\ud800" },
      says: name,
    },
  ];
  for (const { title, body, type, says } of refused) {
    test(`${title} is refused: ${says}`, () => {
      const wrong = (error: unknown): boolean =>
        error instanceof AppError && error.code === "malformed" && error.detail === says;
      assert.throws(() => read(body, type), wrong);
    });
  }

  test("that is not UTF-8 is refused", () => {
    const body = Buffer.from(JSON.stringify(plain).replace("web-1", "\u00ff"), "latin1");
    assert.throws(() => readPost(json, body, 1000), /Invalid JSON payload/);
  });

  test("takes its content type with parameters, and other kinds of JSON", () => {
    for (const type of [
      "application/json; charset=utf-8",
      "Application/JSON",
      "application/vnd.x+json",
    ]) {
      assert.equal(read(plain, type).post.cpu, 12.5);
    }
  });

  test("does not confuse its fields with what objects inherit", () => {
    assert.throws(
      () => read('{"__proto__":{"cpu":1,"hostname":"a"}}'),
      /Missing fields: cpu, disk, hostname/,
    );
  });
});

describe("any body", () => {
  test("is read or refused, and nothing else happens", () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom("1", "nan", 1e308, -0, true, {}));
    const fields = fc.record(
      Object.fromEntries(
        [...Object.keys(plain), "disk_read", "load1", "swap_percent", "details"].map((name) => [
          name,
          value,
        ]),
      ),
      { requiredKeys: [] },
    );
    const bodies = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc
        .oneof(fields, fc.jsonValue())
        .map((one) => new Uint8Array(Buffer.from(JSON.stringify(one)))),
    );
    fc.assert(
      fc.property(bodies, (body) => {
        try {
          const { post } = readPost(json, body, 100);
          for (const number of [post.cpu, post.ram, post.disk, post.timestamp, post.diskRead]) {
            assert.ok(Number.isFinite(number));
          }
          assert.ok(Number.isInteger(post.timestamp));
          assert.ok(post.hostname.length > 0);
        } catch (error) {
          if (!(error instanceof AppError && error.code === "malformed")) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("details", () => {
  const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
  const withDetails = (details: string): string =>
    JSON.stringify(plain).replace(/\}$/, `,"details":${details}}`);
  const rows: { title: string; details: string; isKept: boolean }[] = [
    { title: "of the allowed length", details: `{"a":"${"x".repeat(992)}"}`, isKept: true },
    { title: "a byte too long", details: `{"a":"${"x".repeat(993)}"}`, isKept: false },
    {
      title: "of few characters and many bytes",
      details: `{"a":"${"ü".repeat(500)}"}`,
      isKept: false,
    },
    { title: "of 32 levels", details: nested(32), isKept: true },
    { title: "of 33 levels", details: nested(33), isKept: false },
    { title: "of 100,000 levels", details: nested(100_000), isKept: false },
    {
      title: "of 100,000 lists",
      details: `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
      isKept: false,
    },
    { title: "with U+0000 in a value", details: String.raw`{"a":["\u0000"]}`, isKept: false },
    { title: "with U+0000 in a key", details: String.raw`{"a\u0000":1}`, isKept: false },
  ];
  for (const { title, details, isKept } of rows) {
    test(`${title} are ${isKept ? "kept" : "left out, and the rest is kept"}`, () => {
      const { post, droppedDetails } = read(withDetails(details));
      assert.equal(post.details !== null, isKept);
      assert.equal(droppedDetails, !isKept);
      assert.equal(post.cpu, 12.5);
    });
  }
});
