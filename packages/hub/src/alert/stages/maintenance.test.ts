import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MaintenanceWindow } from "../../model/alert-policy.ts";
import { createId } from "../../model/id.ts";
import type { Trouble } from "../../model/incident.ts";
import { at, incidentOf, matcherOf, monitor, over } from "../flow.kit.ts";
import { second, through, troubleOf, windowOf } from "../flow.kit.ts";
import { maintenance } from "./maintenance.ts";

const down = troubleOf();
const host = troubleOf({
  rule: "host_silent",
  subject: { kind: "host", id: "web", name: "web" },
  labels: {},
});
const id = createId<"monitor">(1);
const ofHost = { matchers: [matcherOf("subject_kind", "host")] };

interface Row {
  readonly says: string;
  readonly windows: readonly MaintenanceWindow[];
  readonly troubles?: readonly Trouble[];
  /** When the stage looks again, in seconds; null: it suppresses nothing. */
  readonly until: number | null;
}

// The stage looks at second 1,000.
const table: readonly Row[] = [
  { says: "without windows", windows: [], until: null },
  { says: "a window for everything", windows: [windowOf(0, 2000)], until: 2000 },
  { says: "its first instant", windows: [windowOf(1000, 2000)], until: 2000 },
  { says: "its last instant is not in it", windows: [windowOf(0, 1000)], until: null },
  { says: "one that is to come", windows: [windowOf(1001, 2000)], until: null },
  { says: "one that is off", windows: [windowOf(0, 2000, { enabled: false })], until: null },
  {
    says: "matchers that choose it",
    windows: [windowOf(0, 2000, { matchers: [matcherOf("team", "core")] })],
    until: 2000,
  },
  {
    says: "matchers that choose others",
    windows: [windowOf(0, 2000, { matchers: [matcherOf("team", "web")] })],
    until: null,
  },
  {
    says: "a monitor by its id",
    windows: [windowOf(0, 2000, { monitors: [id] })],
    troubles: [troubleOf({ of: id })],
    until: 2000,
  },
  { says: "another monitor", windows: [windowOf(0, 2000, { monitors: [id] })], until: null },
  {
    says: "a monitor besides what matchers choose",
    windows: [windowOf(0, 2000, { monitors: [id], matchers: [matcherOf("team", "web")] })],
    troubles: [troubleOf({ of: id })],
    until: 2000,
  },
  {
    says: "one of two troubles",
    windows: [windowOf(0, 2000, ofHost)],
    troubles: [host, down],
    until: null,
  },
  {
    says: "two troubles by two windows: the first end counts",
    windows: [
      windowOf(0, 3000, ofHost),
      windowOf(0, 2000, { matchers: [matcherOf("team", "core")] }),
    ],
    troubles: [host, down],
    until: 2000,
  },
  {
    says: "two troubles of which one is over",
    windows: [windowOf(0, 2000, ofHost)],
    troubles: [host, { ...down, until: at(950) }],
    until: 2000,
  },
  {
    says: "what hangs on a host that is covered",
    windows: [windowOf(0, 2000, ofHost)],
    troubles: [host, troubleOf({ of: "on-web" })],
    until: 2000,
  },
  {
    says: "what hangs on a host that is merely busy",
    windows: [windowOf(0, 2000, ofHost)],
    troubles: [{ ...host, severity: "warning" }, troubleOf({ of: "on-web" })],
    until: null,
  },
];

describe("the maintenance stage", () => {
  for (const { says, windows, troubles = [down], until } of table) {
    test(`${says}: ${until === null ? "people are told" : `nobody is told before ${until}`}`, () => {
      const item = through(maintenance, {
        incidents: [incidentOf({ troubles })],
        policy: { maintenance: windows },
        world: {
          parentsOf: (subject) => (subject.id === "on-web" ? [host.subject, monitor("x")] : []),
        },
      });
      const by = until === null ? undefined : "maintenance";
      assert.deepEqual([item.suppressed?.by, second(item.wakeAt)], [by, until]);
    });
  }

  test("names the window", () => {
    const policy = { maintenance: [windowOf(0, 2000, { name: "nightly" })] };
    const item = through(maintenance, { incidents: [incidentOf()], policy });
    assert.equal(item.suppressed?.why, "nightly");
  });

  test("does not keep people from hearing that something is over", () => {
    const policy = { maintenance: [windowOf(0, 2000)] };
    const item = through(maintenance, { incidents: [over(incidentOf())], policy });
    assert.equal(item.suppressed, null);
  });
});
