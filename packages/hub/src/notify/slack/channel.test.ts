import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { channelContract, openChannel, type ChannelFixture } from "../channel.contract.ts";
import { incidentOf, noticeOf, resolvedOf } from "../notice.kit.ts";
import { startAnswering } from "../chat.kit.ts";
import { slackKind } from "./kind.ts";
import { slackMessage } from "./message.ts";
import { path, startSlack } from "./slack.kit.ts";

const wrongSecret = "wrong-secret-of-a-webhook";

async function createFixture(): Promise<ChannelFixture> {
  const slack = await startSlack();
  const wrongUrl = `${slack.url}/services/T0123ABCD/B0123ABCD/${wrongSecret}`;
  return {
    ...slack,
    settings: { webhook_url: `${slack.url}${path}`, mentions: ["here"] },
    wrong: { settings: { webhook_url: wrongUrl }, secret: wrongSecret },
  };
}

channelContract({
  kind: slackKind,
  createFixture,
  invalid: [
    { what: "no address", settings: {}, path: "webhook_url" },
    {
      what: "an address without a path",
      settings: { webhook_url: "https://hooks.slack.com" },
      path: "webhook_url",
    },
    {
      what: "a mention that is none",
      settings: { webhook_url: "https://hooks.slack.com/services/T/B/x", mentions: ["@ada"] },
      path: "mentions[0]",
    },
  ],
});

describe("a message of Slack", () => {
  const firing = noticeOf();
  const colours = [
    { what: "critical", notice: firing, colour: "#c62828" },
    {
      what: "warning",
      notice: noticeOf({ incidents: [incidentOf({ severity: "warning" })] }),
      colour: "#ef6c00",
    },
    { what: "over", notice: resolvedOf(firing), colour: "#2e7d32" },
    { what: "a test", notice: noticeOf({ kind: "test", incidents: [] }), colour: "#607d8b" },
  ];
  for (const { what, notice, colour } of colours) {
    it(`has the colour ${colour} when it is ${what}`, () => {
      assert.equal(slackMessage(notice).attachments[0]?.color, colour);
    });
  }

  it("escapes what others wrote, and nothing in plain text", () => {
    const message = slackMessage(noticeOf({ title: "a <!channel> & b" }));
    assert.equal(message.text, "🔴 a &lt;!channel&gt; &amp; b: refused the connection");
    const [header] = message.blocks;
    assert.ok(header?.type === "header");
    assert.equal(header.text.text, "🔴 a <!channel> & b");
  });

  const calls = [
    { kind: "firing", called: true },
    { kind: "escalated", called: true },
    { kind: "reminder", called: false },
    { kind: "resolved", called: false },
  ] as const;
  for (const { kind, called } of calls) {
    it(`mentions ${called ? "those of the settings" : "nobody"} when it is ${kind}`, () => {
      const { text } = slackMessage(noticeOf({ kind }), ["here", "U123", "S456"]);
      assert.equal(text.startsWith("<!here> <@U123> <!subteam^S456> 🔴"), called, text);
    });
  }

  it("has the links of its incident as buttons", () => {
    const incident = incidentOf();
    const blocks = slackMessage(noticeOf({ incidents: [incident] })).attachments[0]?.blocks ?? [];
    const buttons = blocks.find((block) => block.type === "actions")?.elements;
    assert.deepEqual(
      buttons?.map((button) => [button.text.text, button.url]),
      [
        ["Open", incident.links?.page],
        ["Acknowledge", incident.links?.acknowledge],
        ["Snooze", incident.links?.snooze],
      ],
    );
  });

  it("says how many do not fit", () => {
    const incidents = Array.from({ length: 60 }, () => incidentOf());
    const told = JSON.stringify(slackMessage(noticeOf({ incidents, more: 5 })));
    assert.match(told, /and 25 more/);
  });
});

describe("an answer of Slack", () => {
  const rows = [
    { status: 400, body: "invalid_payload", expected: "refused" },
    { status: 400, body: "no_text", expected: "refused" },
    { status: 400, body: "user_not_found", expected: "misconfigured" },
    { status: 403, body: "action_prohibited", expected: "misconfigured" },
    { status: 404, body: "channel_not_found", expected: "misconfigured" },
    { status: 410, body: "channel_is_archived", expected: "misconfigured" },
    { status: 500, body: "rollup_error", expected: "retry" },
    { status: 200, body: "ok", expected: "sent" },
    { status: 200, body: "<html>log in</html>", expected: "misconfigured" },
    { status: 200, body: '{"success":false}', expected: "misconfigured" },
    { status: 200, body: '{"success":true}', expected: "sent" },
  ];
  for (const { status, body, expected } of rows) {
    it(`${status} ${body} is ${expected}`, async () => {
      await using server = await startAnswering({ status, body });
      const url = `${server.url}/services/T/B/a-secret-of-somebody`;
      await using channel = openChannel(slackKind, { webhook_url: url });
      const { result } = await channel.send(noticeOf(), AbortSignal.timeout(5_000));
      assert.equal(result.kind, expected, JSON.stringify(result));
    });
  }
});
