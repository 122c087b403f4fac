import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { applyEvent, emptyRun } from "../model/run.ts";
import { runEventOf } from "./contract/fixtures.ts";
import { readRunState } from "./run-state.ts";

describe("the state of a run", () => {
  test("comes back as it was written", () => {
    const metadata = { at: 7, value: { a: 1 }, text: "x" };
    const state = applyEvent(undefined, runEventOf({ metadata }));
    assert.deepEqual(readRunState(JSON.stringify(state)), state);
    assert.deepEqual(readRunState(JSON.stringify(emptyRun)), emptyRun);
  });

  test("of the release before has its metadata by key, and nothing that was not known then", () => {
    const { message: _m, heartbeatMs: _h, ...known } = emptyRun;
    const former = { ...known, metadata: { at: 5, value: { host: "a", at: "b" } } };
    assert.deepEqual(readRunState(JSON.stringify(former)), {
      ...emptyRun,
      metadata: { host: { at: 5, value: "a" }, at: { at: 5, value: "b" } },
    });
    assert.deepEqual(readRunState(JSON.stringify({ ...known, metadata: null })), emptyRun);
  });
});
