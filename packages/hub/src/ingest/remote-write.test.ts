import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { AppError } from "../model/error.ts";
import type { Frame } from "../model/series.ts";
import {
  compressed,
  field,
  float64,
  plainSeries,
  requestOf,
  sampleOf,
  stored,
  varint,
  type SentSeries,
} from "./remote-write.kit.ts";
import {
  defaultRemoteWriteLimits,
  RemoteWriteReader,
  type RemoteWriteSummary,
} from "./remote-write.ts";

const at = 1_767_225_600_000;

function readBody(
  body: Uint8Array,
  reader = new RemoteWriteReader(),
): { readonly frames: Frame[]; readonly pieces: number; readonly summary: RemoteWriteSummary } {
  const reading = reader.read(body);
  const frames: Frame[] = [];
  for (let pieces = 0; ; pieces += 1) {
    const step = reading.next();
    if (step.done === true) return { frames, pieces, summary: step.value };
    frames.push(...step.value);
  }
}

function read(
  series: readonly SentSeries[],
  reader?: RemoteWriteReader,
): ReturnType<typeof readBody> {
  return readBody(compressed(requestOf(series)), reader);
}

/** `name{a="b"}@time=value` of every sample. */
function samplesOf(frames: readonly Frame[]): string[] {
  return frames.flatMap(({ series, times, values }) =>
    series.flatMap(({ name, labels }, s) =>
      Array.from(
        times,
        (time, t) =>
          `${name}${JSON.stringify(labels)}@${time}=${values[s * times.length + t] ?? "?"}`,
      ),
    ),
  );
}

describe("a request", () => {
  test("becomes frames of its sources, with series of the same times together", () => {
    const one = { instance: "a:9100", job: "node" };
    const other = { instance: "b:9100", job: "node" };
    const { frames, summary } = read([
      plainSeries("up", one, 1, at),
      plainSeries("node_load1", one, 0.25, at),
      plainSeries("up", other, 0, at + 5),
      {
        labels: [["__name__", "node_load1"], ...Object.entries(other)],
        samples: [
          [1, at],
          [2, at + 5],
        ],
      },
    ]);
    assert.deepEqual(
      frames.map(({ source, series, times }) => [
        source,
        series.map(({ name }) => name),
        [...times],
      ]),
      [
        ["import:node/a:9100", ["up", "node_load1"], [at]],
        ["import:node/b:9100", ["up"], [at + 5]],
        ["import:node/b:9100", ["node_load1"], [at, at + 5]],
      ],
    );
    assert.equal(summary.samples, 5);
  });

  const values: { title: string; value: number | bigint; read: number }[] = [
    { title: "a whole number", value: 42, read: 42 },
    { title: "a fraction", value: 0.1, read: 0.1 },
    { title: "minus zero", value: -0, read: -0 },
    { title: "infinity", value: Infinity, read: Infinity },
    { title: "minus infinity", value: -Infinity, read: -Infinity },
    { title: "an ordinary NaN", value: 0x7ff8000000000001n, read: Number.NaN },
    { title: "the smallest number", value: 5e-324, read: 5e-324 },
  ];
  for (const { title, value, read: expected } of values) {
    test(`keeps ${title} as it is`, () => {
      const { frames } = read([{ labels: [["__name__", "up"]], samples: [[value, at]] }]);
      assert.ok(Object.is(frames[0]?.values[0], expected));
    });
  }

  test("passes over staleness markers, metadata, exemplars and native histograms, and counts them", () => {
    const labels: SentSeries["labels"] = [["__name__", "up"]];
    const sent = [
      {
        labels,
        samples: [
          [1, at],
          [0x7ff0000000000002n, at + 1],
        ],
        exemplars: 2,
        histograms: 3,
      },
    ] as const;
    const { frames, summary } = readBody(stored(requestOf(sent, 4)));
    assert.deepEqual(samplesOf(frames), [`up{}@${at}=1`]);
    assert.deepEqual(summary, {
      samples: 1,
      badTimes: 0,
      staleMarkers: 1,
      refusedSeries: new Map(),
      refusedSamples: 0,
      metadata: 4,
      exemplars: 2,
      histograms: 3,
    });
  });

  test("takes samples in any order, and of two at one time the last", () => {
    const samples: SentSeries["samples"] = [
      [3, at + 3],
      [1, at + 1],
      [2, at + 2],
      [10, at + 1],
    ];
    const { frames } = read([{ labels: [["__name__", "up"]], samples }]);
    assert.deepEqual(samplesOf(frames), [
      `up{}@${at + 1}=10`,
      `up{}@${at + 2}=2`,
      `up{}@${at + 3}=3`,
    ]);
  });

  test("counts times beyond the years 1 to 9999 and keeps the others", () => {
    const times = [at, 2 ** 53, -(2 ** 53), 2n ** 63n - 1n, -(2n ** 63n), 253_402_300_800_000, -5];
    const samples = times.map((time, i) => [i, time] as const);
    const { frames, summary } = read([{ labels: [["__name__", "up"]], samples }]);
    assert.deepEqual(samplesOf(frames), ["up{}@-5=6", `up{}@${at}=0`]);
    assert.equal(summary.badTimes, 5);
  });

  test("reads what a message leaves out as 0", () => {
    const series = Buffer.concat([
      field(1, Buffer.concat([field(1, Buffer.from("__name__")), field(2, Buffer.from("up"))])),
      field(2, []),
    ]);
    const { frames } = readBody(stored(field(1, series)));
    assert.deepEqual(samplesOf(frames), ["up{}@0=0"]);
  });

  test("passes over fields that newer senders add, of every wire type", () => {
    const extra = Buffer.from([0x78, 1, 0x7a, 2, 9, 9, 0x79, ...float64(1), 0x7d, 1, 2, 3, 4]);
    const label = Buffer.concat([
      extra,
      field(1, Buffer.from("__name__")),
      extra,
      field(2, Buffer.from("up")),
    ]);
    const sample = Buffer.concat([extra, sampleOf(7, at), extra]);
    const series = Buffer.concat([field(1, label), extra, field(2, sample), extra]);
    const { frames } = readBody(stored(Buffer.concat([extra, field(1, series), extra])));
    assert.deepEqual(samplesOf(frames), [`up{}@${at}=7`]);
  });

  test("of nothing is nothing", () => {
    const { frames, summary } = readBody(stored(Buffer.alloc(0)));
    assert.deepEqual([frames.length, summary.samples], [0, 0]);
  });
});

describe("a series", () => {
  const up: SentSeries["labels"][number] = ["__name__", "up"];
  const refused: { title: string; labels: SentSeries["labels"]; fault: string }[] = [
    { title: "without labels", labels: [], fault: "no_name" },
    { title: "without a name", labels: [["job", "node"]], fault: "no_name" },
    { title: "with an empty name", labels: [["__name__", ""]], fault: "no_name" },
    { title: "with a name of other characters", labels: [["__name__", "a b"]], fault: "bad_name" },
    { title: "with a label of other characters", labels: [up, ["a.b", "c"]], fault: "bad_name" },
    { title: "with a label without a name", labels: [up, ["", "c"]], fault: "bad_name" },
    { title: "with a label twice", labels: [up, ["a", "b"], ["a", "c"]], fault: "repeated_label" },
    { title: "with U+0000 in a value", labels: [up, ["a", "b\0c"]], fault: "bad_text" },
    { title: "with U+0000 in a name", labels: [up, ["a\0", "b"]], fault: "bad_text" },
    {
      title: "with bytes that are not UTF-8",
      labels: [up, ["a", Buffer.from([0xc3, 0x28])]],
      fault: "bad_text",
    },
    {
      title: "with half of a surrogate pair",
      labels: [up, ["a", Buffer.from([0xed, 0xa0, 0x80])]],
      fault: "bad_text",
    },
    {
      title: "with 65 labels",
      labels: [up, ...Array.from({ length: 65 }, (_, i) => [`l${i}`, "x"] as const)],
      fault: "too_many_labels",
    },
    { title: "with 20 KB of labels", labels: [up, ["a", "x".repeat(20_000)]], fault: "too_long" },
    {
      title: "with 20 KB of empty labels",
      labels: [up, ...Array.from({ length: 5_000 }, () => ["", ""] as const)],
      fault: "too_long",
    },
  ];
  for (const { title, labels, fault } of refused) {
    test(`${title} is refused, and its neighbours are kept`, () => {
      const reader = new RemoteWriteReader();
      const sent: SentSeries[] = [
        plainSeries("before", {}, 1, at),
        { labels, samples: [[1, at]] },
        plainSeries("after", {}, 2, at),
      ];
      // The second time it is known already.
      for (const { frames, summary } of [read(sent, reader), read(sent, reader)]) {
        assert.deepEqual(samplesOf(frames), [`before{}@${at}=1`, `after{}@${at}=2`]);
        assert.deepEqual([...summary.refusedSeries], [[fault, 1]]);
        assert.equal(summary.refusedSamples, fault === "too_long" ? 0 : 1);
      }
    });
  }

  const kept: { title: string; labels: SentSeries["labels"]; key: Frame["series"][number] }[] = [
    {
      title: "a colon in its name",
      labels: [["__name__", "a:b"]],
      key: { name: "a:b", labels: {} },
    },
    {
      title: "every character of Unicode in its values",
      labels: [up, ["a", 'ü😀\n"\\']],
      key: { name: "up", labels: { a: 'ü😀\n"\\' } },
    },
    {
      title: "a label without a value, which is none",
      labels: [up, ["a", ""], ["b", "c"]],
      key: { name: "up", labels: { b: "c" } },
    },
    {
      title: "names that objects inherit",
      labels: [up, ["__proto__", "x"], ["constructor", "y"]],
      key: {
        name: "up",
        labels: JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, string>,
      },
    },
    {
      title: "its labels in another order",
      labels: [["job", "j"], up, ["instance", "i"]],
      key: { name: "up", labels: { job: "j", instance: "i" } },
    },
    {
      title: "64 labels",
      labels: [up, ...Array.from({ length: 64 }, (_, i) => [`l${i}`, "x"] as const)],
      key: {
        name: "up",
        labels: Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`l${i}`, "x"])),
      },
    },
  ];
  for (const { title, labels, key } of kept) {
    test(`may have ${title}`, () => {
      const { frames } = read([{ labels, samples: [[1, at]] }]);
      assert.deepEqual(frames[0]?.series, [key]);
    });
  }

  test("that comes again is the same object, and so is the list of a source", () => {
    const reader = new RemoteWriteReader();
    const sent = (time: number): SentSeries[] => [
      plainSeries("up", { job: "a" }, 1, time),
      plainSeries("down", { job: "a" }, 1, time),
    ];
    const first = read(sent(at), reader).frames[0];
    const second = read(sent(at + 1), reader).frames[0];
    assert.ok(first !== undefined && first.series === second?.series);
    const fewer = read(sent(at + 2).slice(1), reader).frames[0];
    assert.equal(fewer?.series[0], first.series[1]);
  });
});

describe("a body that is none of this format", () => {
  const good = requestOf([plainSeries("up", { job: "node" }, 1, at)]);
  const rows: { title: string; body: Buffer; code: string; says: RegExp }[] = [
    { title: "no bytes", body: Buffer.alloc(0), code: "malformed", says: /no Snappy block/ },
    { title: "text", body: Buffer.from("up 1\n"), code: "malformed", says: /no Snappy block/ },
    {
      title: "a cut block",
      body: compressed(good).subarray(0, -3),
      code: "malformed",
      says: /no Snappy block/,
    },
    {
      title: "a block that announces 65 MB",
      body: Buffer.concat([Buffer.from(varint(65 * 1024 * 1024)), Buffer.alloc(4e6)]),
      code: "too_large",
      says: /the limit is 67108864/,
    },
    {
      title: "a cut message",
      body: stored(good.subarray(0, -3)),
      code: "malformed",
      says: /no WriteRequest/,
    },
    {
      title: "another message",
      body: stored(Buffer.from("this is some text")),
      code: "malformed",
      says: /no WriteRequest/,
    },
    {
      title: "a series that ends within a label",
      body: stored(field(1, field(1, field(1, Buffer.from("abc")).subarray(0, -1)))),
      code: "malformed",
      says: /no WriteRequest/,
    },
    {
      title: "a label after a sample",
      body: stored(
        field(1, Buffer.concat([field(1, field(1, [97])), field(2, sampleOf(1, 2)), field(1, [])])),
      ),
      code: "malformed",
      says: /a label comes after a sample/,
    },
    {
      title: "a sample of 2 KB",
      body: stored(
        field(
          1,
          Buffer.concat([
            field(
              1,
              Buffer.concat([field(1, Buffer.from("__name__")), field(2, Buffer.from("up"))]),
            ),
            field(2, field(15, Buffer.alloc(2000))),
          ]),
        ),
      ),
      code: "malformed",
      says: /a sample is too long/,
    },
  ];
  for (const { title, body, code, says } of rows) {
    test(`is refused: ${title}`, () =>
      assert.throws(
        () => readBody(body),
        (error) => error instanceof AppError && error.code === code && says.test(error.detail),
      ));
  }

  test("throws nothing else for any bytes", () => {
    const sent = requestOf(
      [plainSeries("up", { job: "node" }, 1, at), plainSeries("down", {}, 2, at)],
      1,
    );
    const changed = fc
      .array(fc.tuple(fc.nat(sent.length - 1), fc.nat(255)), { maxLength: 4 })
      .map((changes) => {
        const bytes = Buffer.from(sent);
        for (const [place, byte] of changes) bytes[place] = byte;
        return bytes;
      });
    const reader = new RemoteWriteReader({
      maxBytes: 100_000,
      pieceBytes: 64,
      pieceSeries: 1,
      pieceSamples: 2,
    });
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ maxLength: 200 }), changed),
        fc.boolean(),
        (bytes, isPacked) => {
          try {
            const { pieces } = readBody(isPacked ? stored(bytes) : Buffer.from(bytes), reader);
            assert.ok(pieces <= 4 * bytes.length + 2);
          } catch (error) {
            if (!(error instanceof AppError && error.code !== "internal")) throw error;
          }
        },
      ),
      { numRuns: 5000 },
    );
  });
});

describe("a big request", () => {
  test("of 100,000 series is read in pieces, and every one is kept", () => {
    const sent = Array.from({ length: 100_000 }, (_, i) =>
      plainSeries("many", { job: "big", number: String(i) }, i, at),
    );
    const reader = new RemoteWriteReader();
    const { frames, pieces } = read(sent, reader);
    assert.equal(
      frames.reduce((sum, { values }) => sum + values.length, 0),
      100_000,
    );
    assert.equal(new Set(samplesOf(frames)).size, 100_000);
    assert.ok(pieces >= 50, `${pieces} pieces`);
  });

  test("of one series with 100,000 samples is read in pieces as well", () => {
    const samples = Array.from({ length: 100_000 }, (_, i) => [i, at + i] as const);
    const { frames, pieces } = read([{ labels: [["__name__", "up"]], samples }]);
    assert.deepEqual(
      samplesOf(frames),
      samples.map(([value, time]) => `up{}@${time}=${value}`),
    );
    assert.ok(pieces >= 10, `${pieces} pieces`);
  });

  const hostile: { title: string; body: Buffer }[] = [
    { title: "empty series", body: Buffer.alloc(200_000, Buffer.from([0x0a, 0])) },
    { title: "unknown fields", body: Buffer.alloc(200_000, Buffer.from([0x78, 1])) },
    { title: "empty metadata", body: Buffer.alloc(200_000, Buffer.from([0x1a, 0])) },
    {
      title: "empty samples of one series",
      body: field(
        1,
        Buffer.concat([
          field(1, Buffer.concat([field(1, Buffer.from("__name__")), field(2, Buffer.from("up"))])),
          Buffer.alloc(200_000, Buffer.from([0x12, 0])),
        ]),
      ),
    },
  ];
  for (const { title, body } of hostile) {
    test(`of 100,000 ${title} is read in pieces too`, () => {
      const { pieces } = readBody(compressed(body));
      assert.ok(pieces >= 10, `${pieces} pieces`);
    });
  }

  test("gives the same in pieces of any size, also when two are read at a time", () => {
    const sent = (from: number): SentSeries[] =>
      Array.from({ length: 7 }, (_, i) => ({
        labels: [
          ["__name__", i % 3 === 0 ? "a" : "b"],
          ["job", `${i % 2}`],
          ["i", `${from + i}`],
        ],
        samples: Array.from({ length: i }, (__, j) => [i * j, at + j] as const),
      }));
    const whole = [0, 5].map((from) => samplesOf(read(sent(from)).frames).toSorted());
    for (const size of [1, 2, 3, 5, 100]) {
      const limits = { ...defaultRemoteWriteLimits, pieceSeries: size, pieceSamples: size };
      const reader = new RemoteWriteReader(limits);
      const readings = [0, 5].map((from) => reader.read(stored(requestOf(sent(from)))));
      const found: Frame[][] = [[], []];
      for (let open = 2; open > 0;) {
        open = 0;
        for (const [i, reading] of readings.entries()) {
          const step = reading.next();
          if (step.done === true) continue;
          open += 1;
          found[i]?.push(...step.value);
        }
      }
      assert.deepEqual(
        found.map((frames) => samplesOf(frames).toSorted()),
        whole,
        `size ${size}`,
      );
    }
  });
});
