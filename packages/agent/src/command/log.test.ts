import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLog, parseLevel } from "./log.ts";

describe("the log", () => {
  it("has one line per event, whatever is in it", () => {
    let text = "";
    const log = createLog(
      "info",
      (line) => {
        text += line;
      },
      () => 0,
    );
    log.debug({}, "not shown");
    log.warn(
      { hub: "https://a/", error: new Error("two\nlines"), none: null, count: 2 },
      "went wrong",
    );
    assert.equal(
      text,
      '1970-01-01T00:00:00.000Z warn  went wrong hub=https://a/ error="two\\nlines" count=2\n',
    );
  });

  it("knows the names of levels in any case, the System Stats Service's too", () => {
    assert.deepEqual(["INFO", "Warning", "critical", "trace", "loud"].map(parseLevel), [
      "info",
      "warn",
      "error",
      "debug",
      undefined,
    ]);
  });
});
