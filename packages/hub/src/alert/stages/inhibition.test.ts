import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Incident } from "../../model/incident.ts";
import { at, flowOf, incidentOf, itemOf, monitor, over } from "../flow.kit.ts";
import { second, through, troubleOf } from "../flow.kit.ts";
import { inhibition } from "./inhibition.ts";

const parents: Readonly<Record<string, readonly string[]>> = {
  api: ["db", "cache"],
  left: ["right"],
  right: ["left"],
};
const world = {
  parentsOf: ({ id }: { readonly id: string }) => (parents[id] ?? []).map(monitor),
};
const of = (...names: readonly string[]): Incident =>
  incidentOf({ troubles: names.map((name) => troubleOf({ of: name })) });
const warning = incidentOf({
  troubles: [troubleOf({ rule: "monitor_degraded", severity: "warning" })],
});
const apart = incidentOf({
  troubles: [troubleOf({ rule: "statix_cpu", severity: "warning" })],
});

const table: readonly {
  readonly says: string;
  readonly incident?: Incident;
  readonly others: readonly Incident[];
  readonly told: boolean;
}[] = [
  { says: "what hangs on nothing that is down", others: [of("other")], told: true },
  { says: "what hangs on something that is down", others: [of("db")], told: false },
  {
    says: "what hangs on something that is only degraded",
    others: [incidentOf({ troubles: [troubleOf({ of: "db", severity: "warning" })] })],
    told: true,
  },
  {
    says: "what hangs on something that was down, while another trouble there lasts",
    others: [
      incidentOf({ troubles: [troubleOf({ of: "db", until: at(950) }), troubleOf({ of: "x" })] }),
    ],
    told: true,
  },
  { says: "a cause that is over", others: [over(of("db"))], told: true },
  {
    says: "one that hangs on it, and one that does not",
    incident: of("api", "x"),
    others: [of("db")],
    told: true,
  },
  { says: "both by different causes", incident: of("api"), others: [of("cache")], told: false },
  { says: "a warning about what is down", incident: warning, others: [of("api")], told: false },
  { says: "a warning that is told apart", incident: apart, others: [of("api")], told: true },
  { says: "a warning about what is fine", incident: warning, others: [of("x")], told: true },
  { says: "the same critical subject twice", incident: of("api"), others: [of("api")], told: true },
  { says: "itself", incident: of("db", "api"), others: [], told: true },
];

describe("the inhibition stage", () => {
  for (const { says, incident = of("api"), others, told } of table) {
    test(`${says}: ${told ? "told" : "not told, looked at again soon"}`, () => {
      const item = through(inhibition, { incidents: [incident], others, world });
      const expected = told ? [undefined, null] : ["inhibition", 1015];
      assert.deepEqual([item.suppressed?.by, second(item.wakeAt)], expected);
    });
  }

  test("of two that hang on one another, exactly one is told", () => {
    const [left, right] = [of("left"), { ...of("right"), openedAt: at(800) }];
    const { items } = inhibition(flowOf({ incidents: [left, right], world }));
    assert.deepEqual(
      items.map(({ suppressed }) => suppressed?.by),
      ["inhibition", undefined],
    );
  });

  test("what is suppressed already stays so", () => {
    const suppressed = { by: "maintenance", why: "window" } as const;
    const incidents = [itemOf(of("api"), { suppressed })];
    assert.equal(
      through(inhibition, { incidents, others: [of("db")], world }).suppressed,
      suppressed,
    );
  });
});
