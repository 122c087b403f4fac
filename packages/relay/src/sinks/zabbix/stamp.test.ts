import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { following, stampOf } from "./stamp.ts";

const at = "2026-11-21T12:00:00.123Z";

describe("times of values", () => {
  it("are the record's, the same each time, and others for other records", () => {
    const one = stampOf({ id: "a", at });
    assert.deepEqual(one, stampOf({ id: "a", at }));
    assert.equal(one?.clock, Date.parse(at) / 1000 - 0.123);
    assert.equal(Math.floor((one?.ns ?? 0) / 1_000_000), 123);
    assert.notDeepEqual(one, stampOf({ id: "b", at }));
  });

  for (const wrong of ["1969-12-31T23:59:59.999Z", "2038-01-19T03:14:08Z", "soon"]) {
    it(`are none for ${wrong}`, () => assert.equal(stampOf({ id: "a", at: wrong }), undefined));
  }

  it("go from 1970 to 2038", () => {
    assert.equal(stampOf({ id: "a", at: "1970-01-01T00:00:00Z" })?.clock, 0);
    assert.equal(stampOf({ id: "a", at: "2038-01-19T03:14:07.999Z" })?.clock, 2 ** 31 - 1);
  });

  for (const { what, stamp, last, expected } of [
    { what: "the first", stamp: 5_000_007, last: undefined, expected: 5_000_007 },
    { what: "one that is later anyway", stamp: 5_000_007, last: 5_000_006, expected: 5_000_007 },
    { what: "the same again", stamp: 5_000_007, last: 5_000_007, expected: 5_000_007 },
    { what: "one within the ms", stamp: 5_000_007, last: 5_000_900, expected: 5_000_901 },
    { what: "one that comes late", stamp: 5_000_007, last: 6_000_000, expected: 5_000_007 },
    { what: "one where the ms is full", stamp: 5_000_007, last: 5_999_999, expected: 5_000_007 },
  ]) {
    it(`keep their order: ${what}`, () => {
      const before = last === undefined ? undefined : { clock: 1, ns: last };
      assert.deepEqual(following({ clock: 1, ns: stamp }, before), { clock: 1, ns: expected });
    });
  }
});
