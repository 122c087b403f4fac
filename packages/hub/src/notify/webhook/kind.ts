/** Channel `webhook`: notices as JSON, or as a template says, to any address; signed when there is a secret. */
import { signatureHeaders } from "@belfry/relay/http";
import type { Channel, ChannelKind, ChannelParts } from "../../model/channel-kind.ts";
import type { Notice } from "../../model/notice.ts";
import { exchange, openClient, secretsOfUrl } from "../exchange.ts";
import { tlsOf } from "../tls.ts";
import { alertmanagerBody } from "./alertmanager-body.ts";
import { webhookBody } from "./message.ts";
import { parseWebhookSettings, WebhookSettingsSchema, type WebhookSettings } from "./settings.ts";
import { uptimeKumaBody } from "./uptime-kuma-body.ts";

export const webhookKind: ChannelKind = {
  kind: "webhook",
  title: "Webhook",
  schema: WebhookSettingsSchema,
  secrets: ["url", "headers", "secret"],
  limit: { notices: 10, perMs: 1_000 },
  parseSettings: parseWebhookSettings,
  create: (settings, parts) => createWebhook(asSettings(settings), parts),
};

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): WebhookSettings {
  return settings as WebhookSettings;
}

function createWebhook(settings: WebhookSettings, parts: ChannelParts): Channel {
  const { url, method, headers, keys } = settings;
  const client = openClient(parts, tlsOf(settings));
  const secrets = [...Object.values(headers), ...secretsOfUrl(url)];

  return {
    send(notice, signal) {
      const { type, body } = contentOf(notice, settings);
      const signed = signatureHeaders({ id: notice.id, at: parts.clock.now(), body }, keys);
      // The id is sent without a signature as well: receivers tell a repeat by it.
      const own = { "content-type": type, ...headers, "webhook-id": notice.id, ...signed };
      const request = { method, url, headers: own, body };
      return exchange(request, { client, ...parts, secrets }, signal);
    },
    [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

function contentOf(
  notice: Notice,
  { format, render, content_type }: WebhookSettings,
): { readonly type: string; readonly body: string } {
  if (render !== undefined) return { type: content_type, body: render(webhookBody(notice)) };
  return { type: "application/json", body: JSON.stringify(makers[format](notice)) };
}

/** Bodies by format; a template, which is rendered from the JSON shape, has been taken care of. */
const makers = {
  json: webhookBody,
  template: webhookBody,
  alertmanager: alertmanagerBody,
  uptime_kuma: uptimeKumaBody,
} as const satisfies Record<WebhookSettings["format"], (notice: Notice) => object>;
