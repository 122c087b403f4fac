/** Channel `telegram`: messages of a bot, over the Bot API. */
import { readJson, retryAfterMs, valueAt, type HttpOutcome } from "@belfry/relay/http";
import type { Channel, ChannelKind, ChannelParts, SendResult } from "../../model/channel-kind.ts";
import { exchange, openClient, secretsOfUrl } from "../exchange.ts";
import { telegramMessage } from "./message.ts";
import {
  parseTelegramSettings,
  TelegramSettingsSchema,
  type TelegramSettings,
} from "./settings.ts";

export const telegramKind: ChannelKind = {
  kind: "telegram",
  title: "Telegram",
  schema: TelegramSettingsSchema,
  secrets: ["bot_token"],
  // Of one chat; a group may get 20 a minute, and says 429 for more.
  limit: { notices: 1, perMs: 1_000 },
  parseSettings: parseTelegramSettings,
  create: (settings, parts) => createTelegram(asSettings(settings), parts),
};

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): TelegramSettings {
  return settings as TelegramSettings;
}

function createTelegram(settings: TelegramSettings, parts: ChannelParts): Channel {
  const { bot_token, api_base } = settings;
  const client = openClient(parts);
  const url = `${api_base.replace(/\/+$/, "")}/bot${bot_token}/sendMessage`;
  const secrets = [bot_token, ...secretsOfUrl(api_base)];
  const readAnswer = (answer: Answer) => resultOf(answer, parts.clock.now());

  return {
    send(notice, signal) {
      const body = JSON.stringify(telegramMessage(notice, settings));
      const headers = { "content-type": "application/json" };
      const request = { method: "POST", url, headers, body };
      return exchange(request, { client, ...parts, secrets, readAnswer }, signal);
    },
    [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

type Answer = HttpOutcome & { readonly kind: "answer" };

/** Of 400, what is wrong with the chat: everything sent to it would be refused. */
const wrongChat =
  /chat not found|chat_id is empty|group chat was upgraded|thread not found|topic|not enough rights|need administrator|CHAT_WRITE_FORBIDDEN|PEER_ID_INVALID|bot is not a member/i;

/** What the Bot API means; undefined: what the status says. `parameters.retry_after` is in seconds. */
function resultOf({ status, headers, body }: Answer, now: number): SendResult | undefined {
  const answer = readJson(body);
  if (status >= 200 && status < 300) {
    if (valueAt(answer, "ok") === true) return { kind: "sent" };
    return { kind: "misconfigured", why: `no answer of a Bot API: HTTP ${status}` };
  }
  const described = valueAt(answer, "description");
  const why = `HTTP ${status}: ${typeof described === "string" ? described : "no description"}`;
  switch (status) {
    case 429: {
      const seconds = valueAt(answer, "parameters", "retry_after");
      const afterMs =
        typeof seconds === "number" ? seconds * 1_000 : retryAfterMs(headers["retry-after"], now);
      return { kind: "retry", why, afterMs: Math.max(1_000, afterMs ?? 0) };
    }
    case 400:
      return { kind: wrongChat.test(why) ? "misconfigured" : "refused", why };
    case 401:
    case 403:
    case 404:
      return { kind: "misconfigured", why };
    default:
      return undefined;
  }
}
