import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  channelContract,
  channelParts,
  openChannel,
  type ChannelFixture,
} from "../channel.contract.ts";
import { incidentOf, noticeOf, resolvedOf } from "../notice.kit.ts";
import { startAnswering } from "../provider.kit.ts";
import { startAlertmanager, user } from "./alertmanager.kit.ts";
import { alertmanagerKind } from "./kind.ts";
import { alertsOf } from "./message.ts";
import { staleAlerts } from "./stale.ts";

async function createFixture(): Promise<ChannelFixture> {
  const alertmanager = await startAlertmanager();
  const settings = { urls: [alertmanager.url], ...user };
  const secret = "wrong-password";
  return {
    ...alertmanager,
    settings,
    wrong: { settings: { ...settings, password: secret }, secret },
    received: () => Promise.resolve(alertmanager.texts),
  };
}

const urls = ["http://alertmanager:9093"];

channelContract({
  kind: alertmanagerKind,
  createFixture,
  invalid: [
    { what: "no address", settings: {}, path: "urls" },
    { what: "an empty list of addresses", settings: { urls: [] }, path: "urls" },
    { what: "an address that is none", settings: { urls: ["x"] }, path: "urls[0]" },
    {
      what: "a label whose name is none",
      settings: { urls, labels: { "a-b": "c" } },
      path: "labels.a-b",
    },
    { what: "alerts that end at once", settings: { urls, keep: 1 }, path: "keep" },
    { what: "a user without a password", settings: { urls, username: "a" }, path: "password" },
    { what: "a password without a user", settings: { urls, password: "a" }, path: "username" },
    {
      what: "a token and a password",
      settings: { urls, token: "t", username: "a", password: "b" },
      path: "token",
    },
    { what: "an authority that is none", settings: { urls, ca: "x" }, path: "ca" },
  ],
});

const now = Date.UTC(2026, 1, 3, 5);
const options = { labels: { source: "belfry" }, keepMs: 3_600_000, now };

describe("an alert of Alertmanager", () => {
  it("says what, where, since when, and ends by itself unless it is told again", () => {
    const incident = incidentOf({ severity: "warning" });
    assert.deepEqual(alertsOf(noticeOf({ incidents: [incident] }), options), [
      {
        labels: {
          team: "core",
          source: "belfry",
          alertname: "BelfryIncident",
          severity: "warning",
          incident: incident.id,
        },
        annotations: {
          summary: "api is down",
          description:
            "refused the connection\nTarget: https://example.org/\nSince: 2026-02-03 04:05:06 UTC\nfailures in a row: 2",
          target: "https://example.org/",
          affected: "1",
        },
        startsAt: "2026-02-03T04:05:06.000Z",
        endsAt: "2026-02-03T06:00:00.000Z",
        generatorURL: incident.links?.page,
      },
    ]);
  });

  it("ends when the incident was over, and has the labels it had", () => {
    const firing = noticeOf();
    const [before] = alertsOf(firing, options);
    const [after] = alertsOf(resolvedOf(firing), options);
    assert.deepEqual(after?.labels, before?.labels);
    assert.equal(after?.endsAt, "2026-02-03T04:10:06.000Z");
  });

  it("never ends before it began", () => {
    const incident = incidentOf({ status: "resolved", resolvedAt: 0 });
    const [alert] = alertsOf(noticeOf({ incidents: [incident] }), options);
    assert.equal(alert?.endsAt, alert?.startsAt);
  });

  for (const [name, expected] of [
    ["team", "team"],
    ["team-name", "team_name"],
    ["1st", "_1st"],
    ["größe", "gr__e"],
    ["", "_"],
  ] as const) {
    it(`has the label ${JSON.stringify(name)} as ${expected}`, () => {
      const incident = incidentOf({ labels: { [name]: "x" } });
      const [alert] = alertsOf(noticeOf({ incidents: [incident] }), options);
      assert.equal(alert?.labels[expected], "x");
    });
  }

  it("of a test ends by itself", () => {
    const [alert] = alertsOf(noticeOf({ kind: "test", incidents: [] }), options);
    assert.equal(alert?.labels["alertname"], "BelfryTest");
    assert.equal(alert?.endsAt, "2026-02-03T05:05:00.000Z");
  });
});

describe("Alertmanager", () => {
  it("has every incident of a digest once, however often it is told, and knows when it is over", async () => {
    await using alertmanager = await startAlertmanager();
    const settings = { urls: [alertmanager.url], ...user };
    const clock = { now: () => now, monotonicMs: () => 0 };
    await using channel = openChannel(alertmanagerKind, settings, channelParts({ clock }));
    const incidents = Array.from({ length: 25 }, (_, i) => incidentOf({ title: `service ${i}` }));
    const notice = noticeOf({ incidents });
    for (const one of [notice, { ...notice, kind: "reminder" } as const, resolvedOf(notice)]) {
      const { result } = await channel.send(one, AbortSignal.timeout(5_000));
      assert.equal(result.kind, "sent");
    }
    assert.equal(alertmanager.texts.length, 75);
    assert.equal(alertmanager.alerts.size, 25);
    for (const { endsAt } of alertmanager.alerts.values()) assert.ok(endsAt < now);
    assert.deepEqual(alertmanager.faults(), []);
  });

  it("ends the alert that an incident was before it became worse, or got another label", async () => {
    await using alertmanager = await startAlertmanager();
    await using channel = openChannel(alertmanagerKind, { urls: [alertmanager.url], ...user });
    const incident = incidentOf({ severity: "warning" });
    const other = incidentOf();
    const worse = { ...incident, severity: "critical" } as const;
    const moved = { ...worse, labels: { team: "edge" } };
    for (const [kind, incidents] of [
      ["firing", [incident, other]],
      ["changed", [worse]],
      ["changed", [moved]],
    ] as const) {
      const { result } = await channel.send(
        noticeOf({ kind, incidents }),
        AbortSignal.timeout(5_000),
      );
      assert.equal(result.kind, "sent");
    }
    const firing = [...alertmanager.alerts.values()].filter(({ endsAt }) => endsAt > Date.now());
    assert.deepEqual(
      firing.map(({ labels }) => [labels["incident"], labels["severity"], labels["team"]]),
      [
        [other.id, "critical", "core"],
        [incident.id, "critical", "edge"],
      ],
    );
    assert.deepEqual(alertmanager.faults(), []);
  });

  for (const list of ["", "<html>", "{}", '[1, null, {"labels": 2}]']) {
    it(`is told all the same where it lists its alerts as ${JSON.stringify(list)}`, () => {
      assert.deepEqual(staleAlerts(list, alertsOf(noticeOf(), options), now), []);
    });
  }

  for (const { statuses, expected } of [
    { statuses: [500, 200], expected: "sent" },
    { statuses: [401, 200], expected: "sent" },
    { statuses: [404, 503], expected: "retry" },
    { statuses: [400, 401], expected: "misconfigured" },
    { statuses: [400, 400], expected: "refused" },
  ]) {
    it(`whose members answer ${statuses.join(" and ")} is ${expected}`, async () => {
      const [first, second] = statuses.map((status) => startAnswering({ status }));
      assert.ok(first !== undefined && second !== undefined);
      await using one = await first;
      await using other = await second;
      await using channel = openChannel(alertmanagerKind, { urls: [one.url, other.url] });
      const { result } = await channel.send(noticeOf(), AbortSignal.timeout(5_000));
      assert.equal(result.kind, expected);
      assert.deepEqual([one.requests.length, other.requests.length], [1, 1]);
    });
  }
});
