import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exampleMonitor } from "../model/monitor.kit.ts";
import type { Outcome } from "../model/outcome.ts";
import { createJudgingTable, type Decision } from "./judging.ts";

const monitor = exampleMonitor();

const up: Outcome = {
  result: "up",
  durationMs: 3,
  measurements: {},
  statusCode: 200,
  certificateDays: null,
};
const down: Outcome = {
  result: "down",
  reason: "status",
  message: "500",
  durationMs: 4,
  measurements: {},
  statusCode: 500,
  evidence: { body: "x" },
};
const unknown: Outcome = { result: "unknown", reason: "internal", message: "?", durationMs: 1 };

function play(outcomes: readonly Outcome[], intervalIsOpen = true): Decision[] {
  const table = createJudgingTable();
  table.add(monitor.id, undefined, { intervalIsOpen, at: 0 });
  return outcomes.map(
    (outcome, index) =>
      table.decide({
        monitor,
        outcome,
        at: (index + 1) * 1000,
        endedAt: (index + 1) * 1000 + 4,
        location: "local",
      }) ?? assert.fail("not in the table"),
  );
}

describe("the judging table", () => {
  test("writes nothing for a monitor that stays up", () => {
    const last = play([up, up, up]).at(-1);
    assert.deepEqual(
      [last?.state, last?.transition, last?.statusChange, last?.failedCheck],
      [null, null, null, null],
    );
  });

  test("keeps a row for every failed check, with evidence where it says something new", () => {
    const rows = play([up, down, down, down]).map((one) => one.failedCheck);
    assert.deepEqual(
      rows.map((row) => row?.evidence ?? null),
      [null, { body: "x" }, null, null],
    );
    assert.deepEqual(rows[1] && { status: rows[1].statusCode, at: rows[1].checkedAt }, {
      status: 500,
      at: 2000,
    });
  });

  test("begins the down interval at the first failure", () => {
    assert.deepEqual(play([up, down, down]).at(-1)?.statusChange, {
      monitorId: monitor.id,
      status: "down",
      reason: "status",
      at: 2000,
    });
  });

  test("begins and ends unknown time with the checks that could not tell", () => {
    const changes = play([up, unknown, unknown, up]).map((one) => one.statusChange);
    assert.deepEqual(
      changes.map((change) => change && [change.status, change.at]),
      [["up", 1000], ["unknown", 2000], null, ["up", 4000]],
    );
  });

  test("begins an interval with the first outcome after Belfry was not running", () => {
    const table = createJudgingTable();
    const state = play([up]).at(-1)?.current;
    table.add(monitor.id, state, { intervalIsOpen: false, at: 0 });
    const check = { monitor, outcome: up, at: 9000, endedAt: 9004, location: "local" };
    const first = table.decide(check);
    assert.deepEqual(first?.statusChange && [first.statusChange.status, first.statusChange.at], [
      "up",
      9000,
    ]);
    assert.equal(first?.transition, null, "nothing changed for alerting");
    assert.equal(table.decide(check)?.statusChange, null);
  });

  test("knows nothing of a monitor that was removed", () => {
    const table = createJudgingTable();
    table.add(monitor.id, undefined, { intervalIsOpen: true, at: 0 });
    table.remove(monitor.id);
    assert.equal(
      table.decide({ monitor, outcome: up, at: 1, endedAt: 2, location: "local" }),
      undefined,
    );
  });
});
