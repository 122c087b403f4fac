/** Channel `discord`: webhooks of Discord. */
import { setTimeout as wait } from "node:timers/promises";
import type { HttpOutcome } from "@belfry/relay/http";
import type {
  Channel,
  ChannelKind,
  ChannelParts,
  Sent,
  SendResult,
} from "../../model/channel-kind.ts";
import type { Notice } from "../../model/notice.ts";
import { exchange, openClient, secretsOfUrl } from "../exchange.ts";
import { discordMessage } from "./message.ts";
import { holdMs, waitMs } from "./rate.ts";
import { DiscordSettingsSchema, parseDiscordSettings, type DiscordSettings } from "./settings.ts";

export const discordKind: ChannelKind = {
  kind: "discord",
  title: "Discord",
  schema: DiscordSettingsSchema,
  secrets: ["webhook_url"],
  limit: { notices: 5, perMs: 2_000 },
  parseSettings: parseDiscordSettings,
  create: (settings, parts) => createDiscordChannel(asSettings(settings), parts),
};

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): DiscordSettings {
  return settings as DiscordSettings;
}

function createDiscordChannel(settings: DiscordSettings, parts: ChannelParts): Channel {
  const client = openClient(parts);
  const secrets = secretsOfUrl(settings.webhook_url);
  const url = addressOf(settings);
  /** By the monotonic clock: when the allowance is there again that the last answer used up. */
  let freeAt = 0;

  function readAnswer(answer: HttpOutcome & { readonly kind: "answer" }): SendResult | undefined {
    const hold = holdMs(answer.headers);
    if (hold > 0) freeAt = parts.clock.monotonicMs() + hold;
    return resultOf(answer);
  }

  async function send(notice: Notice, signal: AbortSignal): Promise<Sent> {
    const body = JSON.stringify(discordMessage(notice, settings));
    const request = { method: "POST", url, headers: { "content-type": "application/json" }, body };
    const hold = freeAt - parts.clock.monotonicMs();
    // Cut short by the signal, the request says so.
    if (hold > 0) await wait(hold, undefined, { signal }).catch(() => undefined);
    return exchange(request, { ...parts, client, secrets, readAnswer }, signal);
  }

  return {
    send,
    [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

/** With `wait=true` Discord answers once the message is stored, and with an error when it is not. */
function addressOf({ webhook_url, thread_id }: DiscordSettings): string {
  const url = new URL(webhook_url);
  url.searchParams.set("wait", "true");
  if (thread_id !== undefined) url.searchParams.set("thread_id", thread_id);
  return url.href;
}

/**
 * Errors with status 400 that are about the webhook or the thread, not about the message: unknown channel, archived thread,
 * a forum without a thread, a thread where there is no forum.
 */
const settingCodes: readonly unknown[] = [10_003, 50_083, 220_001, 220_003];

/** Undefined: as the status says. */
function resultOf({
  status,
  headers,
  body,
}: HttpOutcome & { readonly kind: "answer" }): SendResult | undefined {
  const told = jsonOf(body);
  if (status === 429) {
    const why = "HTTP 429: Discord asks to wait";
    return { kind: "retry", why, afterMs: waitMs(told, headers) ?? 1_000 };
  }
  if (status === 400 && settingCodes.includes(valueOf(told, "code"))) {
    return { kind: "misconfigured", why: `HTTP 400: ${String(valueOf(told, "message"))}` };
  }
  if (status >= 200 && status < 300 && valueOf(told, "id") === undefined) {
    const why = `HTTP ${status}, but no message: not a webhook of Discord`;
    return { kind: "misconfigured", why };
  }
  return undefined;
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function valueOf(object: unknown, key: string): unknown {
  const has = typeof object === "object" && object !== null && Object.hasOwn(object, key);
  return has ? Reflect.get(object, key) : undefined;
}
