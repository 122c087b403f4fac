import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { channelContract, openChannel, type ChannelFixture } from "../channel.contract.ts";
import { incidentOf, noticeOf, resolvedOf } from "../notice.kit.ts";
import { startAnswering } from "../provider.kit.ts";
import { configuration, line, partly, serviceUrl, startApprise, user } from "./apprise.kit.ts";
import { appriseKind } from "./kind.ts";
import { appriseMessage } from "./message.ts";
import { parseAppriseSettings } from "./settings.ts";

interface Wrong {
  readonly settings: object;
  readonly secret: string;
}

async function createFixture(services: object, wrong: Wrong): Promise<ChannelFixture> {
  const apprise = await startApprise();
  const settings = { server: `${apprise.url}/`, ...user };
  return {
    ...apprise,
    settings: { ...settings, ...services },
    wrong: { settings: { ...settings, ...services, ...wrong.settings }, secret: wrong.secret },
    received: () => Promise.resolve(apprise.texts),
  };
}

const server = "http://apprise:8000";
const key = configuration;
const wrongPassword = { settings: { password: "wrong-password" }, secret: "wrong-password" };

channelContract({
  kind: appriseKind,
  createFixture: () => createFixture({ key, tag: "ops, oncall" }, wrongPassword),
  invalid: [
    { what: "no server", settings: { key }, path: "server" },
    { what: "neither key nor addresses", settings: { server }, path: "key" },
    { what: "a key and addresses", settings: { server, key, urls: [serviceUrl] }, path: "urls" },
    { what: "a key that is none", settings: { server, key: "a/b" }, path: "key" },
    { what: "a tag that is none", settings: { server, key, tag: "a;b" }, path: "tag" },
    {
      what: "a tag without a key",
      settings: { server, urls: [serviceUrl], tag: "a" },
      path: "tag",
    },
    { what: "no address in the list", settings: { server, urls: [] }, path: "urls" },
    {
      what: "a user without a password",
      settings: { server, key, username: "a" },
      path: "password",
    },
    {
      what: "a password without a user",
      settings: { server, key, password: "a" },
      path: "username",
    },
    { what: "an authority that is none", settings: { server, key, ca: "x" }, path: "ca" },
  ],
});

describe("with addresses of services", () => {
  const wrong = "discord://4174216298/wrong-token-of-a-service";
  channelContract({
    kind: appriseKind,
    createFixture: () =>
      createFixture(
        { urls: [serviceUrl] },
        { settings: { urls: [wrong] }, secret: "wrong-token-of-a-service" },
      ),
    invalid: [],
  });
});

test("a message of Apprise ends with what can be done about its incident", () => {
  const incident = incidentOf({ message: "x".repeat(50_000) });
  const { links } = incident;
  const parsed = parseAppriseSettings({ server, key });
  assert.ok(parsed.kind === "ok");
  const body = appriseMessage(noticeOf({ incidents: [incident] }), parsed.value)["body"];
  assert.ok(typeof body === "string" && body.length <= 32_768);
  assert.ok(body.endsWith(`\nAcknowledge: ${links?.acknowledge}\nSnooze: ${links?.snooze}`), body);
});

describe("the type of a message of Apprise", () => {
  const firing = noticeOf();
  const rows = [
    { what: "what is critical", notice: firing, type: "failure" },
    {
      what: "a warning",
      notice: noticeOf({ incidents: [incidentOf({ severity: "warning" })] }),
      type: "warning",
    },
    {
      what: "an information",
      notice: noticeOf({ incidents: [incidentOf({ severity: "info" })] }),
      type: "info",
    },
    { what: "what is over", notice: resolvedOf(firing), type: "success" },
    { what: "a test", notice: noticeOf({ kind: "test", incidents: [] }), type: "info" },
  ];
  for (const { what, notice, type } of rows) {
    it(`of ${what} is ${type}`, () => {
      const parsed = parseAppriseSettings({ server, key });
      assert.ok(parsed.kind === "ok");
      assert.equal(appriseMessage(notice, parsed.value)["type"], type);
    });
  }
});

describe("Apprise's answer", () => {
  const failed = line("WARNING", "Failed to send Slack notification: Unauthorized, error=401.");
  const sent = line("INFO", "Sent Discord notification.");
  const rows = [
    { what: "200", answer: { status: 200 }, expected: "sent" },
    { what: "204 without a configuration", answer: { status: 204 }, expected: "misconfigured" },
    { what: "424 of all services", answer: partly([failed]), expected: "retry" },
    { what: "424 of some services", answer: partly([sent, failed]), expected: "refused" },
    { what: "424 without a log", answer: { status: 424 }, expected: "retry" },
    {
      what: "424 without a service",
      answer: partly([line("ERROR", "There are no service(s) to notify")]),
      expected: "misconfigured",
    },
    { what: "403", answer: { status: 403 }, expected: "misconfigured" },
    { what: "431", answer: { status: 431 }, expected: "refused" },
    { what: "500", answer: { status: 500 }, expected: "retry" },
  ];
  for (const { what, answer, expected } of rows) {
    it(`${what} is ${expected}`, async () => {
      await using api = await startAnswering(answer);
      await using channel = openChannel(appriseKind, { server: api.url, key });
      const { result } = await channel.send(noticeOf(), AbortSignal.timeout(5_000));
      assert.equal(result.kind, expected);
    });
  }
});
