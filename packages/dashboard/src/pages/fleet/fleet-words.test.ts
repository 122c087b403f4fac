import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FleetView } from "@belfry/contract";
import {
  checksWords,
  endedOf,
  fleetHeadline,
  fleetNotes,
  shareParts,
  shareWords,
  totalShares,
} from "./fleet-words.ts";
import { fleetOf, lapsedOf, memberOf } from "./fleet.kit.ts";

const two = [memberOf("alpha:1"), memberOf("beta:2")];

const rows: readonly (readonly [
  what: string,
  fleet: FleetView,
  headline: string,
  notes: readonly string[],
])[] = [
  ["two hubs that are well", fleetOf(two), "2 processes share the work", []],
  [
    "one process alone",
    fleetOf([memberOf("alpha:1", { shares: { check: 256, hear: 64 } })]),
    "1 process does everything",
    ["calm: There is one process: while it is away, nobody takes its place."],
  ],
  [
    "one hub with a worker",
    fleetOf([memberOf("alpha:1"), memberOf("beta:2", { kind: "worker" })]),
    "2 processes share the work",
    [
      "calm: There is one hub: while it is away, no page answers, no host is heard and nobody is told.",
    ],
  ],
  [
    "one that lapsed a moment ago",
    fleetOf([...two, lapsedOf("gamma:3", 40)]),
    "attention 1 lapsed / with 2 processes at work",
    ["attention: The hub gamma:3 lapsed 40 s ago; its monitors were taken over."],
  ],
  [
    "one that lapsed while nobody has taken everything over",
    fleetOf([...two, lapsedOf("gamma:3", 1)], { unheld: { check: 12, hear: 0, duties: [] } }),
    "bad 12 shares nobody holds, attention 1 lapsed / with 2 processes at work",
    [
      "bad: Nobody holds 12 of 268 shares of checks: their monitors are not checked.",
      "attention: The hub gamma:3 lapsed now; its monitors are being taken over.",
    ],
  ],
  [
    "several that lapsed, not lately",
    fleetOf([...two, lapsedOf("gamma:3", 3_000), lapsedOf("delta:4", 1_900)]),
    "2 processes share the work",
    ["calm: 2 processes lapsed, the last 31 min ago; their monitors were taken over."],
  ],
  [
    "one that is late",
    fleetOf([two[0] ?? memberOf(""), memberOf("beta:2", { state: "late", seen_seconds_ago: 8 })]),
    "attention 1 late / with 2 processes at work",
    [
      "attention: The hub beta:2 has been silent for 8 s; when its lease ends, others take over what it looks after.",
    ],
  ],
  [
    "hosts nobody listens to, and duties nobody does",
    fleetOf(two, { unheld: { check: 0, hear: 1, duties: ["rules", "runs"] } }),
    "bad 1 share nobody holds, bad 2 duties nobody does / with 2 processes at work",
    [
      "bad: Nobody holds 1 of 65 shares of hosts and heartbeats: nobody notices when those fall silent.",
      "bad: No hub does what one does for all: rules, runs.",
    ],
  ],
  [
    "three versions, and one that cannot keep up",
    fleetOf([two[0] ?? memberOf(""), memberOf("beta:2", { lag_seconds: 6 })], {
      versions: ["0.1.0", "0.2.0", "0.3.0"],
    }),
    "2 processes share the work",
    [
      "bad: Checks of the hub beta:2 begin up to 6 s late.",
      "attention: 3 versions run: 0.1.0, 0.2.0 and 0.3.0.",
    ],
  ],
];

describe("what is said of a fleet", () => {
  for (const [what, fleet, headline, notes] of rows) {
    test(what, () => {
      const seen = { fleet, unheldLasts: true };
      const { troubles, rest } = fleetHeadline(seen);
      const said = troubles.map(({ tone, text }) => `${tone} ${text}`).join(", ");
      assert.equal(said === "" ? rest : `${said} / ${rest}`, headline);
      assert.deepEqual(
        fleetNotes(seen).map(({ tone, text }) => `${tone}: ${text}`),
        notes,
      );
    });
  }
});

test("what is nobody's for a moment is no trouble", () => {
  const seen = {
    fleet: fleetOf(two, { unheld: { check: 24, hear: 0, duties: ["rules"] } }),
    unheldLasts: false,
  };
  assert.deepEqual(fleetHeadline(seen), { troubles: [], rest: "2 processes share the work" });
  assert.deepEqual(fleetNotes(seen), [{ tone: "calm", text: "24 shares are changing hands." }]);
});

test("the bar of shares has a part for each holder, and one for what nobody holds", () => {
  const fleet = fleetOf(
    [...two, memberOf("w:3", { kind: "worker", shares: { check: 20, hear: 0 } }), lapsedOf("x", 9)],
    { unheld: { check: 4, hear: 0, duties: [] } },
  );
  assert.equal(shareWords(shareParts(fleet, "check")), "alpha:1 128, beta:2 128, w:3 20, nobody 4");
  assert.equal(shareWords(shareParts(fleet, "hear")), "alpha:1 32, beta:2 32");
  assert.deepEqual([totalShares(fleet, "check"), totalShares(fleet, "hear")], [280, 64]);
});

test("those that ended are in order, the last first", () => {
  const fleet = fleetOf([lapsedOf("a", 50), ...two, lapsedOf("b", 5)]);
  assert.deepEqual(
    endedOf(fleet).map(({ name }) => name),
    ["b", "a"],
  );
});

const rates: readonly (readonly [perSecond: number, words: string])[] = [
  [0, "0/s"],
  [0.0001, "0/s"],
  [0.005, "0.3/min"],
  [1 / 60, "1/min"],
  [0.9, "54/min"],
  [1.44, "1.4/s"],
  [212.4, "212/s"],
];
for (const [perSecond, words] of rates) {
  test(`${perSecond} checks a second: ${words}`, () => assert.equal(checksWords(perSecond), words));
}
