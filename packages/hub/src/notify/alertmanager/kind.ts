/** Channel `alertmanager`: alerts for Prometheus's Alertmanager, posted to every member of its cluster. */
import type { Channel, ChannelKind, ChannelParts, Sent } from "../../model/channel-kind.ts";
import { exchange, openClient, secretsOfUrl } from "../exchange.ts";
import { tlsOf } from "../tls.ts";
import { alertsOf } from "./message.ts";
import {
  AlertmanagerSettingsSchema,
  parseAlertmanagerSettings,
  type AlertmanagerSettings,
} from "./settings.ts";

export const alertmanagerKind: ChannelKind = {
  kind: "alertmanager",
  title: "Alertmanager",
  schema: AlertmanagerSettingsSchema,
  secrets: ["token", "password"],
  limit: { notices: 20, perMs: 1_000 },
  parseSettings: parseAlertmanagerSettings,
  create: (settings, parts) => createAlertmanager(asSettings(settings), parts),
};

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): AlertmanagerSettings {
  return settings as AlertmanagerSettings;
}

function createAlertmanager(settings: AlertmanagerSettings, parts: ChannelParts): Channel {
  const { urls, labels, keep, token = "", password = "" } = settings;
  const client = openClient(parts, tlsOf(settings));
  const authorization = authorizationOf(settings);
  const headers = {
    "content-type": "application/json",
    ...(authorization === undefined ? {} : { authorization }),
  };
  const secrets = [token, password, authorization ?? "", ...urls.flatMap(secretsOfUrl)];

  return {
    async send(notice, signal) {
      const options = { labels, keepMs: keep * 1_000, now: parts.clock.now() };
      const body = JSON.stringify(alertsOf(notice, options));
      const answers = await Promise.all(
        urls.map((base) => {
          const url = `${base.replace(/\/+$/, "")}/api/v2/alerts`;
          const request = { method: "POST", url, headers, body };
          return exchange(request, { client, ...parts, secrets }, signal);
        }),
      );
      return decisive(answers);
    },
    [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

function authorizationOf({ token, username, password }: AlertmanagerSettings): string | undefined {
  if (token !== undefined) return `Bearer ${token}`;
  if (username === undefined) return undefined;
  return `Basic ${Buffer.from(`${username}:${password ?? ""}`).toString("base64")}`;
}

/** Members tell each other: one that took it is enough; else there is hope as long as one is to be tried again. */
const order = ["sent", "retry", "misconfigured", "refused"] as const;

function decisive(answers: readonly Sent[]): Sent {
  for (const kind of order) {
    const found = answers.find(({ result }) => result.kind === kind);
    if (found !== undefined) return found;
  }
  throw new Error("settings without an address");
}
