/** Channel `pagerduty`: alerts that open, are taken and are resolved, over the Events API v2. */
import { readJson, valueAt, type HttpOutcome } from "@belfry/relay/http";
import type { Channel, ChannelKind, ChannelParts, SendResult } from "../../model/channel-kind.ts";
import { openClient, secretsOfUrl } from "../exchange.ts";
import { sendEach } from "../send-each.ts";
import { pagerdutyEvents } from "./message.ts";
import {
  PagerdutySettingsSchema,
  parsePagerdutySettings,
  type PagerdutySettings,
} from "./settings.ts";

export const pagerdutyKind: ChannelKind = {
  kind: "pagerduty",
  title: "PagerDuty",
  schema: PagerdutySettingsSchema,
  secrets: ["routing_key"],
  // About 120 events a minute are taken for one key; a notice may be several.
  limit: { notices: 1, perMs: 1_000 },
  parseSettings: parsePagerdutySettings,
  create: (settings, parts) => createPagerduty(asSettings(settings), parts),
};

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): PagerdutySettings {
  return settings as PagerdutySettings;
}

const bases = {
  us: "https://events.pagerduty.com",
  eu: "https://events.eu.pagerduty.com",
} as const;

function createPagerduty(settings: PagerdutySettings, parts: ChannelParts): Channel {
  const { routing_key, region, api_base } = settings;
  const client = openClient(parts);
  const base = api_base ?? bases[region];
  const url = `${base.replace(/\/+$/, "")}/v2/enqueue`;
  const headers = { "content-type": "application/json" };
  const secrets = [routing_key, ...secretsOfUrl(base)];
  const exchangeParts = { client, ...parts, secrets, readAnswer };

  return {
    send(notice, signal) {
      const requests = pagerdutyEvents(notice).map((event) => {
        return { method: "POST", url, headers, body: JSON.stringify({ routing_key, ...event }) };
      });
      return sendEach(requests, exchangeParts, signal);
    },
    [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

/** 400 is about the event, unless its list of errors names the key. */
function readAnswer({ status, body }: HttpOutcome & { kind: "answer" }): SendResult | undefined {
  const answer = readJson(body);
  const list = valueAt(answer, "errors");
  const errors = Array.isArray(list) ? list.map(String).join("; ") : "";
  if (status === 400 && /routing.?key|integration.?key/i.test(errors)) {
    return { kind: "misconfigured", why: `HTTP 400: ${errors.slice(0, 200)}` };
  }
  if (status >= 200 && status < 300 && status !== 202) {
    return { kind: "misconfigured", why: `no answer of PagerDuty: HTTP ${status}` };
  }
  return undefined;
}
