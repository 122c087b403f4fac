import assert from "node:assert/strict";
import { test } from "node:test";
import type { OutputStatusView } from "@belfry/contract";
import { failedWords, outputTitle, outputTone } from "./output-words.ts";

const trouble = (failure: NonNullable<OutputStatusView["trouble"]>["failure"]) => ({
  trouble: { failure, why: "", since: "2026-01-01T00:00:00Z" },
  dead_letters: 0,
});

test("what a person must mend is louder than what may pass", () => {
  assert.deepEqual(
    (["misconfigured", "outage", "throttled", "poison"] as const).map((failure) =>
      outputTone(trouble(failure)),
    ),
    ["bad", "bad", "attention", "attention"],
  );
  const calm = { trouble: null, dead_letters: 0 };
  assert.deepEqual([outputTone(calm), outputTitle(calm)], ["well", "Takes all"]);
  const refused = { trouble: null, dead_letters: 1 };
  assert.deepEqual([outputTone(refused), outputTitle(refused)], ["attention", "Refused some"]);
});

test("failed attempts are said by class, the most frequent first", () => {
  assert.equal(
    failedWords({ failed: { poison: 3, outage: 1200, defect: 0 } }),
    "1,200 outage, 3 poison",
  );
  assert.equal(failedWords({ failed: {} }), "");
});
