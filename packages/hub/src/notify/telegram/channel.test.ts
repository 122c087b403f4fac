import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { channelContract, openChannel, type ChannelFixture } from "../channel.contract.ts";
import { incidentOf, noticeOf } from "../notice.kit.ts";
import { startAnswering } from "../provider.kit.ts";
import { telegramKind } from "./kind.ts";
import { telegramMessage } from "./message.ts";
import { botToken, chatId, failure, startTelegram } from "./telegram.kit.ts";

const wrongToken = "987654321:AAF-wrong-token-of-a-bot_0123456789";

async function createFixture(): Promise<ChannelFixture> {
  const telegram = await startTelegram();
  const settings = { bot_token: botToken, chat_id: chatId, api_base: `${telegram.url}/` };
  return {
    ...telegram,
    settings,
    wrong: { settings: { ...settings, bot_token: wrongToken }, secret: wrongToken },
    received: () => Promise.resolve(telegram.texts),
  };
}

const right = { bot_token: botToken, chat_id: chatId };

channelContract({
  kind: telegramKind,
  createFixture,
  invalid: [
    { what: "no token", settings: { chat_id: chatId }, path: "bot_token" },
    { what: "a token that is none", settings: { ...right, bot_token: "1/2" }, path: "bot_token" },
    { what: "no chat", settings: { bot_token: botToken }, path: "chat_id" },
    { what: "a chat that is none", settings: { ...right, chat_id: "a b" }, path: "chat_id" },
    {
      what: "a topic of zero",
      settings: { ...right, message_thread_id: 0 },
      path: "message_thread_id",
    },
    { what: "an API that is none", settings: { ...right, api_base: "x" }, path: "api_base" },
  ],
});

const settings = {
  ...right,
  silent: true,
  api_base: "https://api.telegram.org",
  message_thread_id: 7,
};

describe("a message of Telegram", () => {
  it("goes to the topic, silently, with its links as buttons", () => {
    const links = {
      page: "https://b.example.org/i",
      acknowledge: "https://b.example.org/a",
      snooze: "https://b.example.org/s",
    };
    const message = telegramMessage(noticeOf({ incidents: [incidentOf({ links })] }), settings);
    assert.equal(message["message_thread_id"], 7);
    assert.equal(message["disable_notification"], true);
    assert.deepEqual(message["reply_markup"], {
      inline_keyboard: [
        [
          { text: "Open", url: links.page },
          { text: "Acknowledge", url: links.acknowledge },
          { text: "Snooze", url: links.snooze },
        ],
      ],
    });
  });

  it("has no button to a place that Telegram would refuse", () => {
    const links = { page: "http://localhost:8000/i", acknowledge: null, snooze: null };
    const message = telegramMessage(noticeOf({ incidents: [incidentOf({ links })] }), settings);
    assert.equal(message["reply_markup"], undefined);
  });

  it("has a button for each of the first five incidents", () => {
    const incidents = Array.from({ length: 9 }, (_, i) => incidentOf({ title: `service ${i}` }));
    const message = telegramMessage(noticeOf({ incidents }), settings);
    const { inline_keyboard: rows } = message["reply_markup"] as {
      inline_keyboard: { text: string }[][];
    };
    assert.deepEqual(
      rows.map((row) => row.map(({ text }) => text)),
      [0, 1, 2, 3, 4].map((i) => [`service ${i}`]),
    );
  });
});

const answers = [
  { status: 400, description: "Bad Request: chat not found", expected: "misconfigured" },
  { status: 400, description: "Bad Request: message thread not found", expected: "misconfigured" },
  { status: 400, description: "Bad Request: message text is empty", expected: "refused" },
  { status: 400, description: "Bad Request: message is too long", expected: "refused" },
  { status: 403, description: "Forbidden: bot was blocked by the user", expected: "misconfigured" },
  { status: 404, description: "Not Found", expected: "misconfigured" },
  { status: 500, description: "Internal Server Error", expected: "retry" },
] as const;

describe("Telegram's answer", () => {
  for (const { status, description, expected } of answers) {
    it(`${status} ${description} is ${expected}`, async () => {
      const answer = failure(status, description);
      await using api = await startAnswering(answer);
      await using channel = openChannel(telegramKind, { ...right, api_base: api.url });
      const { result } = await channel.send(noticeOf(), AbortSignal.timeout(5_000));
      assert.equal(result.kind, expected);
      assert.ok(result.why.includes(description), result.why);
    });
  }

  it("429 is waited for as long as it says, in seconds", async () => {
    await using telegram = await startTelegram();
    telegram.behave({ kind: "busy", seconds: 35 });
    await using channel = openChannel(telegramKind, { ...right, api_base: telegram.url });
    const { result } = await channel.send(noticeOf(), AbortSignal.timeout(5_000));
    assert.equal(result.kind === "retry" && result.afterMs, 35_000);
  });

  it("that is no Bot API's is a wrong address", async () => {
    const answer = { status: 200, body: "<html>" };
    await using api = await startAnswering(answer);
    await using channel = openChannel(telegramKind, { ...right, api_base: api.url });
    const { result } = await channel.send(noticeOf(), AbortSignal.timeout(5_000));
    assert.equal(result.kind, "misconfigured");
  });
});
