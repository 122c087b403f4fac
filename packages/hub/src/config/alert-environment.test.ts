import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { notesOf, problemsOf, settingsOf, type Given } from "./load.kit.ts";

describe("channels of Sentinel's variables", () => {
  const slack = "https://hooks.slack.com/services/T0/B0/a-secret-of-slack";
  const discord = "https://discord.com/api/webhooks/1/a-secret-of-discord";
  const mail = { SMTP_HOST: "mail.example.org", ALERT_EMAIL_TO: "a@b.example, c@d.example" };
  const from = { ALERT_EMAIL_FROM: "Belfry <belfry@b.example>" };
  const flags = { enabled: true, isDefault: true, isFallback: false };
  const kindsOf = (given: Given): readonly string[] =>
    settingsOf(given).channels.map(({ kind }) => kind);

  it("are made of what is there, each following its variable", () => {
    const env = { SLACK_WEBHOOK_URL: slack, DISCORD_WEBHOOK_URL: discord, ...mail, ...from };
    const auth = { SMTP_USER: "belfry", SMTP_PASSWORD_FILE: "/run/secrets/smtp_password" };
    const files = { "/run/secrets/smtp_password": "hidden\n" };
    const { channels } = settingsOf({ env: { ...env, ...auth }, files });
    assert.deepEqual(channels, [
      {
        name: "slack",
        kind: "slack",
        ...flags,
        settings: { webhook_url: slack },
        managedBy: "SLACK_WEBHOOK_URL",
      },
      {
        name: "discord",
        kind: "discord",
        ...flags,
        settings: { webhook_url: discord },
        managedBy: "DISCORD_WEBHOOK_URL",
      },
      {
        name: "email",
        kind: "email",
        ...flags,
        settings: {
          host: "mail.example.org",
          security: "starttls",
          username: "belfry",
          password: "hidden",
          from: "Belfry <belfry@b.example>",
          to: ["a@b.example", "c@d.example"],
        },
        managedBy: "SMTP_HOST",
      },
    ]);
  });

  it("are those of ALERT_PROVIDERS, which may stand in .env, where it is set", () => {
    const env = { slack_webhook_url: slack, DISCORD_WEBHOOK_URL: discord };
    const given: Given = { env, files: { ".env": "ALERT_PROVIDERS= Slack ,\n" } };
    assert.deepEqual(kindsOf(given), ["slack"]);
    assert.deepEqual(notesOf(given), [
      "SLACK_WEBHOOK_URL is used as a channel",
      "DISCORD_WEBHOOK_URL is not used: ALERT_PROVIDERS leaves it out",
    ]);
    assert.deepEqual(kindsOf({ env: { ALERT_PROVIDERS: "" } }), []);
  });

  const mails: readonly (readonly [string, Readonly<Record<string, string>>, object])[] = [
    ["without a user", {}, { security: "starttls_if_offered" }],
    ["at port 465", { SMTP_PORT: "465" }, { security: "tls", port: 465 }],
    [
      "from the user, where nobody else is named",
      { ALERT_EMAIL_FROM: "", SMTP_USER: "u@b.example", SMTP_PASSWORD: "hidden" },
      { from: "u@b.example", security: "starttls" },
    ],
  ];
  for (const [what, env, expected] of mails) {
    it(`send mails ${what}`, () => {
      const [channel] = settingsOf({ env: { ...mail, ...from, ...env } }).channels;
      assert.partialDeepStrictEqual(channel?.settings, expected);
    });
  }

  it("are left out where a variable is missing that nobody asked for, and said so", () => {
    const given = { env: { SMTP_HOST: "mail.example.org" } };
    assert.deepEqual(kindsOf(given), []);
    assert.deepEqual(notesOf(given), ["SMTP_HOST is not used: ALERT_EMAIL_TO is not set"]);
  });

  const wrong: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
    [
      { ALERT_PROVIDERS: "slack,teams", SLACK_WEBHOOK_URL: slack },
      'environment: ALERT_PROVIDERS: expected some of slack, discord, email, found "teams"',
    ],
    [{ ALERT_PROVIDERS: "slack" }, "environment: ALERT_PROVIDERS: slack needs SLACK_WEBHOOK_URL"],
    [
      { SLACK_WEBHOOK_URL: "a-secret-that-is-wrong" },
      "environment: SLACK_WEBHOOK_URL: expected an address such as https://hooks.slack.com/services/T…/B…/…, found another value (not shown)",
    ],
    [
      { ...mail, ...from, SMTP_PORT: "many" },
      'environment: SMTP_PORT: expected a whole number from 1 to 65535, found "many"',
    ],
    [{ ...mail, ...from, SMTP_USER: "u" }, "SMTP_PASSWORD: is required"],
  ];
  for (const [env, problem] of wrong) {
    it(`that are wrong are refused: ${problem.slice(0, 70)}`, () => {
      assert.deepEqual(problemsOf({ env }), [problem]);
    });
  }
});

describe("channels of belfry.yaml", () => {
  const hook = "https://hooks.slack.com/services/T0/B0/a-secret-of-slack";

  it("stand beside those of the environment", () => {
    const text = `channels:
  - name: ops
    kind: slack
    is_fallback: true
    settings: { webhook_url: "${hook}" }
`;
    const { channels } = settingsOf({
      files: { "belfry.yaml": text },
      env: { SLACK_WEBHOOK_URL: hook },
    });
    assert.deepEqual(channels, [
      {
        name: "ops",
        kind: "slack",
        enabled: true,
        isDefault: true,
        isFallback: true,
        settings: { webhook_url: hook },
        managedBy: "belfry.yaml",
      },
      {
        name: "slack",
        kind: "slack",
        enabled: true,
        isDefault: true,
        isFallback: false,
        settings: { webhook_url: hook },
        managedBy: "SLACK_WEBHOOK_URL",
      },
    ]);
  });

  it("that are wrong are refused, with their lines and without their secrets", () => {
    const text = `channels:
  - name: ops
    kind: slack
    settings:
      webhook_url: a-secret-that-is-wrong
  - name: ops
    kind: pigeon
    settings: {}
`;
    assert.deepEqual(problemsOf({ files: { "belfry.yaml": text } }), [
      "belfry.yaml:5: channels[0].settings.webhook_url: expected an address such as https://hooks.slack.com/services/T…/B…/…, found another value (not shown)",
      'belfry.yaml:7: channels[1].kind: there is no kind "pigeon"',
      "belfry.yaml:6: channels[1].name: expected another name than ops, which channels[0] has",
    ]);
  });
});
