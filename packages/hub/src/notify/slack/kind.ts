/** Channel `slack`: incoming webhooks of Slack, and of what understands the same (Mattermost, Rocket.Chat). */
import type { HttpOutcome } from "@belfry/relay/http";
import type { Channel, ChannelKind, ChannelParts, SendResult } from "../../model/channel-kind.ts";
import { exchange, openClient, secretsOfUrl } from "../exchange.ts";
import { slackMessage } from "./message.ts";
import { parseSlackSettings, SlackSettingsSchema, type SlackSettings } from "./settings.ts";

export const slackKind: ChannelKind = {
  kind: "slack",
  title: "Slack",
  schema: SlackSettingsSchema,
  secrets: ["webhook_url"],
  limit: { notices: 1, perMs: 1_000 },
  parseSettings: parseSlackSettings,
  create: (settings, parts) => createSlackChannel(asSettings(settings), parts),
};

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): SlackSettings {
  return settings as SlackSettings;
}

function createSlackChannel(settings: SlackSettings, parts: ChannelParts): Channel {
  const { webhook_url: url, mentions } = settings;
  const client = openClient(parts);
  const secrets = secretsOfUrl(url);
  return {
    send(notice, signal) {
      const body = JSON.stringify(slackMessage(notice, mentions));
      const headers = { "content-type": "application/json; charset=utf-8" };
      const request = { method: "POST", url, headers, body };
      return exchange(request, { ...parts, client, secrets, readAnswer }, signal);
    },
    [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

/** Errors that Slack gives with 400, although no other message would be taken either. */
const settingErrors = /^(user_not_found|channel_not_found|channel_is_archived|no_service|no_team)$/;

/** Slack says `ok`; a page (a log-in, somebody's portal) with status 200 is no delivery. */
function readAnswer({
  status,
  body,
}: HttpOutcome & { readonly kind: "answer" }): SendResult | undefined {
  const text = body.trim();
  if (status === 400 && settingErrors.test(text)) {
    return { kind: "misconfigured", why: `HTTP 400: ${text}` };
  }
  if (status < 200 || status >= 300) return undefined;
  if (text.startsWith("<")) {
    return { kind: "misconfigured", why: `HTTP ${status}, but a page: not a webhook of Slack` };
  }
  if (/"(ok|success)"\s*:\s*false/.test(text)) {
    return { kind: "misconfigured", why: `HTTP ${status}: ${text.slice(0, 200)}` };
  }
  return undefined;
}
