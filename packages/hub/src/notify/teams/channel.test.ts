import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { channelContract, openChannel, type ChannelFixture } from "../channel.contract.ts";
import { startAnswering } from "../chat.kit.ts";
import { incidentOf, noticeOf, resolvedOf } from "../notice.kit.ts";
import { teamsKind } from "./kind.ts";
import { teamsMessage } from "./message.ts";
import { path, signature, startTeams } from "./teams.kit.ts";

const wrongSignature = "wrong-signature_of-a-workflow";

async function createFixture(): Promise<ChannelFixture> {
  const teams = await startTeams();
  const url = (sig: string): string =>
    `${teams.url}${path}?api-version=2016-06-01&sv=1.0&sig=${sig}`;
  return {
    ...teams,
    settings: { webhook_url: url(signature) },
    wrong: { settings: { webhook_url: url(wrongSignature) }, secret: wrongSignature },
  };
}

channelContract({
  kind: teamsKind,
  createFixture,
  invalid: [
    { what: "no address", settings: {}, path: "webhook_url" },
    {
      what: "an address without a path",
      settings: { webhook_url: "https://example.org" },
      path: "webhook_url",
    },
  ],
});

describe("a card of Teams", () => {
  const firing = noticeOf();
  const rows = [
    { what: "critical", notice: firing, style: "attention" },
    {
      what: "info",
      notice: noticeOf({ incidents: [incidentOf({ severity: "info" })] }),
      style: "accent",
    },
    { what: "over", notice: resolvedOf(firing), style: "good" },
    { what: "a test", notice: noticeOf({ kind: "test", incidents: [] }), style: "emphasis" },
  ];
  for (const { what, notice, style } of rows) {
    it(`begins in style ${style} when it is ${what}`, () => {
      const [first] = teamsMessage(notice).attachments[0]?.content.body ?? [];
      assert.ok(first?.type === "Container");
      assert.equal(first.style, style);
    });
  }

  it("escapes facts, and leaves text runs as they are", () => {
    const incident = incidentOf({ message: "*m*", facts: [{ name: "_n_", value: "[v](x) {{D" }] });
    const body = teamsMessage(noticeOf({ incidents: [incident] })).attachments[0]?.content.body;
    const facts = body?.find((element) => element.type === "FactSet")?.facts;
    assert.deepEqual(facts?.at(-1), { title: "\\_n\\_", value: "\\[v\\]\\(x\\) \\{\\{D" });
    assert.match(JSON.stringify(body), /"text":"\*m\*"/);
  });

  it("has the links of its incident as actions", () => {
    const incident = incidentOf();
    const actions = teamsMessage(noticeOf({ incidents: [incident] })).attachments[0]?.content
      .actions;
    assert.deepEqual(
      actions?.map(({ title, url }) => [title, url]),
      [
        ["Open", incident.links?.page],
        ["Acknowledge", incident.links?.acknowledge],
        ["Snooze", incident.links?.snooze],
      ],
    );
  });

  it("says how many do not fit into 28 KB", () => {
    const incidents = Array.from({ length: 200 }, () =>
      incidentOf({ title: "東".repeat(200), message: "京".repeat(200) }),
    );
    const told = JSON.stringify(teamsMessage(noticeOf({ incidents, more: 5 })));
    assert.ok(Buffer.byteLength(told) <= 28 * 1024);
    const shown = told.match(/"separator"/g)?.length ?? 0;
    assert.ok(shown >= 10, `${shown}`);
    assert.ok(told.includes(`and ${205 - shown} more`));
  });
});

describe("an answer of Teams", () => {
  const failed = (status: number): string =>
    `Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error ${status} with ContextId tcid=0.`;
  const rows = [
    { status: 200, body: "1", expected: { kind: "sent" } },
    { status: 202, body: "", expected: { kind: "sent" } },
    { status: 200, body: failed(429), expected: { kind: "retry", afterMs: 5_000 } },
    { status: 200, body: failed(503), expected: { kind: "retry" } },
    { status: 200, body: failed(413), expected: { kind: "refused" } },
    { status: 200, body: failed(404), expected: { kind: "misconfigured" } },
    { status: 200, body: "<!doctype html>", expected: { kind: "misconfigured" } },
    {
      status: 400,
      body: '{"error":{"code":"WorkflowTriggerIsNotEnabled"}}',
      expected: { kind: "misconfigured" },
    },
    {
      status: 400,
      body: '{"error":{"code":"TriggerInputSchemaMismatch"}}',
      expected: { kind: "refused" },
    },
    { status: 404, body: "", expected: { kind: "misconfigured" } },
    { status: 413, body: "", expected: { kind: "refused" } },
    { status: 429, body: "", expected: { kind: "retry", afterMs: 1_000 } },
  ];
  for (const { expected, ...answer } of rows) {
    it(`${answer.status} ${answer.body} is ${expected.kind}`, async () => {
      await using server = await startAnswering(answer);
      await using channel = openChannel(teamsKind, { webhook_url: `${server.url}/workflows/x` });
      const { result } = await channel.send(noticeOf(), AbortSignal.timeout(5_000));
      assert.partialDeepStrictEqual(result, expected);
    });
  }
});
