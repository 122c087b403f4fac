import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Scan } from "./scan.ts";

describe("scanning bytes", () => {
  for (const { text, number } of [
    { text: "0", number: 0 },
    { text: "  42 x", number: 42 },
    { text: "\t-1", number: -1 },
    { text: "0.15 1", number: 0.15 },
    { text: "12.34", number: 12.34 },
    { text: "007", number: 7 },
    { text: "4294967295", number: 4_294_967_295 },
    { text: "9007199254740993", number: 2 ** 53 },
    { text: "18446744073709551615", number: 2 ** 64 },
    { text: "-9223372036854775808", number: -(2 ** 63) },
    { text: "", number: Number.NaN },
    { text: "kB", number: Number.NaN },
    { text: "-", number: Number.NaN },
    { text: "\n5", number: Number.NaN },
  ]) {
    it(`reads ${JSON.stringify(text)} as ${number}`, () => {
      const scan = new Scan();
      scan.load(Buffer.from(text));
      assert.deepEqual(scan.number(), number);
    });
  }

  it("goes from word to word and from line to line", () => {
    const scan = new Scan();
    assert.equal(scan.load(undefined), false);
    scan.load(Buffer.from("MemTotal:   5 kB\n\n eth0:12\nümlaut end"));
    const seen: string[] = [];
    for (; scan.hasMore; scan.nextLine()) while (scan.word(58)) seen.push(scan.text());
    assert.deepEqual(seen, ["MemTotal", "5", "kB", "eth0", "12", "ümlaut", "end"]);
  });
});
