import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeWriteRequest, type WrittenSeries } from "./write-request.ts";

function hex(...series: readonly WrittenSeries[]): string {
  return Buffer.from(encodeWriteRequest(series)).toString("hex");
}

/** A label `a` = `b`: six bytes of message. */
const label = "0a060a0161120162";

describe("a WriteRequest", () => {
  const rows: { what: string; series: WrittenSeries[]; bytes: string }[] = [
    { what: "nothing", series: [], bytes: "" },
    { what: "a series of nothing", series: [{ labels: [], samples: [] }], bytes: "0a00" },
    {
      what: "a value and a time",
      series: [{ labels: [["a", "b"]], samples: [{ value: 1, timeMs: 300 }] }],
      bytes: `0a16${label}120c09000000000000f03f10ac02`,
    },
    {
      what: "no value of zero and no time of zero",
      series: [{ labels: [["a", "b"]], samples: [{ value: 0, timeMs: 0 }] }],
      bytes: `0a0a${label}1200`,
    },
    {
      what: "minus zero, which is a value",
      series: [{ labels: [], samples: [{ value: -0, timeMs: 1 }] }],
      bytes: "0a0d120b0900000000000000801001",
    },
    {
      what: "a time before 1970, in ten bytes",
      series: [{ labels: [], samples: [{ value: 0, timeMs: -1 }] }],
      bytes: "0a0d120b10ffffffffffffffffff01",
    },
    {
      what: "a time of this century",
      series: [{ labels: [], samples: [{ value: 0, timeMs: 1_795_000_000_000 }] }],
      bytes: "0a0912071080bcd9f29e34",
    },
    {
      what: "text of several bytes, and half a character",
      series: [{ labels: [["ü", "🔔\ud800"]], samples: [] }],
      bytes: "0a0f0a0d0a02c3bc1207f09f9494efbfbd",
    },
  ];
  for (const { what, series, bytes } of rows) {
    it(`has ${what}`, () => assert.equal(hex(...series), bytes));
  }

  it("has lengths of more than one byte", () => {
    const value = "x".repeat(200);
    const bytes = encodeWriteRequest([{ labels: [["a", value]], samples: [] }]);
    const head = Buffer.from(bytes).subarray(0, 12).toString("hex");
    assert.equal(head, "0ad1010ace010a016112c801");
    assert.equal(bytes.length, 12 + 200);
  });
});
