/**
 * Channel `statix`: the alert webhook of the Monitoring Stack's server, for receivers that know its body. A host's CPU and
 * memory have a cool-down of their own, over incidents too: what was told is remembered until it has passed or the process
 * ends, as there.
 */
import type { Channel, ChannelKind, ChannelParts, Sent } from "../../model/channel-kind.ts";
import { exchange, openClient, secretsOfUrl } from "../exchange.ts";
import { statixAlerts, type StatixAlert } from "./message.ts";
import { parseStatixSettings, StatixSettingsSchema, type StatixSettings } from "./settings.ts";

export const statixKind: ChannelKind = {
  kind: "statix",
  title: "Monitoring Stack's webhook",
  schema: StatixSettingsSchema,
  secrets: ["webhook_url"],
  limit: { notices: 20, perMs: 1_000 },
  parseSettings: parseStatixSettings,
  create: (settings, parts) => createStatix(asSettings(settings), parts),
};

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): StatixSettings {
  return settings as StatixSettings;
}

function createStatix(
  { webhook_url: url, cooldown_seconds: seconds }: StatixSettings,
  parts: ChannelParts,
): Channel {
  const client = openClient(parts);
  const secrets = secretsOfUrl(url);
  const headers = { "content-type": "application/json" };
  /** When each host's metric was told, epoch seconds. */
  const told = new Map<string, number>();

  function isTold({ hostname, metric, value, threshold, timestamp }: StatixAlert): boolean {
    const at = told.get(keyOf({ hostname, metric }));
    // What has no figures is somebody's own doing, and has no cool-down.
    return at !== undefined && value + threshold > 0 && timestamp - at < seconds;
  }

  return {
    async send(notice, signal) {
      const now = Math.floor(notice.at / 1000);
      for (const [key, at] of told) if (now - at >= seconds) told.delete(key);
      const alerts = statixAlerts(notice).filter((alert) => !isTold(alert));
      let outcome: Sent = nothing;
      for (const alert of alerts) {
        const request = { method: "POST", url, headers, body: JSON.stringify(alert) };
        const sent = await exchange(request, { ...parts, client, secrets }, signal);
        // What was taken before is left out when this is tried again.
        if (sent.result.kind === "retry" || sent.result.kind === "misconfigured") return sent;
        if (sent.result.kind === "sent") told.set(keyOf(alert), alert.timestamp);
        if (outcome === nothing || sent.result.kind === "refused") outcome = sent;
      }
      return outcome;
    },
    [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

const nothing: Sent = {
  result: { kind: "sent" },
  exchange: {
    request:
      "nothing was posted: over, taken, below the threshold again, not known, or told within the cool-down",
    answer: null,
  },
};

function keyOf({ hostname, metric }: Pick<StatixAlert, "hostname" | "metric">): string {
  return `${metric} ${hostname}`;
}
