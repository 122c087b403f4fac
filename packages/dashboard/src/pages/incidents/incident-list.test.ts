import assert from "node:assert/strict";
import { test } from "node:test";
import type { IncidentView } from "@belfry/contract";
import { incidentOf } from "../../live/incident.kit.ts";
import { pastIncidents, plainIncidents } from "../../route/alert-route.ts";
import { countsOf, filterOf, matches, worstFirst } from "./incident-list.ts";

const at = "2026-01-01T00:00:00Z";
const known: readonly IncidentView[] = [
  incidentOf("taken", { acknowledged_at: at }),
  incidentOf("info", { severity: "info" }),
  incidentOf("old", { opened_at: "2025-12-31T00:00:00Z" }),
  incidentOf("new"),
  incidentOf("silenced", { suppressed_by: "silence" }),
];

test("what nobody took comes first, the worst of it on top, the newest of one severity before older ones", () => {
  const ids = worstFirst(known).map(({ id }) => id);
  assert.deepEqual(ids, ["new", "old", "info", "silenced", "taken"]);
});

test("counts only severities there are any of", () => {
  assert.deepEqual(countsOf(known), [
    { severity: "critical", count: 4 },
    { severity: "info", count: 1 },
  ]);
});

const searches: readonly (readonly [q: string, found: boolean])[] = [
  ["", true],
  ["API down", true],
  ["shop", true],
  ["rack-4 api", true],
  ["api nowhere", false],
];
for (const [q, found] of searches) {
  test(`searching for “${q}” ${found ? "finds" : "passes over"} it`, () => {
    const incident = incidentOf("a", {
      subjects: [{ kind: "monitor", id: "m", name: "Shop" }],
      cause: { kind: "host", id: "h", name: "rack-4", why: "the same host" },
    });
    assert.equal(matches(incident, { q, severity: null }), found);
  });
}

test("only what is as bad as asked for is shown", () => {
  const shown = known.filter((incident) => matches(incident, { q: "", severity: "info" }));
  assert.deepEqual(
    shown.map(({ id }) => id),
    ["info"],
  );
});

test("the hub is asked for what is open, or for a span of the past", () => {
  const now = Date.parse("2026-01-08T00:00:00Z");
  assert.deepEqual(filterOf(plainIncidents, now), { open: true, limit: 200 });
  assert.deepEqual(filterOf({ ...pastIncidents, severity: "info" }, now, "next"), {
    open: false,
    limit: 50,
    from: Date.parse(at),
    cursor: "next",
  });
});
