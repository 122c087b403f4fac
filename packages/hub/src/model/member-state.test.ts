import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Member } from "./fleet.ts";
import { createId } from "./id.ts";
import { memberState, unheldOf, versionsOf, type MemberState } from "./member-state.ts";

const at = Date.UTC(2026, 0, 1);

/** A hub that renewed its lease just now and holds everything. */
function member(over: Partial<Member> = {}): Member {
  return {
    id: createId<"process">(at),
    kind: "hub",
    name: "alpha:1",
    location: "local",
    version: "1.0.0",
    url: null,
    holds: ["check", "hear", "duty"],
    joinedAt: at - 60_000,
    seenAt: at,
    until: at + 10_000,
    lapsedAt: null,
    leftAt: null,
    readAt: at,
    figures: { monitors: 0, checksPerSecond: 0, lagSeconds: 0, cpu: 0, missed: 0 },
    shares: { check: 256, hear: 64 },
    duties: ["rules", "upkeep", "runs"],
    ...over,
  };
}

const rows: readonly (readonly [what: string, over: Partial<Member>, state: MemberState])[] = [
  ["renewed just now", {}, "alive"],
  ["renewed as long ago as two renewals take, and a moment", { readAt: at + 6_000 }, "alive"],
  ["missed two renewals", { readAt: at + 6_001 }, "late"],
  ["its lease ended this moment", { readAt: at + 10_000 }, "late"],
  ["its lease is short and over", { until: at + 1_000, readAt: at + 1_000 }, "late"],
  ["was taken for dead", { lapsedAt: at + 10_500, readAt: at + 11_000 }, "lapsed"],
  ["left", { leftAt: at, readAt: at + 60_000 }, "left"],
  ["was taken for dead, and left afterwards", { lapsedAt: at, leftAt: at + 1 }, "lapsed"],
];

describe("the state of a process", () => {
  for (const [what, over, state] of rows) {
    test(`${what}: ${state}`, () => assert.equal(memberState(member(over)), state));
  }
});

describe("what nobody holds", () => {
  const table: readonly (readonly [
    what: string,
    members: readonly Member[],
    unheld: ReturnType<typeof unheldOf>,
  ])[] = [
    ["one that holds everything", [member()], { check: 0, hear: 0, duties: [] }],
    ["nobody", [], { check: 256, hear: 64, duties: ["rules", "upkeep", "runs"] }],
    [
      "two with less than all",
      [
        member({ shares: { check: 128, hear: 64 }, duties: ["rules"] }),
        member({ kind: "worker", shares: { check: 100, hear: 0 }, duties: [] }),
      ],
      { check: 28, hear: 0, duties: ["upkeep", "runs"] },
    ],
    [
      "what one who is dead held",
      [member({ shares: { check: 200, hear: 64 } }), member({ lapsedAt: at, duties: [] })],
      { check: 56, hear: 0, duties: [] },
    ],
  ];
  for (const [what, members, unheld] of table) {
    test(what, () => assert.deepEqual(unheldOf(members), unheld));
  }
});

test("releases are those of processes that are there, each once", () => {
  const members = [
    member({ version: "1.1.0" }),
    member(),
    member(),
    member({ version: "0.9.0", lapsedAt: at }),
  ];
  assert.deepEqual(versionsOf(members), ["1.0.0", "1.1.0"]);
});
