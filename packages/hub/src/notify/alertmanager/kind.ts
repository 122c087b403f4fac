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
import { staleAlerts, staleQuery } from "./stale.ts";

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
      const now = parts.clock.now();
      const alerts = alertsOf(notice, { labels, keepMs: keep * 1_000, now });
      const query = notice.kind === "firing" ? undefined : staleQuery(alerts);

      async function tell(base: string): Promise<Sent> {
        const stale = query === undefined ? [] : staleAlerts(await ask(base + query), alerts, now);
        const body = JSON.stringify([...alerts, ...stale]);
        const request = { method: "POST", url: `${base}/api/v2/alerts`, headers, body };
        return await exchange(request, { client, ...parts, secrets }, signal);
      }

      /** Empty where there is no answer: what is stale ends by itself then, only later. */
      async function ask(url: string): Promise<string> {
        const asked = { ...headers, "user-agent": parts.userAgent };
        const outcome = await client.send({ method: "GET", url, headers: asked }, signal);
        return outcome.kind === "answer" && outcome.status === 200 ? outcome.body : "";
      }

      return decisive(await Promise.all(urls.map((url) => tell(url.replace(/\/+$/, "")))));
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
