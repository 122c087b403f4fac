import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IncidentCause, Trouble } from "../model/incident.ts";
import { at, monitor, troubleOf } from "./flow.kit.ts";
import { titleOf } from "./title.ts";

const of = (name: string, over: Partial<Trouble> = {}): Trouble => troubleOf({ of: name, ...over });
const db: IncidentCause = { subject: monitor("db"), why: "they depend on db" };
const group: IncidentCause = {
  subject: { kind: "external", id: "group:eu", name: "group eu" },
  why: "the same group: eu",
};

const table: readonly (readonly [title: string, troubles: readonly Trouble[], IncidentCause?])[] = [
  ["api is down", [of("api")]],
  ["api is degraded", [of("api", { rule: "monitor_degraded" })]],
  ["web is silent", [of("web", { rule: "host_silent" })]],
  ["nightly never started", [of("nightly", { rule: "job_never_started" })]],
  ["web: disk / is full", [of("web", { rule: "disk_full", message: "disk / is full" })]],
  ["api is down", [of("api"), of("api", { rule: "disk_full", severity: "warning" })]],
  ["api is flapping", [of("api"), of("api", { rule: "monitor_flapping", severity: "warning" })]],
  ["db is down, 1 more is affected", [of("api"), of("db")], db],
  ["db is down, 2 more are affected", [of("api"), of("db"), of("shop")], db],
  ["api is down, and 1 more: they depend on db", [of("api"), of("shop")], db],
  ["g1 is down, and 1 more: the same group: eu", [of("g1"), of("g2")], group],
  ["api is down, and 1 more", [of("api"), of("shop")]],
  ["shop is down, and 1 more", [of("api", { severity: "warning" }), of("shop")]],
  ["shop is down, and 1 more", [of("api"), of("shop", { since: at(0) })]],
  ["api is down", [of("api"), of("shop", { until: at(950) })]],
  ["api is down, and 1 more", [of("api", { until: at(990) }), of("shop", { until: at(950) })]],
  ["api is down", [of("api")], db],
];

describe("an incident is called", () => {
  for (const [title, troubles, cause = null] of table) {
    test(title, () => assert.equal(titleOf({ troubles, cause }), title));
  }

  test("in at most 300 characters, cut between characters", () => {
    const name = `${"x".repeat(298)}\u{1f600}\u{1f600}`;
    const title = titleOf({ troubles: [of(name)], cause: null });
    assert.ok(title.length <= 300 && title.isWellFormed() && title.endsWith("…"));
  });
});
