import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readAnswer } from "./answer.ts";

const now = 1_790_000_000_000;

describe("what an answer means", () => {
  for (const [status, body, kind, headers] of [
    [200, "", "sent", {}],
    [204, "", "sent", {}],
    [400, "out of order sample\n", "late", {}],
    [400, "duplicate sample for timestamp\n", "late", {}],
    [409, "store locally for endpoint: add 1 samples: out of order sample", "late", {}],
    [400, "user=1: the sample has been rejected (err-mimir-sample-out-of-order)", "late", {}],
    [400, "user=1: err-mimir-sample-timestamp-too-old", "too_old", {}],
    [400, "out of bounds\n", "too_old", {}],
    [400, "too old sample\n", "too_old", {}],
    [500, "too old sample\n", "too_old", {}],
    [400, 'label name "1" is not valid', "refused", {}],
    [422, "per-user series limit", "refused", {}],
    [413, "too large", "too_large", {}],
    [429, "", "retry", { "retry-after": "7" }],
    [503, "", "retry", {}],
    [500, "out of order sample", "retry", {}],
    [408, "", "retry", {}],
    [401, "", "misconfigured", {}],
    [404, "", "misconfigured", {}],
    [302, "", "misconfigured", {}],
  ] as const) {
    it(`${status} ${body.trim() || "without a word"} is ${kind}`, () => {
      const outcome = { kind: "answer", status, body, headers } as const;
      const answer = readAnswer(outcome, { now, secrets: [] });
      assert.equal(answer.kind, kind);
      if (status === 429) assert.equal(answer.kind === "retry" && answer.afterMs, 7000);
    });
  }

  it("no answer is tried again, a certificate that is not trusted is a setting", () => {
    const failed = (isSetting: boolean) =>
      readAnswer(
        { kind: "failed", why: "it has secret-1", isSetting },
        { now, secrets: ["secret-1"] },
      );
    assert.deepEqual(failed(false), { kind: "retry", why: "it has ***" });
    assert.deepEqual(failed(true), { kind: "misconfigured", why: "it has ***" });
  });
});
