import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { itemKey, keyPart, parameterOf } from "./item-key.ts";

describe("keys of items", () => {
  for (const [text, key] of [
    ["daily-batch", "k[daily-batch]"],
    ["", "k[]"],
    ["größe 東京", "k[größe 東京]"],
    ["a,b", 'k["a,b"]'],
    ["a]b", 'k["a]b"]'],
    ["a[b", "k[a[b]"],
    ["[a", 'k["[a"]'],
    [" a", 'k[" a"]'],
    ['"a"', 'k["\\"a\\""]'],
    ['a"b', 'k[a"b]'],
    ["a\\", "k[a\\]"],
    // Zabbix could not quote it otherwise.
    ["a,\\", 'k["a,\\ "]'],
    ["two\r\nlines\u0000", "k[two  lines ]"],
    ["half \ud83d of it", "k[half \ufffd of it]"],
  ] as const) {
    it(`quote ${JSON.stringify(text)} as Zabbix does`, () => {
      assert.equal(itemKey("k", parameterOf(text)), key);
    });
  }

  it("have several parameters, or none", () => {
    assert.equal(itemKey("k"), "k");
    assert.equal(itemKey("k", "a", "b,c"), 'k[a,"b,c"]');
  });

  it("keep long names short, and apart", () => {
    const [a, b] = ["a", "b"].map((end) => parameterOf(`${"🔔".repeat(300)}${end}`));
    assert.notEqual(a, b);
    assert.equal(Array.from(a ?? "").length, 200);
  });

  it("have only characters that may stand in a name", () => {
    assert.equal(keyPart("sub job/größe"), "sub_job_gr__e");
    assert.equal(keyPart(""), "unknown");
  });
});
