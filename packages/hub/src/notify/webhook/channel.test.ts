import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Webhook } from "standardwebhooks";
import { channelContract, openChannel, type ChannelFixture } from "../channel.contract.ts";
import { noticeOf } from "../notice.kit.ts";
import { startAnswering } from "../provider.kit.ts";
import { webhookKind } from "./kind.ts";
import { receiverKey, receiverSecret, startReceiver, textHeaders } from "./receiver.kit.ts";

const wrongKey = "a-key-that-is-wrong";

async function createFixture(more: object = {}): Promise<ChannelFixture> {
  const receiver = await startReceiver();
  const settings = {
    url: `${receiver.url}/hook`,
    headers: { "X-Api-Key": receiverKey },
    secret: receiverSecret,
    ...more,
  };
  return {
    settings,
    wrong: { settings: { ...settings, headers: { "X-Api-Key": wrongKey } }, secret: wrongKey },
    received: () =>
      Promise.resolve([...receiver.bodies.values()].map((one) => JSON.stringify(one))),
    faults: receiver.faults,
    behave: receiver.behave,
    away: receiver.away,
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  };
}

const url = "https://example.org/hook";
const invalid = [
  { what: "no address", settings: {}, path: "url" },
  { what: "an address of another kind", settings: { url: "ftp://a" }, path: "url" },
  { what: "a method without a body", settings: { url, method: "GET" }, path: "method" },
  { what: "a short secret", settings: { url, secret: "whsec_YQ==" }, path: "secret" },
  { what: "an authority that is none", settings: { url, ca: "x" }, path: "ca" },
  {
    what: "a header that would end the request",
    settings: { url, headers: { a: "b\r\nc: d" } },
    path: "headers.a",
  },
  { what: "a format it does not know", settings: { url, format: "xml" }, path: "format" },
  { what: "a template that is missing", settings: { url, format: "template" }, path: "template" },
  { what: "a template nobody asked for", settings: { url, template: "x" }, path: "template" },
  {
    what: "a template that does not compile",
    settings: { url, format: "template", template: "{{#a}}" },
    path: "template",
  },
  {
    what: "a template that gives no JSON",
    settings: { url, format: "template", template: "{{#incidents}}{},{{/incidents}}" },
    path: "template",
  },
  {
    what: "a content type that is none",
    settings: { url, content_type: "json\r\na: b" },
    path: "content_type",
  },
];

channelContract({ kind: webhookKind, createFixture: () => createFixture(), invalid });

const template = `{
  "summary": "{{title}}", "count": {{more}}, "text": {{text}},
  "items": [{{#incidents}}{"t": "{{severity}}: {{title}} {{message}} {{cause}}",
    "links": [{{#links}}"{{page}}"{{/links}}],
    "facts": [{{#facts}}["{{name}}", {{value}}]{{#has_next}},{{/has_next}}{{/facts}}]
  }{{#has_next}},{{/has_next}}{{/incidents}}]
}`;
describe("with a template", () => {
  channelContract({
    kind: webhookKind,
    createFixture: () => createFixture({ format: "template", template }),
    invalid: [],
  });
});

for (const format of ["alertmanager", "uptime_kuma"]) {
  describe(`in the form of ${format}`, () => {
    channelContract({
      kind: webhookKind,
      createFixture: () => createFixture({ format }),
      invalid: [],
    });
  });
}

describe("a webhook", () => {
  it("keeps its id over attempts, and signs with every key", async () => {
    await using receiver = await startAnswering({ status: 503 });
    const keys = [1, 2].map((n) => `whsec_${Buffer.alloc(24, n).toString("base64")}`);
    const settings = { url: receiver.url, secret: keys.join(" ") };
    await using channel = openChannel(webhookKind, settings);
    const notice = noticeOf();
    for (let i = 0; i < 2; i += 1) {
      const { result } = await channel.send(notice, AbortSignal.timeout(5_000));
      assert.equal(result.kind, "retry");
    }
    const [first, second] = receiver.requests;
    assert.ok(first !== undefined && second !== undefined);
    assert.equal(first.headers["webhook-id"], notice.id);
    assert.equal(second.headers["webhook-id"], notice.id);
    for (const key of keys) new Webhook(key).verify(first.body, textHeaders(first));
  });

  it("escapes as its content type asks for", async () => {
    await using receiver = await startAnswering({ status: 200 });
    const notice = noticeOf({ title: "a&b <c>" });
    for (const content_type of ["application/x-www-form-urlencoded", "text/xml", "text/plain"]) {
      const settings = {
        url: receiver.url,
        format: "template",
        template: "t={{title}}",
        content_type,
      };
      await using channel = openChannel(webhookKind, settings);
      await channel.send(notice, AbortSignal.timeout(5_000));
    }
    assert.deepEqual(
      receiver.requests.map(({ headers, body }) => [headers["content-type"], body.toString()]),
      [
        ["application/x-www-form-urlencoded", "t=a%26b%20%3Cc%3E"],
        ["text/xml", "t=a&amp;b &lt;c&gt;"],
        ["text/plain", "t=a&b <c>"],
      ],
    );
  });

  for (const { status, expected } of [
    { status: 302, expected: "misconfigured" },
    { status: 404, expected: "misconfigured" },
    { status: 400, expected: "refused" },
    { status: 413, expected: "refused" },
    { status: 408, expected: "retry" },
  ]) {
    it(`answers ${status} with ${expected}`, async () => {
      await using receiver = await startAnswering({ status });
      await using channel = openChannel(webhookKind, { url: receiver.url });
      const { result } = await channel.send(noticeOf(), AbortSignal.timeout(5_000));
      assert.equal(result.kind, expected);
    });
  }
});
