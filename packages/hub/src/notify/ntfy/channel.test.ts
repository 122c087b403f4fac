import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { channelContract, openChannel, type ChannelFixture } from "../channel.contract.ts";
import { incidentOf, noticeOf, resolvedOf } from "../notice.kit.ts";
import { startAnswering } from "../provider.kit.ts";
import { ntfyKind } from "./kind.ts";
import { ntfyBody } from "./message.ts";
import { failure, startNtfy, token, topic } from "./ntfy.kit.ts";
import { parseNtfySettings } from "./settings.ts";

const wrongToken = "tk_wrong1234567890abcdefghijklmn";

async function createFixture(
  credentials: object,
  wrong: object,
  secret: string,
): Promise<ChannelFixture> {
  const ntfy = await startNtfy();
  const settings = { server: ntfy.url, topic };
  return {
    ...ntfy,
    settings: { ...settings, ...credentials },
    wrong: { settings: { ...settings, ...wrong }, secret },
    received: () => Promise.resolve(ntfy.texts),
  };
}

channelContract({
  kind: ntfyKind,
  createFixture: () => createFixture({ token }, { token: wrongToken }, wrongToken),
  invalid: [
    { what: "no topic", settings: {}, path: "topic" },
    { what: "a topic that is none", settings: { topic: "a/b" }, path: "topic" },
    { what: "a server that is none", settings: { topic, server: "ntfy.sh" }, path: "server" },
    { what: "a user without a password", settings: { topic, username: "a" }, path: "password" },
    { what: "a password without a user", settings: { topic, password: "a" }, path: "username" },
    {
      what: "a token and a password",
      settings: { topic, token, username: "a", password: "b" },
      path: "token",
    },
    { what: "a tag with a comma", settings: { topic, tags: ["a,b"] }, path: "tags[0]" },
    {
      what: "a priority of six",
      settings: { topic, priorities: { info: 6 } },
      path: "priorities.info",
    },
    { what: "an authority that is none", settings: { topic, ca: "x" }, path: "ca" },
  ],
});

describe("with a password", () => {
  const wrong = { username: "ada", password: "wrong-password" };
  const right = { username: "ada", password: "right-password" };
  const secret = Buffer.from("ada:wrong-password").toString("base64");
  channelContract({
    kind: ntfyKind,
    createFixture: () => createFixture(right, wrong, secret),
    invalid: [],
  });
});

function messageOf(notice: Parameters<typeof ntfyBody>[0], settings: object = {}) {
  const parsed = parseNtfySettings({ topic, ...settings });
  assert.ok(parsed.kind === "ok", JSON.stringify(parsed));
  return JSON.parse(ntfyBody(notice, parsed.value)) as Record<string, unknown>;
}

describe("a message of ntfy", () => {
  const firing = noticeOf();
  const rows = [
    { notice: firing, tag: "rotating_light", priority: 5 },
    {
      notice: noticeOf({ incidents: [incidentOf({ severity: "warning" })] }),
      tag: "warning",
      priority: 4,
    },
    {
      notice: noticeOf({ incidents: [incidentOf({ severity: "info" })] }),
      tag: "information_source",
      priority: 3,
    },
    { notice: resolvedOf(firing), tag: "white_check_mark", priority: 2 },
    { notice: noticeOf({ kind: "test", incidents: [] }), tag: "bell", priority: 3 },
  ];
  for (const { notice, tag, priority } of rows) {
    it(`has the emoji ${tag} and the priority ${priority}`, () => {
      const message = messageOf(notice, { tags: ["belfry"], priorities: { resolved: 2 } });
      assert.deepEqual([message["tags"], message["priority"]], [[tag, "belfry"], priority]);
    });
  }

  it("opens the incident, and has its links as buttons", () => {
    const links = incidentOf().links;
    const { click, actions } = messageOf(noticeOf({ incidents: [incidentOf({ links })] }));
    assert.equal(click, links?.page);
    assert.deepEqual(actions, [
      { action: "view", label: "Open", url: links?.page, clear: true },
      { action: "view", label: "Acknowledge", url: links?.acknowledge, clear: true },
      { action: "view", label: "Snooze", url: links?.snooze, clear: true },
    ]);
  });

  for (const text of ['"', "\n.", "\\", "é", "🔔", "a"]) {
    it(`is at most 4,096 bytes in a body of 8,192, of ${JSON.stringify(text)} as of anything`, () => {
      const notice = noticeOf({ title: text.repeat(50_000), text: text.repeat(50_000) });
      const message = messageOf(notice);
      assert.ok(Buffer.byteLength(String(message["message"])) <= 4_096);
      assert.ok(Buffer.byteLength(String(message["message"])) > 2_500);
      assert.ok(Buffer.byteLength(JSON.stringify(message)) <= 8_192);
    });
  }
});

describe("ntfy's answer", () => {
  for (const { code, error, expected, afterMs } of [
    { code: 40_009, error: "invalid request: topic invalid", expected: "misconfigured" },
    { code: 40_010, error: "topic name is not allowed", expected: "misconfigured" },
    { code: 40_007, error: "invalid priority parameter", expected: "refused" },
    { code: 40_301, error: "forbidden", expected: "misconfigured" },
    { code: 41_303, error: "JSON body too large", expected: "refused" },
    { code: 42_901, error: "too many requests", expected: "retry", afterMs: 1_000 },
    { code: 42_908, error: "daily message quota reached", expected: "retry", afterMs: 900_000 },
    { code: 50_701, error: "no subscriber", expected: "retry" },
  ]) {
    it(`${code} ${error} is ${expected}`, async () => {
      await using server = await startAnswering(failure(code, error));
      await using channel = openChannel(ntfyKind, { server: server.url, topic });
      const { result } = await channel.send(noticeOf(), AbortSignal.timeout(5_000));
      assert.equal(result.kind, expected);
      if (result.kind === "retry") assert.equal(result.afterMs, afterMs);
    });
  }

  it("that is none of ntfy's is a wrong address", async () => {
    await using server = await startAnswering({ status: 200, body: "<html>" });
    await using channel = openChannel(ntfyKind, { server: server.url, topic });
    const { result } = await channel.send(noticeOf(), AbortSignal.timeout(5_000));
    assert.equal(result.kind, "misconfigured");
  });
});
