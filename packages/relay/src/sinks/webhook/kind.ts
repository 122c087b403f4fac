/** Sink `webhook`: records as JSON to any address, singly or several at once, signed when there is a secret. */
import { createHash } from "node:crypto";
import type { EventSink, EventSinkKind, EventSinkParts } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";
import { deliverEach } from "../http/deliver-each.ts";
import { deliverWhole } from "../http/deliver-whole.ts";
import { createHttpClient } from "../http/http-client.ts";
import { probeHealth } from "../http/health.ts";
import { verdictOf, type HttpVerdict } from "../http/verdict.ts";
import { parseWebhookSettings, WebhookSettingsSchema, type WebhookSettings } from "./settings.ts";
import { signatureHeaders } from "./signature.ts";

export const webhookKind: EventSinkKind = {
  type: "webhook",
  title: "Webhook",
  schema: WebhookSettingsSchema,
  secrets: ["secret", "headers", "webhook_url"],
  takes: ["job_event", "check", "status", "host"],
  batch: { maxEvents: 100, maxBytes: 1024 * 1024 },
  parseSettings: parseWebhookSettings,
  create: (settings, parts) => createWebhookSink(asSettings(settings), parts),
};

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): WebhookSettings {
  return settings as WebhookSettings;
}

function createWebhookSink(settings: WebhookSettings, { clock }: EventSinkParts): EventSink {
  const { webhook_url: url, method, headers, timeout, verify_ssl: verifyTls, keys } = settings;
  const client = createHttpClient({ timeoutMs: timeout * 1000, verifyTls });
  const secrets = [...Object.values(headers), ...secretsOfUrl(url)];

  async function send(records: readonly SinkRecord[], signal: AbortSignal): Promise<HttpVerdict> {
    const body = bodyOf(records, settings);
    const signed = signatureHeaders({ id: idOf(records), at: clock.now(), body }, keys);
    const sent = { "content-type": "application/json", ...headers, ...signed };
    const outcome = await client.send({ method, url, headers: sent, body }, signal);
    return verdictOf(outcome, { now: clock.now(), secrets });
  }

  return {
    deliver: (records, signal) =>
      settings.body === "events"
        ? deliverWhole(records, send, signal)
        : deliverEach(records, (record, ended) => send([record], ended), signal),
    health: (signal) => probeHealth(client, { method: "HEAD", url, headers }, { signal, secrets }),
    [Symbol.asyncDispose]: () => {
      client[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

function bodyOf(records: readonly SinkRecord[], { body, fields }: WebhookSettings): string {
  const items = records.map((record) => {
    const whole = record.kind === "job_event" ? record.event : record;
    return fields === undefined ? whole : chosen(whole, fields);
  });
  return JSON.stringify(body === "events" ? { events: items, count: items.length } : items[0]);
}

function chosen(whole: object, fields: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, path]) => [name, valueAt(whole, path.split(".")) ?? null]),
  );
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return valueAt(Reflect.get(value, key), rest);
}

/** The same records have the same id, so that a receiver knows a request that is sent again. */
function idOf(records: readonly SinkRecord[]): string {
  const [first, ...others] = records;
  if (first !== undefined && others.length === 0) return first.id;
  return createHash("sha256")
    .update(records.map(({ id }) => id).join("\n"))
    .digest("hex");
}

/** What of an address may be secret: the password, and all of its path and query. */
function secretsOfUrl(url: string): readonly string[] {
  const { password, pathname, search } = new URL(url);
  return [decodeURIComponent(password), ...pathname.split("/"), ...search.slice(1).split("&")];
}
