/**
 * Sinks `hub` and `local_api`: events to a Belfry hub, by its own interface or by the Monitoring Component's, which the
 * original's local API speaks too. Both take job events only: a hub has no place for others' checks.
 */
import type { EventSink, EventSinkKind, EventSinkParts } from "../../event-sink.ts";
import type { JobRecord, SinkRecord } from "../../sink-record.ts";
import { createHttpClient } from "../http/http-client.ts";
import { withoutSecrets } from "../http/verdict.ts";
import { createBatchSender } from "./batch-sender.ts";
import { createHubSender } from "./hub-sender.ts";
import { probeHub } from "./probe.ts";
import { createRequests, type Requests, type SendEvents } from "./requests.ts";
import { hubSettingsParser, hubSettingsSchema, type HubSettings } from "./settings.ts";

/** Below what a hub takes at once: 1,000 events, 4 MiB as it is sent. */
const batch = { maxEvents: 1000, maxBytes: 3 * 1024 * 1024 } as const;

export const hubKind = kindOf({
  type: "hub",
  title: "Belfry hub",
  defaults: { base_url: "http://localhost:8000", compression: "zstd" },
  createSender: createHubSender,
  healthPath: "/health",
});

export const localApiKind = kindOf({
  type: "local_api",
  title: "Local API of the Monitoring Component",
  defaults: { base_url: "http://localhost:18000", compression: "none" },
  createSender: createBatchSender,
  healthPath: "/v1/healthz",
});

function kindOf(of: {
  readonly type: string;
  readonly title: string;
  readonly defaults: Parameters<typeof hubSettingsSchema>[0];
  readonly createSender: (requests: Requests) => SendEvents;
  readonly healthPath: string;
}): EventSinkKind {
  const schema = hubSettingsSchema(of.defaults);
  return {
    type: of.type,
    title: of.title,
    schema,
    secrets: ["key"],
    takes: ["job_event"],
    batch,
    parseSettings: hubSettingsParser(schema),
    create: (settings, parts) => createHubSink(asSettings(settings), of, parts),
  };
}

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): HubSettings {
  return settings as HubSettings;
}

function createHubSink(
  settings: HubSettings,
  of: Pick<Parameters<typeof kindOf>[0], "createSender" | "healthPath">,
  { clock, log }: EventSinkParts,
): EventSink {
  const { timeout, verify_ssl: verifyTls, ca, compression } = settings;
  const base = settings.base_url.replace(/\/+$/, "");
  const client = createHttpClient({
    timeoutMs: timeout * 1000,
    verifyTls,
    ...(ca === undefined ? {} : { ca }),
  });
  const secrets = settings.key === undefined ? [] : [settings.key];
  const requests = createRequests(
    { base, key: settings.key, packing: compression },
    { client, now: () => clock.now(), log },
  );
  const send = of.createSender(requests);
  return {
    async deliver(records, signal) {
      const answers = await send(records.filter(isJobRecord), signal);
      return answers.map((answer) =>
        "why" in answer ? { ...answer, why: withoutSecrets(answer.why, secrets) } : answer,
      );
    },
    health: (signal) => probeHub(client, base + of.healthPath, { signal, secrets }),
    [Symbol.asyncDispose]: () => {
      client[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

/** `takes` says that no others come. */
function isJobRecord(record: SinkRecord): record is JobRecord {
  return record.kind === "job_event";
}
