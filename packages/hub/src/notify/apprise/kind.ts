/**
 * Channel `apprise`: an Apprise API, behind which there are a hundred kinds of services.
 *
 * The API answers 424 when some of the services did not take a message, and does not know which when it is sent again: all
 * of them would get it again. So it is tried again only while none is known to have got it; its own log, which it answers
 * with, tells. Where some have, the notice is refused: somebody was told, and the channel shows what is wrong.
 */
import { readJson, valueAt, type HttpOutcome } from "@belfry/relay/http";
import type { Channel, ChannelKind, ChannelParts, SendResult } from "../../model/channel-kind.ts";
import { lineOf } from "../details.ts";
import { exchange, openClient, secretsOfUrl } from "../exchange.ts";
import { clip } from "../plain.ts";
import { tlsOf } from "../tls.ts";
import { appriseMessage } from "./message.ts";
import { AppriseSettingsSchema, parseAppriseSettings, type AppriseSettings } from "./settings.ts";

export const appriseKind: ChannelKind = {
  kind: "apprise",
  title: "Apprise",
  schema: AppriseSettingsSchema,
  secrets: ["urls", "password"],
  limit: { notices: 2, perMs: 1_000 },
  parseSettings: parseAppriseSettings,
  create: (settings, parts) => createApprise(asSettings(settings), parts),
};

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): AppriseSettings {
  return settings as AppriseSettings;
}

function createApprise(settings: AppriseSettings, parts: ChannelParts): Channel {
  const { server, key, urls = [], username, password = "" } = settings;
  const client = openClient(parts, tlsOf(settings));
  const url = `${server.replace(/\/+$/, "")}/notify${key === undefined ? "" : `/${key}`}`;
  const credentials = Buffer.from(`${username}:${password}`).toString("base64");
  const headers = {
    "content-type": "application/json",
    accept: "application/json",
    // The lines that say what was sent, whatever level the server logs with.
    "x-apprise-log-level": "info",
    ...(username === undefined ? {} : { authorization: `Basic ${credentials}` }),
  };
  const secrets = [...urls.flatMap(secretsOf), password, credentials, ...secretsOfUrl(server)];

  return {
    send(notice, signal) {
      const body = JSON.stringify(appriseMessage(notice, settings));
      const request = { method: "POST", url, headers, body };
      return exchange(request, { client, ...parts, secrets, readAnswer }, signal);
    },
    [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

/** The whole address, and every part of it that may be a token. */
function secretsOf(url: string): readonly string[] {
  const parts = url.replace(/^[a-z0-9+.-]+:\/\//i, "").split(/[/?#&=:@]/);
  return [url, ...parts.filter((part) => part.length >= 8)];
}

function readAnswer({ status, body }: HttpOutcome & { kind: "answer" }): SendResult | undefined {
  const why = `HTTP ${status}: ${clip(lineOf(body), 200)}`;
  switch (status) {
    case 204:
      return {
        kind: "misconfigured",
        why: "HTTP 204: there is no configuration, or no service in it",
      };
    case 424: {
      const lines = logOf(body);
      if (lines.some((line) => /^sent\b/i.test(line))) {
        return { kind: "refused", why: `some services took it, others did not: ${why}` };
      }
      return { kind: lines.some((line) => noService.test(line)) ? "misconfigured" : "retry", why };
    }
    case 431:
      return { kind: "refused", why };
    default:
      return undefined;
  }
}

const noService = /no service\(?s?\)? to notify/i;

/** Messages of the log in an answer: `details` is a list of level, time and message. */
function logOf(body: string): readonly string[] {
  const details = valueAt(readJson(body), "details");
  return Array.isArray(details) ? details.map((line: unknown) => String(valueAt(line, 2))) : [];
}
