import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { fingerprintOf, mergedAlert, severityOf, signalOfAlert } from "./external-alert.ts";
import type { ExternalAlert } from "./external-alert.ts";

const alert: ExternalAlert = {
  fingerprint: "f",
  labels: { alertname: "DiskFull", instance: "web-1:9100", severity: "page", team: "core" },
  annotations: { summary: "/ is full", runbook_url: "https://runbooks.example/disk" },
  startsAt: 1_000,
  endsAt: 5_000,
  generatorUrl: "http://prometheus.example/graph",
  updatedAt: 1_000,
};

describe("a fingerprint", () => {
  // As Alertmanager 0.25 says them of the same labels.
  const rows = [
    { labels: {}, fingerprint: "cbf29ce484222325" },
    { labels: { a: "b" }, fingerprint: "d2b371819297f98a" },
    { labels: { b: "2", a: "1" }, fingerprint: "1cc37fac8a64ae01" },
  ];
  for (const { labels, fingerprint } of rows) {
    it(`of ${JSON.stringify(labels)} is ${fingerprint}`, () => {
      assert.equal(fingerprintOf(labels), fingerprint);
    });
  }
});

describe("a severity", () => {
  const rows = [
    ["critical", "critical"],
    ["page", "critical"],
    ["Error", "critical"],
    ["warning", "warning"],
    ["ticket", "warning"],
    ["", "warning"],
    ["info", "info"],
    ["none", "info"],
  ] as const;
  for (const [severity, expected] of rows) {
    it(`${JSON.stringify(severity)} is ${expected}`, () => {
      assert.equal(severityOf({ severity }), expected);
    });
  }
  it("that is not there is warning", () => assert.equal(severityOf({}), "warning"));
});

describe("the signal of an alert", () => {
  const times = { at: 1_000, decidedAt: 2_000 };

  it("has its name, instance, summary and labels", () => {
    assert.deepEqual(signalOfAlert(alert, "raised", times), {
      key: "alert:external:f",
      state: "raised",
      rule: "DiskFull",
      subject: { kind: "external", id: "f", name: "DiskFull (web-1:9100)" },
      severity: "critical",
      at: 1_000,
      decidedAt: 2_000,
      message: "/ is full",
      reason: null,
      evidence: {
        generator_url: "http://prometheus.example/graph",
        runbook_url: "https://runbooks.example/disk",
        started_at: "1970-01-01T00:00:01.000Z",
      },
      labels: { alertname: "DiskFull", instance: "web-1:9100", team: "core" },
    });
  });

  it("says something of an alert that says nothing", () => {
    const signal = signalOfAlert(
      { ...alert, labels: { job: "x" }, annotations: {}, generatorUrl: "" },
      "cleared",
      times,
    );
    const { rule, message, subject, severity } = signal;
    assert.deepEqual(
      [rule, message, subject.name, severity],
      ["alert", "fires", "alert", "warning"],
    );
  });
});

test("an alert that goes on began when it was first told of; one that comes back begins anew", () => {
  const later = { ...alert, startsAt: 3_000, endsAt: 9_000 };
  assert.equal(mergedAlert(alert, later).startsAt, 1_000);
  assert.equal(mergedAlert(alert, later).endsAt, 9_000);
  assert.equal(mergedAlert(alert, { ...later, startsAt: 6_000 }).startsAt, 6_000);
  assert.equal(mergedAlert(undefined, later), later);
});
