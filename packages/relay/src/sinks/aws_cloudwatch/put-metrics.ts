/** Metrics to CloudWatch. */
import type { MetricDatum } from "@aws-sdk/client-cloudwatch";
import {
  callAws,
  lazily,
  type AwsCallSettings,
  type AwsClientOptions,
  type AwsOutcome,
} from "../aws/client.ts";
import { partsWithin, type SendPart } from "../aws/deliver-in-parts.ts";

const mostMetrics = 1_000;
/** A request may have 1 MB; the rest is for its other fields. */
const mostBytes = 990_000;

export interface MetricItem {
  readonly metrics: readonly MetricDatum[];
}

/** Items in requests that CloudWatch takes: 1,000 metrics, 1 MB before compression. Metrics of an item stay together. */
export function metricParts<Item extends MetricItem>(
  items: readonly Item[],
): readonly (readonly Item[])[] {
  return partsWithin(items, () => {
    let count = 0;
    let bytes = 0;
    return ({ metrics }) => {
      count += metrics.length;
      bytes += Buffer.byteLength(JSON.stringify(metrics));
      return count <= mostMetrics && bytes <= mostBytes;
    };
  });
}

export interface MetricsSettings {
  readonly options: AwsClientOptions;
  readonly namespace: string;
  readonly call: AwsCallSettings;
}

export interface Metrics extends Disposable {
  /** One request, of a part of `metricParts`; it is taken or refused as a whole. */
  readonly put: SendPart<MetricItem>;
  /** Asks something that changes nothing. */
  ask(signal: AbortSignal): Promise<AwsOutcome<unknown>>;
}

/** Makes it; connects at the first request. */
export function createMetrics({ options, namespace, call }: MetricsSettings): Metrics {
  const using = lazily(async () => {
    const aws = await import("@aws-sdk/client-cloudwatch");
    return { aws, client: new aws.CloudWatchClient(options) };
  });
  return {
    async put(items, signal) {
      const outcome = await callAws(
        async (ended) => {
          const { aws, client } = await using.get();
          const command = new aws.PutMetricDataCommand({
            Namespace: namespace,
            MetricData: items.flatMap(({ metrics }) => metrics),
          });
          return await client.send(command, { abortSignal: ended });
        },
        call,
        signal,
      );
      return outcome.kind === "answer" ? { kind: "sent" } : outcome.failure.verdict;
    },
    ask: (signal) =>
      callAws<unknown>(
        async (ended) => {
          const { aws, client } = await using.get();
          const command = new aws.ListMetricsCommand({
            Namespace: namespace,
            MetricName: "JobCompleted",
          });
          return await client.send(command, { abortSignal: ended });
        },
        call,
        signal,
      ),
    [Symbol.dispose]: () => using.made()?.client.destroy(),
  };
}
