/** Channel `ntfy`: messages to a topic of ntfy.sh or of a server of one's own. */
import { readJson, retryAfterMs, valueAt, type HttpOutcome } from "@belfry/relay/http";
import type { Channel, ChannelKind, ChannelParts, SendResult } from "../../model/channel-kind.ts";
import { exchange, openClient, secretsOfUrl } from "../exchange.ts";
import { tlsOf } from "../tls.ts";
import { ntfyBody } from "./message.ts";
import { NtfySettingsSchema, parseNtfySettings, type NtfySettings } from "./settings.ts";

export const ntfyKind: ChannelKind = {
  kind: "ntfy",
  title: "ntfy",
  schema: NtfySettingsSchema,
  secrets: ["token", "password"],
  // Of a visitor ntfy.sh takes 60 at once, then one every five seconds; it says 429 for more.
  limit: { notices: 1, perMs: 1_000 },
  parseSettings: parseNtfySettings,
  create: (settings, parts) => createNtfy(asSettings(settings), parts),
};

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): NtfySettings {
  return settings as NtfySettings;
}

function createNtfy(settings: NtfySettings, parts: ChannelParts): Channel {
  const client = openClient(parts, tlsOf(settings));
  const url = `${settings.server.replace(/\/+$/, "")}/`;
  const authorization = authorizationOf(settings);
  const headers = {
    "content-type": "application/json",
    ...(authorization === undefined ? {} : { authorization }),
  };
  const { server, token = "", password = "" } = settings;
  const secrets = [token, password, authorization ?? "", ...secretsOfUrl(server)];
  const readAnswer = (answer: Answer) => resultOf(answer, parts.clock.now());

  return {
    send(notice, signal) {
      const request = { method: "POST", url, headers, body: ntfyBody(notice, settings) };
      return exchange(request, { client, ...parts, secrets, readAnswer }, signal);
    },
    [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

function authorizationOf({ token, username, password }: NtfySettings): string | undefined {
  if (token !== undefined) return `Bearer ${token}`;
  if (username === undefined) return undefined;
  return `Basic ${Buffer.from(`${username}:${password ?? ""}`).toString("base64")}`;
}

type Answer = HttpOutcome & { readonly kind: "answer" };

/** Numbers of ntfy's errors that are about the topic, not about the message. */
const aboutTopic = new Set([40_009, 40_010]);
/** A quota of the day that is used up; trying every few seconds would not help. */
const aboutDay = new Set([42_905, 42_908]);
const dayRetryMs = 15 * 60_000;

function resultOf({ status, headers, body }: Answer, now: number): SendResult | undefined {
  const answer = readJson(body);
  const code = valueAt(answer, "code");
  const error = valueAt(answer, "error");
  const why = `HTTP ${status}: ${typeof error === "string" ? error : "no description"}`;
  if (status >= 200 && status < 300) {
    if (typeof valueAt(answer, "id") === "string") return { kind: "sent" };
    return { kind: "misconfigured", why: `no answer of ntfy: HTTP ${status}` };
  }
  if (typeof code !== "number") return undefined;
  if (aboutTopic.has(code)) return { kind: "misconfigured", why };
  if (aboutDay.has(code)) {
    return { kind: "retry", why, afterMs: retryAfterMs(headers["retry-after"], now) ?? dayRetryMs };
  }
  return undefined;
}
