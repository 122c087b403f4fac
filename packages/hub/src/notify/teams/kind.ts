/** Channel `teams`: webhooks of Microsoft Teams by Workflows (Power Automate), and those of its old connectors. */
import type { HttpOutcome } from "@belfry/relay/http";
import type { Channel, ChannelKind, ChannelParts, SendResult } from "../../model/channel-kind.ts";
import { exchange, openClient, secretsOfUrl } from "../exchange.ts";
import { teamsMessage } from "./message.ts";
import { parseTeamsSettings, TeamsSettingsSchema, type TeamsSettings } from "./settings.ts";

export const teamsKind: ChannelKind = {
  kind: "teams",
  title: "Microsoft Teams",
  schema: TeamsSettingsSchema,
  secrets: ["webhook_url"],
  limit: { notices: 4, perMs: 1_000 },
  parseSettings: parseTeamsSettings,
  create: (settings, parts) => createTeamsChannel(asSettings(settings), parts),
};

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): TeamsSettings {
  return settings as TeamsSettings;
}

function createTeamsChannel({ webhook_url: url }: TeamsSettings, parts: ChannelParts): Channel {
  const client = openClient(parts);
  const secrets = secretsOfUrl(url);
  return {
    send(notice, signal) {
      const body = JSON.stringify(teamsMessage(notice));
      const headers = { "content-type": "application/json" };
      const request = { method: "POST", url, headers, body };
      return exchange(request, { ...parts, client, secrets, readAnswer }, signal);
    },
    [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

/**
 * The old connectors answer 200 also when Teams did not take the message, and tell its status in words; a workflow that is
 * switched off answers 400.
 */
function readAnswer({
  status,
  body,
}: HttpOutcome & { readonly kind: "answer" }): SendResult | undefined {
  if (status === 400 && body.includes("WorkflowTriggerIsNotEnabled")) {
    return { kind: "misconfigured", why: "HTTP 400: the workflow is switched off" };
  }
  if (status < 200 || status >= 300) return undefined;
  const text = body.trim();
  if (text.startsWith("<")) {
    return { kind: "misconfigured", why: `HTTP ${status}, but a page: not a webhook of Teams` };
  }
  if (!/delivery failed/i.test(text)) return undefined;
  const inner = Number(/HTTP error (\d{3})/i.exec(text)?.[1] ?? "0");
  const why = `HTTP ${status}: ${text.slice(0, 200)}`;
  if (inner === 400 || inner === 413) return { kind: "refused", why };
  if (inner === 401 || inner === 403 || inner === 404 || inner === 410) {
    return { kind: "misconfigured", why };
  }
  // Teams says nothing of how long it wants to be left alone.
  return inner === 429 ? { kind: "retry", why, afterMs: 5_000 } : { kind: "retry", why };
}
