import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { channelContract, openChannel, type ChannelFixture } from "../channel.contract.ts";
import { startAnswering } from "../chat.kit.ts";
import { incidentOf, noticeOf, resolvedOf } from "../notice.kit.ts";
import { startDiscord, token, webhookId } from "./discord.kit.ts";
import { discordKind } from "./kind.ts";
import { discordMessage } from "./message.ts";

const wrongToken = "wrong-token-of-a-webhook";
const address = "https://discord.com/api/webhooks/1/abc";

async function createFixture(): Promise<ChannelFixture> {
  const discord = await startDiscord();
  const url = (secret: string): string => `${discord.url}/api/webhooks/${webhookId}/${secret}`;
  const settings = { mentions: ["here", "&7"], username: "Belfry", thread_id: "42" };
  return {
    ...discord,
    settings: { ...settings, webhook_url: url(token) },
    wrong: { settings: { webhook_url: url(wrongToken) }, secret: wrongToken },
  };
}

channelContract({
  kind: discordKind,
  createFixture,
  invalid: [
    { what: "no address", settings: {}, path: "webhook_url" },
    {
      what: "an address for Slack's messages",
      settings: { webhook_url: `${address}/slack` },
      path: "webhook_url",
    },
    {
      what: "a name that Discord does not allow",
      settings: { webhook_url: address, username: "disCORD bell" },
      path: "username",
    },
    {
      what: "a mention that is none",
      settings: { webhook_url: address, mentions: ["ada"] },
      path: "mentions[0]",
    },
  ],
});

describe("a message of Discord", () => {
  const settings = { mentions: [] };

  it("escapes markup, and leaves addresses and dates as they are", () => {
    const incident = incidentOf({ message: "*a* _b_ <@1> # c https://a.example/x_y 2026-02-03" });
    const [embed] = discordMessage(noticeOf({ incidents: [incident] }), settings).embeds;
    assert.ok(
      embed?.description?.startsWith(
        "\\*a\\* \\_b\\_ \\<\\@1\\> # c https://a.example/x_y 2026-02-03",
      ),
      `${embed?.description}`,
    );
  });

  it("has no headings, lists and quotes of others", () => {
    const notice = noticeOf({ text: "# a\n- b\n> c\n-# d\n-e", incidents: [] });
    const [embed] = discordMessage(notice, settings).embeds;
    assert.equal(embed?.description, "\\# a\n\\- b\n\\> c\n\\-\\# d\n-e");
  });

  const firing = noticeOf();
  const rows = [
    { what: "nobody, without mentions", notice: firing, mentions: [], parse: [], users: [] },
    {
      what: "everyone and a member",
      notice: firing,
      mentions: ["everyone", "5"],
      parse: ["everyone"],
      users: ["5"],
    },
    {
      what: "nobody, when it is over",
      notice: resolvedOf(firing),
      mentions: ["everyone", "5"],
      parse: [],
      users: [],
    },
  ];
  for (const { what, notice, mentions, parse, users } of rows) {
    it(`may mention ${what}`, () => {
      const { allowed_mentions: allowed } = discordMessage(notice, { mentions });
      assert.deepEqual(allowed, { parse, roles: [], users });
    });
  }

  it("has the links of its incident, because webhooks may have no buttons", () => {
    const incident = incidentOf();
    const [embed] = discordMessage(noticeOf({ incidents: [incident] }), settings).embeds;
    assert.equal(embed?.url, incident.links?.page);
    for (const [title, url] of [
      ["Acknowledge", incident.links?.acknowledge],
      ["Snooze", incident.links?.snooze],
    ]) {
      assert.ok(embed?.description?.includes(`[${title}](`), `${embed?.description}`);
      assert.ok(embed?.description?.includes(`${url}`), `${embed?.description}`);
    }
  });

  it("says how many do not fit", () => {
    const incidents = Array.from({ length: 60 }, () => incidentOf());
    const [embed] = discordMessage(noticeOf({ incidents, more: 5 }), settings).embeds;
    const shown = embed?.description?.match(/\[api is down\]/g)?.length ?? 0;
    assert.ok(shown >= 5, `${shown}`);
    assert.ok(embed?.description?.endsWith(`and ${65 - shown} more`));
  });
});

describe("an answer of Discord", () => {
  const rows = [
    { status: 200, body: '{"id":"1"}', expected: { kind: "sent" } },
    { status: 200, body: "<html>log in</html>", expected: { kind: "misconfigured" } },
    {
      status: 400,
      body: '{"message":"Cannot send an empty message","code":50006}',
      expected: { kind: "refused" },
    },
    {
      status: 400,
      body: '{"message":"Webhooks posted to forum channels must have a thread_name or thread_id","code":220001}',
      expected: { kind: "misconfigured" },
    },
    { status: 404, body: '{"code":10015}', expected: { kind: "misconfigured" } },
    { status: 401, body: '{"code":50027}', expected: { kind: "misconfigured" } },
    { status: 429, body: '{"retry_after":1.337}', expected: { kind: "retry", afterMs: 1_337 } },
    { status: 429, body: "<html>", expected: { kind: "retry", afterMs: 1_000 } },
    {
      status: 429,
      body: "",
      headers: { "x-ratelimit-reset-after": "2.5" },
      expected: { kind: "retry", afterMs: 2_500 },
    },
    { status: 503, body: "", expected: { kind: "retry" } },
  ];
  for (const { expected, ...answer } of rows) {
    it(`${answer.status} ${answer.body} is ${expected.kind}`, async () => {
      await using server = await startAnswering(answer);
      const url = `${server.url}/api/webhooks/1/a-token`;
      await using channel = openChannel(discordKind, { webhook_url: url });
      const { result } = await channel.send(noticeOf(), AbortSignal.timeout(5_000));
      assert.partialDeepStrictEqual(result, expected);
    });
  }

  it("that uses up the allowance holds the next message back", async () => {
    const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "0.3" };
    await using server = await startAnswering({ status: 200, headers, body: '{"id":"1"}' });
    const url = `${server.url}/api/webhooks/1/a-token`;
    await using channel = openChannel(discordKind, { webhook_url: url });
    await channel.send(noticeOf(), AbortSignal.timeout(5_000));
    const before = performance.now();
    assert.equal((await channel.send(noticeOf(), AbortSignal.timeout(5_000))).result.kind, "sent");
    assert.ok(performance.now() - before >= 250);
  });
});
