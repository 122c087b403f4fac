import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createId, type MonitorId } from "../model/id.ts";
import type { Incident, Subject } from "../model/incident.ts";
import type { Transition } from "../model/judgement.ts";
import { incidentAfter, resolve } from "./incidents.ts";

const monitorId = createId<"monitor">(1);
const parts = {
  createId: (nowMs: number) => createId<"incident">(nowMs),
  subjectOf: (id: MonitorId): Subject | undefined =>
    id === monitorId ? { kind: "monitor", id, name: "api" } : undefined,
};

function transition(over: Partial<Transition>): Transition {
  return {
    monitorId,
    from: "up",
    to: "down",
    knownFrom: "up",
    knownTo: "down",
    at: 1000,
    decidedAt: 2000,
    reason: "refused",
    message: "later message",
    failure: { at: 1000, reason: "timeout", message: "first message", evidence: { status: 0 } },
    flapping: false,
    ...over,
  };
}

const open: Incident = incidentAfter(undefined, transition({}), parts) ?? assert.fail("not opened");

const back = { to: "up", knownTo: "up", failure: null, at: 5000 } as const;

describe("an incident", () => {
  test("opens with the evidence of the first failure, from the first failure on", () => {
    assert.deepEqual(
      { ...open, id: "" },
      {
        id: "",
        subjects: [{ kind: "monitor", id: monitorId, name: "api" }],
        openedAt: 1000,
        decidedAt: 2000,
        acknowledgedAt: null,
        resolvedAt: null,
        reason: "timeout",
        message: "first message",
        evidence: { status: 0 },
        flapping: false,
      },
    );
  });

  const table: {
    title: string;
    open: Incident | undefined;
    transition: Partial<Transition>;
    expected: "nothing" | "opens" | "resolves" | "stays, flapping" | "stays, calm";
  }[] = [
    {
      title: "opens no second incident while the first is open",
      open,
      transition: {},
      expected: "nothing",
    },
    { title: "resolves when the monitor is up", open, transition: back, expected: "resolves" },
    {
      title: "resolves when it is degraded",
      open,
      transition: { ...back, to: "degraded", knownTo: "degraded" },
      expected: "resolves",
    },
    {
      title: "stays open when Belfry cannot tell",
      open,
      transition: { to: "unknown" },
      expected: "nothing",
    },
    {
      title: "does not open when Belfry cannot tell",
      open: undefined,
      transition: { to: "unknown", knownTo: "up", failure: null },
      expected: "nothing",
    },
    {
      title: "does not open for a monitor that is gone or made up",
      open: undefined,
      transition: { monitorId: createId<"monitor">(2) },
      expected: "nothing",
    },
    {
      title: "stays open while the monitor flaps",
      open,
      transition: { ...back, flapping: true },
      expected: "stays, flapping",
    },
    {
      title: "resolves when flapping ends and it is up",
      open: { ...open, flapping: true },
      transition: { ...back, from: "up", knownFrom: "up" },
      expected: "resolves",
    },
    {
      title: "goes on when flapping ends and it is down",
      open: { ...open, flapping: true },
      transition: {},
      expected: "stays, calm",
    },
    {
      title: "does not open for a flapping monitor that is up",
      open: undefined,
      transition: { ...back, flapping: true },
      expected: "nothing",
    },
  ];
  for (const row of table) {
    test(row.title, () => {
      const after = incidentAfter(row.open, transition(row.transition), parts);
      assert.equal(nameOf(row.open, after), row.expected);
    });
  }

  test("never ends before it began", () => {
    assert.equal(resolve(open, 10).resolvedAt, 1000);
  });
});

function nameOf(before: Incident | undefined, after: Incident | null): string {
  if (after === null) return "nothing";
  if (before === undefined) return "opens";
  if (after.resolvedAt !== null) return "resolves";
  return after.flapping ? "stays, flapping" : "stays, calm";
}
