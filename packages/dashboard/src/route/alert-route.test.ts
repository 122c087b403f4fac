import assert from "node:assert/strict";
import { test } from "node:test";
import {
  incidentPage,
  newRule,
  pastIncidents,
  plainChannels,
  plainIncidents,
  plainRoutes,
  plainRules,
  plainSilences,
  plainWouldTell,
  rulePage,
  type AlertRelatedView,
} from "./alert-route.ts";
import { formatRoute, parseRoute } from "./route.ts";

const id = "0198c0de-0000-7000-8000-000000000001";

const addresses: readonly (readonly [path: string, view: AlertRelatedView])[] = [
  ["/dashboard/incidents", plainIncidents],
  ["/dashboard/incidents?shown=past", pastIncidents],
  [
    "/dashboard/incidents?shown=past&q=db+one&severity=warning&range=30d",
    { ...pastIncidents, q: "db one", severity: "warning", range: "30d" },
  ],
  [`/dashboard/incidents/${id}`, incidentPage(id)],
  ["/dashboard/silences", plainSilences],
  ["/dashboard/silences?month=2026-12", { page: "silences", month: "2026-12" }],
  ["/dashboard/rules", plainRules],
  ["/dashboard/rules/filesystem_full", rulePage("filesystem_full")],
  [`/dashboard/rules/${id}`, rulePage(id)],
  ["/dashboard/rules/new", newRule],
  [
    "/dashboard/rules/new?copy=cpu_busy&instead=true",
    { ...newRule, copyOf: "cpu_busy", isInstead: true },
  ],
  ["/dashboard/routes", plainRoutes],
  ["/dashboard/channels", plainChannels],
  [`/dashboard/channels/${id}`, { page: "channels", id }],
  ["/dashboard/would-tell", plainWouldTell],
  [
    `/dashboard/would-tell?kind=host&id=${id}&severity=warning`,
    { page: "would-tell", kind: "host", id, severity: "warning" },
  ],
];
for (const [path, view] of addresses) {
  test(`${path} is read and written`, () => {
    assert.deepEqual(parseRoute(path), view);
    assert.equal(formatRoute(view), path);
  });
}

test("what is not understood is left out", () => {
  assert.deepEqual(
    parseRoute("/dashboard/incidents?shown=x&severity=loud&range=9y"),
    plainIncidents,
  );
});

for (const path of ["/dashboard/rules/A%20b", "/dashboard/channels/12", "/dashboard/routes/12"]) {
  test(`${path} is no page`, () => {
    assert.equal(parseRoute(path).page, "missing");
  });
}

test("a new rule takes no place without a rule it was copied from", () => {
  assert.deepEqual(parseRoute("/dashboard/rules/new?instead=true"), newRule);
});

test("a month that is none is the present one", () => {
  assert.deepEqual(parseRoute("/dashboard/silences?month=2026-13"), plainSilences);
});

test("an incident without an id is no page", () => {
  assert.equal(parseRoute("/dashboard/incidents/12").page, "missing");
});
