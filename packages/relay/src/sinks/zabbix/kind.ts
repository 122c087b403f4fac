/**
 * Sink `zabbix`: values of trapper items, by the protocol that `zabbix_sender` speaks.
 *
 * Every kind of record has its items (`values.ts`), made by low-level discovery from prototypes (a template for them is in
 * `deploy/zabbix`). A record is `sent` when the server processed all of its values; one that has nothing to tell to an item is
 * `sent` as it is. What the server refuses is an item that it does not know (yet): values wait for `item_wait`, then their
 * record is `refused`. Where nothing at all is taken for the host, the host is what is wrong, and everything is kept.
 */
import type { EventSink, EventSinkKind, EventSinkParts, RecordDelivery } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";
import { exchange, type Reply } from "./exchange.ts";
import { countOf } from "./send-values.ts";
import { createDeliverer } from "./deliverer.ts";
import { parseZabbixSettings, ZabbixSettingsSchema, type ZabbixSettings } from "./settings.ts";

export const zabbixKind: EventSinkKind = {
  type: "zabbix",
  title: "Zabbix",
  schema: ZabbixSettingsSchema,
  secrets: ["auth_token", "psk"],
  takes: ["job_event", "check", "status", "host"],
  batch: { maxEvents: 250, maxBytes: 4 * 1024 * 1024 },
  parseSettings: parseZabbixSettings,
  create: (settings, parts) => createZabbixSink(asSettings(settings), parts),
};

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): ZabbixSettings {
  return settings as ZabbixSettings;
}

function createZabbixSink(settings: ZabbixSettings, parts: EventSinkParts): EventSink {
  const { server, security, host, timeout } = settings;
  const route = { server, security, timeoutMs: timeout * 1000 };
  const ask = (text: string, signal: AbortSignal): Promise<Reply> => exchange(text, route, signal);
  const deliverer = createDeliverer(settings, { ...parts, ask });
  let trouble: string | undefined;
  if ((settings.auth_token ?? "") !== "") {
    parts.log.info(
      { setting: "auth_token" },
      "a setting has no effect: Zabbix's trappers know no tokens",
    );
  }

  async function deliver(
    records: readonly SinkRecord[],
    signal: AbortSignal,
  ): Promise<readonly RecordDelivery[]> {
    const answers = await deliverer.deliver(records, signal);
    const wrong = answers.find(({ kind }) => kind === "misconfigured");
    if (answers.length > 0) trouble = wrong?.kind === "misconfigured" ? wrong.why : undefined;
    return answers;
  }

  return {
    deliver,
    async health(signal) {
      const details = {
        backend: "zabbix",
        server: `${server.host}:${server.port}`,
        host,
        items_missing: deliverer.missing(),
        discovery: deliverer.discovery(),
      };
      // A message without values: the trapper counts to nothing, and says so.
      const reply = await ask('{"request":"sender data","data":[]}', signal);
      const answer = reply.kind === "failed" ? reply : countOf(reply.text, 0);
      if (answer.kind !== "counted") {
        return { status: "unhealthy", details: { ...details, error: answer.why } };
      }
      if (trouble === undefined) return { status: "healthy", details };
      return { status: "degraded", details: { ...details, error: trouble } };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
