/** Fakes of CloudWatch and CloudWatch Logs at one address, and a sink that delivers to them. */
import { fakeConfig, startFakeAws, type FakeAws } from "../aws/aws.kit.ts";
import type { EventSink } from "../../event-sink.ts";
import type { SinkRecord } from "../../sink-record.ts";
import { sinkParts } from "../event-sink.contract.ts";
import {
  createFakeLogs,
  createFakeMetrics,
  type FakeLogs,
  type FakeMetrics,
} from "./cloudwatch.kit.ts";
import { awsCloudwatchKind } from "./kind.ts";

export interface World extends AsyncDisposable {
  readonly aws: FakeAws;
  readonly metrics: FakeMetrics;
  readonly logs: FakeLogs;
}

/** Starts them. */
export async function startWorld(): Promise<World> {
  const metrics = createFakeMetrics();
  const logs = createFakeLogs();
  const aws = await startFakeAws([metrics.service, logs.service]);
  return { aws, metrics, logs, [Symbol.asyncDispose]: () => aws[Symbol.asyncDispose]() };
}

/** A sink with these settings; `undefined` takes one away. */
export function openSink({ aws }: World, config: object = {}): EventSink {
  const whole = { ...fakeConfig(aws.server.url), ...config };
  const given = Object.entries(whole).filter(([, value]) => value !== undefined);
  const parsed = awsCloudwatchKind.parseSettings(Object.fromEntries(given));
  if (parsed.kind === "bad") throw new Error(JSON.stringify(parsed.problems));
  return awsCloudwatchKind.create(parsed.value, sinkParts());
}

/** Kinds of the answers to a delivery. */
export async function kindsOf(sink: EventSink, records: readonly SinkRecord[]): Promise<string[]> {
  const answers = await sink.deliver(records, AbortSignal.timeout(20_000));
  return answers.map((answer) => answer.kind);
}
