import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Incident } from "../../model/incident.ts";
import { at, channels, incidentOf, itemOf, over } from "../flow.kit.ts";
import { routeOf, second, targetOf, tellsOf, through, toldOf, troubleOf } from "../flow.kit.ts";
import { escalation } from "./escalation.ts";

const { ops, night, boss } = channels;
const route = routeOf("r", {
  channels: [ops, night],
  escalation: [
    { after_seconds: 60, channels: [night.id] },
    { after_seconds: 120, channels: [boss.id, "gone"] },
  ],
});
const target = targetOf(ops, route);
const told = (second: number, of: Incident = incidentOf()): Incident =>
  toldOf(of, { [target.key]: { at: at(second) } });
const taken = (steps: number, of: Incident): Incident => ({
  ...of,
  flow: { ...of.flow, escalated: { r: steps } },
});
const ofBoss = incidentOf({
  troubles: [troubleOf({ subject: { kind: "belfry", id: `channel:${boss.id}`, name: "boss" } })],
});

const table: readonly {
  readonly says: string;
  readonly of: Incident;
  readonly targets?: readonly (typeof target)[];
  readonly tells?: readonly string[];
  readonly wake?: number;
  readonly steps?: number;
}[] = [
  { says: "what is told for the first time now", of: incidentOf(), wake: 1060 },
  { says: "what was told just before", of: told(950), wake: 1010 },
  {
    says: "the first step is due",
    of: told(940),
    tells: ["escalated night"],
    wake: 1060,
    steps: 1,
  },
  { says: "the first step was taken", of: taken(1, told(940)), wake: 1060, steps: 1 },
  {
    says: "the second step is due",
    of: taken(1, told(880)),
    tells: ["escalated boss"],
    steps: 2,
  },
  {
    says: "both are due, for nobody looked meanwhile",
    of: told(0),
    tells: ["escalated night", "escalated boss"],
    steps: 2,
  },
  { says: "all steps were taken", of: taken(2, told(0)), steps: 2 },
  { says: "what somebody took", of: { ...told(0), acknowledgedAt: at(900) } },
  { says: "what is over", of: over(told(0)) },
  { says: "what is suppressed: nobody is a target", of: told(0), targets: [] },
  {
    says: "a route with two channels escalates once",
    of: told(940),
    targets: [target, targetOf(night, route)],
    tells: ["escalated night"],
    wake: 1060,
    steps: 1,
  },
  {
    says: "what a channel of it was told by another route counts",
    of: toldOf(incidentOf(), { [`default|${ops.id}`]: { at: at(940) } }),
    tells: ["escalated night"],
    wake: 1060,
    steps: 1,
  },
  {
    says: "a channel is not called for its own trouble",
    of: taken(1, told(880, ofBoss)),
    steps: 2,
  },
  { says: "a route without steps", of: told(0), targets: [targetOf(ops)] },
];

describe("the escalation stage", () => {
  for (const { says, of, targets = [target], tells = [], wake, steps } of table) {
    test(`${says}: ${tells.join(", ") || "nothing"}`, () => {
      const item = through(escalation, { incidents: [itemOf(of, { targets })] });
      assert.deepEqual([tellsOf(item), second(item.wakeAt)], [tells, wake ?? null]);
      assert.equal(item.incident.flow.escalated["r"], steps);
    });
  }

  test("tells by its route, so that who was called hears that it is over", () => {
    const item = through(escalation, { incidents: [itemOf(told(940), { targets: [target] })] });
    assert.deepEqual(
      item.tells.map((one) => one.target.key),
      [`r|${night.id}`],
    );
  });
});
