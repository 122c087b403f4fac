import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Sent } from "../../model/channel-kind.ts";
import type { Notice } from "../../model/notice.ts";
import { certificate, testAuthority } from "../../probe/probe.kit.ts";
import { channelContract, openChannel, type ChannelFixture } from "../channel.contract.ts";
import { hostileTexts, incidentOf, noticeOf, resolvedOf } from "../notice.kit.ts";
import { emailKind } from "./kind.ts";
import { password, startMailServer, user, type MailServer } from "./smtp.kit.ts";

const wrongPassword = "wrong-password-of-belfry";

function settingsFor({ port }: MailServer): Record<string, unknown> {
  return {
    host: "127.0.0.1",
    port,
    username: user,
    password,
    from: "Belfry <belfry@example.org>",
    to: ["Ada <ada@example.org>"],
    ca: testAuthority(),
  };
}

async function createFixture(): Promise<ChannelFixture> {
  const server = await startMailServer();
  const settings = settingsFor(server);
  return {
    ...server,
    settings,
    wrong: { settings: { ...settings, password: wrongPassword }, secret: wrongPassword },
    received: () =>
      Promise.resolve(
        server.mails.map(({ headers, text }) => `${headers.get("subject")}\n${text}`),
      ),
  };
}

const right = { host: "mail.example.org", from: "belfry@example.org", to: ["ada@example.org"] };

channelContract({
  kind: emailKind,
  createFixture,
  invalid: [
    { what: "no server", settings: {}, path: "host" },
    { what: "nobody to write to", settings: { ...right, to: [] }, path: "to" },
    { what: "two in one address", settings: { ...right, to: ["a@b.c, d@e.f"] }, path: "to[0]" },
    {
      what: "a line end in an address",
      settings: { ...right, from: "a\r\nBcc: x <a@b.c>" },
      path: "from",
    },
    { what: "a user without a password", settings: { ...right, username: "a" }, path: "password" },
    { what: "a password without a user", settings: { ...right, password: "a" }, path: "username" },
    { what: "an authority that is none", settings: { ...right, ca: "x" }, path: "ca" },
  ],
});

async function sendTo(
  server: MailServer,
  notice: Notice = noticeOf(),
  changes: Record<string, unknown> = {},
): Promise<Sent> {
  await using channel = openChannel(emailKind, { ...settingsFor(server), ...changes });
  return await channel.send(notice, AbortSignal.timeout(20_000));
}

describe("mails", () => {
  it("of one incident are one thread, each with an id of its own", async () => {
    await using server = await startMailServer();
    const firing = noticeOf();
    for (const notice of [firing, firing, resolvedOf(firing)]) await sendTo(server, notice);
    const of = (name: string): unknown[] => server.mails.map(({ headers }) => headers.get(name));
    const thread = `<incident-${firing.incidents[0]?.id}@example.org>`;
    assert.deepEqual(of("in-reply-to"), [thread, thread, thread]);
    assert.deepEqual(of("references"), [thread, thread, thread]);
    const [first, again, over] = of("message-id");
    assert.equal(first, `<${firing.id}@example.org>`);
    assert.equal(again, first);
    assert.notEqual(over, first);
    assert.deepEqual(of("subject"), ["🔴 api is down", "🔴 api is down", "🟢 api is up again"]);
    assert.deepEqual(server.faults(), []);
  });

  it("say that no person wrote them", async () => {
    await using server = await startMailServer();
    await sendTo(server, noticeOf(), { reply_to: "ops@example.org", cc: ["bob@example.org"] });
    const [mail] = server.mails;
    assert.equal(mail?.headers.get("auto-submitted"), "auto-generated");
    assert.equal(mail?.headers.get("x-auto-response-suppress"), "All");
    assert.equal(mail?.headers.get("list-id"), "Belfry alerts <belfry-alerts.example.org>");
    assert.equal(mail?.headers.get("reply-to"), "ops@example.org");
    assert.equal(mail?.headers.get("cc"), "bob@example.org");
    assert.deepEqual(mail?.recipients, ["ada@example.org", "bob@example.org"]);
    assert.equal(mail?.isEncrypted, true);
  });

  it("keep umlauts and emoji, also in subjects that are long", async () => {
    await using server = await startMailServer();
    const title = `Größe überschritten 🔔 東京 ${"ä🔔".repeat(30)}`;
    await sendTo(server, noticeOf({ title, text: "schön\nзима" }));
    assert.equal(server.mails[0]?.headers.get("subject"), `🔴 ${title}`);
    assert.match(server.mails[0]?.text ?? "", /schön\nзима/);
    assert.deepEqual(server.faults(), []);
  });

  for (const [i, text] of hostileTexts.entries()) {
    it(`hold hostile text ${i} as text, and as one line in the subject`, async () => {
      await using server = await startMailServer();
      await sendTo(server, noticeOf({ title: text, incidents: [incidentOf({ message: text })] }));
      const html = server.mails[0]?.html ?? "";
      assert.doesNotMatch(html, /<script|<img|<iframe|javascript:[^)]*["']/i);
      assert.equal(server.mails[0]?.headers.has("bcc"), false);
      assert.deepEqual(server.mails[0]?.recipients, ["ada@example.org"]);
    });
  }

  it("have the links of their incident in text and HTML", async () => {
    await using server = await startMailServer();
    const incident = incidentOf();
    await sendTo(server, noticeOf({ incidents: [incident] }));
    const { text = "", html = "" } = server.mails[0] ?? {};
    for (const url of Object.values(incident.links ?? {})) {
      assert.ok(text.includes(`${url}`), text);
      assert.ok(html.includes(`href="${url?.replaceAll("&", "&amp;")}"`), html);
    }
  });

  it("have the same facts in text and HTML", async () => {
    await using server = await startMailServer();
    const facts = [{ name: "a<b", value: '"c" & d' }];
    await sendTo(server, noticeOf({ incidents: [incidentOf({ facts })], more: 3 }));
    const { text = "", html = "" } = server.mails[0] ?? {};
    assert.match(text, /a<b: "c" & d/);
    assert.match(text, /and 3 more/);
    assert.match(html, /a&lt;b<\/td><td>&quot;c&quot; &amp; d/);
    assert.match(html, /and 3 more/);
  });
});

describe("a mail server", () => {
  it("that refuses one of several recipients gets the mail to the others, and the log says so", async () => {
    await using server = await startMailServer();
    server.replies.set("gone@example.org", 550);
    const to = ["gone@example.org", "ada@example.org"];
    const { result, exchange } = await sendTo(server, noticeOf(), { to });
    assert.equal(result.kind, "sent");
    assert.deepEqual(server.mails[0]?.recipients, ["ada@example.org"]);
    assert.match(exchange.answer ?? "", /refused gone@example\.org: 550/);
  });

  const replies = [
    { to: "ada@example.org", code: 550, expected: "refused" },
    { to: "ada@example.org", code: 450, expected: "retry" },
    { to: "ada@example.org", code: 530, expected: "misconfigured" },
    { to: "belfry@example.org", code: 550, expected: "misconfigured" },
    { to: "belfry@example.org", code: 451, expected: "retry" },
    { to: "belfry@example.org", code: 552, expected: "refused" },
  ];
  for (const { to, code, expected } of replies) {
    it(`that says ${code} to ${to} means ${expected}`, async () => {
      await using server = await startMailServer();
      server.replies.set(to, code);
      const { result } = await sendTo(server);
      assert.equal(result.kind, expected, JSON.stringify(result));
    });
  }

  it("that takes no mail of this size refuses it", async () => {
    await using server = await startMailServer({ size: 100 });
    const { result } = await sendTo(server);
    assert.equal(result.kind, "refused", JSON.stringify(result));
  });

  const ca = testAuthority();
  const securities = [
    { what: "offers no STARTTLS", disabled: true, over: {}, expected: "misconfigured" },
    {
      what: "offers no STARTTLS where it is not required",
      disabled: true,
      over: { security: "starttls_if_offered" },
      expected: "sent",
    },
    { what: "is used without encryption", over: { security: "none" }, expected: "sent" },
    {
      what: "has a certificate that nobody trusts",
      over: { ca: undefined },
      expected: "misconfigured",
    },
    {
      what: "has such a certificate, and it does not matter",
      over: { ca: undefined, verify_tls: false },
      expected: "sent",
    },
    {
      what: "has a certificate for another name",
      cert: "wrong-name",
      over: {},
      expected: "misconfigured",
    },
    { what: "is dialled by its name", over: { host: "localhost" }, expected: "sent" },
    {
      what: "speaks TLS from the first byte",
      secure: true,
      over: { security: "tls" },
      expected: "sent",
    },
    {
      what: "speaks TLS from the first byte with a wrong certificate",
      secure: true,
      cert: "wrong-name",
      over: { security: "tls" },
      expected: "misconfigured",
    },
  ];
  for (const {
    what,
    disabled = false,
    secure = false,
    cert = "good",
    over,
    expected,
  } of securities) {
    it(`that ${what}: ${expected}`, async () => {
      await using server = await startMailServer({
        ...certificate(cert),
        secure,
        allowInsecureAuth: true,
        ...(disabled ? { disabledCommands: ["STARTTLS"] } : {}),
      });
      const { ca: authority, ...changes } = { ca, ...over };
      const settings: Record<string, unknown> = { ...settingsFor(server), ...changes };
      if (authority === undefined) delete settings["ca"];
      await using channel = openChannel(emailKind, settings);
      const { result } = await channel.send(noticeOf(), AbortSignal.timeout(20_000));
      assert.equal(result.kind, expected, JSON.stringify(result));
    });
  }

  it("that does not know the user is told no password to anybody else", async () => {
    await using server = await startMailServer();
    const { result, exchange } = await sendTo(server, noticeOf(), { password: wrongPassword });
    assert.equal(result.kind, "misconfigured");
    assert.match(exchange.answer ?? "", /^535 .*\*\*\*/);
  });
});
