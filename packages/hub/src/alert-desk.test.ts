import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { describeIncident, figureNow } from "./alert-desk.ts";
import { incidentOf, nowMs, over, troubleOf } from "./alert/flow.kit.ts";
import type { HostEntry, HostFigures } from "./model/host-entry.ts";
import type { Incident } from "./model/incident.ts";
import type { NoticeIncident } from "./model/notice.ts";

const cpu = "belfry_host_cpu_ratio";
const subject = { kind: "host", id: "0190", name: "web-1" } as const;
const evidence = {
  rule_id: "0191",
  condition: "threshold",
  metric: cpu,
  series: {},
  unit: "ratio",
  value: 0.951249,
  limit: 0.9,
};

function measured(changes: object = {}, about: Incident["troubles"][number]["subject"] = subject) {
  const troubles = [troubleOf({ subject: about, rule: "cpu" })];
  return incidentOf({ troubles, evidence: { ...evidence, ...changes } });
}

function factsOf(incident: Incident): NoticeIncident["facts"] {
  return describeIncident(incident, {
    publicUrl: null,
    targetOf: () => null,
    linkPath: () => "/",
    figureOf: (id, series) => (id === "0190" && series === cpu ? 0.97 : undefined),
  }).facts;
}

const began = [
  { name: "value", value: "95.12 %" },
  { name: "limit", value: "90 %" },
];
const rows: readonly (readonly [what: string, Incident, NoticeIncident["facts"]])[] = [
  ["a figure of a host, with what it is now", measured(), [...began, fact("now", "97 %")]],
  ["what is over: nothing", over(measured()), []],
  ["a figure that is computed over a span, as it was", measured({ condition: "rate" }), began],
  ["another subject, as it was", measured({}, { ...subject, kind: "monitor" }), began],
  [
    "other units",
    measured({ metric: "temperature", unit: "celsius", value: 91.26, limit: 85 }),
    [fact("value", "91.3 °C"), fact("limit", "85 °C")],
  ],
  ["a value that is no number: nothing", measured({ value: "Infinity" }), []],
  ["what was not measured: nothing", incidentOf(), []],
];

function fact(name: string, value: string): NoticeIncident["facts"][number] {
  return { name, value };
}

describe("facts of what a rule measured are those of", () => {
  for (const [what, incident, expected] of rows) {
    it(what, () => {
      assert.deepEqual(factsOf(incident), expected);
    });
  }
});

describe("a figure of a host now", () => {
  const entryOf = (lastSampleAt: number | null, clockOffsetMs: number | null = null): HostEntry => {
    const given: Pick<HostEntry, "lastSampleAt" | "clockOffsetMs"> & {
      readonly host: Pick<HostEntry["host"], "intervalMs">;
      readonly figures: Partial<HostFigures>;
    } = { lastSampleAt, clockOffsetMs, host: { intervalMs: 10_000 }, figures: { cpuRatio: 0.5 } };
    return given as HostEntry;
  };
  const table: readonly (readonly [string, HostEntry | undefined, string, number | undefined])[] = [
    ["is its newest sample", entryOf(nowMs - 300_000), cpu, 0.5],
    ["is not known when that is old", entryOf(nowMs - 300_001), cpu, undefined],
    ["is as old as its own clock says", entryOf(nowMs - 360_000, -60_000), cpu, 0.5],
    ["is not known before the first", entryOf(null), cpu, undefined],
    ["is not known of a host that is gone", undefined, cpu, undefined],
    ["is not known of another series", entryOf(nowMs), "node_load1", undefined],
  ];
  for (const [what, entry, series, expected] of table) {
    it(what, () => {
      assert.equal(figureNow(entry, series, nowMs), expected);
    });
  }
});
