import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { statuses } from "@belfry/contract/status";
import { jobRanges, jobStates, plainFailures, plainJobs, plainOutputs } from "./job-route.ts";
import {
  formatRoute,
  hostRanges,
  hostSorts,
  orders,
  parseRoute,
  plainFleet,
  plainHosts,
  plainOverview,
  ranges,
  type View,
} from "./route.ts";

const id = "0198c0de-0000-7000-8000-000000000001";

const addresses: readonly (readonly [what: string, url: string, view: View])[] = [
  ["the overview", "/dashboard/", plainOverview],
  [
    "a filtered overview",
    "/dashboard/?q=db+1&status=degraded,down&kind=tcp&label=team:core&label=env&order=name",
    {
      page: "overview",
      q: "db 1",
      status: ["degraded", "down"],
      kind: "tcp",
      labels: ["team:core", "env"],
      order: "name",
    },
  ],
  ["a monitor", `/dashboard/monitors/${id}`, { page: "monitor", id, range: "24h", zoom: null }],
  [
    "a monitor, zoomed in",
    `/dashboard/monitors/${id}?range=7d&from=2026-01-01T00:00:00.000Z&to=2026-01-01T01:00:00.000Z`,
    {
      page: "monitor",
      id,
      range: "7d",
      zoom: { from: Date.UTC(2026, 0, 1), to: Date.UTC(2026, 0, 1, 1) },
    },
  ],
  ["a new monitor", "/dashboard/monitors/new", { page: "form", id: null, copyOf: null }],
  ["a copy", `/dashboard/monitors/new?copy=${id}`, { page: "form", id: null, copyOf: id }],
  ["an edit", `/dashboard/monitors/${id}/edit`, { page: "form", id, copyOf: null }],
  ["all hosts", "/dashboard/hosts", plainHosts],
  ["the fleet", "/dashboard/fleet", plainFleet],
  [
    "some hosts in another order",
    "/dashboard/hosts?q=db&status=down&label=team:core&sort=cpu&order=reversed",
    {
      page: "hosts",
      q: "db",
      status: ["down"],
      labels: ["team:core"],
      sort: "cpu",
      reversed: true,
    },
  ],
  ["a host", `/dashboard/hosts/${id}`, { page: "host", id, range: "1h", zoom: null }],
  [
    "a year of a host",
    `/dashboard/hosts/${id}?range=1y`,
    { page: "host", id, range: "1y", zoom: null },
  ],
  ["all jobs", "/dashboard/jobs", plainJobs],
  [
    "some jobs with parts",
    "/dashboard/jobs?q=load+a&state=failed,late&subjobs=shown",
    { page: "jobs", q: "load a", states: ["failed", "late"], subjobs: true },
  ],
  ["recent failures", "/dashboard/jobs/failures", plainFailures],
  ["a job", `/dashboard/jobs/${id}`, { page: "job", id, range: "7d", zoom: null }],
  [
    "a month of a job",
    `/dashboard/jobs/${id}?range=30d`,
    { page: "job", id, range: "30d", zoom: null },
  ],
  ["a run", `/dashboard/runs/${id}`, { page: "run", id }],
  ["all outputs", "/dashboard/outputs", plainOutputs],
  ["an output", "/dashboard/outputs/a%20%2F%20b", { page: "outputs", name: "a / b" }],
  ["nothing", "/dashboard/nowhere", { page: "missing", path: "/dashboard/nowhere" }],
];

for (const [what, url, view] of addresses) {
  test(`${what} has the address ${url}`, () => {
    assert.deepEqual(parseRoute(url), view);
    assert.equal(formatRoute(view), url);
  });
}

const odd: readonly (readonly [what: string, url: string, view: View])[] = [
  ["a missing slash", "/dashboard", plainOverview],
  ["an unknown status and order", "/dashboard/?status=bad,&order=up&label=", plainOverview],
  [
    "a span that ends before it begins",
    `/dashboard/monitors/${id}?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z`,
    { page: "monitor", id, range: "24h", zoom: null },
  ],
  [
    "an id that is none",
    "/dashboard/monitors/7",
    { page: "missing", path: "/dashboard/monitors/7" },
  ],
  [
    "a path beyond a monitor's",
    `/dashboard/monitors/${id}/edit/x`,
    { page: "missing", path: `/dashboard/monitors/${id}/edit/x` },
  ],
  ["a run that is none", "/dashboard/runs/7", { page: "missing", path: "/dashboard/runs/7" }],
  ["an unknown state", "/dashboard/jobs?state=odd", plainJobs],
  [
    "an output whose name cannot be read",
    "/dashboard/outputs/%ff",
    { page: "missing", path: "/dashboard/outputs/%ff" },
  ],
  ["a copy of nothing", "/dashboard/monitors/new?copy=x", { page: "form", id: null, copyOf: null }],
];

for (const [what, url, view] of odd) {
  test(`${what} is understood as far as it goes`, () => assert.deepEqual(parseRoute(url), view));
}

/** fast-check makes records without a prototype unless told otherwise; views have one. */
const plain = { noNullPrototype: true };
const labels = fc.array(fc.string({ minLength: 1, unit: "grapheme" }));
const time = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2100, 0) });
const views: fc.Arbitrary<View> = fc.oneof(
  fc.record(
    {
      page: fc.constant("overview" as const),
      q: fc.string({ unit: "grapheme" }),
      status: fc.subarray([...statuses]),
      kind: fc.string(),
      labels,
      order: fc.constantFrom(...orders),
    },
    plain,
  ),
  fc.record(
    {
      page: fc.constant("monitor" as const),
      id: fc.constant(id),
      range: fc.constantFrom(...ranges),
      zoom: fc.oneof(
        fc.constant(null),
        fc
          .tuple(time, fc.integer({ min: 1, max: 1e9 }))
          .map(([from, ms]) => ({ from, to: from + ms })),
      ),
    },
    plain,
  ),
);

const hostViews: fc.Arbitrary<View> = fc.oneof(
  fc.record(
    {
      page: fc.constant("hosts" as const),
      q: fc.string({ unit: "grapheme" }),
      status: fc.subarray([...statuses]),
      labels,
      sort: fc.constantFrom(...hostSorts),
      reversed: fc.boolean(),
    },
    plain,
  ),
  fc.record(
    {
      page: fc.constant("host" as const),
      id: fc.constant(id),
      range: fc.constantFrom(...hostRanges),
      zoom: fc.constantFrom(null, { from: 1000, to: 5000 }),
    },
    plain,
  ),
);

const jobViews: fc.Arbitrary<View> = fc.oneof(
  fc.record(
    {
      page: fc.constant("jobs" as const),
      q: fc.string({ unit: "grapheme" }),
      states: fc.subarray([...jobStates]),
      subjobs: fc.boolean(),
    },
    plain,
  ),
  fc.record(
    {
      page: fc.constant("job" as const),
      id: fc.constant(id),
      range: fc.constantFrom(...jobRanges),
      zoom: fc.constantFrom(null, { from: 1000, to: 5000 }),
    },
    plain,
  ),
  fc.record(
    {
      page: fc.constant("outputs" as const),
      name: fc.oneof(fc.constant(null), fc.string({ minLength: 1, unit: "grapheme" })),
    },
    plain,
  ),
);

test("every view survives the way through its address", () => {
  fc.assert(
    fc.property(fc.oneof(views, hostViews, jobViews), (view) =>
      assert.deepEqual(parseRoute(formatRoute(view)), view),
    ),
  );
});
