/** Channel `opsgenie`: alerts that are created, acknowledged and closed, over the Alert API. */
import type { HttpOutcome } from "@belfry/relay/http";
import type { Channel, ChannelKind, ChannelParts, SendResult } from "../../model/channel-kind.ts";
import { openClient, secretsOfUrl } from "../exchange.ts";
import { sendEach } from "../send-each.ts";
import { opsgenieRequests } from "./message.ts";
import {
  OpsgenieSettingsSchema,
  parseOpsgenieSettings,
  type OpsgenieSettings,
} from "./settings.ts";

export const opsgenieKind: ChannelKind = {
  kind: "opsgenie",
  title: "Opsgenie",
  schema: OpsgenieSettingsSchema,
  secrets: ["api_key"],
  limit: { notices: 2, perMs: 1_000 },
  parseSettings: parseOpsgenieSettings,
  create: (settings, parts) => createOpsgenie(asSettings(settings), parts),
};

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): OpsgenieSettings {
  return settings as OpsgenieSettings;
}

const bases = { us: "https://api.opsgenie.com", eu: "https://api.eu.opsgenie.com" } as const;

function createOpsgenie(settings: OpsgenieSettings, parts: ChannelParts): Channel {
  const { api_key, region, api_base } = settings;
  const client = openClient(parts);
  const base = api_base ?? bases[region];
  const url = `${base.replace(/\/+$/, "")}/v2/alerts`;
  const headers = { "content-type": "application/json", authorization: `GenieKey ${api_key}` };
  const secrets = [api_key, ...secretsOfUrl(base)];
  const exchangeParts = { client, ...parts, secrets, readAnswer };

  return {
    send(notice, signal) {
      const requests = opsgenieRequests(notice, settings).map(({ path, body }) => {
        return { method: "POST", url: url + path, headers, body: JSON.stringify(body) };
      });
      return sendEach(requests, exchangeParts, signal);
    },
    [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

/** 404 in Opsgenie's words is an alert that is not there (any more): it need not be closed. A bad key can be 422. */
function readAnswer({ status, body }: HttpOutcome & { kind: "answer" }): SendResult | undefined {
  if (status === 404 && /alert.{0,40}(not found|does not exist|no alert)/i.test(body)) {
    return { kind: "sent" };
  }
  if (status === 422 && /key format|api ?key/i.test(body)) {
    return { kind: "misconfigured", why: `HTTP 422: ${body.slice(0, 200)}` };
  }
  if (status >= 200 && status < 300 && status !== 202) {
    return { kind: "misconfigured", why: `no answer of Opsgenie: HTTP ${status}` };
  }
  return undefined;
}
