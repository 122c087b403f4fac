import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { channelContract, openChannel, type ChannelFixture } from "../channel.contract.ts";
import { incidentOf, noticeOf, resolvedOf } from "../notice.kit.ts";
import { jsonAnswer, startAnswering } from "../provider.kit.ts";
import { pagerdutyKind } from "./kind.ts";
import { pagerdutyEvents } from "./message.ts";
import { routingKey, startPagerduty } from "./pagerduty.kit.ts";

const wrongKey = "W0123456789abcdef0123456789wrong";

async function createFixture(): Promise<ChannelFixture> {
  const pagerduty = await startPagerduty();
  const settings = { routing_key: routingKey, api_base: pagerduty.url };
  return {
    ...pagerduty,
    settings,
    wrong: { settings: { ...settings, routing_key: wrongKey }, secret: wrongKey },
    received: () => Promise.resolve(pagerduty.texts),
  };
}

channelContract({
  kind: pagerdutyKind,
  createFixture,
  invalid: [
    { what: "no key", settings: {}, path: "routing_key" },
    { what: "a key that is too short", settings: { routing_key: "abc" }, path: "routing_key" },
    {
      what: "a region it does not know",
      settings: { routing_key: routingKey, region: "mars" },
      path: "region",
    },
    {
      what: "an API that is none",
      settings: { routing_key: routingKey, api_base: "x" },
      path: "api_base",
    },
  ],
});

describe("events of PagerDuty", () => {
  const incident = incidentOf({ severity: "warning", labels: { group: "eu", team: "core" } });
  const rows = [
    { kind: "firing", incident, action: "trigger" },
    { kind: "reminder", incident, action: "trigger" },
    { kind: "acknowledged", incident, action: "acknowledge" },
    { kind: "resolved", incident: { ...incident, status: "resolved" }, action: "resolve" },
    { kind: "digest", incident: { ...incident, status: "resolved" }, action: "resolve" },
  ] as const;
  for (const row of rows) {
    it(`${row.action} an incident that is ${row.incident.status} when told as ${row.kind}`, () => {
      const events = pagerdutyEvents(noticeOf({ kind: row.kind, incidents: [row.incident] }));
      assert.deepEqual(
        events.map(({ event_action, dedup_key }) => [event_action, dedup_key]),
        [[row.action, incident.id]],
      );
    });
  }

  it("say what, where and how bad", () => {
    const [event] = pagerdutyEvents(noticeOf({ incidents: [incident] }));
    const { custom_details: details, ...payload } = (event?.["payload"] ?? {}) as Record<
      string,
      unknown
    >;
    assert.deepEqual(payload, {
      summary: "api is down: refused the connection",
      source: "https://example.org/",
      severity: "warning",
      timestamp: "2026-02-03T04:05:06.000Z",
      component: "api",
      class: "monitor",
      group: "eu",
    });
    assert.deepEqual(details, {
      details: [
        "Target: https://example.org/",
        "Since: 2026-02-03 04:05:06 UTC",
        "failures in a row: 2",
      ],
      labels: { group: "eu", team: "core" },
    });
    assert.deepEqual(event?.["links"], [
      { href: incident.links?.page, text: "Open" },
      { href: incident.links?.acknowledge, text: "Acknowledge" },
      { href: incident.links?.snooze, text: "Snooze" },
    ]);
  });
});

describe("PagerDuty", () => {
  it("is told again of all incidents when one was not taken, and has each of them once", async () => {
    await using pagerduty = await startPagerduty();
    const settings = { routing_key: routingKey, api_base: pagerduty.url };
    await using channel = openChannel(pagerdutyKind, settings);
    const incidents = Array.from({ length: 25 }, (_, i) => incidentOf({ title: `service ${i}` }));
    const notice = noticeOf({ incidents });
    for (let i = 0; i < 2; i += 1) {
      const { result } = await channel.send(notice, AbortSignal.timeout(10_000));
      assert.equal(result.kind, "sent");
    }
    assert.equal(pagerduty.events.length, 50);
    assert.equal(pagerduty.alerts.size, 25);
    await channel.send(resolvedOf(notice), AbortSignal.timeout(10_000));
    assert.deepEqual(new Set(pagerduty.alerts.values()), new Set(["resolved"]));
    assert.deepEqual(pagerduty.faults(), []);
  });

  it("stops at the first event that is to be retried, and goes on behind one that is refused", async () => {
    const incidents = [incidentOf(), incidentOf(), incidentOf()];
    for (const { status, requests, kind } of [
      { status: 500, requests: 1, kind: "retry" },
      { status: 400, requests: 3, kind: "refused" },
    ]) {
      await using api = await startAnswering(jsonAnswer(status, { errors: ["x"] }));
      const settings = { routing_key: routingKey, api_base: api.url };
      await using channel = openChannel(pagerdutyKind, settings);
      const { result } = await channel.send(noticeOf({ incidents }), AbortSignal.timeout(5_000));
      assert.equal(result.kind, kind);
      assert.equal(api.requests.length, requests);
    }
  });

  for (const { status, errors, expected } of [
    { status: 202, errors: [], expected: "sent" },
    { status: 200, errors: [], expected: "misconfigured" },
    {
      status: 400,
      errors: ["Length of 'routing_key' is incorrect (should be 32 characters)"],
      expected: "misconfigured",
    },
    { status: 400, errors: ["'payload.severity' is invalid"], expected: "refused" },
    { status: 403, errors: [], expected: "misconfigured" },
    { status: 413, errors: [], expected: "refused" },
    { status: 500, errors: [], expected: "retry" },
  ]) {
    it(`answering ${status} ${errors.join()} is ${expected}`, async () => {
      await using api = await startAnswering(jsonAnswer(status, { errors }));
      const settings = { routing_key: routingKey, api_base: api.url };
      await using channel = openChannel(pagerdutyKind, settings);
      const { result } = await channel.send(noticeOf(), AbortSignal.timeout(5_000));
      assert.equal(result.kind, expected);
    });
  }
});
