/**
 * Events straight to CloudWatch, for where no sidecar is (AWS Lambda above all): metrics, log events, or both. Names, dimensions and
 * messages are those of the sidecar's sink `aws_cloudwatch`.
 */
import { hostname } from "node:os";
import type { Delivery, Destination } from "../emit/delivery.ts";
import { QueueEmitter, type QueueOptions } from "../emit/queue-emitter.ts";
import type { JobEvent } from "../event.ts";
import { surroundings } from "../surroundings.ts";
import { call } from "./call.ts";
import type {
  CloudWatchClient,
  CloudWatchLogsClient,
  Datum,
  RejectedLogEvents,
} from "./clients.ts";
import { logMessage } from "./log-message.ts";
import { metricsOf, type Place } from "./metrics.ts";

export interface CloudWatchOptions extends QueueOptions {
  /** `new CloudWatch()` of `@aws-sdk/client-cloudwatch`; without it there are no metrics. */
  readonly metrics?: CloudWatchClient;
  /** `new CloudWatchLogs()` of `@aws-sdk/client-cloudwatch-logs`; without it there are no log events. */
  readonly logs?: CloudWatchLogsClient;
  /** Of the metrics; `WaferMonitor` unless told otherwise. */
  readonly namespace?: string;
  /** Made when it is not there; `/wafer-monitor/jobs` unless told otherwise. */
  readonly logGroup?: string;
  /** Made when it is not there; the platform and the instance or host, such as `ec2-web1`, unless told otherwise. */
  readonly logStream?: string;
  /** A dimension; `lambda` or `ecs` where the environment says so, else `ec2`, unless told otherwise. */
  readonly computePlatform?: string;
  /** A dimension; none unless told otherwise. */
  readonly instanceId?: string;
  /** Whether figures of `run.metric` become metrics of their name; false unless told otherwise. AWS bills every name. */
  readonly ownMetrics?: boolean;
  /** Longest wait for an answer, in ms; 5,000 unless told otherwise. */
  readonly timeoutMs?: number;
}

/**
 * Sends to CloudWatch through the caller's clients. `await run.flush(ms)` waits for it; nothing is sent after `process.exit`: AWS
 * has no way to be told then.
 */
export class CloudWatchEmitter extends QueueEmitter {
  constructor(options: CloudWatchOptions) {
    super(createDestination(options), { maxBatch: 200, ...options });
  }
}

/** CloudWatch takes 1,000 metrics in a request; an event has a few, unless it brings its own. */
const mostMetrics = 1_000;
const longestSpanMs = 24 * 3_600_000;
/** So many events are kept in mind that are sent in part. */
const mostKept = 5_000;

interface Item {
  readonly key: string;
  readonly at: number;
  readonly event: JobEvent;
}

function createDestination(options: CloudWatchOptions): Destination {
  const { metrics, logs, namespace = "WaferMonitor" } = options;
  const timeoutMs = options.timeoutMs ?? 5_000;
  const place = placeOf(options);
  const stream = {
    logGroupName: options.logGroup ?? "/wafer-monitor/jobs",
    logStreamName: options.logStream ?? streamOf(place),
  };
  // A batch that is tried again sends only what is not there yet: CloudWatch counts twice what comes twice.
  const logged = new Set<string>();
  const counted = new Set<string>();

  async function log(items: readonly Item[], client: CloudWatchLogsClient): Promise<Delivery> {
    let lost = 0;
    for (const part of withinADay(items.filter(({ key }) => !logged.has(key)))) {
      const logEvents = part.map(({ at, event }) => ({
        timestamp: at,
        message: logMessage(event, place),
      }));
      const put = () =>
        call((its) => client.putLogEvents({ ...stream, logEvents }, its), timeoutMs);
      let outcome = await put();
      if (outcome.name === "ResourceNotFoundException") {
        const made = await makeStream(client, stream, timeoutMs);
        if (made !== undefined) return made;
        outcome = await put();
      }
      if (outcome.name !== undefined) return outcome.failure;
      for (const { key } of part) keep(logged, key);
      lost += rejectedOf(part.length, outcome.answer.rejectedLogEventsInfo);
    }
    const why = "CloudWatch Logs did not take their time";
    return lost === 0 ? { kind: "sent" } : { kind: "partly", lost, why };
  }

  async function count(items: readonly Item[], client: CloudWatchClient): Promise<Delivery> {
    const left = items.filter(({ key }) => !counted.has(key));
    for (const { keys, data } of metricParts(left, place, options.ownMetrics === true)) {
      const input = { Namespace: namespace, MetricData: data };
      const outcome = await call((its) => client.putMetricData(input, its), timeoutMs);
      if (outcome.name !== undefined) return outcome.failure;
      for (const key of keys) keep(counted, key);
    }
    return { kind: "sent" };
  }

  return {
    name: "CloudWatch",
    deliver: async (lines) => {
      const items = lines.map(itemOf);
      const parts = [
        ...(logs === undefined ? [] : [() => log(items, logs)]),
        ...(metrics === undefined ? [] : [() => count(items, metrics)]),
      ];
      let whole: Delivery = { kind: "sent" };
      for (const part of parts) {
        const delivery = await part();
        if (delivery.kind === "partly") whole = delivery;
        else if (delivery.kind !== "sent") return delivery;
      }
      for (const { key } of items) {
        logged.delete(key);
        counted.delete(key);
      }
      return whole;
    },
    deliverNow: () => false,
    close: () => undefined,
  };
}

/** Guarantee: lines are what `lineOf` wrote of an event. */
function itemOf(line: string): Item {
  const event = JSON.parse(line) as JobEvent;
  return { key: event.idempotency_key, at: Date.parse(event.event.at), event };
}

async function makeStream(
  client: CloudWatchLogsClient,
  stream: { readonly logGroupName: string; readonly logStreamName: string },
  timeoutMs: number,
): Promise<Delivery | undefined> {
  const { logGroupName } = stream;
  for (const make of [
    () => call((its) => client.createLogGroup({ logGroupName }, its), timeoutMs),
    () => call((its) => client.createLogStream(stream, its), timeoutMs),
  ]) {
    const outcome = await make();
    if (outcome.name === undefined || outcome.name === "ResourceAlreadyExistsException") continue;
    // A name that is refused is a setting: no fault of the events.
    const { failure } = outcome;
    return failure.kind === "refused" ? { kind: "misconfigured", why: failure.why } : failure;
  }
  return undefined;
}

function rejectedOf(count: number, rejected: RejectedLogEvents | undefined): number {
  const old = rejected?.tooOldLogEventEndIndex ?? 0;
  const expired = rejected?.expiredLogEventEndIndex ?? 0;
  return Math.max(old, expired) + count - (rejected?.tooNewLogEventStartIndex ?? count);
}

/** In the order of time, in parts that span no more than a day. */
function withinADay(items: readonly Item[]): readonly (readonly Item[])[] {
  const parts: Item[][] = [];
  for (const item of [...items].sort((a, b) => a.at - b.at)) {
    const part = parts.at(-1);
    if (part?.[0] === undefined || item.at - part[0].at > longestSpanMs) parts.push([item]);
    else part.push(item);
  }
  return parts;
}

function metricParts(items: readonly Item[], place: Place, ownMetrics: boolean) {
  const parts: { keys: string[]; data: Datum[] }[] = [];
  for (const { key, event } of items) {
    const data = metricsOf(event, place, ownMetrics);
    if (data.length === 0) continue;
    const part = parts.at(-1);
    if (part === undefined || part.data.length + data.length > mostMetrics) {
      parts.push({ keys: [key], data: [...data] });
    } else {
      part.keys.push(key);
      part.data.push(...data);
    }
  }
  return parts;
}

function keep(keys: Set<string>, key: string): void {
  keys.add(key);
  if (keys.size <= mostKept) return;
  for (const oldest of keys) {
    keys.delete(oldest);
    return;
  }
}

function placeOf({ computePlatform, instanceId }: CloudWatchOptions): Place {
  const found = surroundings(process.env)?.["compute_platform"];
  return { platform: computePlatform ?? found ?? "ec2", instance: instanceId };
}

function streamOf({ platform, instance }: Place): string {
  return `${platform}-${instance ?? hostname()}`.replaceAll(/[:*]/g, "_");
}
