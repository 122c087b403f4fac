/**
 * Sink `aws_cloudwatch`: events of jobs as log events and metrics, changes of a status as log events, checks and figures of
 * hosts as metrics.
 *
 * A record is `sent` once both its log event and its metrics are in. The log event goes first: metrics that come twice are
 * counted twice by CloudWatch, a line that comes twice has the same `idempotency_key`. What of a record is logged is kept in
 * mind until its metrics are in, so that a second attempt sends only those. Twice comes what was under way when the process
 * was killed, and metrics whose answer did not arrive.
 */
import { hostname } from "node:os";
import type { EventSink, EventSinkKind, EventSinkParts, RecordDelivery } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";
import { awsClientOptions, awsSecretTexts } from "../aws/client.ts";
import { deliverInParts } from "../aws/deliver-in-parts.ts";
import { healthOf } from "../aws/health.ts";
import { awsSecrets } from "../aws/settings.ts";
import { createLogs, logParts, type LogItem } from "./logs.ts";
import { logMessage } from "./log-event.ts";
import { createMetrics, metricParts, type MetricItem } from "./put-metrics.ts";
import { metricsOf, type Surroundings } from "./metrics.ts";
import {
  CloudWatchSettingsSchema,
  parseCloudWatchSettings,
  type CloudWatchSettings,
} from "./settings.ts";

export const awsCloudwatchKind: EventSinkKind = {
  type: "aws_cloudwatch",
  title: "AWS CloudWatch",
  schema: CloudWatchSettingsSchema,
  secrets: awsSecrets,
  takes: ["job_event", "check", "status", "host"],
  batch: { maxEvents: 500, maxBytes: 1024 * 1024 },
  parseSettings: parseCloudWatchSettings,
  create: (settings, parts) => createCloudWatchSink(asSettings(settings), parts),
};

/** Guarantee: delivery gives `create` nothing but what `parseSettings` gave. */
function asSettings(settings: object): CloudWatchSettings {
  return settings as CloudWatchSettings;
}

/** How much time a record may lie back and ahead, for metrics and for log events alike. */
const oldestMs = 14 * 24 * 3_600_000;
const newestMs = 2 * 3_600_000;

/** So many records that are logged and not yet counted are kept in mind; delivery tries far fewer again. */
const mostLogged = 10_000;

interface Item extends MetricItem {
  readonly record: SinkRecord;
  readonly at: number;
  readonly message: string | undefined;
}

function createCloudWatchSink(settings: CloudWatchSettings, { clock }: EventSinkParts): EventSink {
  const call = { timeoutMs: settings.timeout * 1000, secrets: awsSecretTexts(settings) };
  const surroundings = surroundingsOf(settings);
  const options = awsClientOptions(settings);
  const metrics = createMetrics({ options, namespace: settings.namespace, call });
  const logs = createLogs({
    options: awsClientOptions({ ...settings, ...endpointOfLogs(settings) }),
    group: settings.log_group_name,
    stream: settings.log_stream_name ?? streamOf(surroundings),
    call,
  });
  const logged = new Set<string>();

  function itemOf(record: SinkRecord): Item {
    return {
      record,
      at: Date.parse(record.at),
      message: logMessage(record, surroundings, settings.max_message_bytes),
      metrics: metricsOf(record, { surroundings, ownMetrics: settings.own_metrics }),
    };
  }

  async function deliver(records: readonly SinkRecord[], signal: AbortSignal) {
    const answers = new Map<SinkRecord, RecordDelivery>();
    const items = records.map(itemOf).filter(({ record, at }) => {
      const why = outOfTime(at, clock.now());
      if (why !== undefined) answers.set(record, { kind: "refused", why });
      return why === undefined;
    });
    const toLog = items.filter(isToLog).filter(({ record }) => !logged.has(record.id));
    for (const [item, answer] of await deliverInParts(logParts(toLog), logs.put, signal)) {
      if (answer.kind === "sent") remember(logged, item.record.id);
      else answers.set(item.record, answer);
    }
    const toCount = items.filter(({ record }) => !answers.has(record));
    const parts = metricParts(toCount.filter((item) => item.metrics.length > 0));
    const counted = await deliverInParts(parts, metrics.put, signal);
    for (const item of toCount) {
      const answer = counted.get(item) ?? { kind: "sent" };
      answers.set(item.record, answer);
      if (answer.kind === "sent" || answer.kind === "refused") logged.delete(item.record.id);
    }
    return records.map((record) => answers.get(record) ?? { kind: "sent" as const });
  }

  return {
    deliver,
    async health(signal) {
      const [ofMetrics, ofLogs] = await Promise.all([metrics.ask(signal), logs.ask(signal)]);
      return healthOf({ cloudwatch: ofMetrics, logs: ofLogs });
    },
    [Symbol.asyncDispose]: () => {
      metrics[Symbol.dispose]();
      logs[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

function isToLog(item: Item): item is Item & LogItem {
  return item.message !== undefined;
}

function outOfTime(at: number, now: number): string | undefined {
  if (Number.isNaN(at)) return "it has no time";
  if (at < now - oldestMs) return "it is more than two weeks old: CloudWatch takes nothing older";
  return at > now + newestMs ? "its time is more than two hours in the future" : undefined;
}

function remember(logged: Set<string>, id: string): void {
  logged.add(id);
  if (logged.size <= mostLogged) return;
  for (const oldest of logged) {
    logged.delete(oldest);
    return;
  }
}

function endpointOfLogs({ logs_endpoint }: CloudWatchSettings): { readonly endpoint?: string } {
  return logs_endpoint === undefined ? {} : { endpoint: logs_endpoint };
}

function surroundingsOf({ compute_platform, instance_id }: CloudWatchSettings): Surroundings {
  const platform = compute_platform === "auto" ? platformHere() : compute_platform;
  return { platform, instance: instance_id };
}

function platformHere(): string {
  const { AWS_LAMBDA_FUNCTION_NAME, ECS_CONTAINER_METADATA_URI_V4, ECS_CONTAINER_METADATA_URI } =
    process.env;
  if (AWS_LAMBDA_FUNCTION_NAME) return "lambda";
  return ECS_CONTAINER_METADATA_URI_V4 || ECS_CONTAINER_METADATA_URI ? "ecs" : "ec2";
}

/** The same from start to start, so that streams do not pile up. */
function streamOf({ platform, instance }: Surroundings): string {
  return `${platform}-${instance ?? hostname()}`.replaceAll(/[:*]/g, "_");
}
