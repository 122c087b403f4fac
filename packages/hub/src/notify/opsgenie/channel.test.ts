import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { channelContract, openChannel, type ChannelFixture } from "../channel.contract.ts";
import { incidentOf, noticeOf, resolvedOf } from "../notice.kit.ts";
import { jsonAnswer, startAnswering } from "../provider.kit.ts";
import { opsgenieKind } from "./kind.ts";
import { opsgenieRequests } from "./message.ts";
import { apiKey, startOpsgenie } from "./opsgenie.kit.ts";
import { parseOpsgenieSettings } from "./settings.ts";

const wrongKey = "eb243592-wrong-key-a551-1afdf565c889";

async function createFixture(): Promise<ChannelFixture> {
  const opsgenie = await startOpsgenie();
  const settings = { api_key: apiKey, api_base: opsgenie.url };
  return {
    ...opsgenie,
    settings,
    wrong: { settings: { ...settings, api_key: wrongKey }, secret: wrongKey },
    received: () => Promise.resolve(opsgenie.texts),
  };
}

const right = { api_key: apiKey };

channelContract({
  kind: opsgenieKind,
  createFixture,
  invalid: [
    { what: "no key", settings: {}, path: "api_key" },
    { what: "a key of two lines", settings: { api_key: "a\r\nb" }, path: "api_key" },
    { what: "a region it does not know", settings: { ...right, region: "mars" }, path: "region" },
    { what: "an API that is none", settings: { ...right, api_base: "x" }, path: "api_base" },
    {
      what: "a priority that is none",
      settings: { ...right, priorities: { info: "P6" } },
      path: "priorities.info",
    },
    {
      what: "a tag that is too long",
      settings: { ...right, tags: ["x".repeat(51)] },
      path: "tags[0]",
    },
  ],
});

function requestsOf(notice: Parameters<typeof opsgenieRequests>[0], settings: object = {}) {
  const parsed = parseOpsgenieSettings({ ...right, ...settings });
  assert.ok(parsed.kind === "ok", JSON.stringify(parsed));
  return opsgenieRequests(notice, parsed.value);
}

describe("requests of Opsgenie", () => {
  const incident = incidentOf();
  const resolved = { ...incident, status: "resolved" } as const;
  const rows = [
    { kind: "firing", incidents: [incident], path: "" },
    { kind: "reminder", incidents: [incident], path: "" },
    {
      kind: "acknowledged",
      incidents: [incident],
      path: `/${incident.id}/acknowledge?identifierType=alias`,
    },
    { kind: "resolved", incidents: [resolved], path: `/${incident.id}/close?identifierType=alias` },
    { kind: "test", incidents: [], path: "" },
  ] as const;
  for (const { kind, incidents, path } of rows) {
    it(`of ${kind} go to ${path === "" ? "the list of alerts" : path.slice(38)}`, () => {
      assert.deepEqual(
        requestsOf(noticeOf({ kind, incidents })).map((request) => request.path),
        [path],
      );
    });
  }

  it("say what, where, how bad, and to whom", () => {
    const settings = { teams: ["ops"], tags: ["belfry"], priorities: { critical: "P2" } };
    const [request] = requestsOf(noticeOf({ incidents: [incident] }), settings);
    const { description, ...body } = request?.body ?? {};
    assert.match(String(description), /refused the connection\nhttps:\/\/example\.org\//);
    assert.deepEqual(body, {
      message: "api is down",
      alias: incident.id,
      responders: [{ name: "ops", type: "team" }],
      tags: ["belfry", "team:core", "severity:critical"],
      details: {
        team: "core",
        severity: "critical",
        Target: "https://example.org/",
        Since: "2026-02-03 04:05:06 UTC",
        "failures in a row": "2",
      },
      entity: "https://example.org/",
      source: "Belfry",
      priority: "P2",
    });
  });

  it("name who took it", () => {
    const taken = { ...incident, acknowledgedAt: 1, acknowledgedBy: "ada" };
    const [request] = requestsOf(noticeOf({ kind: "acknowledged", incidents: [taken] }));
    assert.deepEqual(request?.body, { user: "ada", source: "Belfry" });
  });
});

describe("Opsgenie", () => {
  it("has every incident of a digest once, however often it is told, and closes all", async () => {
    await using opsgenie = await startOpsgenie();
    await using channel = openChannel(opsgenieKind, { ...right, api_base: opsgenie.url });
    const incidents = Array.from({ length: 25 }, (_, i) => incidentOf({ title: `service ${i}` }));
    const notice = noticeOf({ incidents });
    for (const one of [notice, notice, resolvedOf(notice)]) {
      const { result } = await channel.send(one, AbortSignal.timeout(10_000));
      assert.equal(result.kind, "sent");
    }
    assert.equal(opsgenie.created.length, 50);
    assert.equal(opsgenie.alerts.size, 25);
    assert.deepEqual(new Set(opsgenie.alerts.values()), new Set(["closed"]));
    assert.deepEqual(opsgenie.faults(), []);
  });

  for (const { status, message, expected } of [
    { status: 202, message: "Request will be processed", expected: "sent" },
    { status: 200, message: "hello", expected: "misconfigured" },
    { status: 401, message: "Could not authenticate", expected: "misconfigured" },
    { status: 403, message: "Forbidden", expected: "misconfigured" },
    { status: 404, message: "Alert with alias [x] does not exist", expected: "sent" },
    { status: 404, message: "page not found", expected: "misconfigured" },
    { status: 422, message: "Key format is not valid!", expected: "misconfigured" },
    { status: 422, message: "Request body is not processable", expected: "refused" },
    { status: 500, message: "Internal error", expected: "retry" },
  ]) {
    it(`answering ${status} ${message} is ${expected}`, async () => {
      await using api = await startAnswering(jsonAnswer(status, { message }));
      await using channel = openChannel(opsgenieKind, { ...right, api_base: api.url });
      const notice = resolvedOf(noticeOf());
      const { result } = await channel.send(notice, AbortSignal.timeout(5_000));
      assert.equal(result.kind, expected);
    });
  }
});
