import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  batchLimits,
  decodeBatch,
  encodeBatch,
  maxBatchSamples,
  seriesHash,
  type BatchSeries,
  type DecodedBatch,
  type SampleBatch,
} from "./sample-batch.ts";

const sha256 = (text: string): string => hash("sha256", text);

const host: SampleBatch["host"] = {
  machine_id: "8f4e6a",
  boot_id: "0b5a3c4e",
  name: "web-1",
  version: "0.1.0",
  interval: 5,
  labels: { team: "core" },
  sent_at: 1_790_000_000_000,
};

const list: readonly BatchSeries[] = [
  { name: "node_load1", labels: {} },
  { name: "node_cpu_seconds_total", labels: { mode: "idle", cpu: "0" } },
];

function batchOf(changes: Partial<SampleBatch> = {}): SampleBatch {
  return {
    host,
    seriesHash: seriesHash(list, sha256),
    series: list,
    seriesCount: 2,
    times: Float64Array.of(1_790_000_000_000, 1_790_000_005_003),
    values: Float64Array.of(0.25, 0.5, 1234.56, 1240),
    details: { system: { hostname: "web-1" } },
    ...changes,
  };
}

function decoded(bytes: Uint8Array, limits = batchLimits): DecodedBatch {
  const result = decodeBatch(bytes, limits);
  if (result.kind === "bad") assert.fail(result.message);
  return result.value;
}

function messageOf(bytes: Uint8Array, limits = batchLimits): string {
  const result = decodeBatch(bytes, limits);
  return result.kind === "bad" ? result.message : "it was taken";
}

/** Bytes of a batch whose texts are as given; one time, as many columns without a sample as `series` says. */
function handMade(texts: {
  head?: string;
  list?: string;
  details?: string;
  series?: number;
}): Uint8Array {
  const {
    head = JSON.stringify({ host, series_hash: "0".repeat(32) }),
    list: series = "",
    details = "",
    series: count = 1,
  } = texts;
  const parts = [head, series, details].flatMap((text) => {
    const bytes = new TextEncoder().encode(text);
    return [...sized(bytes.length), ...bytes];
  });
  return Uint8Array.from([1, ...parts, ...sized(count), 1, 5, ...Array<number>(count).fill(14)]);
}

function sized(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...sized(Math.floor(value / 128))];
}

const withHost = (changes: object): Uint8Array =>
  handMade({
    head: JSON.stringify({ host: { ...host, ...changes }, series_hash: "0".repeat(32) }),
  });

describe("a sample batch", () => {
  it("comes back as it was", () => {
    const { values, times, ...rest } = decoded(encodeBatch(batchOf()));
    assert.deepEqual([...values], [0.25, 0.5, 1234.56, 1240]);
    assert.deepEqual([...times], [1_790_000_000_000, 1_790_000_005_003]);
    assert.deepEqual(rest, {
      host,
      seriesHash: seriesHash(list, sha256),
      series: list,
      seriesCount: 2,
      details: { system: { hostname: "web-1" } },
    });
  });

  it("comes back as it was, whatever is in it", () => {
    fc.assert(
      fc.property(arbitraryBatch, (batch) => {
        const result = decoded(encodeBatch(batch));
        assert.deepEqual(
          { ...result, values: shown(result), present: null, times: [...result.times] },
          { ...batch, values: shown(batch), present: null, times: [...batch.times] },
        );
        const all = batch.present?.every((bit) => bit !== 0) ?? true;
        assert.equal(result.present === undefined, all, "present is left out when all are there");
      }),
      { numRuns: 300 },
    );
  });

  it("names a list by what is in it and by its order", () => {
    const other = [{ name: "node_cpu_seconds_total", labels: { cpu: "0", mode: "idle" } }];
    assert.equal(seriesHash(list.slice(1), sha256), seriesHash(other, sha256));
    assert.notEqual(seriesHash(list, sha256), seriesHash(list.toReversed(), sha256));
    assert.match(seriesHash(list, sha256), /^[0-9a-f]{32}$/);
    assert.equal(
      seriesHash(decoded(encodeBatch(batchOf())).series ?? [], sha256),
      seriesHash(list, sha256),
    );
  });

  it("keeps labels that objects inherit", () => {
    const series = [{ name: "up", labels: { constructor: "a", toString: "b" } }];
    const batch = batchOf({ series, seriesCount: 1, values: Float64Array.of(1, 2) });
    assert.deepEqual(decoded(encodeBatch(batch)).series, series);
  });

  it("replaces what cannot be stored in details", () => {
    const details = { system: { hostname: "a\0b", kernel: "\ud800" } };
    assert.deepEqual(decoded(encodeBatch(batchOf({ details }))).details, {
      system: { hostname: "a\uFFFDb", kernel: "\uFFFD" },
    });
  });

  it("is not written when its parts do not fit together", () => {
    const wrong: Partial<SampleBatch>[] = [
      { values: new Float64Array(3) },
      { present: new Uint8Array(3) },
      { series: list.slice(1) },
      { times: new Float64Array(0), values: new Float64Array(0) },
      { times: Float64Array.of(2, 2) },
      { times: Float64Array.of(2, 1) },
      { times: Float64Array.of(1.5, 2) },
      { times: Float64Array.of(-1, 2) },
      { times: Float64Array.of(1, Number.NaN) },
    ];
    for (const changes of wrong) assert.throws(() => encodeBatch(batchOf(changes)), RangeError);
  });
});

describe("a hostile sample batch", () => {
  const good = encodeBatch(batchOf());
  const rows: readonly [string, Uint8Array, string][] = [
    ["nothing at all", new Uint8Array(0), "the bytes end too early"],
    ["another version", Uint8Array.of(2), "version: expected 1, found 2"],
    ["bytes behind the end", Uint8Array.of(...good, 0), "1 bytes are left over at the end"],
    ["a length beyond the bytes", Uint8Array.of(1, 100), "the bytes end too early"],
    [
      "a length beyond 2^53",
      Uint8Array.of(1, 255, 255, 255, 255, 255, 255, 255, 255, 1),
      "a whole number is larger than 2^53",
    ],
    ["a head that is no JSON", handMade({ head: "{" }), "the head: this is not JSON"],
    ["a head that is a list", handMade({ head: "[]" }), "the head: expected an object, found []"],
    ["no host", handMade({ head: "{}" }), "host: expected an object, found nothing"],
    [
      "a head that is not UTF-8",
      Uint8Array.of(1, 1, 255, 0, 0, 1, 1, 5, 14),
      "the head: this is not UTF-8",
    ],
    [
      "no hash",
      handMade({ head: JSON.stringify({ host }) }),
      "series_hash: expected 32 hexadecimal digits, found nothing",
    ],
    ["no machine id", withHost({ machine_id: "" }), "host.machine_id: expected text, found none"],
    ["a name that is no text", withHost({ name: 5 }), "host.name: expected text, found 5"],
    [
      "a name that is too long",
      withHost({ name: "x".repeat(254) }),
      "host.name: expected at most 253 characters, found 254",
    ],
    [
      "a name over two lines",
      withHost({ name: "a\nb" }),
      "host.name: text with control characters",
    ],
    [
      "no interval",
      withHost({ interval: 0 }),
      "host.interval: expected a number from 0.001 to 86400, found 0",
    ],
    [
      "an inherited label of the host",
      handMade({
        head: JSON.stringify({ host, series_hash: "0".repeat(32) }).replace("team", "__proto__"),
      }),
      'host.labels: expected the name of a label, found "__proto__"',
    ],
    [
      "a list of another length",
      handMade({ list: "[]" }),
      "series: expected an array of 1, found 0",
    ],
    ["a list that is none", handMade({ list: "{}" }), "series: expected an array of 1, found {}"],
    ["a series that is none", handMade({ list: "[5]" }), "series[0]: expected an array, found 5"],
    [
      "a bad metric name",
      handMade({ list: '[["a-b"]]' }),
      'series[0]: expected the name of a metric, found "a-b"',
    ],
    [
      "a bad label name",
      handMade({ list: '[["a","b-c","1"]]' }),
      'series[0]: expected the name of a label, found "b-c"',
    ],
    [
      "a label that is the prototype",
      handMade({ list: '[["a","__proto__","1"]]' }),
      'series[0]: expected the name of a label, found "__proto__"',
    ],
    [
      "a label without a value",
      handMade({ list: '[["a","b"]]' }),
      "series[0]: expected at most 32 labels, each with a value",
    ],
    [
      "a value that is no text",
      handMade({ list: '[["a","b",1]]' }),
      "series[0]: label b: expected text, found 1",
    ],
    [
      "U+0000 in a value",
      handMade({ list: JSON.stringify([["a", "b", "x\0"]]) }),
      "series[0]: label b: text with U+0000",
    ],
    [
      "half a surrogate pair",
      handMade({ list: JSON.stringify([["a", "b", "\ud800"]]) }),
      "series[0]: label b: text with half a surrogate pair",
    ],
    [
      "labels out of order",
      handMade({ list: '[["a","c","1","b","2"]]' }),
      "series[0]: label b is not in its place: sorted by name, each once",
    ],
    [
      "a label twice",
      handMade({ list: '[["a","b","1","b","2"]]' }),
      "series[0]: label b is not in its place: sorted by name, each once",
    ],
    [
      "a series twice",
      handMade({ list: '[["a"],["a"]]', series: 2 }),
      'series[1]: ["a"] is there twice',
    ],
    [
      "details that are a list",
      handMade({ details: "[]" }),
      "details: expected an object, found []",
    ],
    [
      "details with U+0000",
      handMade({ details: JSON.stringify({ a: ["\0"] }) }),
      "details: text with U+0000",
    ],
    [
      "details with a prototype",
      handMade({ details: '{"a":{"__proto__":{}}}' }),
      "details: a key is __proto__",
    ],
    [
      "details without a bottom",
      handMade({ details: `{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}` }),
      "details: deeper than 12 levels",
    ],
  ];
  for (const [what, bytes, message] of rows) {
    it(`is refused: ${what}`, () => assert.equal(messageOf(bytes), message));
  }

  const limits: readonly [string, Partial<typeof batchLimits>, string][] = [
    ["bytes", { maxBytes: 100 }, `expected at most 100 bytes in a batch, found ${good.length}`],
    ["series", { maxSeries: 1 }, "expected at most 1 series, found 2"],
    ["times", { maxTimes: 1 }, "expected at most 1 times, found 2"],
    ["details", { maxDetailsBytes: 10 }, "expected at most 10 bytes of the details, found 31"],
  ];
  for (const [what, changes, message] of limits) {
    it(`is refused: too many ${what}`, () =>
      assert.equal(messageOf(good, { ...batchLimits, ...changes }), message));
  }

  it("is refused before its values are unfolded: few bytes that stand for many", () => {
    const kinds = new Uint8Array(20_000).fill(14);
    const times = [...sized(720), 5, ...Array<number>(719).fill(1)];
    const bytes = Uint8Array.from([
      ...handMade({ series: 0 }).slice(0, -3),
      ...sized(20_000),
      ...times,
      ...kinds,
    ]);
    assert.equal(
      messageOf(bytes),
      `expected at most ${maxBatchSamples} samples in a batch, found 14400000`,
    );
  });

  it("is refused: kinds of columns that there are not, times that stand still", () => {
    const start = handMade({ series: 0 }).slice(0, -3);
    const columns = (...rest: number[]): string => messageOf(Uint8Array.from([...start, ...rest]));
    assert.equal(columns(1, 1, 5, 15), "values of series 0: 0xf is no kind of column");
    assert.equal(columns(1, 1, 5, 0x1e), "values of series 0: 0x1e is no kind of column");
    assert.equal(columns(1, 1, 5, 0x40), "values of series 0: 0x40 is no kind of column");
    assert.equal(columns(1, 1, 5, 0x20, 0), "values of series 0: there is none in its bitmap");
    assert.equal(columns(1, 2, 5, 0, 14), "times[1]: is the one before; expected a later one");
    assert.equal(columns(1, 0), "times: expected at least one, found none");
    assert.equal(columns(1, 1, ...sized(9e15), 14), "times: 9000000000000000 is no time");
  });

  it("never throws and never takes much memory: any bytes", () => {
    const heads = fc.constantFrom(Uint8Array.of(), Uint8Array.of(1), handMade({}), good);
    fc.assert(
      fc.property(heads, fc.nat(), fc.uint8Array({ maxLength: 300 }), (head, cut, tail) => {
        const bytes = Uint8Array.of(...head.subarray(0, cut % (head.length + 1)), ...tail);
        const before = process.memoryUsage().arrayBuffers;
        decodeBatch(bytes, batchLimits);
        assert.ok(process.memoryUsage().arrayBuffers - before < 64 * 1024 * 1024);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is refused wherever it is cut", () => {
    for (let size = 0; size < good.length; size += 1) {
      assert.notEqual(messageOf(good.subarray(0, size)), "it was taken", `cut at ${size}`);
    }
  });

  it("never throws: any changed byte", () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, value) => {
        const bytes = good.slice();
        bytes[at] = value;
        decodeBatch(bytes, batchLimits);
      }),
      { numRuns: 2_000 },
    );
  });
});

function shown({ values, present }: Pick<SampleBatch, "values" | "present">): string[] {
  return Array.from(values, (value, i) =>
    present?.[i] === 0 ? "absent" : Object.is(value, -0) ? "-0" : String(value),
  );
}

const text = fc
  .string({ unit: "grapheme", maxLength: 12 })
  .map((value) => value.replaceAll("\0", ""));
const plain = fc.stringMatching(/^[a-z0-9 .-]{1,20}$/);
const labels = (keys: RegExp): fc.Arbitrary<Record<string, string>> =>
  fc.dictionary(fc.stringMatching(keys), text, { maxKeys: 4, noNullPrototype: true });

const value = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.integer({ min: 0, max: 100_000 }).map((whole) => whole / 100),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, 1 / 3, 2 ** 50, 2 ** 50 + 1, 5e-324),
);

const column = (length: number): fc.Arbitrary<number[]> =>
  fc.oneof(
    fc.array(value, { minLength: length, maxLength: length }),
    value.map((one) => Array<number>(length).fill(one)),
    fc
      .array(fc.integer({ min: -1000, max: 1000 }), { minLength: length, maxLength: length })
      .map((wholes) => wholes.map((whole) => (whole * 4096) / 1000)),
  );

const arbitraryBatch: fc.Arbitrary<SampleBatch> = fc
  .record({
    series: fc.uniqueArray(
      fc.record(
        {
          name: fc.stringMatching(/^[a-z_:][a-z0-9_:]{0,9}$/),
          labels: labels(/^[a-z]\w{0,9}$/),
        },
        { noNullPrototype: true },
      ),
      { maxLength: 12, selector: (one) => seriesHash([one], sha256) },
    ),
    steps: fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 20 }),
    host: fc.record(
      {
        machine_id: plain,
        boot_id: plain,
        name: plain,
        version: plain,
        interval: fc.integer({ min: 1, max: 3600 }),
        labels: fc.dictionary(fc.stringMatching(/^[a-z]\w{0,9}$/), plain, {
          maxKeys: 4,
          noNullPrototype: true,
        }),
        sent_at: fc.integer({ min: 0, max: 2e12 }),
      },
      { noNullPrototype: true },
    ),
    hasList: fc.boolean(),
    details: fc.option(
      fc.record(
        { system: fc.record({ hostname: text }, { noNullPrototype: true }) },
        { noNullPrototype: true },
      ),
    ),
  })
  .chain(({ series, steps, host: sender, hasList, details }) => {
    let at = 1_790_000_000_000;
    const times = Float64Array.from(steps, (step) => (at += step));
    const samples = series.length * times.length;
    return fc
      .tuple(
        fc.tuple(...series.map(() => column(times.length))),
        fc.option(fc.array(fc.nat(1), { minLength: samples, maxLength: samples })),
      )
      .map(([columns, bits]) => ({
        host: sender,
        seriesHash: seriesHash(series, sha256),
        series: hasList ? series : null,
        seriesCount: series.length,
        times,
        values: Float64Array.from(columns.flat()),
        ...(bits === null ? {} : { present: Uint8Array.from(bits) }),
        details,
      }));
  });
